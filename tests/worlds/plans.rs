//! The plan is what apply does, from the start and from everywhere on the way, and approving it changes nothing.

use reconcile_core::PlanEnd;
use reconcile_hosts::lab::{Kill, When};
use reconcile_schema::Step;

use crate::{
    run::{How, Scene},
    space::{Case, Databases},
    truth::{Fate, fate},
    watch::Effect,
};

/// Compares plan and run in a world; the number of plans comes back.
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
    // A database step after an installation is planned in case that it is needed; the look before it decides.
    let taken: Vec<Step> = plan
        .steps
        .iter()
        .filter(|planned| planned.certain || case.databases != Databases::Current)
        .map(|planned| planned.step.clone())
        .collect();
    if fate(&outcome.end) != Fate::Goal || plan.end != PlanEnd::AtGoal || outcome.steps != taken {
        return Err(format!("planned {planned:?} {:?}\n    taken   {:?} {:?}", plan.end, outcome.steps, outcome.end));
    }
    // From each place between two steps on, the plan is the rest.
    let begins = run.watch.effects.iter().enumerate().filter(|(_, effect)| **effect == Effect::Act);
    let mut plans = 1;
    for (done, (act, _)) in begins.enumerate().skip(1).take(if case.staged { 0 } else { planned.len() }) {
        let mut cut = Scene::of(case);
        // The mark that the step begins stands before the act.
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
