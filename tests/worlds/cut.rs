//! Installations that are cut short after any set of components: a server is at its goal when every component is
//! patched that the whole update patches, whatever the manifest declares.

use std::collections::BTreeMap;

use reconcile_core::{Act, Blocker, Class, End, Observe, Outcome, Run, Seen};
use reconcile_hosts::lab::{Kill, Simulated, When};
use reconcile_schema::{Build, ComponentName, Period, RunId, ServiceState, StartType, Step};

use crate::{
    run::{How, Scene},
    space::Case,
    truth::{Fate, Memory, fate, takes_down, wrong},
    watch::Effect,
};

/// The components of a server after an installer that nothing stops.
fn whole(case: &Case) -> BTreeMap<ComponentName, Build> {
    let mut scene = Scene::of(case);
    let (goal, name) = (scene.goal.clone(), scene.goal.server.clone());
    let ready = |server: &mut Simulated| {
        server.staged = true;
        server.cuts.clear();
        server.services.iter_mut().for_each(|service| service.state = ServiceState::Stopped);
    };
    scene.lab.change(&name, ready).unwrap();
    let mut host = scene.lab.host(&name).unwrap();
    let (observed, marks) = (host.observe(&goal).unwrap(), host.marks().unwrap());
    let seen = Seen { host: observed, marks, run: Run::new(RunId("by hand".into())) };
    host.act(&goal, &seen, &Step::Install, &mut |_| {}).unwrap();
    scene.now().components.clone()
}

/// What is missing on a server that is reported to be at its goal.
pub fn half_patched(scene: &Scene) -> Option<String> {
    let (whole, found) = (scene.case.cut.map(|_| whole(&scene.case))?, &scene.now().components);
    (whole != *found).then(|| format!("at the goal with {found:?}, the update brings {whole:?}"))
}

/// Whether the installer has patched anything before the cut.
fn moves(case: &Case) -> bool {
    let Some(cut) = case.cut else { return true };
    let (whole, server) = (whole(case), case.server());
    let moved =
        |(nth, (name, build)): (usize, (&ComponentName, &Build))| cut.patched & 1 << nth != 0 && whole[name] != *build;
    server.components.iter().enumerate().any(moved)
}

/// Runs until the server is at its goal or a person must act. Each run is judged; returns the last outcome.
fn go_on(scene: &mut Scene, runs: &mut usize) -> Result<Outcome, String> {
    for nth in 1..=4 {
        let outcome =
            scene.run(&How { name: &format!("run on {nth}"), ..How::default() }).map_err(|error| error.to_string())?;
        *runs += 1;
        let mut faults = std::mem::take(&mut scene.watch.violations);
        faults.extend(wrong(&scene.goal, &scene.ran, scene.now(), &outcome, Memory::Whole));
        if fate(&outcome.end) == Fate::Goal {
            faults.extend(half_patched(scene));
        }
        if !faults.is_empty() {
            return Err(format!("{faults:?}\n    after {:?}", scene.watch.acts));
        }
        if matches!(fate(&outcome.end), Fate::Goal | Fate::Short(Class::Operator)) {
            return Ok(outcome);
        }
    }
    Err(format!("never at the goal\n    after {:?}", scene.watch.acts))
}

/// The installer ends early and is started again: in the same run if it has patched a component or met a running
/// service, otherwise in the next one. Returns the number of runs.
pub fn short(case: &Case) -> Result<usize, String> {
    let mut scene = Scene::of(case);
    let (mut runs, code) = (0, case.cut.unwrap().code);
    let once = moves(case) || code == 2;
    if !once {
        let outcome = scene.run(&How { name: "run 1", ..How::default() }).map_err(|error| error.to_string())?;
        runs += 1;
        if !matches!(outcome.end, End::Blocked(Blocker::InstallFailed { code: found, .. }) if found == code) {
            return Err(format!("expected the failure, found {:?}", outcome.end));
        }
    }
    let before = runs;
    let outcome = go_on(&mut scene, &mut runs)?;
    if outcome.end != End::AtGoal || runs != before + 1 {
        return Err(format!("expected the goal in run {}, found {:?} in run {runs}", before + 1, outcome.end));
    }
    if scene.watch.count(&Step::Install) != 2 {
        return Err(format!("expected two installations: {:?}", scene.watch.acts));
    }
    Ok(runs)
}

/// The run dies with its installer before it, in it and after it. Then nothing happens, or the machine restarts, or two
/// hours pass. Returns the number of runs.
pub fn off(case: &Case) -> Result<usize, String> {
    let mut runs = 0;
    for when in [When::Before, When::Midway, When::After] {
        for then in [|_: &mut Simulated| {}, restart, |server: &mut Simulated| server.pass(Period::hours(2))] {
            let mut scene = Scene::of(case);
            let kill = Kill { effect: installs(case), when };
            let _ = scene.run(&How { name: "run 1", kill: Some(kill), ..How::default() });
            runs += 1;
            let name = scene.goal.server.clone();
            scene.lab.change(&name, then).unwrap();
            // The interrupted installation is repeated: no server may be reported at its goal if nobody saw its
            // installation end.
            let was_started = scene.watch.count(&Step::Install);
            let outcome = go_on(&mut scene, &mut runs).map_err(|why| format!("{when:?}: {why}"))?;
            let again = scene.watch.count(&Step::Install) - was_started;
            if outcome.end != End::AtGoal || again == 0 {
                return Err(format!("{when:?}: {again} installations, and {:?}", outcome.end));
            }
        }
    }
    Ok(runs)
}

/// A server whose services run again, with an installation that nobody saw end, is taken down for it only in a window.
pub fn waits_for_its_window(case: &Case) -> Result<usize, String> {
    let mut scene = Scene::of(case);
    let kill = Kill { effect: installs(case), when: When::Midway };
    let _ = scene.run(&How { name: "run 1", kill: Some(kill), ..How::default() });
    let name = scene.goal.server.clone();
    scene.lab.change(&name, restart).unwrap();
    scene.goal.rules.maintenance = crate::space::weekly("UTC", &[("sat", "22:00", "02:00")], None);
    let outcome = scene.run(&How { name: "run 2", ..How::default() }).map_err(|error| error.to_string())?;
    let waits = matches!(outcome.end, End::Blocked(Blocker::WindowClosed { .. }));
    if !waits || takes_down(&outcome.steps) {
        return Err(format!("no window is open: {:?} after {:?}", outcome.end, outcome.steps));
    }
    Ok(2)
}

/// The number of the effect, in an uninterrupted run, that is the installation.
fn installs(case: &Case) -> u32 {
    let mut scene = Scene::of(case);
    let earlier = scene.watch.effects.len();
    scene.run(&How { name: "run 1", ..How::default() }).unwrap();
    let acts = scene.watch.effects[earlier..].iter().zip(0..).filter(|(effect, _)| **effect == Effect::Act);
    let nth = scene.watch.acts.iter().position(|step| *step == Step::Install).unwrap();
    acts.map(|(_, place)| place).nth(nth).unwrap()
}

/// The machine restarts: services that start automatically run.
fn restart(server: &mut Simulated) {
    server.boot += 1;
    server.uptime = 0;
    for service in server.services.iter_mut().filter(|service| service.start == StartType::Automatic) {
        service.state = ServiceState::Running;
    }
}
