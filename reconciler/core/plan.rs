//! The plan: the decision, unfolded over the expected effects of its steps.

use alloc::{collections::BTreeMap, vec::Vec};

use reconcile_schema::{Cause, Code, Fact, PackageSeen, Reboots, Step};

use crate::{
    ask::Ask,
    blocker::Blocker,
    calendar::Opening,
    effect::after,
    goal::Goal,
    next::{Next, next},
    seen::Seen,
    wanted::{MOST_STEPS, Want, restart_first, wanted},
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
        let installed = steps.iter().any(|planned| planned.step == Step::Install);
        let certain = !(installed && is_of_databases(&step));
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
    let (mut seen, mut steps) = (seen.clone(), Vec::new());
    if goal.rules.reboot != Reboots::Never {
        steps.extend(restart_first(goal, &seen).map(|cause| sure(Step::Reboot, cause)));
    }
    while steps.len() < MOST_STEPS {
        let (step, cause) = match wanted(goal, &seen) {
            Want::Step(step, cause) => (step, cause),
            Want::Look(Ask::Databases(store)) => {
                seen.host.databases.insert(store.clone(), Fact::Known(Vec::new()));
                let step = goal.updating(&store);
                let cause = match step {
                    Step::UpdateDatabases(_) => Cause::StoreBehind { store, databases: Vec::new() },
                    _ => Cause::PoolStoreBehind { store, databases: Vec::new(), without: BTreeMap::new() },
                };
                steps.push(PlannedStep { step, cause, certain: false });
                continue;
            }
            // Only checks ask for this, or no step can help.
            Want::Look(_) | Want::Nothing | Want::Cannot(_) => break,
        };
        let installed = steps.iter().any(|planned| planned.step == Step::Install);
        let certain = !(installed && is_of_databases(&step));
        seen = after(goal, seen, &step);
        steps.push(PlannedStep { step, cause, certain });
    }
    let takes_down = steps.iter().any(|planned| planned.step.takes_down());
    let installs = steps.iter().any(|planned| planned.step == Step::Install);
    let stage = installs && seen.host.package != Fact::Known(PackageSeen::Staged);
    let stage = stage.then(|| sure(Step::Stage, Cause::NotStaged));
    let claim = (takes_down && goal.claims.is_some()).then(|| sure(Step::Claim, Cause::Unclaimed));
    stage.into_iter().chain(claim).chain(steps).collect()
}

const fn is_of_databases(step: &Step) -> bool {
    matches!(step, Step::UpdateDatabases(_) | Step::UpdatePoolDatabases(_))
}

const fn sure(step: Step, cause: Cause) -> PlannedStep {
    PlannedStep { step, cause, certain: true }
}

impl Plan {
    /// Whether nothing remains to be done.
    #[must_use]
    pub fn is_at_goal(&self) -> bool {
        self.steps.is_empty() && self.end == PlanEnd::AtGoal
    }
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
