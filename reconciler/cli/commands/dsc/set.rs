//! Brings a server to its desired state for the engine, or reports what that would do.

use std::path::Path;

use reconcile_core::{Blocker, End, Goal, PlanEnd, Seen, after, plan};
use reconcile_schema::{Basis, DscInstance, DscMetadata, DscRestart, Period, ServerPlan, ServerRun, Step};

use super::{
    ask::Asked,
    instance::{instance, tested},
    properties::unlike,
};
use crate::manifest::{exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::render::{UNSURE, aftermath, word};
use crate::show::{console::Console, out::print_lines, voice::Voice};
use crate::work::converge::{self, Options, Ran};
use crate::work::{comeback::Waiter, look::seen, plan::server, rescue::rescued, state::state_of, words::plural};

/// Runs the same as `apply --yes`, then prints the server and the properties that changed. If the server falls short of
/// its goal for a reason other than a restart, nothing is printed, and the engine receives the reason: unless it only waits for
/// its turn, and the request lets it.
///
/// # Errors
/// As `apply`.
pub fn set(asked: &Asked) -> Result<Exit, Problem> {
    let rescue = |problem| rescued(problem, Path::new(asked.manifest()));
    let (input, mut site, goal) = asked.server().map_err(rescue)?;
    let (lab, now) = (site.is_lab(), seen(&mut site, &goal).map_err(rescue)?);
    let before = instance(asked, &goal, &now, lab);
    asked.wants_the_product(&before)?;
    drop(site); // The run opens it itself.
    brought(asked, &input, &goal, &before, lab).map_err(rescue)
}

fn brought(asked: &Asked, input: &Input, goal: &Goal, before: &DscInstance, lab: bool) -> Result<Exit, Problem> {
    let options = Options { servers: asked.servers().to_vec(), yes: true, ..Options::default() };
    let console = Console { voice: Voice::Trace, headings: false };
    let mut exit = Exit::Done;
    let ended = converge::each(&options, input, None, &console, |ran| {
        exit = end(asked, goal, before, &ran, lab)?;
        Ok(())
    });
    match ended {
        // Another run works here, so this one has not begun.
        Err(problem) if asked.lets_wait() && problem.exit() == Exit::Blocked && problem.code().waits() => {
            tracing::warn!("{}: {}; code {}", goal.server, problem.text(), problem.code().key());
            told(before, tested(before), false, None)
        }
        ended => ended.map(|()| exit),
    }
}

fn end(asked: &Asked, goal: &Goal, before: &DscInstance, ran: &Ran, lab: bool) -> Result<Exit, Problem> {
    let restart = match restart_due(&ran.outcome.end) {
        Ok(restart) => restart,
        Err(_) if asked.lets_wait() && ran.server.waits => {
            tracing::warn!("{}", short_of_goal(&ran.server));
            false
        }
        Err(blocker) => {
            tracing::error!("{}", short_of_goal(&ran.server));
            return Ok(state_of(blocker).into());
        }
    };
    if restart {
        tracing::warn!("{}", short_of_goal(&ran.server));
    }
    told(before, tested(&instance(asked, goal, &ran.seen, lab)), restart, None)
}

/// Whether a restart is all that the server needs to reach its goal, which is no failure, or else what prevents that.
const fn restart_due(end: &End) -> Result<bool, &Blocker> {
    match end {
        End::AtGoal => Ok(false),
        End::GoingDown | End::Blocked(Blocker::Reboot { .. }) => Ok(true),
        End::Blocked(blocker) => Err(blocker),
    }
}

/// Prints what `set` would print if every step had its effect, with the steps. Nothing is changed.
///
/// # Errors
/// When the manifest or the server cannot be used.
pub fn what_if(asked: &Asked) -> Result<Exit, Problem> {
    let (input, mut site, goal) = asked.server()?;
    let (lab, now) = (site.is_lab(), seen(&mut site, &goal)?);
    input.current(&now.marks, now.host.at)?;
    let planned = server(&goal, &now, lab, Waiter::Elsewhere);
    if let Some(why) = &planned.blocked_by {
        tracing::warn!("{}: {why}", goal.server);
    }
    let before = instance(asked, &goal, &now, lab);
    asked.wants_the_product(&before)?;
    let (then, restart) = foreseen(&goal, now, lab);
    let what_if = Some(sentences(&planned));
    told(&before, tested(&instance(asked, &goal, &then, lab)), restart, Some(DscMetadata { what_if }))
}

/// The server as a run would leave it now, and whether a restart would be required then.
fn foreseen(goal: &Goal, now: Seen, lab: bool) -> (Seen, bool) {
    let plan = plan(goal, &now);
    if plan.opens.is_some() {
        return (now, false); // Work that is done before the window opens changes no property.
    }
    let mut then = now;
    for planned in plan.steps {
        if planned.step == Step::Reboot && !lab {
            return (then, true); // The run ends with the machine; a simulated machine is back at once.
        }
        then = after(goal, then, &planned.step);
    }
    (then, matches!(plan.end, PlanEnd::Blocked(Blocker::Reboot { .. })))
}

fn told(
    before: &DscInstance,
    after: DscInstance,
    restart: bool,
    metadata: Option<DscMetadata>,
) -> Result<Exit, Problem> {
    let system = after.server.clone().filter(|_| restart);
    let restart_required = system.map(|system| vec![DscRestart { system }]);
    let changed = harmless::line(&unlike(before, &after)?)?;
    print_lines(&[harmless::line(&DscInstance { restart_required, metadata, ..after })?, changed])
}

/// How a run fell short of its goal: host, step, state of the services, and what to do next.
fn short_of_goal(run: &ServerRun) -> String {
    let why = run.blocked_by.as_deref().unwrap_or("short of its goal");
    let mut text = format!("{}: {}: {why}", run.server.name, word(run.state));
    if let Some(last) = run.steps.last() {
        let count = run.steps.len();
        text += &format!("; {count} {} taken, the last was {last}", plural(count, "step"));
    }
    text += &format!("; {}; code {}", anstream::adapter::strip_str(&aftermath(run)), run.code.key());
    run.help.iter().fold(text, |text, help| format!("{text}; next: {help}"))
}

/// The steps that would be done.
fn sentences(plan: &ServerPlan) -> Vec<String> {
    let window = plan.opens.iter().map(|opens| format!("not before the maintenance window of {}", opens.shown));
    let steps = plan.steps.iter().map(|step| {
        let because = if step.certain { step.because.as_str() } else { UNSURE };
        format!("{}: {because}", step.command)
    });
    let outage = plan.outage.iter().map(|outage| {
        let median = Period::seconds(outage.median_seconds);
        let assumed = if outage.basis == Basis::Assumed { " (assumed)" } else { "" };
        format!("the services would be down for about {median}{assumed}")
    });
    let blocked = plan.blocked_by.iter().map(|why| format!("{}: {why}", word(plan.state)));
    let next = plan.help.iter().map(|help| format!("next: {help}"));
    let all: Vec<_> = window.chain(steps).chain(outage).chain(blocked).chain(next).collect();
    if all.is_empty() { vec!["at its goal: nothing would be done".into()] } else { all }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#[path = "set_tests.rs"]
mod tests;
