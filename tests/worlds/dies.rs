//! A service that ends by itself after it was started, at any later observation: the run fails and names the service.

use reconcile_core::{Act, Acted, Ask, Blocker, End, Goal, Observe, Outcome, Seen};
use reconcile_hosts::lab::{LabError, LabHost};
use reconcile_schema::{Mark, Marks, Observed, Period, RunId, ServiceState, Step};

use crate::{
    run::{self, How, Scene},
    space::{self, Case},
};

/// The service that ends: every role has it.
const DIES: &str = "REPLICA";

/// A host on which a service ends a given number of observations after its start.
struct Dying<'a> {
    host: LabHost<'a>,
    looks: usize,
    /// How many observations are left until then, once the service was started.
    left: Option<usize>,
}

impl Observe for Dying<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        if self.left == Some(0) {
            self.host.lab().change(&goal.server, |server| {
                let dies = server.services.iter_mut().filter(|service| service.name == DIES);
                dies.for_each(|service| service.state = ServiceState::Stopped);
            })?;
        }
        self.left = self.left.and_then(|left| left.checked_sub(1));
        self.host.observe(goal)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.host.marks()
    }
}

impl Act for Dying<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        let acted = self.host.act(goal, seen, step, quiet);
        if matches!(step, Step::StartServices | Step::FailBack) {
            self.left = Some(self.looks);
        }
        acted
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        self.host.mark(run, mark)
    }

    fn pause(&mut self, period: Period) {
        self.host.pause(period);
    }
}

/// The end of a run on a server where a service ends this many observations after its start.
fn ended(case: &Case, looks: usize) -> Outcome {
    let mut scene = Scene::of(case);
    let goal = scene.goal.clone();
    let mut host = Dying { host: scene.lab.host(&goal.server).unwrap(), looks, left: None };
    run::run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {}).unwrap()
}

/// Returns the number of observations after which nobody sees it end, because the run has ended by then.
pub fn at_any_look(case: &Case) -> Result<usize, String> {
    for looks in 1..20 {
        let outcome = ended(case, looks);
        match outcome.end {
            End::AtGoal if looks > 3 => return Ok(looks),
            End::Blocked(Blocker::Died { ref services }) if services.iter().any(|(name, _)| name == DIES) => {}
            End::AtGoal | End::Blocked(_) | End::GoingDown => {
                return Err(format!("{looks} looks after its start: {:?} after {:?}", outcome.end, outcome.steps));
            }
        }
        if outcome.left_down != [DIES] {
            return Err(format!("{looks} looks after its start: {:?} are named", outcome.left_down));
        }
    }
    Err("the run never ends".into())
}

/// Servers of every kind, without other faults.
pub fn smooth() -> Vec<Case> {
    let all = space::interrupted().into_iter().chain(space::pools_interrupted());
    all.filter(|case| case.installer.is_none() && case.services == space::Services::Run).collect()
}
