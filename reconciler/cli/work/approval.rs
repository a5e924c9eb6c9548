//! An approved plan, and what it still approves for a server.

use std::path::Path;

use reconcile_core::{Approved, Goal};
use reconcile_hosts::read_plain;
use reconcile_schema::{PlanReport, REPORT_VERSION, Rests, ServerPlan, Sha256, Store, unread};

use crate::manifest::problem::Problem;

/// The largest plan, in bytes: ten thousand servers take less.
const LARGEST_PLAN: u64 = 64 << 20;

/// An approved plan.
///
/// # Errors
/// When it is no plan of this version.
pub fn read_plan(path: &Path) -> Result<PlanReport, Problem> {
    let wrong = |error: &dyn std::fmt::Display| {
        Problem::input(format!("{}: expected a plan that `reconcile plan --out` wrote: {error}", path.display()))
    };
    let text = read_plain(path, LARGEST_PLAN).map_err(|error| wrong(&error))?;
    let plan: PlanReport = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
    let written = serde_json::from_slice(&text).map_err(Problem::failed)?;
    if let Some(field) = unread(&written, &serde_json::to_value(&plan).map_err(Problem::failed)?) {
        return Err(wrong(&format!("unknown field {field}")));
    }
    if plan.version != REPORT_VERSION {
        return Err(wrong(&format!("expected version {REPORT_VERSION}, found {}", plan.version)));
    }
    Ok(plan)
}

/// The steps that a plan approves for a goal, and what it rests on that has changed since.
///
/// # Errors
/// When it does not name the server, or comes from an earlier version.
pub fn approval(plan: &PlanReport, goal: &Goal, manifest: &Sha256) -> Result<Approved, Problem> {
    let planned = plan.servers.iter().find(|server| server.server.name == goal.server);
    let server = &goal.server;
    let Some(planned) = planned else {
        return Err(Problem::input(format!(
            "the approved plan does not name {server}: plan again, or choose servers with --server"
        )));
    };
    let Some(rests) = &planned.rests_on else {
        return Err(Problem::input(format!(
            "the plan for {server} does not say what it rests on, as plans of earlier versions: plan again"
        )));
    };
    let steps = planned.steps.iter().map(|step| step.step.clone()).collect();
    Ok(Approved { steps, moved: moved(planned, rests, goal, manifest) })
}

/// The most important change in what a plan rests on.
fn moved(planned: &ServerPlan, rests: &Rests, goal: &Goal, manifest: &Sha256) -> Option<String> {
    let (then, now) = (&rests.installer, &goal.installer);
    let stores =
        |stores: &mut dyn Iterator<Item = &Store>| stores.map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let facts = [
        ("the target", planned.server.target.to_string(), goal.core.to_string()),
        ("the product", planned.server.product.to_string(), goal.product.to_string()),
        ("the role", rests.role.to_string(), goal.role.to_string()),
        ("the path of the installer", then.path.clone(), now.path.clone()),
        ("the SHA-256 of the installer", then.sha256.to_string(), now.sha256.to_string()),
        ("the publisher of the installer", then.publisher.clone(), now.publisher.clone()),
        ("the databases", stores(&mut rests.stores.iter()), stores(&mut goal.all_stores())),
    ];
    let moved = facts.into_iter().find(|(_, then, now)| then != now);
    let moved = moved.map(|(what, then, now)| format!("{what} was {then} and is now {now}"));
    moved.or_else(|| (rests.manifest != *manifest).then(|| "the manifest has changed since".into()))
}
