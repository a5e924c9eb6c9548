//! Compares an outage with its budget: when to warn somebody, even in the middle of a step.

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

/// The progress of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Two thirds of the budget are spent.
    Near,
    /// The whole budget is spent.
    Over,
}

impl Alarm {
    const ALL: [Self; 2] = [Self::Near, Self::Over];

    /// The length of an outage at which this alarm is raised.
    const fn due(self, budget: Period) -> Period {
        match self {
            Self::Near => Period::seconds(budget.as_seconds() / 3 * 2),
            Self::Over => budget,
        }
    }

    /// The alarm for an outage in progress, and the length of the outage.
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

/// An alarm that will be raised during a step: how long after the previous one, or after the beginning of the step, and
/// how long the outage has lasted then.
type Coming = (Duration, Alarm, Period);

/// The report of an alarm: the length of the outage and, if the server was just observed, the time by the server's
/// clock.
pub type Tell<'a> = dyn Fn(Alarm, Period, Option<Timestamp>) + Sync + 'a;

/// Lets `run` report its events, and reports each alarm once: when a step ends, or during it by this machine's clock.
/// By that clock, a simulated step takes no time.
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
        // Most runs take no step, and need no clock. It ends when nobody can send it a step any more.
        let raise = &raise;
        let begin = || {
            let (steps, clock) = channel();
            scope.spawn(move || tick(clock, &|alarm, lasted| raise(alarm, lasted, None)));
            steps
        };
        let mut clock = None;
        let mut told = |coming: Vec<Coming>| drop(clock.get_or_insert_with(begin).send(coming));
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

/// The alarms that can be raised during a step.
fn coming(goal: &Goal, step: &Step, seen: &Seen) -> Vec<Coming> {
    // During a failover, the server still serves users.
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

/// Raises each alarm at its time, until another message arrives.
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
