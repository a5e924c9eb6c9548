//! What a task may do without a person: the rights of its account, its windows, and the first outage that it can cause.

use std::fmt::Write;

use jiff::Timestamp;
use reconcile_core::{Goal, Roster, next_opening, open_at, product_steps, unguarded};
use reconcile_hosts::task::Request;
use reconcile_schema::{Fqdn, Period, Right};

use crate::manifest::{input::Input, problem::Problem};

/// Whether a task may apply the manifest to these servers.
///
/// # Errors
/// When its account cannot have a right that a step needs; when a server may be taken down at any time without an
/// explicit declaration, or at the same time as another one of its pool.
pub fn may(request: &Request, input: &Input, goals: &[Goal]) -> Result<(), Problem> {
    let account = &request.account;
    if !account.has_groups()
        && let Some(goal) = goals.iter().find(|goal| product_steps(goal).next().is_some())
    {
        return Err(Problem::usage(format!(
            "{account} belongs to no group of the domain, and {} needs {} for {}: choose a managed service account (DOMAIN\\name$), from \
             Windows Server 2012 on, or an account with --password, that is a member",
            goal.server,
            Right::ServerAdmin.group(),
            named(goal),
        )));
    }
    // A pool that takes over needs the network too.
    if !account.reaches_the_network()
        && let Some(goal) = goals.iter().find(|goal| goal.fails_over())
    {
        return Err(Problem::usage(format!(
            "without its password {account} has no access to the network in a task, and {} needs it to fail over: choose a managed \
             service account (DOMAIN\\name$), or add --password, with which the Task Scheduler asks for the account's password",
            goal.server
        )));
    }
    if let Some(goal) = goals.iter().find(|goal| goal.rules.maintenance.is_none() && !goal.rules.is_always) {
        return Err(Problem::usage(format!(
            "{} has no maintenance window, and a task would take it down at its next start, by day or by night: give it \
             `policy: {{ maintenance: {{ timeZone, windows }} }}`, or say `policy: {{ maintenance: always }}` on purpose",
            goal.server
        )));
    }
    let all = unguarded(&input.manifest, &Roster::of(&input.manifest));
    let own = |pool: &Fqdn| goals.iter().any(|goal| goal.pool.as_ref() == Some(pool));
    match all.into_iter().find(|found| own(&found.pool)) {
        None => Ok(()),
        Some(found) => Err(Problem::usage(format!(
            "{} and {} of the pool {} cannot agree on who is taken down, and may be at the same time: give them windows that do not overlap \
             (reconcile plan --fleet proposes some), or say `pools: {{ {}: {{ together: allowed }} }}`",
            found.one, found.other, found.pool, found.pool
        ))),
    }
}

/// The steps of a goal that need the product's rights, by name; empty where there is none.
fn named(goal: &Goal) -> String {
    product_steps(goal).map(|step| step.to_string()).collect::<Vec<_>>().join(", ")
}

/// The needs of the account, and when the first outage can happen.
pub fn outlook(goals: &[Goal], now: Timestamp) -> String {
    let mut out = String::new();
    for goal in goals {
        let product = named(goal);
        let rights = match product.as_str() {
            "" => "Administrators".to_owned(),
            steps => format!("Administrators, and {} for {steps}", Right::ServerAdmin.group()),
        };
        let _ = writeln!(out, "{}: the account needs {rights}", goal.server);
        let first = match goal.rules.maintenance.as_deref() {
            None => "at the next start of the task".to_owned(),
            Some(windows) => match (open_at(windows, now), next_opening(windows, now, Period::default())) {
                (Some(opening), _) => format!("now, in the window {}", opening.shown(&windows.time_zone)),
                (None, Some(opening)) => format!("in the window {}", opening.shown(&windows.time_zone)),
                (None, None) => "in no window within two years".to_owned(),
            },
        };
        let _ = writeln!(out, "{}: the first outage can happen {first}", goal.server);
    }
    out
}
