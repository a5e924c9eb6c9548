//! How long the services will be down: as long as such steps took here before, else as the manifest estimates, else an
//! assumption.

use alloc::{collections::BTreeMap, vec, vec::Vec};
use core::ops::Add;

use reconcile_schema::{Basis, Cause, Durations, Fact, OutageForecast, Period, Phase, Reboots, Step};

use crate::{
    ask::Ask,
    effect::after,
    goal::Goal,
    rules::Rules,
    seen::Seen,
    wanted::{MOST_STEPS, Want, leave, restart_first, wanted},
};

/// An expected length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prediction {
    /// The usual length: the sum of the medians of its parts.
    pub median: Period,
    /// The length that is not exceeded in nineteen of twenty cases: the sum of the parts' ninety-fifth percentiles.
    /// That is too long rather than too short, since not every part is slow at once.
    pub p95: Period,
}

impl Prediction {
    /// A length that does not vary.
    pub(crate) const fn exactly(period: Period) -> Self {
        Self { median: period, p95: period }
    }
}

/// The expected work on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreseen {
    /// How long the failover takes; meanwhile the server still serves users.
    pub fail_over: Prediction,
    /// How long the services will then be down, until they run again.
    pub outage: Prediction,
    /// The source of both: that of the part with the weakest source.
    pub basis: Basis,
}

