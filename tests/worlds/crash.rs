//! Interruptions: a run is killed in any effect, asked to end at any moment, without a journal, and twice in a row.

use reconcile_core::{Blocker, Class, End, Observe, Outcome};
use reconcile_hosts::lab::{Fault, Kill, LabError, When};
use reconcile_schema::{Mark, Period, RunId, StartType, Step};

use crate::{
    converge::rests,
    part,
    rules::Rule,
    run::{How, Scene},
    space::{CURRENT, Case},
    truth::{Fate, Memory, expected, fate, untold, wrong},
    watch::Effect,
};

/// Every place at which the first run in this world can be killed.
pub fn places(effects: &[Effect]) -> Vec<Kill> {
    let moments = |effect: &Effect| match effect {
        Effect::Act => &[When::Before, When::Midway, When::After][..],
        Effect::Mark => &[When::Before, When::After][..], // Half a line is not a line.
    };
    let all = effects.iter().zip(0..);
    all.flat_map(|(kind, effect)| moments(kind).iter().map(move |when| Kill { effect, when: *when })).collect()
}

/// The effects of an uninterrupted run.
pub fn effects(case: &Case) -> Vec<Effect> {
    let mut scene = Scene::of(case);
    let earlier = scene.watch.effects.len();
    scene.run(&How { name: "run 1", ..How::default() }).unwrap();
    scene.watch.effects.split_off(earlier)
}

pub fn kill(scene: &mut Scene, name: &str, kill: Kill) -> Result<(), String> {
    match scene.run(&How { name, kill: Some(kill), ..How::default() }) {
        // In its last mark, nothing depends on the journal any more.
        Err(LabError::Killed) | Ok(_) => Ok(()),
        Err(other) => Err(format!("{kill:?} did not kill: {other}")),
    }
}

/// The faults after the run that does the rest.
fn judge(scene: &mut Scene, outcome: &Outcome, memory: Memory, expected: Fate) -> Vec<String> {
    let mut faults = std::mem::take(&mut scene.watch.violations);
    let end = fate(&outcome.end);
    if end != expected {
        faults.push(format!("expected {expected:?}, found {:?}", outcome.end));
    }
    faults.extend(wrong(&scene.goal, &scene.ran, scene.now(), outcome, memory));
    faults.extend(untold(scene, outcome));
    if end == Fate::Goal && faults.is_empty() {
        if scene.watch.held() {
            faults.push(Rule::AssembliesReleased.broken("at the goal with assemblies held"));
        }
        faults.extend(rests(scene));
    }
    faults
}

fn rest(scene: &mut Scene, memory: Memory, what: &str) -> Result<(), String> {
    // Without the journal, nobody can know who failed the server over.
    let out = scene.now().services.iter().any(|one| one.name == "RTCSRV" && one.start == StartType::Disabled);
    let asks = scene.watch.forgetful && out;
    let expected = if asks { Fate::Short(Class::Operator) } else { expected(&scene.case) };
    let outcome = scene.run(&How { name: "the last run", ..How::default() }).map_err(|error| error.to_string())?;
    let faults = judge(scene, &outcome, memory, expected);
    if faults.is_empty() { Ok(()) } else { Err(format!("{what}: {faults:?}\n    after {:?}", scene.watch.acts)) }
}

/// The run is killed in every effect, and run again; returns the number of interruptions.
pub fn killed(case: &Case) -> Result<usize, String> {
    let places = places(&effects(case));
    for place in &places {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", *place)?;
        rest(&mut scene, Memory::Whole, &format!("{place:?}"))?;
    }
    Ok(places.len())
}

