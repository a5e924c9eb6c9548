//! The state of a server that is blocked, and the worst of several states.

use reconcile_core::{Blocker, Class};
use reconcile_schema::State;

/// The state of a server with this blocker.
#[must_use]
pub const fn state_of(blocker: &Blocker) -> State {
    match blocker.class() {
        Class::Failed => State::Failed,
        Class::Later => State::Blocked,
        Class::Operator => State::NeedsOperator,
        Class::Unknown => State::Unknown,
    }
}

/// The worst of several states: failed, needs an operator, unknown, blocked, drift, at the goal.
#[must_use]
pub fn worst(states: impl IntoIterator<Item = State>) -> State {
    let badness = |state: &State| match state {
        State::AtGoal => 0,
        State::Drift => 1,
        State::Blocked => 2,
        State::Unknown => 3,
        State::NeedsOperator => 4,
        State::Failed => 5,
    };
    states.into_iter().max_by_key(badness).unwrap_or(State::AtGoal)
}
