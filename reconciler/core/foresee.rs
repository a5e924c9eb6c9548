//! How long the services will be down: by what such steps took here before, else by the manifest's estimates, else assumed.

use alloc::vec::Vec;
use core::ops::Add;

use reconcile_schema::{Basis, Durations, Fact, OutageForecast, Period, Phase, Reboots, Step};

use crate::{
    ask::Ask,
    effect::after,
    goal::Goal,
    rules::Rules,
    seen::Seen,
    wanted::{MOST_STEPS, Want, leave, restart_first, wanted},
};

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
    /// How both are known: as well as the part of which least is known.
    pub basis: Basis,
}

impl Foreseen {
    /// Both: what must fit a maintenance window.
    #[must_use]
    pub fn turn(self) -> Prediction {
        self.fail_over + self.outage
    }
}

impl From<Foreseen> for OutageForecast {
    fn from(Foreseen { outage, basis, .. }: Foreseen) -> Self {
        let (median_seconds, p95_seconds) = (outage.median.as_seconds(), outage.p95.as_seconds());
        Self { median_seconds, p95_seconds, basis, back: None, budget_seconds: None }
    }
}

impl Add for Prediction {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { median: self.median + other.median, p95: self.p95 + other.p95 }
    }
}

/// How long the services will be down from now on until they run again, if the goal is worked towards now, and how long the
/// pool takes before; nothing where they do not go down, or where a part's length is neither recorded nor estimated. Only this may
/// forbid an outage.
#[must_use]
pub fn foreseen(goal: &Goal, seen: &Seen) -> Option<Foreseen> {
    if goal.rules.estimates.start.is_none() && seen.marks.durations.of(Phase::Start).is_empty() {
        return None; // Every outage ends with a start.
    }
    outlook(goal, seen).filter(|outlook| outlook.basis != Basis::Assumed)
}

/// The same for people, who want to know in any case: a part that is neither recorded nor estimated is assumed to last as long as an
/// ordinary one.
#[must_use]
pub fn outlook(goal: &Goal, seen: &Seen) -> Option<Foreseen> {
    let rules = &goal.rules;
    let steps = remaining(goal, seen);
    let down = seen.marks.baseline.is_some();
    let parts = steps.iter().skip_while(|step| !(down || step.takes_down()));
    let mut again = seen.marks.attempt.as_ref().is_some_and(|attempt| !attempt.stopped_since);
    let (mut fail_over, mut outage, mut weakest) = (Prediction::default(), None, Basis::Recorded);
    for step in parts {
        let Some(phase) = step.phase(again) else { continue };
        let (part, basis) = length(phase, &seen.marks.durations, rules);
        weakest = weakest.max(basis);
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
    outage.map(|outage| Foreseen { fail_over, outage, basis: weakest })
}

/// How long a step usually takes on this server; nothing where it is no part of an outage, or its length is in that of another part.
#[must_use]
pub fn usual(goal: &Goal, seen: &Seen, step: &Step) -> Option<(Period, Basis)> {
    let again = seen.marks.attempt.as_ref().is_some_and(|attempt| !attempt.stopped_since);
    let (length, basis) = length(step.phase(again)?, &seen.marks.durations, &goal.rules);
    Some((length.median, basis)).filter(|(length, _)| length.as_seconds() > 0)
}

/// What is assumed of a server where a part's length is neither recorded nor estimated: that the outage lasts as long as it may, and
/// the pool takes the hour that it is given.
#[must_use]
pub fn assumed(goal: &Goal) -> Foreseen {
    let (hour, budget) = (FAIL_OVER, goal.rules.outage_budget);
    let fail_over = if goal.fails_over() { hour } else { Period::default() };
    let exactly = |period| Prediction { median: period, p95: period };
    Foreseen { fail_over: exactly(fail_over), outage: exactly(budget), basis: Basis::Assumed }
}

/// How long the work on a server takes from now on, for a window that must hold it: what is foreseen, else what is assumed.
pub(crate) fn turn(goal: &Goal, seen: &Seen) -> Period {
    if let Some(foreseen) = foreseen(goal, seen) {
        return foreseen.turn().p95;
    }
    let Foreseen { fail_over, outage, .. } = assumed(goal);
    let ahead = leave(goal, seen).map_or_else(Period::default, |_| fail_over.p95);
    ahead + (outage.p95 - seen.outage().unwrap_or_default())
}

/// The steps that would help, one after the other, whatever forbids them now. What was not looked at is taken for work.
pub(crate) fn remaining(goal: &Goal, seen: &Seen) -> Vec<Step> {
    let mut seen = seen.clone();
    let mut steps = Vec::new();
    let restarts = goal.rules.reboot != Reboots::Never; // A restart that is forbidden takes no time: it blocks.
    steps.extend(restart_first(goal, &seen).filter(|_| restarts).map(|_| Step::Reboot));
    for _ in 0..MOST_STEPS {
        match wanted(goal, &seen) {
            Want::Nothing | Want::Cannot(_) => break,
            Want::Step(step, _) => {
                seen = after(goal, seen, &step);
                steps.extend(Some(step).filter(|step| restarts || *step != Step::Reboot));
            }
            Want::Look(Ask::Databases(store)) => {
                seen.host.databases.insert(store.clone(), Fact::Known(Vec::new()));
                steps.push(Step::UpdateDatabases(store));
            }
            Want::Look(_) => break, // Asked by gates only.
        }
    }
    steps
}

/// The estimates, as the manifest calls them, that would say how long the work takes: those of parts that remain and that no run
/// has recorded.
pub(crate) fn unestimated(goal: &Goal, seen: &Seen) -> Vec<&'static str> {
    let (recorded, estimates) = (&seen.marks.durations, &goal.rules.estimates);
    let lacks = |phase: Phase, estimate: &Option<Period>| recorded.of(phase).is_empty() && estimate.is_none();
    let steps = remaining(goal, seen);
    let remains = |phase| steps.iter().any(|step| step.phase(false) == Some(phase));
    let all = [
        ("failOver", remains(Phase::FailOver) && lacks(Phase::FailOver, &estimates.fail_over)),
        ("stop", remains(Phase::Stop) && lacks(Phase::Stop, &estimates.stop)),
        ("install", remains(Phase::Install) && lacks(Phase::Install, &estimates.install)),
        ("database", remains(Phase::Database) && lacks(Phase::Database, &estimates.database)),
        ("start", lacks(Phase::Start, &estimates.start)),
    ];
    all.into_iter().filter(|(_, lacking)| *lacking).map(|(name, _)| name).collect()
}

