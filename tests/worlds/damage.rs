//! Lost lines of the journal: until somebody acknowledges that, nothing is taken down, and stopped services come back.

use reconcile_core::{Act, Blocker, End};
use reconcile_hosts::lab::Fault;
use reconcile_schema::{Code, Mark, Marks, RunId, StartType, Step};

use crate::{
    crash::{effects, kill, places},
    part,
    run::{How, Scene},
    space::Case,
    truth::takes_down,
};

/// The run is killed in every effect, and each line of the journal at that time is lost. The next run takes nothing
/// down and starts the services that start automatically. Once somebody has acknowledged the damage, the run after it
/// continues. Returns how often.
pub fn any_line(case: &Case) -> Result<usize, String> {
    let mut losses = Vec::new();
    for place in places(&effects(case)) {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", place)?;
        losses.extend((0..scene.watch.told.len()).map(|line| (place, line)));
    }
    let losses = part(&losses);
    for (place, line) in &losses {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", *place)?;
        let what = format!("{place:?}, without {:?}", scene.watch.told[*line].2);
        lose(&mut scene, *line);
        next(&mut scene).map_err(|why| format!("{what}: {why}"))?;
    }
    Ok(losses.len())
}

/// Removes one line that this watch has written.
fn lose(scene: &mut Scene, line: usize) {
    let mut marks = Marks::default();
    for (index, (run, at, mark)) in scene.watch.told.iter().enumerate() {
        if index == line {
            marks.lose(1);
        } else {
            marks.take(run, *at, mark);
        }
    }
    scene.lab.remember(&scene.goal.server, marks);
    // The line may have recorded manually started services, and whether services were stopped since an installation.
    (scene.watch.forgetful, scene.watch.lossy) = (true, true);
    scene.counts_as_before();
}

fn next(scene: &mut Scene) -> Result<(), String> {
    let down = |scene: &Scene| -> Vec<String> {
        let by_itself = scene.now().services.iter().filter(|one| one.start == StartType::Automatic && one.is_stopped());
        by_itself.map(|one| one.name.clone()).collect()
    };
    let outcome = scene.run(&How { name: "run 2", ..How::default() }).map_err(|error| error.to_string())?;
    let violations = std::mem::take(&mut scene.watch.violations);
    if takes_down(&outcome.steps) || outcome.steps.contains(&Step::Install) || !violations.is_empty() {
        return Err(format!("{violations:?} after {:?}", outcome.steps));
    }
    let damaged = matches!(&outcome.end, End::Blocked(blocker) if blocker.code() == Code::JournalDamaged);
    if !damaged && outcome.end != End::AtGoal {
        return Err(format!("ended in {:?}", outcome.end));
    }
    let disabled = scene.now().services.iter().any(|one| one.start == StartType::Disabled);
    if !down(scene).is_empty() || disabled && scene.goal.fails_over() {
        return Err(format!("{:?} stay down after {:?}", down(scene), outcome.steps));
    }
    let mark = Mark::DamageAcknowledged { lines: None, reason: "looked into".into(), by: "somebody".into() };
    scene.host().mark(&RunId("by hand".into()), &mark).unwrap();
    let outcome = scene.run(&How { name: "run 3", ..How::default() }).map_err(|error| error.to_string())?;
    // The line of its beginning showed in which boot the installer asked for a restart. Without it, a person is asked
    // after two restarts.
    let asked = scene.case.installer == Some(Fault::InstallerAsksForReboot);
    let spent = asked && matches!(outcome.end, End::Blocked(Blocker::RebootsSpent { .. }));
    if outcome.end != End::AtGoal && !spent || !down(scene).is_empty() {
        return Err(format!("acknowledged: {:?}, {:?} down, after {:?}", outcome.end, down(scene), outcome.steps));
    }
    Ok(())
}
