//! The difference between a goal and what is seen, fact by fact.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use reconcile_schema::{
    Cause, Component, Database, DatabaseState, DbVersion, DriftCode, DriftState, Fact, Origin, Store,
};

use crate::{
    Blocker, Goal, Seen, Want,
    gate::refusal,
    next::{Databases, behind_in, reboot_due},
    wanted,
};

/// One fact as it is desired and as it is observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What kind of fact it is, such as `service`.
    pub kind: &'static str,
    /// What it is about: a component, a service, a database.
    pub subject: String,
    /// What is desired.
    pub desired: String,
    /// What is observed.
    pub observed: String,
    /// What the difference means, when there is one.
    pub code: Option<DriftCode>,
}

/// In which state a host is. It is at its goal exactly when nothing is wanted of it; a difference that is known counts
/// before one that is not.
#[must_use]
pub fn state(goal: &Goal, seen: &Seen) -> DriftState {
    if wanted(goal, seen) == Want::Nothing {
        return DriftState::AtGoal;
    }
    let state_of = |code| match code {
        DriftCode::Ahead => DriftState::Ahead,
        DriftCode::WrongProduct => DriftState::WrongProduct,
        DriftCode::ComponentBehind
        | DriftCode::DatabaseBehind
        | DriftCode::ServiceDown
        | DriftCode::RestartDue
        | DriftCode::AssembliesHeld => DriftState::Drift,
        DriftCode::Unknown
        | DriftCode::StaleSnapshot
        | DriftCode::MissingSnapshot
        | DriftCode::DuplicateSnapshot
        | DriftCode::UnreadableSnapshot
        | DriftCode::UnnamedServer => DriftState::Unknown,
    };
    let states: Vec<_> = drift(goal, seen).into_iter().filter_map(|found| found.code).map(state_of).collect();
    let has = |state: DriftState| states.contains(&state).then_some(state);
    let order = [DriftState::WrongProduct, DriftState::Ahead, DriftState::Drift];
    order.into_iter().find_map(has).unwrap_or(DriftState::Unknown)
}

/// Everything in which `seen` differs from `goal`, and everything that cannot be told.
#[must_use]
pub fn drift(goal: &Goal, seen: &Seen) -> Vec<Compared> {
    compare(goal, seen).into_iter().filter(|compared| compared.code.is_some()).collect()
}

/// Every fact that a goal speaks of, desired beside observed: components, services, restart, databases.
#[must_use]
pub fn compare(goal: &Goal, seen: &Seen) -> Vec<Compared> {
    let mut all = components(goal, seen);
    let fits = seen.host.components.known().is_none_or(|components| refusal(goal, components).is_none());
    if !fits {
        return all; // What runs on a host that this manifest does not fit is nobody's drift.
    }
    all.extend(services(goal, seen));
    all.extend(installation(seen));
    for store in &goal.stores {
        all.extend(databases(goal, seen, store));
    }
    all
}

/// How a difference came about, by what the journal remembers.
#[must_use]
pub fn origin(goal: &Goal, seen: &Seen, found: &Compared) -> Option<Origin> {
    let asks = |code| match code {
        DriftCode::ComponentBehind | DriftCode::DatabaseBehind | DriftCode::ServiceDown => true,
        DriftCode::RestartDue
        | DriftCode::AssembliesHeld
        | DriftCode::Ahead
        | DriftCode::WrongProduct
        | DriftCode::Unknown
        | DriftCode::StaleSnapshot
        | DriftCode::MissingSnapshot
        | DriftCode::DuplicateSnapshot
        | DriftCode::UnreadableSnapshot
        | DriftCode::UnnamedServer => false,
    };
    let code = found.code.filter(|code| asks(*code))?;
    let Some(reached) = &seen.marks.reached else { return Some(Origin::NeverReached) };
    if code == DriftCode::ComponentBehind {
        let desired = goal.floors.iter().find(|(name, _)| name.as_str() == found.subject);
        let (then, desired) = match desired {
            Some((name, desired)) => (reached.aim.of(name), desired),
            None => (Some(&reached.aim.core), &goal.core),
        };
        if !then.is_some_and(|then| then.reaches(desired)) {
            let then = then.map_or_else(|| "no build".into(), ToString::to_string);
            return Some(Origin::NewIntent { reached: reached.at, then });
        }
    }
    Some(Origin::FellBack { reached: reached.at })
}