/// The run is killed in every command that outlives it, and run again while that command is at work: nothing is done
/// twice.
pub fn outlived(case: &Case) -> Result<usize, String> {
    let lasts =
        |step: &&Step| matches!(step, Step::Install | Step::UpdateDatabases(_) | Step::FailOver | Step::FailBack);
    let (effects, undisturbed) = {
        let mut scene = Scene::of(case);
        let earlier = scene.watch.effects.len();
        scene.run(&How { name: "run 1", ..How::default() }).unwrap();
        (scene.watch.effects.split_off(earlier), scene.watch.acts)
    };
    let acts = (0..).zip(&effects).filter(|(_, effect)| **effect == Effect::Act).map(|(number, _)| number);
    let places: Vec<(u32, &Step)> = acts.zip(&undisturbed).filter(|(_, step)| lasts(step)).collect();
    for (effect, step) in &places {
        let place = Kill { effect: *effect, when: When::Outlived };
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", place)?;
        if **step == Step::Install {
            // Nothing begins while it works, and nobody ends it.
            let outcome = scene.run(&How { name: "run 2", ..How::default() }).map_err(|error| error.to_string())?;
            if !matches!(outcome.end, End::Blocked(Blocker::Installing { .. })) || !outcome.steps.is_empty() {
                return Err(format!("{place:?}, at work: {:?} after {:?}", outcome.end, outcome.steps));
            }
            let name = scene.goal.server.clone();
            scene.lab.change(&name, |server| server.pass(Period::hours(1))).unwrap();
            scene.watch.may_hold = true; // No act of a run has shown what it replaced.
        }
        rest(&mut scene, Memory::Whole, &format!("{place:?}"))?;
        // The next run repeats what failed, with everything that belongs to it.
        let ends_well = expected(case) == Fate::Goal;
        for step in undisturbed.iter().filter(lasts).filter(|_| ends_well) {
            let count = |acts: &[Step]| acts.iter().filter(|act| *act == step).count();
            if count(&scene.watch.acts) > count(&undisturbed) {
                return Err(format!("{place:?}: {step} was done again: {:?}", scene.watch.acts));
            }
        }
    }
    Ok(places.len())
}

/// The run is killed in every effect, the journal is deleted, and the run is repeated.
pub fn forgotten(case: &Case) -> Result<usize, String> {
    let places = places(&effects(case));
    for place in &places {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", *place)?;
        scene.lab.lose_journal(&scene.goal.server);
        scene.watch.forgetful = true;
        scene.counts_as_before();
        rest(&mut scene, Memory::Lost, &format!("{place:?}, journal deleted"))?;
    }
    Ok(places.len())
}

/// The run is killed in every effect, and the next manifest names no service of others: the stopped ones come back
/// anyway.
pub fn dropped(case: &Case) -> Result<usize, String> {
    let places = places(&effects(case));
    for place in &places {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", *place)?;
        scene.goal.also_stop = std::sync::Arc::default();
        scene.watch.crowded = true; // A service that the manifest no longer names belongs to others again.
        let outcome = scene.run(&How { name: "run 2", ..How::default() }).map_err(|error| error.to_string())?;
        let faults = wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole);
        let down = scene.now().services.iter().find(|service| service.is_stopped());
        if !faults.is_empty() || down.is_some() {
            return Err(format!("{place:?}, no longer named: {faults:?} {down:?}\n    after {:?}", outcome.steps));
        }
    }
    Ok(places.len())
}

/// The run is killed in every effect, and the next run in each of its own. The default run walks a part of these pairs
/// as well.
pub fn killed_twice(case: &Case) -> Result<usize, String> {
    let mut pairs = Vec::new();
    for first in places(&effects(case)) {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", first)?;
        let earlier = scene.watch.effects.len();
        scene.run(&How { name: "run 2", ..How::default() }).map_err(|error| error.to_string())?;
        pairs.extend(places(&scene.watch.effects[earlier..]).into_iter().map(|second| (first, second)));
    }
    let pairs = part(&pairs);
    for (first, second) in &pairs {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", *first)?;
        kill(&mut scene, "run 2", *second)?;
        let what = format!("{first:?}, then {second:?}");
        if restarts_spent(&scene) {
            left_up(&mut scene, &what)?;
        } else {
            rest(&mut scene, Memory::Whole, &what)?;
        }
    }
    Ok(pairs.len())
}

/// Whether two installations that nobody saw end each ask for a restart: together with a third, there would be more
/// restarts than are allowed.
fn restarts_spent(scene: &Scene) -> bool {
    let asks = matches!(scene.case.installer, Some(Fault::InstallerAsksForReboot | Fault::InstallerBeginsReboot));
    asks && scene.watch.count(&Step::Install) == 2 && scene.watch.acts.last() == Some(&Step::Install)
}

