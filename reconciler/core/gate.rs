//! The gate: what forbids a step now. Taking a host down can be forbidden in many ways, bringing it up hardly ever.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{cmp::Ordering, fmt};

use reconcile_schema::{
    Build, Cause, Component, ComponentName, DatabaseState, Fact, PackageSeen, Period, Product, Reboots, ServiceState,
    Shell, Shells, Step,
};

use crate::{
    Ask, Goal, Halt, Seen, Spent,
    goal::{DATABASE_DISK, REBOOTS},
    next::reboot_due,
};

/// Why nothing that helps may be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocker {
    /// A fact that the decision needs could not be read.
    Unknown {
        /// The fact.
        what: String,
        /// Why it could not be read.
        why: String,
    },
    /// The declared product is not installed here.
    Missing {
        /// The product.
        product: Product,
    },
    /// Another product is installed here.
    WrongProduct {
        /// The declared product.
        declared: Product,
        /// The product that was found.
        found: Product,
    },
    /// Core Components is above the declared build. There is no way down.
    Newer {
        /// The declared build.
        declared: Build,
        /// The installed build.
        found: Build,
    },
    /// An installed build is of a line that the product does not have.
    WrongLine {
        /// The component.
        component: ComponentName,
        /// The declared build.
        declared: Build,
        /// The installed build.
        found: Build,
    },
    /// A restart is due, and the policy does not allow one.
    Reboot {
        /// Who asks for it.
        who: Vec<String>,
    },
    /// The machine was restarted as often as is allowed for one target.
    RebootsSpent {
        /// How often.
        reboots: u32,
    },
    /// Another installation is under way.
    Installing {
        /// Which.
        what: String,
    },
    /// A service is on its way from one state to another.
    ServicePending {
        /// The service.
        service: String,
        /// What it is doing.
        state: ServiceState,
    },
    /// Management shells are open.
    ShellsOpen {
        /// Which.
        shells: Vec<Shell>,
    },
    /// The package cannot be used.
    Package {
        /// Why.
        why: String,
    },
    /// There is too little free disk space.
    Disk {
        /// The free bytes that there are.
        free: u64,
        /// The free bytes that are needed.
        needed: u64,
    },
    /// The account lacks a right.
    Rights {
        /// The group that it should be in.
        group: &'static str,
    },
    /// The outage has lasted as long as it may, and the installer has not started.
    Outage {
        /// How long it has lasted.
        lasted: Period,
        /// How long it may last.
        budget: Period,
    },
    /// The installer was started as often as is allowed for one target.
    AttemptsSpent {
        /// How often.
        attempts: u32,
        /// The last exit code, when one was seen.
        code: Option<u32>,
    },
    /// The installer failed in this run and moved nothing.
    InstallFailed {
        /// Its exit code.
        code: u32,
    },
    /// A step reported success, and nothing that it should change changed.
    Stuck {
        /// The step.
        step: Step,
    },
    /// A step could not be done.
    StepFailed {
        /// The step.
        step: Step,
        /// Why not.
        why: String,
    },
    /// Somebody interrupted the run.
    Interrupted,
    /// The approved plan says something else.
    Deviated {
        /// The step that comes next in the approved plan.
        approved: Option<Step>,
        /// The step that was decided.
        decided: Step,
    },
}

/// Who can do something about a blocker, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It failed.
    Failed,
    /// It may pass by itself: try later.
    Later,
    /// A person must act.
    Operator,
    /// It could not be told.
    Unknown,
}

impl Blocker {
    pub(crate) fn unknown<T>(what: &str, fact: &Fact<T>) -> Self {
        let why = match fact {
            Fact::Unknown(why) => why.clone(),
            Fact::NotLooked | Fact::Known(_) => "nobody looked".to_string(),
        };
        Self::Unknown { what: what.to_string(), why }
    }

