//! One run: every world ends where it must, keeps the rules on the way, and has nothing left to do at its goal.

use reconcile_core::{Observe, PlanEnd, Run, Seen};
use reconcile_schema::RunId;

use crate::{
    rules::Rule,
    run::{How, Scene},
    space::Case,
    truth::{Fate, Memory, expected, fate, takes_down, untold, untouched, wrong},
    watch::disagreements,
};

/// Walks through one world; returns the number of runs.
pub fn walk(case: &Case) -> Result<usize, String> {
    let mut scene = Scene::of(case);
    let outcome = scene.run(&How { name: "run 1", ..How::default() }).map_err(|error| error.to_string())?;
    let end = fate(&outcome.end);
    let mut faults = std::mem::take(&mut scene.watch.violations);
    if end != expected(case) {
        faults.push(format!("expected {:?}, found {:?}", expected(case), outcome.end));
    }
    if untouched(case) && takes_down(&outcome.steps) {
        faults.push("taken down without effect".into());
    }
    faults.extend(wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole));
    faults.extend(untold(&scene, &outcome));
    if end == Fate::Goal && scene.watch.held() {
        faults.push(Rule::AssembliesReleased.broken("at the goal with assemblies held"));
    }
    let mut runs = 1;
    if end == Fate::Goal && faults.is_empty() {
        faults.extend(rests(&mut scene));
        runs += 1;
    }
    if faults.is_empty() { Ok(runs) } else { Err(format!("{faults:?}\n    after {:?}", outcome.steps)) }
}

/// What is wrong with a server at its goal: it has a plan, a difference, or another run does something.
pub fn rests(scene: &mut Scene) -> Vec<String> {
    let mut faults = Vec::new();
    let plan = scene.plan();
    if !plan.steps.is_empty() || plan.end != PlanEnd::AtGoal {
        faults.push(format!("at the goal, and planned {:?} {:?}", plan.steps, plan.end));
    }
    let before = scene.now().clone();
    match scene.run(&How { name: "run at the goal", ..How::default() }) {
        Ok(again) if fate(&again.end) == Fate::Goal && again.steps.is_empty() && *scene.now() == before => {}
        other => faults.push(format!("another run is not empty: {other:?}")),
    }
    let goal = scene.goal.clone();
    let mut host = scene.host();
    let seen =
        Seen { host: host.observe(&goal).unwrap(), marks: host.marks().unwrap(), run: Run::new(RunId("drift".into())) };
    faults.extend(disagreements(&goal, &seen));
    faults
}
