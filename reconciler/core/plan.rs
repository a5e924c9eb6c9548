//! The plan: the decision, unfolded over the expected effects of its steps.

use alloc::vec::Vec;

use reconcile_schema::{Cause, Code, Fact, PackageSeen, Step};

use crate::{
    ask::Ask,
    blocker::Blocker,
    calendar::Opening,
    effect::after,
    foresee::unfolded,
    goal::Goal,
    next::{Next, next},
    seen::Seen,
    wanted::MOST_STEPS,
};

/// The remaining steps, and where they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<PlannedStep>,
    /// The maintenance window that the steps wait for.
    pub opens: Option<Opening>,
    pub end: PlanEnd,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    pub step: Step,
    pub cause: Cause,
    /// Whether it is certain. A database step after an installation is taken only if the check after the installation
    /// shows that it is needed.
    pub certain: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanEnd {
    AtGoal,
    /// At this blocker.
    Blocked(Blocker),
    /// At this fact, which has not been read.
    Unlooked(Ask),
}

/// The remaining steps to `goal`, as far as they can be foreseen from `seen`.
#[must_use]
pub fn plan(goal: &Goal, seen: &Seen) -> Plan {
    let mut seen = seen.clone();
    let mut steps: Vec<PlannedStep> = Vec::new();
    let mut opens: Option<Opening> = None;
    loop {
        let (step, cause) = match next(goal, &seen) {
            Next::Done => return Plan { steps, opens, end: PlanEnd::AtGoal },
            Next::Look(ask) => return Plan { steps, opens, end: PlanEnd::Unlooked(ask) },
            Next::Wait(blocker) | Next::Blocked(blocker) => match blocker.opens().filter(|_| opens.is_none()) {
                // The following steps are those that are taken when the window opens.
                Some(opening) => {
                    seen.host.at = opening.from;
                    opens = Some(opening);
                    continue;
                }
                None => return Plan { steps, opens, end: PlanEnd::Blocked(blocker) },
            },
            Next::Do(step, _) if steps.len() >= MOST_STEPS => {
                return Plan {
                    steps,
                    opens,
                    end: PlanEnd::Blocked(Blocker::Stuck {
                        step,
                        refused: None,
                        in_the_way: Vec::new(),
                        hanging: None,
                    }),
                };
            }
            Next::Do(step, cause) => (step, cause),
        };
        seen = after(goal, seen, &step);
        let certain = is_certain(&steps, &step);
        steps.push(PlannedStep { step, cause, certain });
    }
}

/// The steps that a run may take later: those of the plan or, where something forbids them now, those that follow once
/// it has passed.
#[must_use]
pub fn ahead(goal: &Goal, seen: &Seen) -> Vec<PlannedStep> {
    let found = plan(goal, seen);
    if found.end == PlanEnd::AtGoal {
        return found.steps;
    }
    let mut steps: Vec<PlannedStep> = Vec::new();
    for (step, cause, known) in unfolded(goal, seen) {
        let certain = known && is_certain(&steps, &step);
        steps.push(PlannedStep { step, cause, certain });
    }
    let takes_down = steps.iter().any(|planned| planned.step.takes_down());
    let installs = steps.iter().any(|planned| planned.step == Step::Install);
    let stage = installs && seen.host.package != Fact::Known(PackageSeen::Staged);
    let stage = stage.then(|| sure(Step::Stage, Cause::NotStaged));
    let claim = (takes_down && goal.claims.is_some()).then(|| sure(Step::Claim, Cause::Unclaimed));
    stage.into_iter().chain(claim).chain(steps).collect()
}

/// Whether nothing before a step decides whether it is taken.
fn is_certain(before: &[PlannedStep], step: &Step) -> bool {
    let of_databases = matches!(step, Step::UpdateDatabases(_) | Step::UpdatePoolDatabases(_));
    !(of_databases && before.iter().any(|planned| planned.step == Step::Install))
}

const fn sure(step: Step, cause: Cause) -> PlannedStep {
    PlannedStep { step, cause, certain: true }
}

impl PlanEnd {
    /// Its code, depending on whether `steps` remain.
    #[must_use]
    pub const fn code(&self, steps: bool) -> Code {
        match self {
            Self::AtGoal if steps => Code::Drift,
            Self::AtGoal => Code::AtGoal,
            Self::Blocked(blocker) => blocker.code(),
            Self::Unlooked(_) => Code::NotLooked,
        }
    }
}
