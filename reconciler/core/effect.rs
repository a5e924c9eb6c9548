//! The effect: what each step is expected to change. `plan` depends on this forecast, the only one in the program.

use alloc::{string::ToString, vec::Vec};

use reconcile_schema::{
    Attempt, Baseline, BootId, Database, DbVersion, Fact, PackageSeen, PoolSeen, Service, ServiceState, StartType,
    Step, Whose,
};

use crate::{
    claims::{claim_of, reached},
    goal::Goal,
    seen::Seen,
};

/// What an observation after `step` shows, if the step has its effect.
///
/// Three assumptions cannot be checked in advance: the installer neither starts services nor asks for a restart, the
/// new binaries expect newer databases, and a pool that is ready now stays ready.
#[must_use]
pub fn after(goal: &Goal, mut next: Seen, step: &Step) -> Seen {
    let was_active = next.is_active();
    if step.takes_down() && next.marks.baseline.is_none() {
        next.marks.baseline = Some(Baseline {
            running: next.running(),
            since: next.host.at,
            up: None,
            installing: false,
            failed_over: false,
        });
    }
    match step {
        Step::Claim => {
            let claim = goal.claims.as_ref().map(|claims| claim_of(goal, claims, &next));
            if let Fact::Known(record) = &mut next.host.claim {
                record.reached.remove(&goal.server);
                record.claims.extend(claim);
            }
            (next.marks.claimed, next.marks.told) = (true, None);
        }
        Step::Release => {
            next.marks.claimed = false;
            let told = reached(goal, &next);
            next.marks.told = told.or(next.marks.told);
            if let Fact::Known(record) = &mut next.host.claim {
                record.release(&goal.server, None, next.host.at);
            }
        }
        Step::Stage => next.host.package = Fact::Known(PackageSeen::Staged),
        Step::CloseShells => next.host.shells = Fact::Known(Vec::new()),
        Step::StopOthers => set(&mut next, |service| service.whose() == Whose::Others, ServiceState::Stopped),
        Step::FailOver => {
            set(&mut next, Service::is_products, ServiceState::Stopped);
            set_start(&mut next, Service::is_products, StartType::Disabled);
            next.marks.baseline.iter_mut().for_each(|baseline| baseline.failed_over = true);
            next.marks.attempt.iter_mut().for_each(|attempt| attempt.stopped_since = true);
        }
        Step::FailBack => {
            let back = |service: &Service| service.is_products() && service.start == StartType::Disabled;
            set(&mut next, back, ServiceState::Running);
            set_start(&mut next, back, StartType::Automatic);
            next.marks.baseline.iter_mut().for_each(|baseline| baseline.failed_over = false);
            end_outage(goal, &mut next);
        }
        Step::StopServices => {
            set(&mut next, Service::is_products, ServiceState::Stopped);
            if let Some(attempt) = &mut next.marks.attempt {
                attempt.stopped_since = true;
            }
        }
        Step::StopWeb => set(&mut next, Service::is_web, ServiceState::Stopped),
        Step::Install => install(goal, &mut next),
        Step::UpdateDatabases(store) | Step::UpdatePoolDatabases(store) => {
            if let Some(Fact::Known(databases)) = next.host.databases.get_mut(store) {
                databases.iter_mut().for_each(|database| database.installed = database.expected);
            }
        }
        Step::StartWeb => start(goal, &mut next, Service::is_web),
        Step::StartServices => start(goal, &mut next, Service::is_products),
        Step::StartOthers => start(goal, &mut next, |service| service.whose() == Whose::Others),
        Step::Reboot => {
            next.host.boot = Fact::Known(BootId("the next one".to_string()));
            next.host.reboot = Fact::Known(Vec::new());
            next.marks.reboots += 1;
            set(&mut next, |service| service.start == StartType::Automatic, ServiceState::Running);
        }
    }
    let is_active = next.is_active();
    if let Fact::Known(PoolSeen { active: Some(active), .. }) = &mut next.host.pool {
        *active = active.saturating_sub(u32::from(was_active)) + u32::from(is_active);
    }
    next
}

fn set(seen: &mut Seen, which: impl Fn(&Service) -> bool, state: ServiceState) {
    if let Fact::Known(services) = &mut seen.host.services {
        services.iter_mut().filter(|service| which(service)).for_each(|service| service.state = state);
    }
}

fn set_start(seen: &mut Seen, which: impl Fn(&Service) -> bool, start: StartType) {
    if let Fact::Known(services) = &mut seen.host.services {
        services.iter_mut().filter(|service| which(service)).for_each(|service| service.start = start);
    }
}

fn start(goal: &Goal, seen: &mut Seen, which: impl Fn(&Service) -> bool) {
    let names: Vec<_> = goal.should_run(&seen.host, seen.baseline()).map(|service| service.name.clone()).collect();
    set(seen, |service| which(service) && names.contains(&service.name), ServiceState::Running);
    end_outage(goal, seen);
}

/// The outage is over when everything that should be running is.
fn end_outage(goal: &Goal, seen: &mut Seen) {
    if goal.should_run(&seen.host, seen.baseline()).all(Service::is_running) && !seen.is_failed_over_by_us() {
        seen.marks.baseline = None;
    }
}

fn install(goal: &Goal, seen: &mut Seen) {
    if let Fact::Known(components) = &mut seen.host.components {
        for component in components.iter_mut().filter(|component| component.product == goal.product) {
            match goal.desired(&component.name) {
                Some(desired) if !component.build.reaches(desired) => component.build = desired.clone(),
                Some(_) | None => {}
            }
        }
    }
    for store in goal.all_stores() {
        let expect_more =
            |database: &Database| Database { expected: database.expected.map(DbVersion::next), ..database.clone() };
        if let Fact::Known(databases) = seen.host.databases(store) {
            let databases = databases.iter().map(expect_more).collect();
            seen.host.databases.insert(store.clone(), Fact::Known(databases));
        }
    }
    seen.marks.checked.clear();
    if let Some(baseline) = &mut seen.marks.baseline {
        baseline.installing = true;
    }
    seen.marks.attempts += 1;
    let queued = Some(seen.queued());
    seen.marks.attempt = Some(Attempt {
        run: seen.run.id.clone(),
        target: goal.core.clone(),
        boot: seen.host.boot.known().cloned(),
        code: Some(0),
        moved: true,
        queued,
        log: None,
        stopped_since: false,
    });
}
