//! How long the services will be down: foreseen from what such steps took here before, else from the manifest's estimates.

use reconcile_schema::{Durations, Period, Phase};

use crate::{Goal, Rules, Seen, plan::remaining};

/// The foreseen outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prediction {
    /// As long as it usually takes: the medians of its parts, added up.
    pub median: Period,
    /// As long as it takes at most in nineteen of twenty cases: the parts' ninety-fifth percentiles, added up. That errs on
    /// the long side, since not every part is slow at once.
    pub p95: Period,
}

/// How long the services will be down from now on until they run again, if the goal is worked towards now; nothing where
/// they do not go down, or where a part's length is neither recorded nor estimated.
#[must_use]
pub fn outage(goal: &Goal, seen: &Seen) -> Option<Prediction> {
    foreseen(goal, seen).map(|(_, outage)| outage)
}

/// How long the work takes that must fit the maintenance window, at most in nineteen of twenty cases: the outage, and before
/// it the fail-over.
pub(crate) fn span(goal: &Goal, seen: &Seen) -> Option<Period> {
    foreseen(goal, seen).map(|(fail_over, outage)| fail_over + outage.p95)
}

/// The fail-over that comes first, at its longest, and the outage.
fn foreseen(goal: &Goal, seen: &Seen) -> Option<(Period, Prediction)> {
    let rules = &goal.rules;
    if rules.estimates.start.is_none() && seen.marks.durations.of(Phase::Start).is_empty() {
        return None; // Every outage ends with a start.
    }
    let steps = remaining(goal, seen);
    let down = seen.marks.baseline.is_some();
    let parts = steps.iter().skip_while(|step| !(down || step.takes_down()));
    let mut again = seen.marks.attempt.as_ref().is_some_and(|attempt| !attempt.stopped_since);
    let (mut fail_over, mut sum) = (Period::seconds(0), None);
    for step in parts {
        let Some(phase) = Phase::of(step, again) else { continue };
        let part = length(phase, &seen.marks.durations, rules)?;
        if phase == Phase::FailOver {
            fail_over = fail_over + part.p95;
            continue;
        }
        again = match phase {
            Phase::Install => true,
            Phase::Stop | Phase::StopAgain | Phase::Restart => false,
            Phase::FailOver | Phase::StopWeb | Phase::StartWeb | Phase::Database | Phase::Start => again,
        };
        let Prediction { median, p95 } =
            sum.unwrap_or(Prediction { median: Period::seconds(0), p95: Period::seconds(0) });
        sum = Some(Prediction { median: median + part.median, p95: p95 + part.p95 });
    }
    sum.map(|sum| (fail_over, sum))
}

/// How long the services of a server will be down of which only its goal is known: for a whole update, by the estimates;
/// nothing where one of them is missing.
#[must_use]
pub fn whole_outage(goal: &Goal) -> Option<Prediction> {
    let databases = goal.stores.iter().map(|_| Phase::Database);
    let before = [Phase::Stop, Phase::StopWeb, Phase::Install, Phase::StopAgain, Phase::StartWeb];
    let recorded = Durations::default();
    let mut parts = before.into_iter().chain(databases).chain([Phase::Start]);
    let none = Prediction { median: Period::seconds(0), p95: Period::seconds(0) };
    parts.try_fold(none, |sum, phase| {
        let part = length(phase, &recorded, &goal.rules)?;
        Some(Prediction { median: sum.median + part.median, p95: sum.p95 + part.p95 })
    })
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
