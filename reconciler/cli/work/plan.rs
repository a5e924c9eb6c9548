//! The plan of servers as it is reported: steps, causes, and what forbids them.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;

use reconcile_core::{
    Command, Foreseen, Goal, Opening, PlanEnd, PlannedStep, Seen, drift, outlook, plan, strange, waiting_elsewhere,
};
use reconcile_schema::{
    Build, Code, DriftCode, FindingReport, Fqdn, Heading, Moment, OpeningReport, OutageForecast, PlanReport,
    REPORT_VERSION, Reboots, Rests, ServerPlan, Service, Sha256, State, Step, StepReport, Store, UnpublishedService,
    shown_at,
};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::findings::{as_report, said};
use crate::work::state::{state_of, worst};
use crate::work::{advice::advice, clock::now, comeback::Waiter, look::seen, site::Site, words::sentence};

/// The plans of all goals.
///
/// # Errors
/// When a server cannot be observed at all, or a signed manifest is older than one that was accepted.
pub fn report(site: &mut Site, goals: &[Goal], input: &Input) -> Result<PlanReport, Problem> {
    let lab = site.is_lab();
    let (waiter, manifest) = (Waiter::of(lab, &input.path), input.sha256());
    let of = |goal: &Goal| {
        let seen = seen(site, goal)?;
        input.current(&seen.marks, seen.host.at)?;
        let mut planned = server(goal, &seen, lab, waiter);
        planned.notes.extend(input.stale(&seen.marks, seen.host.at).map(|stale| stale.to_string()));
        Ok(ServerPlan { rests_on: Some(rests(goal, &manifest)), ..planned })
    };
    let servers: Vec<_> = goals.iter().map(of).collect::<Result<_, Problem>>()?;
    Ok(PlanReport { manifest_fingerprint: Some(input.fingerprint()), ..self::of(servers) })
}

/// The report that holds these plans.
pub fn of(servers: Vec<ServerPlan>) -> PlanReport {
    PlanReport {
        version: REPORT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        manifest_fingerprint: None,
        at: now(),
        state: worst(servers.iter().map(|server| server.state)),
        servers,
    }
}

/// A server and its target, as the heading of a report.
pub fn heading(goal: &Goal, found: Option<&Build>, lab: bool) -> Heading {
    Heading { name: goal.server.clone(), product: goal.product, target: goal.core.clone(), found: found.cloned(), lab }
}

/// The plan of one server, as it is reported.
pub fn server(goal: &Goal, seen: &Seen, lab: bool, waiter: Waiter<'_>) -> ServerPlan {
    let findings = drift(goal, seen).into_iter().filter_map(as_report);
    let Remaining { state, code, steps, opens, blocked_by, help } = remaining(goal, seen, waiter);
    let server = heading(goal, seen.host.core(goal.product), lab);
    let goes_down = steps.iter().any(|step| step.step.takes_down());
    let begins = match (&opens, &blocked_by) {
        (Some(opens), _) => Some(opens.from),
        (None, None) => Some(seen.host.at),
        (None, Some(_)) => None,
    };
    let outage = outlook(goal, seen).filter(|_| goes_down).map(|outlook| expected(goal, outlook, begins));
    ServerPlan {
        server,
        state,
        code,
        waits: state.waits(code),
        reboot_required: code == Code::RestartDue,
        findings: findings.collect(),
        unpublished_services: unpublished(seen),
        not_installed: goal.not_installed(&seen.host).cloned().collect(),
        foreign_services: seen.host.foreign.known().cloned().unwrap_or_default(),
        notes: notes(goal, seen, &steps, code),
        rests_on: None,
        steps,
        opens,
        outage,
        blocked_by,
        help,
    }
}

/// The expected outage of a plan; `begins` is when its first step starts, if that is known.
fn expected(goal: &Goal, outlook: Foreseen, begins: Option<Timestamp>) -> OutageForecast {
    let back = begins.and_then(|from| from.checked_add(Duration::from(outlook.turn().median)).ok());
    let back = back.map(|at| Moment { at, shown: shown_at(at, goal.zone()) });
    OutageForecast { back, budget_seconds: Some(goal.rules.outage_budget.as_seconds()), ..outlook.into() }
}

