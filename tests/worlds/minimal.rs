//! No step is superfluous: without any one of them, the goal is not reached, or a rule of the procedure is broken.

use reconcile_core::{Act, Observe, Run, Seen};
use reconcile_schema::{Baseline, RunId, StartType, Step};

use crate::{
    rules::Rule,
    run::{How, Scene},
    space::Case,
    truth::{Fate, fate},
    watch::{asked, behind, outdated},
};

/// Leaves out each step of a run that reached its goal; returns the number of steps.
pub fn every_step_is_needed(case: &Case) -> Result<usize, String> {
    let outcome = Scene::of(case).run(&How { name: "run 1", ..How::default() }).map_err(|error| error.to_string())?;
    if fate(&outcome.end) != Fate::Goal {
        return Ok(0);
    }
    if let Some(why) = misses(case, &outcome.steps) {
        return Err(format!("all steps together miss the goal: {why}\n    {:?}", outcome.steps));
    }
    for left_out in 0..outcome.steps.len() {
        let mut steps = outcome.steps.clone();
        let step = steps.remove(left_out);
        if misses(case, &steps).is_none() {
            return Err(format!("{step}, number {left_out}, is superfluous in {:?}", outcome.steps));
        }
    }
    Ok(outcome.steps.len())
}

/// Whether the pool is still claimed, or the others have no report that this server is done.
fn untold_by(scene: &Scene) -> bool {
    scene.goal.claims.as_ref().is_some_and(|claims| {
        let record = scene.lab.world().pools.get(&claims.name).cloned().unwrap_or_default();
        !record.claims.is_empty() || !record.reached.contains_key(&scene.goal.server)
    })
}

/// What is wrong with a server on which exactly these steps are taken, without a decision.
fn misses(case: &Case, steps: &[Step]) -> Option<String> {
    let mut scene = Scene::of(case);
    let (goal, ran) = (scene.goal.clone(), scene.ran.clone());
    let mut installed = false;
    for step in steps {
        if installed && *step != Step::StopServices && !behind(&goal, scene.now()) {
            return Some("the documents stop the services again after every installation".into());
        }
        let mut host = scene.host();
        let (observed, mut marks) = (host.observe(&goal).unwrap(), host.marks().unwrap());
        marks.baseline = Some(Baseline {
            running: ran.clone(),
            since: observed.at,
            up: None,
            installing: false,
            failed_over: false,
        });
        let seen = Seen { host: observed, marks, run: Run::new(RunId("by hand".into())) };
        if let Err(error) = host.act(&goal, &seen, step, &mut |_| {}) {
            return Some(error.to_string());
        }
        installed = *step == Step::Install;
    }
    let now = scene.now();
    let down = |service: &&reconcile_schema::Service| {
        let should = service.start == StartType::Automatic
            || (service.start == StartType::Manual && ran.contains(&service.name));
        should && !service.is_running()
    };
    let misses = match () {
        () if behind(&goal, now) => Some("a component is below its build".to_string()),
        () if goal.stores.iter().any(|store| outdated(now, store)) => Some("a database is below its version".into()),
        () if !now.failed_over.is_empty() => Some("it is failed over".into()),
        () if asked(now) => Some("a restart is pending".into()),
        () if untold_by(&scene) => Some("the other servers of the pool do not know".into()),
        () => now.services.iter().find(down).map(|service| format!("{} is down", service.name)),
    };
    let ours = |rule: &&String| !Rule::JournalFirst.is_in(rule); // No journal is kept here.
    misses.or_else(|| scene.watch.violations.iter().find(ours).cloned())
}
