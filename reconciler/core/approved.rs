//! What was approved: the steps that a run may take, and what else it may do.

use alloc::{boxed::Box, string::String, string::ToString, vec::Vec};
use core::fmt;

use reconcile_schema::{Cause, Step};

/// The approved steps of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approved {
    /// The steps, in order. Steps that turn out to be unnecessary are skipped.
    pub steps: Vec<Step>,
    /// A fact that the plan rests on and that has changed, if there is one: then no step of it is taken.
    pub moved: Option<String>,
}

/// A decision that is not approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deviation {
    Step {
        /// The next step of the approved plan, if any is left.
        approved: Option<Step>,
        decided: Step,
        because: String,
    },
    /// A fact that the plan rests on has changed.
    Fact(String),
}

/// The position of a run in an approved plan.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    /// The next step of the plan.
    next: usize,
    /// Whether the installer was started: the steps of another attempt are approved with it.
    installed: bool,
}

impl Approved {
    /// The position of the run after `step`, if the step may be taken.
    ///
    /// In addition to the remaining steps, the run may start services, take steps that take nothing down, restart the
    /// machine (which the policy allows and the plan announces), and repeat an attempt of the installer with its stops.
    pub(crate) fn after(&self, at: Place, step: &Step, cause: &Cause) -> Result<Place, Box<Deviation>> {
        if matches!(cause, Cause::Down(_) | Cause::FailedOver | Cause::Unreleased) {
            return Ok(at);
        }
        if let Some(fact) = &self.moved {
            return Err(Box::new(Deviation::Fact(fact.clone())));
        }
        let rest = self.steps.get(at.next..).unwrap_or_default();
        let installed = at.installed || *step == Step::Install;
        if let Some(ahead) = rest.iter().position(|planned| planned == step) {
            return Ok(Place { next: at.next + ahead + 1, installed });
        }
        let attempt =
            matches!(step, Step::StopOthers | Step::FailOver | Step::StopServices | Step::StopWeb | Step::Install);
        if !step.is_consequential() || *step == Step::Reboot || at.installed && attempt {
            return Ok(at);
        }
        let (approved, decided, because) = (rest.first().cloned(), step.clone(), cause.to_string());
        Err(Box::new(Deviation::Step { approved, decided, because }))
    }

    /// The first of the foreseen steps that may not be taken.
    pub(crate) fn foreseen<'a>(
        &self,
        at: Place,
        steps: impl Iterator<Item = (&'a Step, &'a Cause)>,
    ) -> Result<(), Box<Deviation>> {
        { steps }.try_fold(at, |at, (step, cause)| self.after(at, step, cause)).map(drop)
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { approved: Some(approved), decided, because } => {
                write!(f, "the approved plan says {approved} next, and not {decided}, which is required: {because}")
            }
            Self::Step { approved: None, decided, because } => {
                write!(f, "the approved plan has no further step, and {decided} is required: {because}")
            }
            Self::Fact(fact) => write!(f, "the approved plan is no longer valid: {fact}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use reconcile_schema::Store;

    use super::*;

    const WORK: Cause = Cause::AssembliesHeld;

    /// How many steps of a plan are done by these steps.
    fn follows(approved: &[Step], steps: &[Step]) -> usize {
        let approved = Approved { steps: approved.to_vec(), moved: None };
        let mut at = Place::default();
        steps.iter().take_while(|step| approved.after(at, step, &WORK).map(|next| at = next).is_ok()).count()
    }

    #[test]
    fn steps_may_be_left_out_and_only_what_is_named_may_be_added() {
        let databases = Step::UpdateDatabases(Store::Local);
        let plan =
            [Step::Stage, Step::StopServices, Step::StopWeb, Step::Install, Step::StopServices, databases.clone()];
        assert_eq!(follows(&plan, &plan), 6);
        assert_eq!(follows(&plan, &[Step::StopServices, Step::Install, databases.clone()]), 3, "left out");
        assert_eq!(follows(&plan, &[Step::Claim, Step::CloseShells, Step::StopServices, Step::Reboot]), 4, "added");
        assert_eq!(
            follows(&plan, &[Step::Install, Step::StopServices, Step::StopWeb, Step::Install, databases.clone()]),
            5
        );
        assert_eq!(follows(&plan, &[databases.clone(), Step::StopServices]), 1, "not behind what came after it");
        assert_eq!(follows(&plan[..5], &[Step::StopServices, databases.clone()]), 1, "not approved");
        assert_eq!(follows(&[], &[Step::StopServices]), 0);
        assert_eq!(
            follows(core::slice::from_ref(&databases), &[Step::StopServices, databases.clone()]),
            0,
            "no stop without an installer"
        );
    }

    #[test]
    fn where_a_fact_has_moved_services_come_back_and_nothing_else_is_done() {
        let approved = Approved { steps: vec![Step::Stage], moved: Some("the installer is another".into()) };
        let down = Cause::Down(vec!["RTCSRV".into()]);
        assert!(approved.after(Place::default(), &Step::StartServices, &down).is_ok());
        let refused = approved.after(Place::default(), &Step::Stage, &Cause::NotStaged).map(drop);
        assert_eq!(refused, Err(Box::new(Deviation::Fact("the installer is another".into()))));
    }
}
