//! The facts about a server that a decision about it can depend on.

use alloc::string::String;

use jiff::Timestamp;
use reconcile_schema::{BootId, Durations, Fact, OnExceed};

use crate::{goal::Goal, room::enough, seen::Seen};

/// The observed facts that a decision can depend on. If two servers with one goal have the same decisive facts, they
/// get the same decision: they have the same state, the same differences from the goal, and the same plan.
///
/// A field counts unless it is removed here. How a difference came about is not part of a decision.
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
    // The boot matters to marks that were made in one.
    if let (Fact::Known(boot), None, None) = (&mut host.boot, &marks.attempt, &marks.baseline) {
        *boot = BootId(String::new());
    }
    marks.rebooting = host.boot.known().filter(|_| seen.is_restarting()).cloned();
    // The time of observation matters to conditions that last since another time or wait for one.
    let is_behind = seen.clock_behind().is_some();
    if !is_behind {
        marks.latest = None;
    }
    let waits = host.claim.known().is_some_and(|record| !record.released.is_empty() || !record.claims.is_empty());
    // Certificates expire, and backups grow old.
    let ages = host.examined.known().is_some();
    let lasts = marks.baseline.is_some() || !marks.checked.is_empty() || ages;
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
