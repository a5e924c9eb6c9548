//! Why the next step is not taken: everything that must be true before it, and what is true now.

use alloc::{borrow::Cow, vec, vec::Vec};

use reconcile_schema::{Cause, CheckId, Step, Who};

use crate::{
    ask::Ask,
    blocker::Blocker,
    checks::Gate,
    conditions::Condition,
    effect::after,
    gate::conditions,
    goal::Goal,
    next::{Next, next},
    seen::Seen,
    wanted::{MOST_STEPS, Want, wanted},
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
    Step { step: Step, cause: Cause, conditions: Vec<Stands> },
}

/// A condition, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stands {
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

/// Whether the condition of `step` is met now, or will be after the steps that the run takes before `step`.
///
/// # Errors
/// The fact that must be read first, if the facts in `seen` do not decide it.
fn met(goal: &Goal, seen: &Seen, step: &Step, condition: &Condition) -> Result<Met, Ask> {
    let mut first = None;
    let mut later = Cow::Borrowed(seen);
    for _ in 0..MOST_STEPS {
        match (condition.check)(goal, &later, step) {
            Gate::Open => return Ok(first.map_or(Met::Yes, Met::ByRun)),
            Gate::Look(ask) => return Err(ask),
            Gate::First(before, _) => {
                later = Cow::Owned(after(goal, later.into_owned(), &before));
                first.get_or_insert(before);
            }
            Gate::Wait(blocker) | Gate::Shut(blocker) => return Ok(Met::No(blocker)),
        }
    }
    Ok(first.map_or(Met::Yes, Met::ByRun))
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
        let state = match met(goal, seen, &step, condition) {
            Ok(state) => state,
            Err(ask) => return Why::Look(ask),
        };
        // What a run that has not begun cannot lack is no answer.
        if condition.who == Who::Run && state == Met::Yes {
            continue;
        }
        standings.push(Stands { needs: condition.needs, who: condition.who, doctor: condition.doctor, state });
    }
    Why::Step { step, cause, conditions: standings }
}
