//! What stands between servers and their next steps, as it is reported.

use reconcile_core::{Blocker, Class, Command, Goal, Met, Seen, Stands, Why, why};
use reconcile_schema::{ConditionReport, REPORT_VERSION, ServerWhy, State, Who, WhyReport};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::state::{state_of, worst};
use crate::work::{advice::advice, clock::now, comeback::Waiter, look::answering, plan::heading, site::Site};

/// Reads what the next step of each server depends on.
///
/// # Errors
/// When a server cannot be observed at all.
pub fn report(site: &mut Site, goals: &[Goal], input: &Input) -> Result<WhyReport, Problem> {
    let lab = site.is_lab();
    let waiter = Waiter::of(lab, &input.path);
    let of = |goal: &Goal| {
        let seen = answering(site, goal, |seen| match why(goal, seen) {
            Why::Look(ask) => Some(ask),
            Why::AtGoal | Why::Cannot(_) | Why::Step { .. } => None,
        })?;
        Ok(server(goal, &seen, lab, waiter))
    };
    let servers: Vec<_> = goals.iter().map(of).collect::<Result<_, Problem>>()?;
    Ok(WhyReport {
        version: REPORT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        at: now(),
        state: worst(servers.iter().map(|server| server.state)),
        servers,
    })
}

/// What must be true before anything else can be asked.
const KNOWN: &str = "it is known what the server needs";

fn server(goal: &Goal, seen: &Seen, lab: bool, waiter: Waiter<'_>) -> ServerWhy {
    let heading = heading(goal, seen.host.core(goal.product), lab);
    let empty = |state| ServerWhy {
        server: heading.clone(),
        state,
        step: None,
        command: None,
        because: None,
        conditions: Vec::new(),
    };
    match why(goal, seen) {
        Why::AtGoal => empty(State::AtGoal),
        Why::Look(ask) => {
            let why = Blocker::Unknown { what: ask.to_string(), why: "it cannot be read".into() };
            let conditions = vec![unmet(KNOWN, &why, Who::Administrator, waiter)];
            ServerWhy { conditions, ..empty(State::Unknown) }
        }
        Why::Cannot(blocker) => {
            let needs = if blocker.class() == Class::Unknown { KNOWN } else { "a step can help" };
            let conditions = vec![unmet(needs, &blocker, Who::Administrator, waiter)];
            ServerWhy { conditions, ..empty(state_of(&blocker)) }
        }
        Why::Step { step, cause, conditions } => {
            let blocker = |stands: &Stands| match &stands.state {
                Met::No(blocker) => Some(state_of(blocker)),
                Met::Yes | Met::ByRun(_) => None,
            };
            let state = conditions.iter().find_map(blocker).unwrap_or(State::Drift);
            ServerWhy {
                command: Some(Command::of(goal, &step, &cause).to_string()),
                because: Some(cause.to_string()),
                step: Some(step),
                conditions: conditions.iter().map(|stands| condition(stands, waiter)).collect(),
                ..empty(state)
            }
        }
    }
}

fn condition(stands: &Stands, waiter: Waiter<'_>) -> ConditionReport {
    let Stands { needs, who, doctor, state } = stands;
    let met = ConditionReport { needs: (*needs).into(), met: true, now: None, who: None, help: None, check: *doctor };
    match state {
        Met::Yes => met,
        Met::ByRun(step) => ConditionReport { now: Some(format!("{step} comes first")), who: Some(Who::Run), ..met },
        Met::No(blocker) => ConditionReport { check: *doctor, ..unmet(needs, blocker, *who, waiter) },
    }
}

fn unmet(needs: &str, blocker: &Blocker, who: Who, waiter: Waiter<'_>) -> ConditionReport {
    ConditionReport {
        needs: needs.into(),
        met: false,
        now: Some(blocker.to_string()),
        who: Some(who),
        help: Some(advice(blocker, waiter)).filter(|help| !help.is_empty()),
        check: None,
    }
}
