//! What is seen of a server by a command that is no run.

use reconcile_core::{Ask, Goal, Observe, PlanEnd, Run, Seen, plan};
use reconcile_schema::{Marks, Observed, RunId};

use crate::manifest::problem::Problem;
use crate::work::site::Site;

/// The facts that a plan for a server of the site needs.
///
/// # Errors
/// When the server cannot be observed at all.
pub fn seen(site: &mut Site, goal: &Goal) -> Result<Seen, Problem> {
    answering(site, goal, |seen| unlooked(goal, seen))
}

/// The facts of a server of the site that a question needs; `lacks` tells which one it lacks.
///
/// # Errors
/// When the server cannot be observed at all.
pub fn answering(site: &mut Site, goal: &Goal, lacks: impl Fn(&Seen) -> Option<Ask>) -> Result<Seen, Problem> {
    match site {
        Site::Lab(simulated) => until(&mut simulated.host(&goal.server).map_err(Problem::input)?, goal, lacks),
        #[cfg(windows)]
        Site::Machine(host) => until(host.as_mut(), goal, lacks),
    }
}

/// Observes a host until its plan needs no further fact.
pub fn look<H: Observe>(host: &mut H, goal: &Goal) -> Result<Seen, Problem> {
    until(host, goal, |seen| unlooked(goal, seen))
}

fn until<H: Observe>(host: &mut H, goal: &Goal, lacks: impl Fn(&Seen) -> Option<Ask>) -> Result<Seen, Problem> {
    let mut last: Option<Ask> = None;
    loop {
        let observed = host.observe(goal).map_err(Problem::failed)?;
        let seen = without_run(observed, host.marks().map_err(Problem::failed)?);
        let Some(ask) = lacks(&seen).filter(|ask| last.as_ref() != Some(ask)) else { return Ok(seen) };
        host.look(goal, &ask).map_err(Problem::failed)?;
        last = Some(ask);
    }
}

fn unlooked(goal: &Goal, seen: &Seen) -> Option<Ask> {
    match plan(goal, seen).end {
        PlanEnd::Unlooked(ask) => Some(ask),
        PlanEnd::AtGoal | PlanEnd::Blocked(_) => None,
    }
}

/// What a host and its journal say, to somebody who works on nothing.
pub fn without_run(host: Observed, marks: Marks) -> Seen {
    Seen { host, marks, run: Run::new(RunId("none".into())) }
}