    /// Who can do something about it, and when.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Unknown { .. } => Class::Unknown,
            Self::InstallFailed { .. } | Self::StepFailed { .. } => Class::Failed,
            Self::Reboot { .. }
            | Self::Installing { .. }
            | Self::ServicePending { .. }
            | Self::ShellsOpen { .. }
            | Self::Outage { .. }
            | Self::Interrupted => Class::Later,
            Self::Missing { .. }
            | Self::WrongProduct { .. }
            | Self::WrongLine { .. }
            | Self::Newer { .. }
            | Self::RebootsSpent { .. }
            | Self::Package { .. }
            | Self::Disk { .. }
            | Self::Rights { .. }
            | Self::AttemptsSpent { .. }
            | Self::Stuck { .. }
            | Self::Deviated { .. } => Class::Operator,
        }
    }
}

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
    let stray = goal.behind(components).into_iter().find(|behind| behind.found.line != behind.desired.line)?;
    Some(Blocker::WrongLine { component: stray.component, declared: stray.desired, found: stray.found })
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

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { what, why } => write!(f, "{what}: {why}"),
            Self::Missing { product } => {
                write!(f, "{product} is not installed here: found no {product}, Core Components")
            }
            Self::WrongProduct { declared, found } => write!(f, "the manifest declares {declared}, found {found}"),
            Self::Newer { declared, found } => {
                write!(
                    f,
                    "Core Components is at {found}, above the declared {declared}; an update cannot be taken back"
                )
            }
            Self::WrongLine { component, declared, found } => {
                write!(f, "{component}: expected a build of the line {}, found {found}", declared.line)
            }
            Self::Reboot { who } => {
                write!(f, "a restart is pending (asked for by {}), and the policy allows none", who.join(", "))
            }
            Self::RebootsSpent { reboots } => {
                write!(f, "a restart is pending again after {reboots} restarts for this target")
            }
            Self::Installing { what } => write!(f, "another installation is under way: {what}"),
            Self::ServicePending { service, state } => {
                write!(f, "the service {service} is {state} and has not settled")
            }
            Self::ShellsOpen { shells } => {
                let list: Vec<_> = shells
                    .iter()
                    .map(|shell| format!("{} (PID {}) of {}", shell.program, shell.pid, shell.user))
                    .collect();
                write!(f, "management shells are open: {}", list.join(", "))
            }
            Self::Package { why } => write!(f, "the package cannot be used: {why}"),
            Self::Disk { free, needed } => write!(
                f,
                "expected {} GB of free disk space for the database step, found {} GB",
                needed >> 30,
                free >> 30
            ),
            Self::Rights { group } => write!(f, "the account is not a member of {group}"),
            Self::Outage { lasted, budget } => {
                write!(f, "the services were down for {lasted} of {budget} before the installer could start")
            }
            Self::AttemptsSpent { attempts, code: Some(code) } => {
                write!(f, "the installer was started {attempts} times for this target, the last exit code was {code}")
            }
            Self::AttemptsSpent { attempts, code: None } => {
                write!(f, "the installer was started {attempts} times for this target")
            }
            Self::InstallFailed { code } => {
                write!(f, "the installer ended with exit code {code} ({}) and moved no component", code_meaning(*code))
            }
            Self::Stuck { step } => write!(f, "{step} reported success, but nothing that it should change changed"),
            Self::StepFailed { step, why } => write!(f, "{step} failed: {why}"),
            Self::Interrupted => f.write_str("the run was interrupted"),
            Self::Deviated { approved: Some(approved), decided } => {
                write!(f, "the approved plan says {approved} next, but {decided} is due")
            }
            Self::Deviated { approved: None, decided } => {
                write!(f, "the approved plan has no further step, but {decided} is due")
            }
        }
    }
}

/// What an installer's exit code is known to mean. No official list for this installer was found; 1603, 1618, 1641
/// and 3010 are Windows Installer's own (Microsoft Learn: "MsiExec.exe and InstMsi.exe error messages").
#[must_use]
pub const fn code_meaning(code: u32) -> &'static str {
    match code {
        0 => "success",
        2 => "not all services were stopped, by one published script",
        1602 => "cancelled by a user",
        1603 => "fatal error during installation",
        1618 => "another installation is in progress",
        1641 => "success, a restart has begun",
        3010 => "success, a restart is required",
        _ => "no published meaning",
    }
}
