//! The diagnosis: every check of `doctor` with its result, whether the gate makes it or only `doctor` does.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use reconcile_schema::{CheckId, ComponentName, Fact, Right, Step, Verdict, listed};

use crate::{
    ask::Ask,
    blocker::{Blocker, Class},
    checks::{Gate, disk, foreign, package, reachable, ready, restartable, rights, shells},
    fitness::{examine, forbids},
    foresee::remaining,
    found::Found,
    goal::Goal,
    seen::Seen,
    wanted::{lacks_update, reboot_due, waiting_elsewhere},
};

/// The result of one check on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    pub check: CheckId,
    pub found: Found,
    /// Whether it forbids the first stop of a run.
    pub forbids: bool,
    /// The reason for which the manifest ignores it.
    pub ignored: Option<String>,
}

/// What must be read of a server before it can be diagnosed.
#[must_use]
pub fn asks(goal: &Goal) -> Vec<Ask> {
    let mut asks = Vec::from([Ask::Rights, Ask::Package, Ask::Disk, Ask::Shells, Ask::Foreign]);
    asks.extend(goal.all_stores().cloned().map(Ask::Databases));
    asks.extend(goal.is_in_pool().then_some(Ask::Pool));
    asks.extend((goal.claims.is_some() || goal.pool_stores().next().is_some()).then_some(Ask::Claim));
    asks.push(Ask::Examination);
    asks
}

/// Every check of a server, in the order of reports.
#[must_use]
pub fn diagnose(goal: &Goal, seen: &Seen) -> Vec<Diagnosis> {
    let one = |check: CheckId| {
        let found = examine(goal, seen, check).unwrap_or_else(|| gate(goal, seen, check));
        let ignored = goal.rules.doctor.ignore.get(&check).cloned();
        Diagnosis { check, forbids: forbids(goal, check, found.verdict), found, ignored }
    };
    CheckId::ALL.into_iter().map(one).collect()
}

/// A check that the gate makes.
fn gate(goal: &Goal, seen: &Seen, check: CheckId) -> Found {
    let updates = lacks_update(goal, seen).is_some();
    let steps = remaining(goal, seen);
    let first = steps.first().cloned().unwrap_or(Step::StartServices);
    match check {
        CheckId::FreeSpace => opened(disk(goal, seen, &first), || match (&seen.host.disk, &seen.host.private_disk) {
            (Fact::Known(system), Fact::Known(private)) => {
                format!("{} GB are free, {} GB for the private folder", system >> 30, private >> 30)
            }
            _ => "none is needed now".to_string(),
        }),
        CheckId::PendingRestart => match reboot_due(seen) {
            Some(cause) => match opened(restartable(goal, seen, &Step::Reboot), String::new) {
                Found { verdict: Verdict::Ok, .. } => {
                    Found::new(Verdict::Warning, format!("{cause}; the run restarts Windows first"))
                }
                found => found,
            },
            None => opened(restartable(goal, seen, &first), || match waiting_elsewhere(seen).as_slice() {
                [] => "none is pending".to_string(),
                files => format!("{} waits for a restart and keeps nothing from being done", files.join(", ")),
            }),
        },
        CheckId::Components => components(goal, seen),
        CheckId::Package if !updates => Found::not_asked("the server needs no update"),
        CheckId::Package => opened(package(goal, seen, &Step::Install), || goal.installer.path.clone()),
        CheckId::OpenShells => {
            let first = opened(shells(goal, seen, &Step::StopServices), || "none is open".to_string());
            if first.verdict == Verdict::Ok {
                opened(foreign(goal, seen, &Step::Install), || first.what)
            } else {
                first
            }
        }
        CheckId::Rights => opened(rights(goal, seen, &first), || needed(&steps)),
        CheckId::Databases if goal.stores.is_empty() => Found::not_asked("this server updates no databases"),
        CheckId::Databases => opened(reachable(goal, seen, &first), || {
            let forms: Vec<_> = goal.stores.iter().map(ToString::to_string).collect();
            listed(&forms)
        }),
        CheckId::Pool if !goal.is_in_pool() => Found::not_asked("this is no Front End Server of a pool"),
        CheckId::Pool => opened(ready(goal, seen, &Step::StopServices), || match &goal.pool {
            Some(pool) => format!("{pool} can do without this server"),
            None => String::new(),
        }),
        CheckId::WindowsVersion
        | CheckId::PowerShell
        | CheckId::ExecutionPolicy
        | CheckId::Clock
        | CheckId::LastBoot
        | CheckId::OriginalRelease
        | CheckId::Services
        | CheckId::InstallerCache
        | CheckId::DotNet
        | CheckId::Dependencies
        | CheckId::TrustedRoots
        | CheckId::RootCount
        | CheckId::Certificates
        | CheckId::Schannel
        | CheckId::Module
        | CheckId::Cmdlets
        | CheckId::Answers
        | CheckId::Scripts
        | CheckId::Signature
        | CheckId::PrivateFolder
        | CheckId::ShareLock
        | CheckId::PoolServers
        | CheckId::Backups
        | CheckId::PoolBuilds
        | CheckId::Replication
        | CheckId::ScheduledTask => Found::not_asked(""), // `examine` answers for each of these.
    }
}

/// The rights that the remaining steps need, each with the steps that need it.
fn needed(steps: &[Step]) -> String {
    let of = |right: &Right| {
        let mut names: Vec<String> = Vec::new();
        for name in steps.iter().filter(|step| step.rights().contains(right)).map(ToString::to_string) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| format!("member of {}: for {}", right.group(), listed(&names)))
    };
    let all: Vec<_> = Right::ALL.iter().filter_map(of).collect();
    if all.is_empty() { "no step remains that needs one".to_string() } else { all.join("; ") }
}

/// What a check of the gate found; `well` says what is as it should be.
fn opened(gate: Gate, well: impl FnOnce() -> String) -> Found {
    match gate {
        Gate::Open => Found::new(Verdict::Ok, well()),
        Gate::First(step, _) => Found::new(Verdict::Ok, format!("{step} comes first")),
        Gate::Look(_) => Found::new(Verdict::Unknown, "nobody has read it"),
        Gate::Wait(blocker) | Gate::Shut(blocker) => shut(&blocker),
    }
}

fn shut(blocker: &Blocker) -> Found {
    let verdict = match blocker.class() {
        Class::Unknown => Verdict::Unknown,
        Class::Failed | Class::Later | Class::Operator => Verdict::Fault,
    };
    Found::new(verdict, blocker.to_string())
}

fn components(goal: &Goal, seen: &Seen) -> Found {
    let components = match &seen.host.components {
        Fact::Known(components) => components,
        Fact::Unknown(why) => return Found::new(Verdict::Unknown, why.clone()),
        Fact::NotLooked => return Found::new(Verdict::Unknown, "nobody has read it"),
    };
    if let Some(blocker) = goal.refuses(components) {
        return shut(&blocker);
    }
    let ours: Vec<_> = components.iter().filter(|component| component.product == goal.product).collect();
    let named = |name: &ComponentName| name.is_known() || goal.floors.contains_key(name);
    let strange = ours.iter().filter(|one| !named(&one.name));
    let strange: Vec<_> = strange.map(|one| format!("{} {} has no published name", one.name, one.build)).collect();
    match strange.as_slice() {
        [] => Found::new(Verdict::Ok, format!("{} components", ours.len())),
        strange => Found::new(Verdict::Warning, listed(strange)),
    }
}
