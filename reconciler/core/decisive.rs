//! What is decisive: what was seen of a server, without what no decision about it depends on.

use alloc::string::String;

use jiff::Timestamp;
use reconcile_schema::{BootId, Durations, Fact, OnExceed};

use crate::{goal::Goal, room::enough, seen::Seen};

/// What was seen, as far as it is decisive. Of two servers with one goal for which it is equal, the same is decided: they are in the
/// same state, differ from the goal in the same way, and have the same plan.
///
/// A field counts unless it is left out here. How a difference came about is no decision.
#[must_use]
pub fn decisive(goal: &Goal, seen: &Seen) -> Seen {
    let mut decisive = seen.clone();
    let (host, marks) = (&mut decisive.host, &mut decisive.marks);
    host.host.clone_from(&goal.server);
    let enough = enough(host.package_size);
    for drive in [&mut host.disk, &mut host.private_disk] {
        if let Fact::Known(free) = drive {
            *free = enough.min(*free);
        }
    }
    // In which boot it is matters to what began in one.
    if let (Fact::Known(boot), None, None) = (&mut host.boot, &marks.attempt, &marks.baseline) {
        *boot = BootId(String::new());
    }
    let asked = seen.marks.rebooting.is_some() && seen.marks.rebooting.as_ref() == seen.host.boot.known();
    marks.rebooting = host.boot.known().filter(|_| asked).cloned();
    // When it was looked at matters to what lasts since another time or waits for one.
    let is_behind = seen.clock_behind().is_some();
    if !is_behind {
        marks.latest = None;
    }
    let waits = host.claim.known().is_some_and(|record| !record.released.is_empty() || !record.claims.is_empty());
    let lasts = marks.baseline.is_some() || !marks.checked.is_empty();
    if !(is_behind || waits || lasts || goal.rules.maintenance.is_some()) {
        (host.at, host.uptime) = (Timestamp::UNIX_EPOCH, None);
    }
    if goal.rules.maintenance.is_none() && goal.rules.on_exceed != OnExceed::StopBefore {
        marks.durations = Durations::default();
    }
    if marks.outages == 0 {
        marks.aim = None;
    }
    (marks.reached, marks.begun, marks.accepted, marks.staged) = (None, None, None, None);
    marks.started.clear();
    decisive
}
