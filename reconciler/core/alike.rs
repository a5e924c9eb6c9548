//! Which hosts are alike: nothing that is decided of one would be decided otherwise of the other.

use jiff::Timestamp;
use reconcile_schema::{BootId, Fact, Marks, Observed, OnExceed, Period, Shared};

use crate::{
    checks::clock_behind,
    goal::Goal,
    room::little,
    seen::{Run, Seen},
};

/// Whether two hosts with one goal are alike: they are in the same state, differ from the goal in the same, and have the
/// same plan. What no decision looks at may differ, such as the name; how a difference came about is no decision.
///
/// Their lists must be the same ones, kept once: to compare them takes longer than to decide anew.
#[must_use]
pub fn alike(goal: &Goal, one: &Seen, other: &Seen) -> bool {
    let Observed {
        host: _,
        at: _,
        boot: _,
        uptime: _,
        components,
        services,
        reboot,
        installing,
        installer,
        at_work,
        package,
        package_size: _,
        disk: _,
        private_disk: _,
        rights,
        shells,
        foreign,
        databases,
        pool,
        claim,
    } = &one.host;
    let Marks {
        baseline,
        attempt,
        attempts,
        reboots,
        rebooting: _,
        awaited,
        checked,
        aim,
        reached: _,
        outages,
        hold,
        damaged,
        begun: _,
        durations,
        started: _,
        staged: _,
        claimed,
        told,
        accepted: _,
        latest: _,
    } = &one.marks;
    let Run { id, spent, halt, waited, ready_again, taken_down, outage } = &one.run;
    let (host, marks, run) = (&other.host, &other.marks, &other.run);
    same(components, &host.components)
        && same(services, &host.services)
        && databases.is(&host.databases)
        && (reboot, installing, package) == (&host.reboot, &host.installing, &host.package)
        && (installer, at_work) == (&host.installer, &host.at_work)
        && (rights, shells, pool, claim) == (&host.rights, &host.shells, &host.pool, &host.claim)
        && foreign == &host.foreign
        && little(&one.host) == little(host)
        && (baseline, attempt, attempts, reboots) == (&marks.baseline, &marks.attempt, &marks.attempts, &marks.reboots)
        && awaited == &marks.awaited
        && (checked, outages, hold) == (&marks.checked, &marks.outages, &marks.hold)
        && damaged == &marks.damaged
        && (claimed, told) == (&marks.claimed, &marks.told)
        && (*outages == 0 || aim == &marks.aim)
        && (!is_timed(goal) || durations == &marks.durations)
        && clock_behind(one) == clock_behind(other)
        && one.restarts() == other.restarts()
        && (boot(one), clock(goal, one)) == (boot(other), clock(goal, other))
        && (id, spent, halt, waited) == (&run.id, &run.spent, &run.halt, &run.waited)
        && (ready_again, taken_down, outage) == (&run.ready_again, &run.taken_down, &run.outage)
}

fn same<T: PartialEq>(one: &Fact<Shared<T>>, other: &Fact<Shared<T>>) -> bool {
    match (one, other) {
        (Fact::Known(one), Fact::Known(other)) => one.is(other),
        (Fact::Unknown(one), Fact::Unknown(other)) => one == other,
        (Fact::NotLooked, Fact::NotLooked) => true,
        (Fact::Known(_) | Fact::Unknown(_) | Fact::NotLooked, _) => false,
    }
}

/// Whether it is known in which boot the host is; and in which, where an installer ran in one.
fn boot(seen: &Seen) -> (bool, Option<&BootId>) {
    let boot = seen.host.boot.known();
    (boot.is_some(), boot.filter(|_| seen.marks.attempt.is_some()))
}

/// Whether it matters how long steps take here.
fn is_timed(goal: &Goal) -> bool {
    goal.rules.maintenance.is_some() || goal.rules.on_exceed == OnExceed::StopBefore
}

/// When the host was looked at and how long its boot had lasted then, where something lasts since another time or waits for
/// one.
fn clock(goal: &Goal, seen: &Seen) -> Option<(Timestamp, Option<Period>)> {
    let settles =
        seen.host.claim.known().is_some_and(|record| !record.released.is_empty() || !record.claims.is_empty());
    let lasts = seen.marks.baseline.is_some() || !seen.marks.checked.is_empty();
    (lasts || settles || goal.rules.maintenance.is_some()).then_some((seen.host.at, seen.host.uptime))
}