/// A run that may not restart the machine again leaves the server up, and a person must act.
fn left_up(scene: &mut Scene, what: &str) -> Result<(), String> {
    let outcome = scene.run(&How { name: "the last run", ..How::default() }).map_err(|error| error.to_string())?;
    let mut faults = std::mem::take(&mut scene.watch.violations);
    faults.extend(wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole));
    if faults.is_empty() && matches!(outcome.end, End::AtGoal | End::Blocked(Blocker::RebootsSpent { .. })) {
        return Ok(());
    }
    Err(format!("{what}: {:?} {faults:?}\n    after {:?}", outcome.end, scene.watch.acts))
}

/// The run is killed in every effect, and the server is found two hours later. Past the outage budget the services come
/// back first, unless the installer was started; the run after that does the rest.
pub fn found_late(case: &Case) -> Result<usize, String> {
    let places = places(&effects(case));
    for place in &places {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", *place)?;
        let started = scene.host().marks().unwrap().attempt.is_some(); // The intention: more cannot be known.
        let name = scene.goal.server.clone();
        scene.lab.change(&name, |server| server.pass(Period::hours(2))).unwrap();
        let down = scene.now().services.iter().any(|service| service.is_stopped() && scene.ran.contains(&service.name));
        let outcome = scene.run(&How { name: "run 2", ..How::default() }).map_err(|error| error.to_string())?;
        let faults = wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole);
        let restored = matches!(outcome.end, End::Blocked(Blocker::Outage { .. }));
        let must = down && !started && case.current != CURRENT;
        let only = outcome.steps.iter().all(|step| {
            matches!(step, Step::StartWeb | Step::FailBack | Step::StartServices | Step::StartOthers | Step::Release)
        });
        if !faults.is_empty() || restored && (started || !only) || must && !restored {
            let (end, steps) = (outcome.end, outcome.steps);
            return Err(format!("{place:?}, found late: {faults:?} {end:?}\n    after {steps:?}"));
        }
        rest(&mut scene, Memory::Whole, &format!("{place:?}, found late"))?;
    }
    Ok(places.len())
}

/// The run is asked to end at every decision: the services come back at once, and the next run does the rest.
pub fn asked_to_end(case: &Case) -> Result<usize, String> {
    for moment in 0.. {
        let mut scene = Scene::of(case);
        let how = How { name: "run 1", interrupted: Some(moment), ..How::default() };
        let outcome = scene.run(&how).map_err(|error| error.to_string())?;
        let mut faults = wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole);
        let interrupted = matches!(&outcome.end, End::Blocked(Blocker::Interrupted));
        if !interrupted && fate(&outcome.end) != expected(case) {
            faults.push(format!("ended in {:?}", outcome.end));
        }
        // A run that is asked to end does not stop again what the installer started.
        faults.retain(|fault| !started_by_installer(case, fault));
        if !faults.is_empty() {
            return Err(format!("asked to end at {moment}: {faults:?}\n    after {:?}", outcome.steps));
        }
        if !interrupted {
            return Ok(moment);
        }
        scene.counts_as_before();
        let named = outcome.left_down;
        rest(&mut scene, Memory::Whole, &format!("asked to end at {moment}, left {named:?}"))?;
    }
    Ok(0)
}

/// The run ends at once at every decision, as when its console is closed: nothing more is done, and the next run brings
/// the services back and does the rest.
pub fn left_at_once(case: &Case) -> Result<usize, String> {
    for moment in 0.. {
        let mut scene = Scene::of(case);
        let before = scene.watch.acts.len();
        let how = How { name: "run 1", left: Some(moment), ..How::default() };
        let outcome = scene.run(&how).map_err(|error| error.to_string())?;
        if !matches!(&outcome.end, End::Blocked(Blocker::Forced { .. })) {
            return Ok(moment);
        }
        let acts = scene.watch.acts.len() - before;
        if acts > moment {
            return Err(format!("left at {moment}, and {acts} steps were taken"));
        }
        rest(&mut scene, Memory::Whole, &format!("left at {moment}"))?;
    }
    Ok(0)
}

