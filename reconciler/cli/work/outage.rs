//! How an outage stands to its budget: when somebody is to be warned of it, also in the middle of a step.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use jiff::Timestamp;
use reconcile_core::{Event, Goal, Seen};
use reconcile_schema::{Period, Step};

use crate::work::down::down;

/// How far an outage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Two thirds of the budget are spent.
    Near,
    /// The whole budget is spent.
    Over,
}

impl Alarm {
    const ALL: [Self; 2] = [Self::Near, Self::Over];

    /// How long an outage has lasted when this is due.
    const fn due(self, budget: Period) -> Period {
        match self {
            Self::Near => Period::seconds(budget.as_seconds() / 3 * 2),
            Self::Over => budget,
        }
    }

    /// The alarm for an outage that goes on, and how long it has lasted.
    pub fn of(goal: &Goal, seen: &Seen) -> Option<(Self, Period)> {
        let lasted = seen.outage()?;
        let due = |alarm: &Self| lasted >= alarm.due(goal.rules.outage_budget);
        let alarm = Self::ALL.into_iter().rev().find(due)?;
        (!down(goal, seen).is_empty()).then_some((alarm, lasted))
    }

    /// The alarm in words.
    pub fn said(self, goal: &Goal, lasted: Period) -> String {
        let budget = goal.rules.outage_budget;
        let over = match self {
            Self::Near => "near",
            Self::Over => "above",
        };
        format!("down for {lasted}, {over} the budget of {budget}: users may lose functions")
    }
}

/// An alarm that becomes due while a step goes on: how long after the one before it, or after the beginning of the step,
/// and how long the outage has lasted then.
type Coming = (Duration, Alarm, Period);

/// What is told: the alarm, how long the outage has lasted, and when that was by the server's clock, where it was just seen.
pub type Tell<'a> = dyn Fn(Alarm, Period, Option<Timestamp>) + Sync + 'a;

/// Lets `run` tell of its events, and tells each alarm once: when a step ends, or in its middle by this machine's clock. A
/// simulated step takes no time by it.
pub fn watched<T>(goal: &Goal, tell: &Tell<'_>, run: impl FnOnce(&mut dyn FnMut(&Event<'_>)) -> T) -> T {
    let raised = Mutex::new(None);
    let raise = |alarm: Alarm, lasted: Period, at: Option<Timestamp>| {
        let mut raised = raised.lock().unwrap_or_else(PoisonError::into_inner);
        if *raised < Some(alarm) {
            *raised = Some(alarm);
            tell(alarm, lasted, at);
        }
    };
    thread::scope(|scope| {
        let (steps, clock) = channel();
        scope.spawn(|| tick(clock, &|alarm, lasted| raise(alarm, lasted, None)));
        // The clock ends when nobody can tell it of a step any more.
        let told = |coming: Vec<Coming>| drop(steps.send(coming));
        run(&mut |event| match event {
            Event::Began(step, _, seen) => told(coming(goal, step, seen)),
            Event::Ended(_, _, seen) => {
                told(Vec::new());
                if let Some((alarm, lasted)) = Alarm::of(goal, seen) {
                    raise(alarm, lasted, Some(seen.host.at));
                }
            }
            Event::Failed(..) => told(Vec::new()),
            Event::Looking(_) | Event::Waiting(_) | Event::Quiet(..) => {}
        })
    })
}

/// The alarms that can become due while a step goes on.
fn coming(goal: &Goal, step: &Step, seen: &Seen) -> Vec<Coming> {
    // While a pool takes over, the server serves.
    let begins = step.takes_down() && *step != Step::FailOver;
    let Some(lasted) = seen.outage().or_else(|| begins.then(Period::default)) else { return Vec::new() };
    let ahead = |alarm: Alarm| Some((alarm, alarm.due(goal.rules.outage_budget))).filter(|(_, due)| *due > lasted);
    let mut before = lasted;
    let alarm = |(alarm, due): (Alarm, Period)| {
        let after = Duration::from(due).saturating_sub(before.into());
        before = due;
        (after, alarm, due)
    };
    Alarm::ALL.into_iter().filter_map(ahead).map(alarm).collect()
}

/// Raises what becomes due, until something else is said.
fn tick(steps: Receiver<Vec<Coming>>, raise: &dyn Fn(Alarm, Period)) {
    let mut next = steps.recv().ok();
    while let Some(coming) = next.take() {
        for (after, alarm, lasted) in coming {
            match steps.recv_timeout(after) {
                Err(RecvTimeoutError::Timeout) => raise(alarm, lasted),
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(other) => {
                    next = Some(other);
                    break;
                }
            }
        }
        next = next.or_else(|| steps.recv().ok());
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "tests/outage.rs"]
mod tests;
