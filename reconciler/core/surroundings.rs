//! What `doctor` finds about the product, the cmdlets, the databases, the pool and the task of a server.

use alloc::{collections::BTreeMap, format, string::String, vec, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{
    BackupSeen, CmdletSeen, DriftCode, Fact, Period, ReplicaSeen, ServerReached, TaskSeen, Verdict, listed, shown_at,
};

use crate::{
    calendar::next_opening,
    drift::compare,
    found::{Found, counted},
    goal::Goal,
    seen::Seen,
};

pub(crate) fn original_release(goal: &Goal, seen: &Seen) -> Found {
    if seen.host.components.known().is_none() {
        return Found::unknown("the installed components are unknown");
    }
    let all = compare(goal, seen);
    let left = all.iter().filter(|found| found.code == Some(DriftCode::OriginalRelease));
    let left = left.map(|found| format!("{} is at {}", found.subject, found.observed));
    Found::none_of(left, Verdict::Warning, "no component")
}

pub(crate) fn services(seen: &Seen) -> Found {
    let Some(services) = seen.host.services.known() else { return Found::unknown("the services are unknown") };
    let ours: Vec<_> = services.iter().filter(|service| service.is_products()).collect();
    let strange = ours.iter().filter(|service| !service.recognised.is_by_name());
    let strange = strange.map(|service| format!("{} is recognised by its properties", service.name));
    Found::none_of(strange, Verdict::Warning, counted(ours.len(), "service", "services"))
}

pub(crate) fn cmdlets(all: &[CmdletSeen]) -> Found {
    let missing = all.iter().filter_map(|one| match one.lacks_parameters.as_slice() {
        _ if !one.exists => Some(format!("{} does not exist", one.name)),
        [] => None,
        lacking => Some(format!("{} has no -{}", one.name, lacking.join(", -"))),
    });
    Found::none_of(missing, Verdict::Fault, counted(all.len(), "cmdlet", "cmdlets"))
}

/// A warning only: the type that a cmdlet declares may be the base of the type that it returns.
pub(crate) fn answers(all: &[CmdletSeen]) -> Found {
    let declared: Vec<_> = all.iter().filter_map(|one| Some((&one.name, one.lacks_properties.as_ref()?))).collect();
    if declared.is_empty() {
        return Found::unknown("no cmdlet declares the type of its answer");
    }
    let lacking = declared.iter().filter(|(_, lacking)| !lacking.is_empty());
    let lacking = lacking.map(|(name, lacking)| format!("the answer of {name} has no {}", lacking.join(", ")));
    let well = format!("{} declared", counted(declared.len(), "answer is", "answers are"));
    Found::none_of(lacking, Verdict::Warning, well)
}

pub(crate) fn pool_servers(all: &[ServerReached]) -> Found {
    let shown = |one: &ServerReached| {
        format!("{}: {}", one.server, one.problem.as_deref().unwrap_or("access to its services is denied"))
    };
    let (denied, unanswered): (Vec<_>, Vec<_>) =
        all.iter().filter(|one| one.denied || one.problem.is_some()).partition(|one| one.denied);
    match (denied.as_slice(), unanswered.as_slice()) {
        ([], []) => Found::ok(counted(all.len(), "server", "servers")),
        ([], unanswered) => Found::unknown(listed(&unanswered.iter().map(|one| shown(one)).collect::<Vec<_>>())),
        (denied, _) => Found::fault(listed(&denied.iter().map(|one| shown(one)).collect::<Vec<_>>())),
    }
}

const BACKED_UP: Period = Period::hours(24);

/// Databases of one server that were backed up at one time are named together.
pub(crate) fn backups(goal: &Goal, at: Timestamp, all: &[BackupSeen]) -> Found {
    let mut old: BTreeMap<(&str, Option<Timestamp>), Vec<String>> = BTreeMap::new();
    for one in all {
        if one.last.is_none_or(|last| Period::between(last, at) > BACKED_UP) {
            old.entry((&one.sql_server, one.last)).or_default().push(one.database.clone());
        }
    }
    let said = old.iter().map(|((server, last), names)| match last {
        None => format!("no full backup of {} on {server} is recorded", listed(names)),
        Some(last) => {
            format!("the last full backup of {} on {server} is of {}", listed(names), shown_at(*last, goal.zone()))
        }
    });
    Found::none_of(said, Verdict::Warning, counted(all.len(), "database", "databases"))
}

/// A pool in the middle of a rollout has servers at the old build and at the new one. Any third build stands out.
pub(crate) fn pool_builds(goal: &Goal, seen: &Seen) -> Found {
    let record = match &seen.host.claim {
        _ if goal.claims.is_none() => return Found::not_asked("no share is declared for its pool"),
        Fact::NotLooked => return Found::unknown("nobody has read it"),
        Fact::Unknown(why) => return Found::unknown(why.clone()),
        Fact::Known(record) => record,
    };
    let mut expected = vec![&goal.core];
    expected.extend(seen.host.core(goal.product));
    let others = record.reached.iter().filter(|(server, build)| **server != goal.server && !expected.contains(build));
    let others = others.map(|(server, build)| format!("{server} is at {build}"));
    Found::none_of(
        others,
        Verdict::Warning,
        counted(record.reached.len(), "server has reported", "servers have reported"),
    )
}

pub(crate) fn task(goal: &Goal, at: Timestamp, found: Option<&TaskSeen>) -> Found {
    let Some(task) = found else { return Found::not_asked("no task is registered") };
    let TaskSeen { mode, account, next, problems } = task;
    if !problems.is_empty() {
        return Found::warning(listed(problems));
    }
    let mut said = format!("{mode} as {account}");
    if let Some(next) = next {
        said += &format!(", next start {}", shown_at(*next, goal.zone()));
    }
    let opens = goal.rules.maintenance.as_deref().map(|maintenance| next_opening(maintenance, at, Period::default()));
    match (mode.as_str(), opens) {
        ("apply", Some(None)) => Found::warning(format!("{said}; no maintenance window opens any more")),
        ("apply", Some(Some(opens))) => Found::ok(format!("{said}, window from {}", shown_at(opens.from, goal.zone()))),
        _ => Found::ok(said),
    }
}

pub(crate) fn replicas(all: &[ReplicaSeen]) -> Found {
    let behind = all.iter().filter(|replica| !replica.up_to_date);
    let behind = behind.map(|replica| format!("the replica of {} is not up to date", replica.server));
    Found::none_of(behind, Verdict::Warning, counted(all.len(), "replica", "replicas"))
}
