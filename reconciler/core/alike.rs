//! Which hosts are alike: nothing that is decided of one would be decided otherwise of the other.

use jiff::Timestamp;
use reconcile_schema::{BootId, Fact, Marks, Observed, Shared};

use crate::{Run, Seen, goal::DATABASE_DISK};

/// Whether two hosts with one goal are alike: they are in the same state, differ from the goal in the same, and have the
/// same plan. What no decision looks at may differ, such as the name; how a difference came about is no decision.
///
/// Their lists must be the same ones, kept once: to compare them takes longer than to decide anew.
#[must_use]
pub fn alike(one: &Seen, other: &Seen) -> bool {
    let Observed {
        host: _,
        at: _,
        boot: _,
        components,
        services,
        reboot,
        installing,
        package,
        disk: _,
        rights,
        shells,
        databases,
    } = &one.host;
    let Marks { baseline, attempt, attempts, reboots, rebooting: _, checked, aim: _, reached: _ } = &one.marks;
    let Run { id, spent, halt, waited, outage } = &one.run;
    let (host, marks, run) = (&other.host, &other.marks, &other.run);
    same(components, &host.components)
        && same(services, &host.services)
        && databases.is(&host.databases)
        && (reboot, installing, package) == (&host.reboot, &host.installing, &host.package)
        && (rights, shells) == (&host.rights, &host.shells)
        && little(&one.host.disk) == little(&host.disk)
        && (baseline, attempt, attempts, reboots) == (&marks.baseline, &marks.attempt, &marks.attempts, &marks.reboots)
        && checked == &marks.checked
        && (boot(one), clock(one)) == (boot(other), clock(other))
        && (id, spent, halt, waited, outage) == (&run.id, &run.spent, &run.halt, &run.waited, &run.outage)
}

fn same<T: PartialEq>(one: &Fact<Shared<T>>, other: &Fact<Shared<T>>) -> bool {
    match (one, other) {
        (Fact::Known(one), Fact::Known(other)) => one.is(other),
        (Fact::Unknown(one), Fact::Unknown(other)) => one == other,
        (Fact::NotLooked, Fact::NotLooked) => true,
        (Fact::Known(_) | Fact::Unknown(_) | Fact::NotLooked, _) => false,
    }
}

/// The free space, where there is too little of it.
fn little(disk: &Fact<u64>) -> Fact<u64> {
    match disk {
        Fact::Known(free) => Fact::Known(DATABASE_DISK.min(*free)),
        Fact::Unknown(why) => Fact::Unknown(why.clone()),
        Fact::NotLooked => Fact::NotLooked,
    }
}

/// Whether it is known in which boot the host is; and in which, where an installer ran in one.
fn boot(seen: &Seen) -> (bool, Option<&BootId>) {
    let boot = seen.host.boot.known();
    (boot.is_some(), boot.filter(|_| seen.marks.attempt.is_some()))
}

/// When the host was looked at, where something lasts since another time.
fn clock(seen: &Seen) -> Option<Timestamp> {
    let lasts = seen.marks.baseline.is_some() || !seen.marks.checked.is_empty();
    lasts.then_some(seen.host.at)
}
