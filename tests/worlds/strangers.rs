//! Nothing that any user of a server can do keeps its services down.

use reconcile_core::{Act, Acted, Ask, Goal, Observe, Seen};
use reconcile_hosts::lab::{Fault, LabError};
use reconcile_schema::{Fact, Mark, Marks, Observed, Period, RunId, Step};

use crate::{
    crash::{effects, kill, places},
    run::{How, Scene, run},
    space::Case,
    watch::Watched,
};

#[derive(Debug, Clone, Copy)]
enum Trick {
    /// This fault.
    Plays(Fault),
    /// Prevents reading whether an installation is running, and which shells are open.
    Blinds,
}

const TRICKS: [Trick; 3] = [Trick::Plays(Fault::WindowsInstallerHeld), Trick::Plays(Fault::ShellOpen), Trick::Blinds];

/// The host with somebody at work on it.
struct Tricked<'a> {
    host: Watched<'a>,
    trick: Trick,
}

impl Observe for Tricked<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        let mut seen = self.host.observe(goal)?;
        if matches!(self.trick, Trick::Blinds) {
            let why = "the processes cannot be listed";
            seen.installing = Fact::Unknown(why.into());
            if !matches!(seen.shells, Fact::NotLooked) {
                seen.shells = Fact::Unknown(why.into());
            }
        }
        Ok(seen)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.host.marks()
    }
}

impl Act for Tricked<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        self.host.act(goal, seen, step, quiet)
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        self.host.mark(run, mark)
    }

    fn pause(&mut self, period: Period) {
        self.host.pause(period);
    }
}

/// The run is killed in every effect, even in an installer that nobody saw end, and somebody plays each trick before
/// the next run: after that run, every service that ran before runs again.
pub fn keep_nothing_down(case: &Case) -> Result<usize, String> {
    let places = places(&effects(case));
    for (place, trick) in places.iter().flat_map(|place| TRICKS.map(|trick| (place, trick))) {
        let mut scene = Scene::of(case);
        kill(&mut scene, "run 1", *place)?;
        let (goal, name) = (scene.goal.clone(), scene.goal.server.clone());
        if let Trick::Plays(fault) = trick {
            scene.lab.change(&name, |server| server.faults.extend([fault])).unwrap();
        }
        let mut host = Tricked { host: scene.host(), trick };
        let outcome = run(&mut host, &goal, &How { name: "run 2", ..How::default() }, &mut |_| {});
        let outcome = outcome.map_err(|error| error.to_string())?;
        let down = scene.now().services.iter().filter(|service| !service.is_running());
        let down: Vec<_> = down.map(|service| &service.name).filter(|name| scene.ran.contains(name)).collect();
        if !down.is_empty() {
            return Err(format!("{place:?}, then {trick:?}: {down:?} are down\n    after {:?}", outcome.steps));
        }
    }
    Ok(places.len() * TRICKS.len())
}
