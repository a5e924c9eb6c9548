//! The points at which a scene is cut off: each file operation in each way that it can end, and random moments.

use std::{fmt, time::Duration};

use fastrand::Rng;

use crate::program::{Action, Fault};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// At an operation.
    At(Fault),
    /// At a moment, whatever the program is doing.
    Moment(Duration),
    /// At an operation, and in the next run at another one.
    Twice(Fault, Fault),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |fault: &Fault| format!("{} {}", fault.operation, fault.action.name());
        match self {
            Self::At(fault) => f.write_str(&at(fault)),
            Self::Moment(moment) => write!(f, "after {} µs", moment.as_micros()),
            Self::Twice(first, second) => write!(f, "{} then {}", at(first), at(second)),
        }
    }
}

impl Cut {
    /// The name under which it is counted.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::At(fault) => match fault.action {
                Action::Before => "killed before an operation",
                Action::Midway => "killed when half of a write was done",
                Action::After => "killed after an operation",
                Action::Short => "half of a write is done, and said so",
                Action::Full => "half of a write is done, then the disk is full",
                Action::NoSpace => "ENOSPC once",
                Action::NoSpaceOn => "ENOSPC from then on",
                Action::Broken => "EIO once",
                Action::BrokenOn => "EIO from then on",
            },
            Self::Moment(_) => "killed at a moment that was drawn",
            Self::Twice(..) => "killed, and killed again in the run after it",
        }
    }
}

/// How this call can end.
fn actions(call: &str) -> &'static [Action] {
    use Action::{After, Before, Broken, BrokenOn, Full, Midway, NoSpace, NoSpaceOn, Short};
    match call {
        "write" | "pwrite" => &[Before, Midway, After, Short, Full, NoSpace, NoSpaceOn, Broken, BrokenOn],
        "open" | "openat" | "fsync" | "fdatasync" | "mkdir" | "mkdirat" | "rename" | "renameat" | "renameat2"
        | "link" | "linkat" => &[Before, After, NoSpace, NoSpaceOn, Broken, BrokenOn],
        _ => &[Before, After, Broken, BrokenOn],
    }
}

/// Every fault at every operation; the operations come from `Program::operations`.
pub fn faults(operations: &[String]) -> Vec<Cut> {
    let calls = operations.iter().map(|operation| operation.split(' ').next().unwrap_or_default());
    let at = |(operation, call)| actions(call).iter().map(move |&action| Cut::At(Fault { operation, action }));
    (1..).zip(calls).flat_map(at).collect()
}

/// Random moments within the time of an undisturbed run.
pub fn moments(count: usize, longest: Duration, rng: &mut Rng) -> Vec<Cut> {
    (0..count).map(|_| Cut::Moment(longest.mul_f64(rng.f64()))).collect()
}

/// Random pairs of operations. If the second run ends before its operation, the program is killed only once.
pub fn pairs(count: usize, operations: &[String], rng: &mut Rng) -> Vec<Cut> {
    let mut kill = || {
        let action = [Action::Before, Action::Midway, Action::After][rng.usize(..3)];
        Fault { operation: rng.usize(1..=operations.len()), action }
    };
    (0..count).map(|_| Cut::Twice(kill(), kill())).collect()
}
