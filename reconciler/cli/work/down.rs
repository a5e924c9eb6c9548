//! The services of a server that are down, or are about to be stopped.

use reconcile_core::{Goal, Seen};
use reconcile_schema::{Change, Step, Whose};

/// The services that do not run during a step although they should.
pub fn stopping(goal: &Goal, step: &Step, seen: &Seen) -> Vec<String> {
    let stops = |whose: Whose| step.change() == Change::Boot || step.change() == Change::Stopped(whose);
    let all = goal.should_run(&seen.host, seen.baseline());
    let down = all.filter(|service| !service.is_running() || stops(service.whose()));
    down.map(|service| format!("{} on {}", service.name, goal.server)).collect()
}

/// The services that should be running and are not.
pub fn down(goal: &Goal, seen: &Seen) -> Vec<String> {
    let down = goal.should_run(&seen.host, seen.baseline()).filter(|service| !service.is_running());
    down.map(|service| format!("{} on {}", service.name, goal.server)).collect()
}