/// Notes that decide nothing. The reason that forbids the steps, by its code, is not repeated here.
fn notes(goal: &Goal, seen: &Seen, steps: &[StepReport], code: Code) -> Vec<String> {
    let strange = seen.host.pool.known().and_then(strange).into_iter().flatten();
    let strange = strange.map(|said| format!("Get-CsPoolFabricState says {said}, which is not understood"));
    let remote = |store: &&Store| !goal.is_own(store) && steps.iter().any(|step| step.step == goal.updating(store));
    let servers: BTreeSet<_> = goal.all_stores().filter(remote).filter_map(Store::sql_server).collect();
    let unchecked =
        |server: &Fqdn| format!("not checked: the free disk space of {server} (Install-CsDatabase needs 16 GB)");
    let elsewhere = waiting_elsewhere(seen);
    let more = elsewhere.len().saturating_sub(1);
    let elsewhere = elsewhere.first().map(|first| match more {
        0 => format!("waits for a restart and keeps nothing from being done: {first}"),
        more => format!("wait for a restart and keep nothing from being done: {first} and {more} more"),
    });
    let takes_down = steps.iter().any(|step| step.step.takes_down());
    let is_planned = steps.iter().any(|step| step.step == Step::Reboot);
    let is_restart = |note: &FindingReport| note.code == DriftCode::RestartDue.key();
    let waits =
        said(goal, seen).into_iter().filter(|note| !(is_planned && is_restart(note)) && note.code != code.key());
    let waits = waits.map(|note| sentence(&note));
    let restart = takes_down && !is_planned && goal.rules.reboot != Reboots::Never;
    let restart = restart.then(|| "may restart Windows, as the policy allows".to_owned());
    strange.chain(elsewhere).chain(waits).chain(restart).chain(servers.into_iter().map(unchecked)).collect()
}

/// The services of the product that no published list names.
fn unpublished(seen: &Seen) -> Vec<UnpublishedService> {
    let services = seen.host.services.known().into_iter().flatten();
    let unpublished = services.filter(|service| service.is_products() && !service.recognised.is_by_name());
    let report = |Service { name, recognised, .. }: &Service| UnpublishedService {
        name: name.clone(),
        recognised: recognised.clone(),
    };
    unpublished.map(report).collect()
}

/// The inputs on which a plan depends.
fn rests(goal: &Goal, manifest: &Sha256) -> Rests {
    Rests {
        manifest: manifest.clone(),
        role: goal.role,
        installer: goal.installer.clone(),
        stores: goal.all_stores().cloned().collect(),
    }
}

/// The plan that a person confirms: if something forbids its steps now, with the steps that follow afterwards.
#[cfg(windows)]
pub fn question(goal: &Goal, seen: &Seen, lab: bool, waiter: Waiter<'_>) -> ServerPlan {
    let steps: Vec<_> =
        reconcile_core::ahead(goal, seen).into_iter().map(|planned| step_report(goal, planned)).collect();
    let mut asked = server(goal, seen, lab, waiter);
    asked.notes = notes(goal, seen, &steps, asked.code);
    asked.steps = steps;
    asked
}

fn step_report(goal: &Goal, planned: PlannedStep) -> StepReport {
    StepReport {
        command: Command::of(goal, &planned.step, &planned.cause).to_string(),
        because: planned.cause.to_string(),
        step: planned.step,
        cause: planned.cause,
        certain: planned.certain,
    }
}

/// The rest of the work on a server, as it is reported.
pub struct Remaining {
    /// How the plan ends.
    pub state: State,
    /// The same as a code.
    pub code: Code,
    /// The steps that remain, in order.
    pub steps: Vec<StepReport>,
    /// The maintenance window that they wait for.
    pub opens: Option<OpeningReport>,
    /// Why the steps are not known, or are forbidden.
    pub blocked_by: Option<String>,
    /// What a person can do about it.
    pub help: Option<String>,
}

/// The steps that remain on a server, as far as they can be predicted.
pub fn remaining(goal: &Goal, seen: &Seen, waiter: Waiter<'_>) -> Remaining {
    let plan = plan(goal, seen);
    let code = plan.end.code(!plan.steps.is_empty());
    let (state, blocked_by, help) = match &plan.end {
        PlanEnd::AtGoal if plan.steps.is_empty() => (State::AtGoal, None, None),
        PlanEnd::AtGoal => (State::Drift, None, None),
        PlanEnd::Blocked(blocker) => (state_of(blocker), Some(blocker.to_string()), Some(advice(blocker, waiter))),
        PlanEnd::Unlooked(ask) => (State::Unknown, Some(format!("{ask}: not looked at")), None),
    };
    let steps = plan.steps.into_iter().map(|planned| step_report(goal, planned));
    let opens = plan.opens.and_then(|opening| shown(goal, &opening));
    Remaining { state, code, steps: steps.collect(), opens, blocked_by, help }
}

/// A maintenance window of a goal, as it is reported.
pub fn shown(goal: &Goal, opening: &Opening) -> Option<OpeningReport> {
    let zone = &goal.rules.maintenance.as_deref()?.time_zone;
    Some(OpeningReport { from: opening.from, until: opening.until, shown: opening.shown(zone) })
}
