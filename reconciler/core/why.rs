//! Why the next step is not taken: everything that must be true before it, and what is true now.

use alloc::{vec, vec::Vec};

use reconcile_schema::{Cause, CheckId, Step, Who};

use crate::{
    ask::Ask,
    blocker::Blocker,
    checks::Gate,
    gate::conditions,
    goal::Goal,
    next::{Next, next},
    seen::Seen,
    wanted::{Want, wanted},
};

/// What stands between a server and its next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing is wanted.
    AtGoal,
    /// A fact must be read before anything can be said.
    Look(Ask),
    /// It is not known which step is wanted, or none can help.
    Cannot(Blocker),
    /// This step is wanted, and these are its conditions, in the order in which they are checked.
    Step { step: Step, cause: Cause, conditions: Vec<Standing> },
}

/// A condition, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub needs: &'static str,
    pub who: Who,
    pub doctor: Option<CheckId>,
    pub state: Met,
}

/// Whether a condition is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    Yes,
    /// The run takes this step first.
    ByRun(Step),
    /// Not now.
    No(Blocker),
}

/// Why the next step of a server is not taken, or that nothing keeps it from being taken.
#[must_use]
pub fn why(goal: &Goal, seen: &Seen) -> Why {
    if seen.host.at_work.is_some()
        && let Next::Wait(blocker) | Next::Blocked(blocker) = next(goal, seen)
    {
        return Why::Cannot(blocker);
    }
    let (step, cause) = match wanted(goal, seen) {
        Want::Nothing => return Why::AtGoal,
        Want::Look(ask) => return Why::Look(ask),
        Want::Cannot(blocker) => return Why::Cannot(blocker),
        Want::Step(step, cause) => (step, cause),
    };
    let mut standings = vec![];
    for condition in conditions(seen, &cause) {
        if condition.who == Who::OtherServers && goal.pool.is_none() {
            continue;
        }
        let state = match (condition.check)(goal, seen, &step) {
            Gate::Open => Met::Yes,
            Gate::Look(ask) => return Why::Look(ask),
            Gate::First(step, _) => Met::ByRun(step),
            Gate::Wait(blocker) | Gate::Shut(blocker) => Met::No(blocker),
        };
        // What a run that has not begun cannot lack is no answer.
        if condition.who == Who::Run && state == Met::Yes {
            continue;
        }
        standings.push(Standing { needs: condition.needs, who: condition.who, doctor: condition.doctor, state });
    }
    Why::Step { step, cause, conditions: standings }
}