impl Foreseen {
    /// The sum of both, which must fit into a maintenance window.
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

/// How long the services will be down from now on until they run again, if the work begins now, and how long the
/// failover takes before that. Nothing where they do not go down, or where a part's length is neither recorded nor
/// estimated. Only this forecast may forbid an outage.
#[must_use]
pub fn foreseen(goal: &Goal, seen: &Seen) -> Option<Foreseen> {
    if goal.rules.estimates.start.is_none() && seen.marks.durations.of(Phase::Start).is_empty() {
        return None; // Every outage ends with a start.
    }
    outlook(goal, seen).filter(|outlook| outlook.basis != Basis::Assumed)
}

/// The same for people, who always want an answer: a part that is neither recorded nor estimated is assumed to last as
/// long as an ordinary one.
#[must_use]
pub fn outlook(goal: &Goal, seen: &Seen) -> Option<Foreseen> {
    let rules = &goal.rules;
    let steps = remaining(goal, seen);
    let down = seen.marks.baseline.is_some();
    let parts = steps.iter().skip_while(|step| !(down || step.takes_down()));
    let mut again = seen.marks.attempt.as_ref().is_some_and(|attempt| !attempt.stopped_since);
    let (mut fail_over, mut outage, mut weakest) = (Prediction::default(), None, Basis::Recorded);
    for step in parts.filter(|step| !matches!(step, Step::UpdatePoolDatabases(_))) {
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

/// The assumption for a server where a part's length is neither recorded nor estimated: the outage lasts as long as it
/// may, and the failover takes the hour that it is given.
#[must_use]
pub fn assumed(goal: &Goal) -> Foreseen {
    let fail_over = if goal.fails_over() { FAIL_OVER } else { Period::default() };
    let (fail_over, outage) = (Prediction::exactly(fail_over), Prediction::exactly(goal.rules.outage_budget));
    Foreseen { fail_over, outage, basis: Basis::Assumed }
}

/// How long the work on a server takes from now on, for a window that must hold it: the forecast, else the assumption.
pub(crate) fn turn(goal: &Goal, seen: &Seen) -> Period {
    if let Some(foreseen) = foreseen(goal, seen) {
        return foreseen.turn().p95;
    }
    let Foreseen { fail_over, outage, .. } = assumed(goal);
    let ahead = leave(goal, seen).map_or_else(Period::default, |_| fail_over.p95);
    ahead + (outage.p95 - seen.outage().unwrap_or_default())
}

/// How long the update of the databases of a pool takes: as recorded or estimated, else as long as an outage may last.
pub(crate) fn pool_databases(goal: &Goal, seen: &Seen) -> (Period, Vec<&'static str>) {
    let (foreseen, is_known) = pool_update(goal, &seen.marks.durations);
    (foreseen.p95, if is_known { Vec::new() } else { vec!["database"] })
}

/// The same before anything was observed.
#[must_use]
pub fn pool_databases_whole(goal: &Goal) -> Prediction {
    pool_update(goal, &Durations::default()).0
}

/// How long that takes, and whether somebody knows it. Else it is taken for as long as the budget.
fn pool_update(goal: &Goal, durations: &Durations) -> (Prediction, bool) {
    match length(Phase::Database, durations, &goal.rules) {
        (_, Basis::Assumed) => (Prediction::exactly(goal.rules.outage_budget), false),
        (known, Basis::Recorded | Basis::Estimated) => (known, true),
    }
}

/// The steps that would help, one after the other, each with its cause, whatever forbids them now. Databases that were not
/// read are taken to be behind; a step for them is not certain.
pub(crate) fn unfolded(goal: &Goal, seen: &Seen) -> Vec<(Step, Cause, bool)> {
    let mut seen = seen.clone();
    let mut steps = Vec::new();
    if goal.rules.reboot != Reboots::Never {
        steps.extend(restart_first(goal, &seen).map(|cause| (Step::Reboot, cause, true)));
    }
    for _ in 0..MOST_STEPS {
        match wanted(goal, &seen) {
            Want::Step(step, cause) => {
                seen = after(goal, seen, &step);
                steps.push((step, cause, true));
            }
            Want::Look(Ask::Databases(store)) => {
                seen.host.databases.insert(store.clone(), Fact::Known(Vec::new()));
                let step = goal.updating(&store);
                let cause = match step {
                    Step::UpdateDatabases(_) => Cause::StoreBehind { store, databases: Vec::new() },
                    _ => Cause::PoolStoreBehind { store, databases: Vec::new(), without: BTreeMap::new() },
                };
                steps.push((step, cause, false));
            }
            // Only checks ask for this, or no step can help.
            Want::Look(_) | Want::Nothing | Want::Cannot(_) => break,
        }
    }
    steps
}

/// The remaining steps, as far as they take time: a restart that is not allowed takes none, because it blocks the run.
pub(crate) fn remaining(goal: &Goal, seen: &Seen) -> Vec<Step> {
    let steps = unfolded(goal, seen).into_iter().map(|(step, ..)| step);
    steps.filter(|step| goal.rules.reboot != Reboots::Never || *step != Step::Reboot).collect()
}

/// The estimates, by their names in the manifest, that would give the length of the work: those of remaining parts that
/// no run has recorded.
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

/// The whole update of a server of which only the goal is known, by the estimates; nothing where an estimate is
/// missing.
#[must_use]
pub fn foreseen_whole(goal: &Goal) -> Option<Foreseen> {
    let estimate = |phase| {
        let (length, basis) = length(phase, &Durations::default(), &goal.rules);
        (basis != Basis::Assumed).then_some(length)
    };
    let (fail_over, stop) = match goal.fails_over() {
        true => (estimate(Phase::FailOver)?, Prediction::default()), // The failover stops the services.
        false => (Prediction::default(), estimate(Phase::Stop)?),
    };
    let databases = goal.stores.iter().map(|_| Phase::Database);
    let parts = [Phase::StopWeb, Phase::Install, Phase::StopAgain, Phase::StartWeb];
    let mut parts = parts.into_iter().chain(databases).chain([Phase::Start]);
    let outage = parts.try_fold(stop, |sum, phase| Some(sum + estimate(phase)?))?;
    Some(Foreseen { fail_over, outage, basis: Basis::Estimated })
}

/// The longest time for a failover: the wait time that the cmdlet gets (`-WaitTime`, Microsoft Learn:
/// Invoke-CsComputerFailOver). Without an estimate, this is the estimate.
const FAIL_OVER: Period = Period::minutes(60);

/// The assumed length of a restart without an estimate: physical servers check their memory first.
const RESTART: Period = Period::minutes(10);

/// The assumed lengths of the parts of an ordinary outage. No source gives figures (docs/assumptions.md).
const STOP: Period = Period::minutes(3);
const INSTALL: Period = Period::minutes(12);
const DATABASE: Period = Period::minutes(4);
const START: Period = Period::minutes(5);

/// How long one part of an outage takes, and the source of that length.
fn length(phase: Phase, recorded: &Durations, rules: &Rules) -> (Prediction, Basis) {
    let mut lengths = recorded.of(phase).to_vec();
    lengths.sort_unstable();
    if let (Some(median), Some(p95)) = (percentile(&lengths, 50), percentile(&lengths, 95)) {
        return (Prediction { median, p95 }, Basis::Recorded);
    }
    let estimates = &rules.estimates;
    let short = Period::seconds(0); // The estimate of the whole, stopping or starting, includes it.
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
    let basis = if estimate.is_some() { Basis::Estimated } else { Basis::Assumed };
    (Prediction::exactly(estimate.unwrap_or(assumed)), basis)
}

/// The smallest of the sorted lengths that at least `percent` of a hundred do not exceed.
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
