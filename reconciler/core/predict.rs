//! How long the services will be down: foreseen from what such steps took here before, else from the manifest's estimates.

use core::ops::Add;

use reconcile_schema::{Durations, OutageForecast, Period, Phase};

use crate::{Goal, Rules, Seen, plan::remaining};

/// A length of time that is foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prediction {
    /// As long as it usually takes: the medians of its parts, added up.
    pub median: Period,
    /// As long as it takes at most in nineteen of twenty cases: the parts' ninety-fifth percentiles, added up. That errs on
    /// the long side, since not every part is slow at once.
    pub p95: Period,
}

/// The work on a server, as it is foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreseen {
    /// How long its pool takes to take over; meanwhile the server still serves.
    pub fail_over: Prediction,
    /// How long the services will be down then, until they run again.
    pub outage: Prediction,
}

impl Foreseen {
    /// Both: what must fit a maintenance window.
    #[must_use]
    pub fn turn(self) -> Prediction {
        self.fail_over + self.outage
    }
}

impl From<Prediction> for OutageForecast {
    fn from(foreseen: Prediction) -> Self {
        Self { median_seconds: foreseen.median.as_seconds(), p95_seconds: foreseen.p95.as_seconds() }
    }
}

impl Add for Prediction {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { median: self.median + other.median, p95: self.p95 + other.p95 }
    }
}

/// How long the services will be down from now on until they run again, if the goal is worked towards now, and how long the
/// pool takes before; nothing where they do not go down, or where a part's length is neither recorded nor estimated.
#[must_use]
pub fn foreseen(goal: &Goal, seen: &Seen) -> Option<Foreseen> {
    let rules = &goal.rules;
    if rules.estimates.start.is_none() && seen.marks.durations.of(Phase::Start).is_empty() {
        return None; // Every outage ends with a start.
    }
    let steps = remaining(goal, seen);
    let down = seen.marks.baseline.is_some();
    let parts = steps.iter().skip_while(|step| !(down || step.takes_down()));
    let mut again = seen.marks.attempt.as_ref().is_some_and(|attempt| !attempt.stopped_since);
    let (mut fail_over, mut outage) = (Prediction::default(), None);
    for step in parts {
        let Some(phase) = Phase::of(step, again) else { continue };
        let part = length(phase, &seen.marks.durations, rules)?;
        if phase == Phase::FailOver {
            fail_over = fail_over + part;
            continue;
        }
        again = match phase {
            Phase::Install => true,
            Phase::Stop | Phase::StopAgain | Phase::Restart => false,
            Phase::FailOver | Phase::StopWeb | Phase::StartWeb | Phase::Database | Phase::Start => again,
        };
        outage = Some(outage.unwrap_or_default() + part);
    }
    outage.map(|outage| Foreseen { fail_over, outage })
}

/// The whole update of a server of which only its goal is known, by the estimates; nothing where one of them is missing.
#[must_use]
pub fn foreseen_whole(goal: &Goal) -> Option<Foreseen> {
    let estimate = |phase| length(phase, &Durations::default(), &goal.rules);
    let (fail_over, stop) = match goal.fails_over() {
        true => (estimate(Phase::FailOver)?, Prediction::default()), // It stops the services.
        false => (Prediction::default(), estimate(Phase::Stop)?),
    };
    let databases = goal.stores.iter().map(|_| Phase::Database);
    let parts = [Phase::StopWeb, Phase::Install, Phase::StopAgain, Phase::StartWeb];
    let mut parts = parts.into_iter().chain(databases).chain([Phase::Start]);
    let outage = parts.try_fold(stop, |sum, phase| Some(sum + estimate(phase)?))?;
    Some(Foreseen { fail_over, outage })
}

/// How long a restart is assumed to take where nobody estimates it: physical servers check their memory first.
const RESTART: Period = Period::minutes(10);

/// How long one part of an outage takes.
fn length(phase: Phase, recorded: &Durations, rules: &Rules) -> Option<Prediction> {
    let mut lengths = recorded.of(phase).to_vec();
    lengths.sort_unstable();
    if let (Some(median), Some(p95)) = (percentile(&lengths, 50), percentile(&lengths, 95)) {
        return Some(Prediction { median, p95 });
    }
    let estimates = &rules.estimates;
    let short = Some(Period::seconds(0)); // What the estimate of the whole, stopping or starting, contains.
    let estimate = match phase {
        Phase::FailOver => estimates.fail_over.or(short), // What nobody has estimated is not held against the window.
        Phase::Stop => estimates.stop,
        Phase::StopAgain | Phase::StopWeb => estimates.stop.and(short),
        Phase::Install => estimates.install,
        Phase::Database => estimates.database,
        Phase::StartWeb => estimates.start.and(short),
        Phase::Start => estimates.start,
        Phase::Restart => estimates.restart.or(Some(RESTART)),
    };
    estimate.map(|estimate| Prediction { median: estimate, p95: estimate })
}

/// The smallest of the sorted lengths that at least so many of a hundred do not exceed.
fn percentile(sorted: &[Period], percent: usize) -> Option<Period> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_lengths_that_were_seen() {
        let lengths: alloc::vec::Vec<_> = (1..=20).map(Period::minutes).collect();
        assert_eq!(percentile(&lengths, 50), Some(Period::minutes(10)));
        assert_eq!(percentile(&lengths, 95), Some(Period::minutes(19)));
        assert_eq!(percentile(&[Period::minutes(1)], 95), Some(Period::minutes(1)));
        assert_eq!(percentile(&[], 95), None);
    }
}