/// The disk is full from every mark on: acts that must be recorded are not done, the services come back, and the next
/// run does the rest.
pub fn unwritable(case: &Case) -> Result<usize, String> {
    let marks = effects(case).iter().filter(|effect| **effect == Effect::Mark).count();
    for from in 0..marks {
        let mut scene = Scene::of(case);
        (scene.watch.unwritable_from, scene.watch.lossy) = (Some(from), true);
        let outcome = scene.run(&How { name: "run 1", ..How::default() }).map_err(|error| error.to_string())?;
        let mut faults = wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole);
        faults.retain(|fault| !started_by_installer(case, fault)); // Nothing more is stopped.
        if !faults.is_empty() {
            return Err(format!("no mark from {from} on: {faults:?}\n    after {:?}", outcome.steps));
        }
        scene.watch.unwritable_from = None;
        rest(&mut scene, Memory::Whole, &format!("no mark from {from} on"))?;
    }
    Ok(marks)
}

/// The journal cannot be written once, at every mark: this run, or the next one, does everything anyway. The history
/// shows who ran it and for what, and each outage is counted.
pub fn unwritable_once(case: &Case) -> Result<usize, String> {
    let marks = effects(case).iter().filter(|effect| **effect == Effect::Mark).count();
    for once in 0..marks {
        let mut scene = Scene::of(case);
        (scene.watch.unwritable_once, scene.watch.lossy) = (Some(once), true);
        let outcome = scene.run(&How { name: "run 1", ..How::default() }).map_err(|error| error.to_string())?;
        let mut faults = wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole);
        let run = |told: &&(RunId, jiff::Timestamp, Mark)| told.0.0 == "run 1";
        if let Some((_, _, first)) = scene.watch.told.iter().find(run)
            && !matches!(first, Mark::RunBegan { .. })
        {
            faults.push(format!("nobody knows who ran it and for what: it begins with {first:?}"));
        }
        if scene.watch.told.iter().any(|(_, _, mark)| matches!(mark, Mark::TakingDown { .. }))
            && let End::Blocked(_) = outcome.end
            && scene.host().marks().unwrap().outages == 0
            && !outcome.steps.contains(&Step::Reboot)
        {
            faults.push("an outage is not counted".into());
        }
        faults.retain(|fault| !started_by_installer(case, fault)); // What could not be written may not be stopped again.
        if !faults.is_empty() {
            return Err(format!("no mark {once}: {faults:?}\n    after {:?}", outcome.steps));
        }
        if case.installer == Some(Fault::InstallerStartsServices) && outcome.end != End::AtGoal {
            scene.counts_as_before(); // The installer started them before the next outage.
        }
        rest(&mut scene, Memory::Whole, &format!("no mark {once}"))?;
    }
    Ok(marks)
}

/// Somebody starts or stops services after every act of the run.
pub fn disturbed(case: &Case) -> Result<usize, String> {
    let acts = effects(case).iter().filter(|effect| **effect == Effect::Act).count();
    let mut disturbances = 0;
    for (after, starts) in (0..acts).flat_map(|after| [(after, true), (after, false)]) {
        let mut scene = Scene::of(case);
        scene.watch.crowded = true;
        scene.watch.meddle = Some((after, starts));
        let what = if starts { "started" } else { "stopped" };
        let outcome = scene.run(&How { name: "run 1", ..How::default() }).map_err(|error| error.to_string())?;
        // A restart right after a stop can look like a stop without effect: then a person is asked.
        let stuck = fate(&outcome.end) == Fate::Short(Class::Operator);
        if fate(&outcome.end) != expected(case) && !stuck {
            return Err(format!("{what} after act {after}: ended in {:?}", outcome.end));
        }
        let faults = wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Lost);
        // Somebody started them; or stopped them when everything was done and only the report to the others was left.
        let last = case.kind.claims() && !starts;
        let ours = |fault: &&String| {
            !(Rule::StoppedStaysStopped.is_in(fault) || last && fault.ends_with("is down at the goal"))
        };
        if let Some(fault) = faults.iter().find(ours) {
            return Err(format!("{what} after act {after}: {fault}\n    after {:?}", scene.watch.acts));
        }
        scene.counts_as_before();
        rest(&mut scene, Memory::Lost, &format!("{what} after act {after}"))?;
        disturbances += 1;
    }
    Ok(disturbances)
}

fn started_by_installer(case: &Case, fault: &str) -> bool {
    Rule::StoppedStaysStopped.is_in(fault) && case.installer == Some(Fault::InstallerStartsServices)
}
