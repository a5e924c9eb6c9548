//! The plan equals what apply does, from the start and from every point on the way, and approving it changes nothing.

use reconcile_core::{Blocker, End, PlanEnd};
use reconcile_hosts::lab::{Fault, Kill, When};
use reconcile_schema::{Shells, Step};

use crate::{
    run::{How, Scene},
    space::{CURRENT, Case, Databases, KINDS, Kind, Leave, POOL_KINDS, Record, SMOOTH, Shell},
    truth::{Fate, expected, fate},
    watch::Effect,
};

/// Compares plan and run in a world; returns the number of plans.
pub fn agrees(case: &Case) -> Result<usize, String> {
    let mut scene = Scene::of(case);
    let before = (scene.now().clone(), scene.watch.effects.len());
    let plan = scene.plan();
    if (scene.now(), scene.watch.effects.len()) != (&before.0, before.1) {
        return Err("planning changed something".into());
    }
    let planned: Vec<Step> = plan.steps.iter().map(|planned| planned.step.clone()).collect();
    let mut run = Scene::of(case);
    let outcome = run
        .run(&How { name: "approved", approved: Some(&planned), ..How::default() })
        .map_err(|error| error.to_string())?;
    // A database step after an installation is planned in case it is needed; the check before it decides.
    let taken: Vec<Step> = plan
        .steps
        .iter()
        .filter(|planned| planned.certain || case.databases != Databases::Current)
        .map(|planned| planned.step.clone())
        .collect();
    if fate(&outcome.end) != Fate::Goal || plan.end != PlanEnd::AtGoal || outcome.steps != taken {
        return Err(format!("planned {planned:?} {:?}\n    taken   {:?} {:?}", plan.end, outcome.steps, outcome.end));
    }
    // From each point between two steps, the plan is the rest.
    let begins = run.watch.effects.iter().enumerate().filter(|(_, effect)| **effect == Effect::Act);
    let mut plans = 1;
    for (done, (act, _)) in begins.enumerate().skip(1).take(if case.staged { 0 } else { planned.len() }) {
        let mut cut = Scene::of(case);
        // The mark of the step's beginning comes before the act.
        let kill = Kill { effect: u32::try_from(act - 1).unwrap(), when: When::Before };
        let _ = cut.run(&How { name: "run 1", kill: Some(kill), ..How::default() });
        let rest: Vec<Step> = cut.plan().steps.into_iter().map(|planned| planned.step).collect();
        let installed = taken[..done].contains(&Step::Install);
        let expected: Vec<Step> = if installed || case.databases != Databases::Current {
            taken[done..].to_vec()
        } else {
            planned[done..].to_vec()
        };
        if rest != expected {
            return Err(format!("after {done} steps expected the rest {expected:?}\n    planned {rest:?}"));
        }
        plans += 1;
    }
    Ok(plans)
}

/// A plan is approved in one world and applied in another: a run ends where it would without the plan, or as deviated
/// before anything is taken down. It takes down with approved steps only, except for a restart and another attempt of
/// the installer.
pub fn held_to(case: &Case) -> Result<usize, String> {
    let mut found = 0;
    let others = [
        Case { current: case.current ^ 0b0001, ..*case },
        Case { current: CURRENT, ..*case },
        Case { databases: Databases::Current, ..*case },
        Case { databases: Databases::Behind, ..*case },
        Case { databases: Databases::BehindAfterwards, ..*case },
    ];
    for other in others {
        let planned: Vec<Step> = Scene::of(case).plan().steps.into_iter().map(|planned| planned.step).collect();
        let mut scene = Scene::of(&other);
        let how = How { name: "run 1", approved: Some(&planned), ..How::default() };
        let outcome = scene.run(&how).map_err(|error| error.to_string())?;
        let deviated = matches!(outcome.end, End::Blocked(Blocker::Deviated(_)));
        let down: Vec<_> = outcome.steps.iter().filter(|step| step.takes_down()).collect();
        let aside = |step: &Step| *step == Step::Reboot || planned.contains(&Step::Install) && *step != databases(step);
        let strange = down.iter().any(|step| !planned.contains(step) && !aside(step));
        if strange || deviated && !down.is_empty() || !deviated && fate(&outcome.end) != expected(&other) {
            return Err(format!("{planned:?} in {other:?}: {:?} {:?}", outcome.steps, outcome.end));
        }
        found += 1;
    }
    Ok(found)
}

/// The step itself, if it updates databases: another attempt of the installer does not include those.
fn databases(step: &Step) -> Step {
    if matches!(step, Step::UpdateDatabases(_)) { step.clone() } else { Step::Stage }
}

/// If something forbids the work now, a person is asked to approve the steps that follow once that has passed: the plan
/// of the same world without it.
pub fn asks_about_what_follows(case: &Case) -> Result<usize, String> {
    let free = Case { shell: Shell::None, leave: Leave::Given, fault: None, record: Record::Free, ..*case };
    let (now, later) = (Scene::of(case).ahead(), Scene::of(&free).plan());
    let later: Vec<Step> = later.steps.into_iter().map(|planned| planned.step).collect();
    let closes = |step: &Step| *step != Step::CloseShells;
    let now: Vec<Step> = now.into_iter().map(|planned| planned.step).filter(closes).collect();
    if now == later { Ok(1) } else { Err(format!("asked about {now:?}\n    then {later:?}")) }
}

/// Worlds in which a passing condition forbids the work.
pub fn blocked() -> Vec<Case> {
    let blocked = [
        Case { shell: Shell::Open(Shells::Block), ..SMOOTH },
        Case { shell: Shell::Open(Shells::Wait), ..SMOOTH },
        Case { leave: Leave::Closed, ..SMOOTH },
        Case { leave: Leave::Held, ..SMOOTH },
        Case { fault: Some(Fault::AnotherInstallation), ..SMOOTH },
        Case { fault: Some(Fault::DiskExhausted), ..SMOOTH },
        SMOOTH,
    ];
    let mut all: Vec<Case> = blocked.into_iter().flat_map(|case| KINDS.map(|kind| Case { kind, ..case })).collect();
    let pools =
        [Fault::PoolBusy, Fault::PoolSilent, Fault::PoolWarns].map(|fault| Case { fault: Some(fault), ..SMOOTH });
    all.extend(
        pools.into_iter().flat_map(|case| POOL_KINDS.map(|kind| Case { kind, databases: Databases::Current, ..case })),
    );
    let taken = Case { kind: Kind::FrontEndThatClaims, record: Record::Taken, databases: Databases::Current, ..SMOOTH };
    all.push(taken);
    all
}