/// The whole update of a server of which only its goal is known, by the estimates; nothing where one of them is missing.
#[must_use]
pub fn foreseen_whole(goal: &Goal) -> Option<Foreseen> {
    let estimate = |phase| {
        let (length, basis) = length(phase, &Durations::default(), &goal.rules);
        (basis != Basis::Assumed).then_some(length)
    };
    let (fail_over, stop) = match goal.fails_over() {
        true => (estimate(Phase::FailOver)?, Prediction::default()), // It stops the services.
        false => (Prediction::default(), estimate(Phase::Stop)?),
    };
    let databases = goal.stores.iter().map(|_| Phase::Database);
    let parts = [Phase::StopWeb, Phase::Install, Phase::StopAgain, Phase::StartWeb];
    let mut parts = parts.into_iter().chain(databases).chain([Phase::Start]);
    let outage = parts.try_fold(stop, |sum, phase| Some(sum + estimate(phase)?))?;
    Some(Foreseen { fail_over, outage, basis: Basis::Estimated })
}

/// How long a pool may take to take over: the wait time that the cmdlet is given (`-WaitTime`, Microsoft Learn:
/// Invoke-CsComputerFailOver). So long it is estimated to take where nobody does.
const FAIL_OVER: Period = Period::minutes(60);

/// How long a restart is estimated to take where nobody does: physical servers check their memory first.
const RESTART: Period = Period::minutes(10);

/// How long the parts of an ordinary outage are assumed to take. No source gives figures (docs/assumptions.md).
const STOP: Period = Period::minutes(3);
const INSTALL: Period = Period::minutes(12);
const DATABASE: Period = Period::minutes(4);
const START: Period = Period::minutes(5);

/// How long one part of an outage takes, and how that is known.
fn length(phase: Phase, recorded: &Durations, rules: &Rules) -> (Prediction, Basis) {
    let mut lengths = recorded.of(phase).to_vec();
    lengths.sort_unstable();
    if let (Some(median), Some(p95)) = (percentile(&lengths, 50), percentile(&lengths, 95)) {
        return (Prediction { median, p95 }, Basis::Recorded);
    }
    let estimates = &rules.estimates;
    let short = Period::seconds(0); // What the estimate of the whole, stopping or starting, contains.
    let (estimate, assumed) = match phase {
        Phase::FailOver => (estimates.fail_over.or(Some(FAIL_OVER)), FAIL_OVER),
        Phase::Stop => (estimates.stop, STOP),
        Phase::StopAgain | Phase::StopWeb => (estimates.stop.and(Some(short)), short),
        Phase::Install => (estimates.install, INSTALL),
        Phase::Database => (estimates.database, DATABASE),
        Phase::StartWeb => (estimates.start.and(Some(short)), short),
        Phase::Start => (estimates.start, START),
        Phase::Restart => (estimates.restart.or(Some(RESTART)), RESTART),
    };
    let exactly = |period| Prediction { median: period, p95: period };
    estimate.map_or((exactly(assumed), Basis::Assumed), |estimate| (exactly(estimate), Basis::Estimated))
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
