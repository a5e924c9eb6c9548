//! The gate: what forbids a step now. Taking a host down can be forbidden in many ways, bringing it up hardly ever.

use alloc::{format, string::ToString, vec::Vec};
use core::cmp::Ordering;

use reconcile_schema::{Cause, Component, DatabaseState, Fact, PackageSeen, Reboots, Shells, Step};

use crate::{
    Ask, Blocker, Goal, Halt, Seen, Spent,
    goal::{DATABASE_DISK, REBOOTS},
    next::reboot_due,
};

/// What the gate says to a step.
pub enum Gate {
    /// It may be taken.
    Open,
    /// To be asked again after a look at this.
    Look(Ask),
    /// Another step opens it.
    First(Step, Cause),
    /// It may open by itself.
    Wait(Blocker),
    /// It may not be taken.
    Shut(Blocker),
}

/// What the gate says to `step`, taken for `cause`.
pub fn gate(goal: &Goal, seen: &Seen, step: &Step, cause: &Cause) -> Gate {
    let checks: &[Check] = match cause {
        Cause::Down(_) => &[spent, undisturbed],
        Cause::NotStaged | Cause::ShellsOpen => &[spent, halted],
        Cause::AssembliesHeld => &[spent, halted, installing],
        Cause::RebootPending(_) => &[spent, halted, installing, reboots],
        Cause::StoreBehind { .. } => &[spent, halted, installing, settled, rights, disk, restartable, rebooted],
        Cause::Behind(_) => {
            // The restart comes last: it takes down what the other checks may still forbid to.
            &[
                spent,
                halted,
                installing,
                settled,
                attempts,
                outage,
                rights,
                disk,
                shells,
                reachable,
                restartable,
                package,
                rebooted,
            ]
        }
    };
    // What forbids the work forbids the first stop for it.
    let work = match cause {
        Cause::Behind(_) => Some(Step::Install),
        Cause::StoreBehind { store, .. } => Some(Step::UpdateDatabases(store.clone())),
        Cause::Down(_) | Cause::NotStaged | Cause::ShellsOpen | Cause::AssembliesHeld | Cause::RebootPending(_) => None,
    };
    let work = work.map_or(Gate::Open, |work| spent(goal, seen, &work));
    let mut gates = core::iter::once(work).chain(checks.iter().map(|check| check(goal, seen, step)));
    gates.find(|gate| !matches!(gate, Gate::Open)).unwrap_or(Gate::Open)
}

/// One question of the gate.
type Check = fn(&Goal, &Seen, &Step) -> Gate;

/// Why the goal cannot be reached from these components by any step.
pub fn refusal(goal: &Goal, components: &[Component]) -> Option<Blocker> {
    let core = components.iter().find(|component| component.product == goal.product && component.name.is_core());
    let Some(core) = core else {
        let other = components.iter().find(|component| component.product != goal.product && component.name.is_core());
        return Some(match other {
            Some(other) => Blocker::WrongProduct { declared: goal.product, found: other.product },
            None => Blocker::Missing { product: goal.product },
        });
    };
    if core.build.partial_cmp(&goal.core) == Some(Ordering::Greater) {
        return Some(Blocker::Newer { declared: goal.core.clone(), found: core.build.clone() });
    }
    let ours = components.iter().filter(|component| component.product == goal.product);
    let mut strays = ours.filter(|component| component.build.line != goal.core.line);
    strays.find_map(|stray| {
        let declared = goal.desired(&stray.name)?.clone();
        Some(Blocker::WrongLine { component: stray.name.clone(), declared, found: stray.build.clone() })
    })
}

/// Whether a host on which nothing more may be done is brought back up.
///
/// What somebody else stopped (no baseline) is left alone on a host that this manifest is not known to fit.
pub fn may_restore(goal: &Goal, seen: &Seen) -> bool {
    let fits = seen.host.components.known().is_some_and(|components| refusal(goal, components).is_none());
    (fits || seen.marks.baseline.is_some()) && matches!(undisturbed(goal, seen, &Step::StartServices), Gate::Open)
}

/// Whether an installer that we started in this boot was never seen to end.
fn unfinished(seen: &Seen) -> bool {
    seen.attempt_in_this_boot().is_some_and(|attempt| attempt.code.is_none())
}

