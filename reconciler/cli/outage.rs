//! How an outage stands to its budget: when somebody is to be warned of it.

use reconcile_core::{Goal, Seen};
use reconcile_schema::Period;

use crate::progress::down;

/// How far an outage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Two thirds of the budget are spent.
    Near,
    /// The whole budget is spent.
    Over,
}

impl Alarm {
    /// The alarm for an outage that goes on, and how long it has lasted.
    pub fn of(goal: &Goal, seen: &Seen) -> Option<(Self, Period)> {
        let (lasted, budget) = (seen.outage()?, goal.rules.outage_budget);
        let alarm = match lasted {
            lasted if lasted >= budget => Self::Over,
            lasted if lasted.as_seconds() >= budget.as_seconds() / 3 * 2 => Self::Near,
            _ => return None,
        };
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
