//! Observes a server until its plan needs no further fact.

use reconcile_core::{Ask, Goal, Observe, PlanEnd, Run, Seen, plan};
use reconcile_schema::RunId;

use crate::manifest::problem::Problem;
use crate::work::site::Site;

/// The facts that a plan for a server of the site needs.
///
/// # Errors
/// When the server cannot be observed at all.
pub fn seen(site: &mut Site, goal: &Goal) -> Result<Seen, Problem> {
    match site {
        Site::Lab(simulated) => look(&mut simulated.host(&goal.server).map_err(Problem::input)?, goal),
        #[cfg(windows)]
        Site::Machine(host) => look(host.as_mut(), goal),
    }
}

/// Observes a host until its plan needs no further fact.
pub fn look<H: Observe>(host: &mut H, goal: &Goal) -> Result<Seen, Problem> {
    let mut last: Option<Ask> = None;
    loop {
        let run = Run::new(RunId("plan".into()));
        let seen = Seen {
            host: host.observe(goal).map_err(Problem::failed)?,
            marks: host.marks().map_err(Problem::failed)?,
            run,
        };
        match plan(goal, &seen).end {
            PlanEnd::Unlooked(ask) if last.as_ref() != Some(&ask) => {
                host.look(goal, &ask).map_err(Problem::failed)?;
                last = Some(ask);
            }
            PlanEnd::AtGoal | PlanEnd::Blocked(_) | PlanEnd::Unlooked(_) => return Ok(seen),
        }
    }
}