fn spent(_: &Goal, seen: &Seen, step: &Step) -> Gate {
    match seen.spent(step) {
        None => Gate::Open,
        Some(Spent::Stuck) => Gate::Shut(Blocker::Stuck { step: step.clone() }),
        Some(Spent::Failed(why)) => Gate::Shut(Blocker::StepFailed { step: step.clone(), why: why.clone() }),
    }
}

/// Another step, unless it was taken in vain.
fn first(goal: &Goal, seen: &Seen, step: Step, cause: Cause) -> Gate {
    match gate(goal, seen, &step, &cause) {
        Gate::Open => Gate::First(step, cause),
        blocked @ (Gate::Look(_) | Gate::First(..) | Gate::Wait(_) | Gate::Shut(_)) => blocked,
    }
}

fn halted(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.run.halt {
        None => Gate::Open,
        Some(Halt::Interrupted) => Gate::Shut(Blocker::Interrupted),
        Some(Halt::Deviated { approved, decided }) => {
            Gate::Shut(Blocker::Deviated { approved: approved.clone(), decided: decided.clone() })
        }
    }
}

fn installing(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.host.installing {
        Fact::Known(None) => Gate::Open,
        Fact::Known(Some(what)) => Gate::Shut(Blocker::Installing { what: what.clone() }),
        unread @ (Fact::Unknown(_) | Fact::NotLooked) => {
            Gate::Shut(Blocker::unknown("whether another installation is under way", unread))
        }
    }
}

/// Services that start now would make an installer fail: never while our own runs, and what somebody else stopped
/// (no baseline) is left alone while another one runs.
fn undisturbed(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    if unfinished(seen) || seen.marks.baseline.is_none() { installing(goal, seen, step) } else { Gate::Open }
}

/// Before the first stop no service may be on its way somewhere: it would not follow.
fn settled(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    let pending = |service: &&reconcile_schema::Service| service.is_pending();
    match seen.host.services.known().and_then(|services| services.iter().find(pending)) {
        Some(service) if seen.marks.baseline.is_none() => {
            Gate::Shut(Blocker::ServicePending { service: service.name.clone(), state: service.state })
        }
        Some(_) | None => Gate::Open,
    }
}

/// The installer may be started again: it has attempts left, and did not just fail without moving anything.
///
/// Exit code 2 is retried: the services were not all stopped, as the next look will show.
fn attempts(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let Some(last) = seen.marks.attempt.as_ref().filter(|last| last.target == goal.core) else { return Gate::Open };
    if seen.marks.attempts >= goal.rules.attempts {
        return Gate::Shut(Blocker::AttemptsSpent { attempts: seen.marks.attempts, code: last.code });
    }
    match last.code {
        Some(0) if last.run == seen.run.id && !last.moved => Gate::Shut(Blocker::Stuck { step: Step::Install }),
        Some(code) if last.run == seen.run.id && !last.moved && !matches!(code, 2 | 3010 | 1641) => {
            Gate::Shut(Blocker::InstallFailed { code })
        }
        Some(_) | None => Gate::Open,
    }
}

/// The start of the installer is the point of no return: past the budget it is not started any more, in this run;
/// once it was started, going on is the shortest way up.
fn outage(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let returning = !seen.marks.baseline.as_ref().is_some_and(|baseline| baseline.installing);
    match seen.outage().max(seen.run.outage) {
        Some(lasted) if returning && lasted > goal.rules.outage_budget => {
            Gate::Shut(Blocker::Outage { lasted, budget: goal.rules.outage_budget })
        }
        Some(_) | None => Gate::Open,
    }
}

/// Whether a restart is pending is known, and the one that is may be taken.
fn restartable(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    if let unread @ (Fact::Unknown(_) | Fact::NotLooked) = &seen.host.reboot {
        return Gate::Shut(Blocker::unknown("whether a restart is pending", unread));
    }
    reboot_due(seen).map_or(Gate::Open, |_| reboots(goal, seen, step))
}

fn rebooted(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    reboot_due(seen).map_or(Gate::Open, |cause| first(goal, seen, Step::Reboot, cause))
}

