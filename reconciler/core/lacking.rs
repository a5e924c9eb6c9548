//! What a step should have changed and did not: the services, components and databases in question.

use alloc::{format, string::String, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{Behind, Change, DatabaseState, Period, Service, Step, Store, Whose};

use crate::{blocker::Hanging, goal::Goal, seen::Seen};

/// What `step` should have changed and did not, one name with its state each, as far as it is observed.
#[must_use]
pub fn lacking(goal: &Goal, step: &Step, seen: &Seen) -> Vec<String> {
    match step.change() {
        Change::Stopped(whose) => up(seen, whose).map(state).collect(),
        Change::Running(whose) => down(goal, seen, whose).map(state).collect(),
        Change::Components => {
            let behind = goal.behind(seen.host.components.known().map_or(&[][..], |components| components));
            let of = |one: &Behind| format!("{} is at {}, must reach {}", one.component, one.found, one.desired);
            behind.iter().map(of).collect()
        }
        Change::Databases(store) => databases(seen, store),
        Change::Claim => {
            let other = seen.host.claim.known().filter(|record| !record.is_claimed_by(&goal.server));
            let other = other.and_then(|record| record.claims.first());
            other.map(|claim| format!("{} has the claim", claim.server)).into_iter().collect()
        }
        // These changes have no names.
        Change::Package | Change::Mark | Change::Shells | Change::Boot => Vec::new(),
    }
}

/// The services that neither stop nor start, although they were asked to `since`.
pub(crate) fn hanging(goal: &Goal, step: &Step, seen: &Seen, since: Timestamp) -> Option<Hanging> {
    let services: Vec<_> = match step.change() {
        Change::Stopped(whose) => up(seen, whose).collect(),
        Change::Running(whose) => down(goal, seen, whose).collect(),
        Change::Components
        | Change::Databases(_)
        | Change::Claim
        | Change::Package
        | Change::Mark
        | Change::Shells
        | Change::Boot => return None,
    };
    let state = services.iter().find(|service| service.is_pending())?.state;
    let services = services.iter().filter(|service| service.state == state);
    let services = services.map(|service| service.name.clone()).collect();
    Some(Hanging { services, state, lasted: Period::between(since, seen.host.at) })
}

fn up(seen: &Seen, whose: Whose) -> impl Iterator<Item = &Service> {
    seen.host.known_services().filter(move |service| service.whose() == whose && !service.is_stopped())
}

fn down<'a>(goal: &'a Goal, seen: &'a Seen, whose: Whose) -> impl Iterator<Item = &'a Service> {
    let should = goal.should_run(&seen.host, seen.baseline());
    should.filter(move |service| service.whose() == whose && !service.is_running())
}

fn state(service: &Service) -> String {
    format!("{} is {}", service.name, service.state)
}

fn databases(seen: &Seen, store: &Store) -> Vec<String> {
    let all = seen.host.databases(store).known().into_iter().flatten();
    all.filter_map(|database| match (database.state(), database.installed, database.expected) {
        (DatabaseState::Current, ..) => None,
        (DatabaseState::Behind, Some(installed), Some(expected)) => {
            Some(format!("{} is at {installed}, must reach {expected}", database.name))
        }
        (DatabaseState::Behind, ..) => Some(format!("{} is behind", database.name)),
        (DatabaseState::Unknown(why), ..) => Some(format!("{}: {}", database.name, why)),
    })
    .collect()
}