fn compared(
    kind: &'static str,
    subject: &str,
    desired: impl ToString,
    observed: impl ToString,
    code: Option<DriftCode>,
) -> Compared {
    let (desired, observed) = (desired.to_string(), observed.to_string());
    Compared { kind, subject: subject.to_string(), desired, observed, code }
}

fn components(goal: &Goal, seen: &Seen) -> Vec<Compared> {
    let known = match &seen.host.components {
        Fact::Known(known) => known,
        unread @ (Fact::Unknown(_) | Fact::NotLooked) => {
            return [compared("components", "components", &goal.core, why(unread), Some(DriftCode::Unknown))].into();
        }
    };
    let newer = match refusal(goal, known) {
        Some(Blocker::Newer { .. }) => true,
        Some(blocker) => {
            return [compared("product", "product", goal.product, blocker, Some(DriftCode::WrongProduct))].into();
        }
        None => false,
    };
    let mut ours: Vec<_> = known.iter().filter(|component| component.product == goal.product).collect();
    ours.sort_by_key(|component| (!component.name.is_core(), component.name.clone()));
    let of = |component: &Component| {
        let desired = goal.desired(&component.name).unwrap_or(&component.build);
        let code = match (newer, component.build.reaches(desired)) {
            (true, _) => (component.name.is_core()).then_some(DriftCode::Ahead),
            (false, true) => None,
            (false, false) => Some(DriftCode::ComponentBehind),
        };
        // A component above its build is where it should be.
        let desired = if code.is_none() { &component.build } else { desired };
        compared("component", component.name.as_str(), desired, &component.build, code)
    };
    ours.into_iter().map(of).collect()
}

fn services(goal: &Goal, seen: &Seen) -> Vec<Compared> {
    if let unread @ (Fact::Unknown(_) | Fact::NotLooked) = &seen.host.services {
        return [compared("services", "services", "running", why(unread), Some(DriftCode::Unknown))].into();
    }
    let of = |service: &reconcile_schema::Service| {
        let code = (!service.is_running()).then_some(DriftCode::ServiceDown);
        compared("service", &service.name, "running", service.state, code)
    };
    goal.should_run(&seen.host, seen.baseline()).map(of).collect()
}

/// What an installer that ran in this boot left to be done.
fn installation(seen: &Seen) -> Option<Compared> {
    let attempt = seen.attempt_in_this_boot()?;
    if !attempt.stopped_since {
        let observed = "not stopped since the installer ran";
        return Some(compared("services", "services", "stopped after it", observed, Some(DriftCode::AssembliesHeld)));
    }
    let Some(Cause::RebootPending(who)) = reboot_due(seen) else { return None };
    let observed = format!("asked for by {}", who.join(", "));
    Some(compared("restart", "restart", "none pending", observed, Some(DriftCode::RestartDue)))
}

fn databases(goal: &Goal, seen: &Seen, store: &Store) -> Vec<Compared> {
    let checked = seen.marks.checked.get(store);
    let databases = match (behind_in(goal, seen, store), seen.host.databases(store), checked) {
        (_, Fact::Known(databases), _) => databases,
        (Databases::Current, _, Some(checked)) => &checked.databases, // A look that still counts.
        (Databases::Current | Databases::Behind(_), _, _) => return Vec::new(),
        // Which versions are expected can be asked once the binaries are there.
        (Databases::Ask, _, _) if !binaries_are_there(goal, seen) => return Vec::new(),
        (Databases::Ask | Databases::Unclear(_), unread, _) => {
            let unknown = Some(DriftCode::Unknown);
            return [compared("databases", &store.to_string(), "current", why(unread), unknown)].into();
        }
    };
    let version = |version: Option<DbVersion>| version.map_or_else(|| "unknown".to_string(), |it| it.to_string());
    let of = |database: &Database| {
        let (desired, observed) = (version(database.expected), version(database.installed));
        match database.state() {
            DatabaseState::Current => compared("database", &database.name, &observed, &observed, None),
            DatabaseState::Behind => {
                compared("database", &database.name, desired, observed, Some(DriftCode::DatabaseBehind))
            }
            DatabaseState::Unknown(why) => compared("database", &database.name, desired, why, Some(DriftCode::Unknown)),
        }
    };
    databases.iter().map(of).collect()
}

fn binaries_are_there(goal: &Goal, seen: &Seen) -> bool {
    seen.host.components.known().is_some_and(|components| goal.behind(components).is_empty())
}

fn why<T>(fact: &Fact<T>) -> String {
    match fact {
        Fact::Unknown(why) => why.clone(),
        Fact::NotLooked | Fact::Known(_) => "not looked at".into(),
    }
}
