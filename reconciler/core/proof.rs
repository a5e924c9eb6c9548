//! The second check: started services count as running if they still run some seconds later.

use alloc::{string::String, vec::Vec};

use reconcile_schema::{Period, Service, ServiceStarts, Step, Whose};

use crate::{goal::Goal, seen::Seen};

/// How long a service must run after the last start before it is checked a second time.
pub(crate) const PROOF: Period = Period::seconds(5);

/// The services of this owner among `started` that were running at the first observation and are not at the second.
pub(crate) fn died(started: &[String], first: &Seen, second: &Seen, whose: Whose) -> Vec<String> {
    let ran = first.host.known_services();
    let ran = ran.filter(|one| one.whose() == whose && one.is_running() && started.contains(&one.name));
    not_running(&ran.map(|service| service.name.clone()).collect::<Vec<_>>(), second)
}

/// The services among `started` that `step` would have to start again: they ran, and have ended by themselves since.
pub(crate) fn ended_again(goal: &Goal, step: &Step, started: &[String], seen: &Seen) -> Vec<String> {
    let Some(whose) = step.starts() else { return Vec::new() };
    let down = goal.should_run(&seen.host, seen.baseline());
    let down = down.filter(|service| service.whose() == whose && !service.is_running());
    down.map(|service| service.name.clone()).filter(|name| started.contains(name)).collect()
}

/// The services among `names` that are known not to run.
pub(crate) fn not_running(names: &[String], seen: &Seen) -> Vec<String> {
    let Some(services) = seen.host.services.known() else { return Vec::new() };
    names.iter().filter(|name| !runs(services, name)).cloned().collect()
}

/// The services that did not run before a step that starts services, and run after it.
pub(crate) fn started(step: &Step, before: &Seen, now: &Seen) -> Vec<String> {
    let (Some(before), Some(now)) = (before.host.services.known(), now.host.services.known()) else {
        return Vec::new();
    };
    let new =
        now.iter().filter(|service| step.starts().is_some() && service.is_running() && !runs(before, &service.name));
    new.map(|service| service.name.clone()).collect()
}

fn runs(services: &[Service], name: &str) -> bool {
    services.iter().any(|service| service.name == name && service.is_running())
}

/// Those of these services, started by this run, that an earlier run had started before.
pub(crate) fn started_again(seen: &Seen, started: &[String]) -> Vec<ServiceStarts> {
    let mut again: Vec<_> = started.iter().filter_map(|name| seen.starts(name)).filter(|one| one.runs > 1).collect();
    again.sort_by(|one, other| one.service.cmp(&other.service));
    again.dedup();
    again
}
