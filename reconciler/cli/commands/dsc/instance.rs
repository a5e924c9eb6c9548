//! A server as an instance of the resource.

use reconcile_core::{Goal, Seen, compare, state};
use reconcile_schema::{Component, DriftState, DscInstance, ServerPlan};

use super::ask::Asked;
use crate::work::{comeback::Waiter, plan};

/// The server of a goal, as it was observed.
pub fn instance(asked: &Asked, goal: &Goal, seen: &Seen, lab: bool) -> DscInstance {
    if let Some(damage) = &seen.marks.damaged {
        tracing::warn!("{}: its journal is damaged: {damage}; see reconcile acknowledge", goal.server);
    }
    let ServerPlan { server, code, findings, steps, blocked_by, help, .. } =
        plan::server(goal, seen, lab, Waiter::Elsewhere);
    let declared = |component: &Component| component.product == goal.product && component.name.is_core();
    DscInstance {
        when_blocked: asked.when_blocked(),
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

/// The same with the verdict: a server is in its desired state only if nothing is left to do.
pub fn tested(instance: &DscInstance) -> DscInstance {
    DscInstance { in_desired_state: Some(instance.state == Some(DriftState::AtGoal)), ..instance.clone() }
}
