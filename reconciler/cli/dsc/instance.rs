//! A server as an instance of the resource, and in which properties two of them differ.

use std::collections::BTreeSet;

use reconcile_core::{Goal, Seen, compare, state};
use reconcile_schema::{Component, DriftState, DscInstance, ServerPlan};
use serde_json::{Map, Value};

use crate::comeback::Waiter;
use crate::{plan, problem::Problem};

use super::ask::Asked;

/// The server of a goal, as it was seen.
pub fn instance(asked: &Asked, goal: &Goal, seen: &Seen, lab: bool) -> DscInstance {
    if let Some(damage) = &seen.marks.damaged {
        tracing::warn!("{}: its journal is damaged: {damage}; see reconcile acknowledge", goal.server);
    }
    let ServerPlan { server, code, findings, steps, blocked_by, help, .. } =
        plan::server(goal, seen, lab, Waiter::Elsewhere);
    let declared = |component: &Component| component.product == goal.product && component.name.is_core();
    DscInstance {
        lab: Some(lab),
        product: Some(goal.product),
        target: Some(server.target),
        found: server.found,
        state: Some(state(goal, seen, &compare(goal, seen))),
        findings: Some(findings),
        steps: Some(steps.into_iter().map(|step| step.command).collect()),
        code: blocked_by.is_some().then_some(code),
        blocked_by,
        help,
        exist: seen.host.components.known().map(|components| components.iter().any(declared)),
        ..DscInstance::asked(asked.manifest().to_owned(), Some(goal.server.clone()))
    }
}

/// The same, with the verdict: only nothing left to be done is the desired state.
pub fn tested(instance: &DscInstance) -> DscInstance {
    DscInstance { in_desired_state: Some(instance.state == Some(DriftState::AtGoal)), ..instance.clone() }
}

/// The properties of the state that differ, by name. The verdict, and what is told beside the state, are none of them.
///
/// # Errors
/// Never, but for a defect: an instance is JSON.
pub fn unlike(one: &DscInstance, other: &DscInstance) -> Result<Vec<String>, Problem> {
    let (one, other) = (fields(one)?, fields(other)?);
    let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let state = |name: &&String| !name.starts_with('_') || *name == "_exist";
    Ok(names.into_iter().filter(state).filter(|name| one.get(*name) != other.get(*name)).cloned().collect())
}

/// The properties of an instance.
///
/// # Errors
/// Never, but for a defect: an instance is JSON.
pub fn fields(instance: &DscInstance) -> Result<Map<String, Value>, Problem> {
    serde_json::to_value(instance).and_then(serde_json::from_value).map_err(Problem::failed)
}