/// A restart is allowed, and not already spent.
fn reboots(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let who = match reboot_due(seen) {
        Some(Cause::RebootPending(who)) => who,
        _ => Vec::new(),
    };
    match goal.rules.reboot {
        Reboots::Never => Gate::Shut(Blocker::Reboot { who }),
        Reboots::WhenRequired if seen.marks.reboots >= REBOOTS => {
            Gate::Shut(Blocker::RebootsSpent { reboots: seen.marks.reboots })
        }
        Reboots::WhenRequired => Gate::Open,
    }
}

fn rights(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.host.rights {
        Fact::NotLooked => Gate::Look(Ask::Rights),
        unread @ Fact::Unknown(_) => Gate::Shut(Blocker::unknown("the rights of this account", unread)),
        Fact::Known(rights) if !rights.administrator => Gate::Shut(Blocker::Rights { group: "Administrators" }),
        Fact::Known(rights) if !rights.server_admin => {
            Gate::Shut(Blocker::Rights { group: "RTCUniversalServerAdmins" })
        }
        Fact::Known(_) => Gate::Open,
    }
}

fn package(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.host.package {
        Fact::NotLooked => Gate::Look(Ask::Package),
        unread @ Fact::Unknown(_) => Gate::Shut(Blocker::unknown("the update's package", unread)),
        Fact::Known(PackageSeen::Staged) => Gate::Open,
        Fact::Known(PackageSeen::Refused(why)) => Gate::Shut(Blocker::Package { why: why.clone() }),
        Fact::Known(PackageSeen::AtSource { sha256 }) if *sha256 == goal.installer.sha256 => {
            first(goal, seen, Step::Stage, Cause::NotStaged)
        }
        Fact::Known(PackageSeen::AtSource { sha256 }) => Gate::Shut(Blocker::Package {
            why: format!("{}: expected SHA-256 {}, found {sha256}", goal.installer.path, goal.installer.sha256),
        }),
    }
}

fn disk(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.host.disk {
        Fact::NotLooked => Gate::Look(Ask::Disk),
        unread @ Fact::Unknown(_) => Gate::Shut(Blocker::unknown("the free disk space", unread)),
        Fact::Known(free) if *free < DATABASE_DISK => Gate::Shut(Blocker::Disk { free: *free, needed: DATABASE_DISK }),
        Fact::Known(_) => Gate::Open,
    }
}

fn shells(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let open = match &seen.host.shells {
        Fact::NotLooked => return Gate::Look(Ask::Shells),
        unread @ Fact::Unknown(_) => return Gate::Shut(Blocker::unknown("the open management shells", unread)),
        Fact::Known(shells) if shells.is_empty() => return Gate::Open,
        Fact::Known(shells) => Blocker::ShellsOpen { shells: shells.clone() },
    };
    match (goal.rules.shells, step) {
        (Shells::Block, _) => Gate::Shut(open),
        (Shells::Wait, _) if seen.run.waited < goal.rules.shell_wait => Gate::Wait(open),
        (Shells::Wait, _) => Gate::Shut(open),
        (Shells::Close, Step::Install) => first(goal, seen, Step::CloseShells, Cause::ShellsOpen),
        (Shells::Close, _) => Gate::Open,
    }
}

/// Before the first stop, the databases must be within reach and tell their versions: whether they are behind what the
/// new binaries expect can only be asked later, and would not be told either.
fn reachable(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    if seen.marks.baseline.is_some() {
        return Gate::Open;
    }
    for store in &goal.stores {
        let databases = match seen.host.databases(store) {
            Fact::NotLooked => return Gate::Look(Ask::Databases(store.clone())),
            unread @ Fact::Unknown(_) => return Gate::Shut(Blocker::unknown(&store.to_string(), unread)),
            Fact::Known(databases) => databases,
        };
        for database in databases {
            match database.state() {
                DatabaseState::Unknown(why) => {
                    let what = format!("database {} of the {store}", database.name);
                    return Gate::Shut(Blocker::Unknown { what, why: why.to_string() });
                }
                DatabaseState::Current | DatabaseState::Behind => {}
            }
        }
    }
    Gate::Open
}
