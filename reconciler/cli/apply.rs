//! `reconcile apply`: brings servers to their goals.

use std::{
    io::{BufRead, IsTerminal, Write},
    path::Path,
};

use reconcile_core::{Act, End, Goal, Outcome, Request, RunId, apply};
use reconcile_hosts::{Lock, LockError};
use reconcile_schema::{PlanReport, REPORT_VERSION, RunReport, ServerName, ServerRun, State, Step};

use crate::{
    args::{Apply, Output},
    exit::{Exit, state_of, worst},
    input::Input,
    interrupt::Interrupts,
    plan::{heading, json, report},
    print,
    problem::Problem,
    progress::Progress,
    render,
    site::{Site, lab_path},
};

/// Applies a manifest to the servers that can be reached.
///
/// # Errors
/// When the manifest, the approved plan or a host cannot be used.
pub fn run(args: &Apply) -> Result<Exit, Problem> {
    let input = Input::read(&args.scope.manifest)?;
    let approved = args.plan.as_deref().map(read_plan).transpose()?;
    let (mut site, goals) = Site::open(&input, &args.scope.servers)?;
    let _lock = lock(&input)?;
    let text = args.scope.output == Output::Text;
    if !site.is_lab() {
        let plan = report(&mut site, &goals)?;
        if plan.state == State::Drift && !args.yes {
            confirm(&render::plan(&plan))?;
        }
    }
    let interrupts = Interrupts::default();
    let mut servers = Vec::new();
    for goal in goals.iter().take_while(|_| !interrupts.asked()) {
        let steps = approved.as_ref().map(|plan| steps_of(plan, goal)).transpose()?;
        let ran = match &mut site {
            Site::Lab(lab) => {
                let mut host = lab.host(&goal.server).map_err(Problem::input)?;
                converge(&mut host, goal, args, steps.as_deref(), &interrupts, true)?
            }
            #[cfg(windows)]
            Site::Machine => {
                let mut host =
                    reconcile_hosts::windows::WindowsHost::open(interrupts.flag()).map_err(Problem::failed)?;
                converge(&mut host, goal, args, steps.as_deref(), &interrupts, false)?
            }
        };
        if text {
            print(&render::outcome(&ran))?;
        }
        servers.push(ran);
    }
    let state = worst(servers.iter().map(|server| server.state));
    let report = RunReport { version: REPORT_VERSION, made_by: env!("CARGO_PKG_VERSION").into(), state, servers };
    match args.scope.output {
        Output::Text => print(&format!("\n{}", render::summary(&report)))?,
        Output::Json => print(&json(&report)?)?,
    };
    Ok(report.state.into())
}

/// Runs one server to its goal, or as far as it may go.
fn converge<H: Act>(
    host: &mut H,
    goal: &Goal,
    args: &Apply,
    approved: Option<&[Step]>,
    interrupts: &Interrupts,
    lab: bool,
) -> Result<ServerRun, Problem> {
    if args.scope.output == Output::Text {
        let found = host.observe().map_err(Problem::failed)?;
        let core =
            |component: &&reconcile_schema::Component| component.product == goal.product && component.name.is_core();
        let found = found.components.known().and_then(|all| all.iter().find(core)).map(|core| &core.build);
        print(&format!("\n{}", render::heading(&heading(goal, found, lab))))?;
    }
    let request = Request {
        goal,
        run: RunId(run_name()),
        version: env!("CARGO_PKG_VERSION"),
        by: &user(),
        approved,
        forgive: args.retry,
        interrupted: &|| interrupts.asked(),
    };
    let mut progress = Progress::new(goal, interrupts);
    let outcome = apply(host, &request, &mut |event| progress.on(&event)).map_err(Problem::failed)?;
    let found = host.observe().map_err(Problem::failed)?;
    let core = |component: &&reconcile_schema::Component| component.product == goal.product && component.name.is_core();
    let found = found.components.known().and_then(|all| all.iter().find(core)).map(|core| &core.build);
    Ok(server_run(outcome, heading(goal, found, lab)))
}

fn server_run(outcome: Outcome, server: reconcile_schema::Heading) -> ServerRun {
    let (state, blocked_by, restarting) = match &outcome.end {
        End::AtGoal => (State::AtGoal, None, false),
        End::Blocked(blocker) => (state_of(blocker), Some(blocker.to_string()), false),
        End::GoingDown => (State::Blocked, Some("the machine is restarting".into()), true),
    };
    ServerRun {
        server,
        state,
        changed: !outcome.steps.is_empty(),
        restarting,
        steps: outcome.steps,
        outage_seconds: outcome.outage.map_or(0, reconcile_schema::Period::as_seconds),
        left_down: outcome.left_down,
        blocked_by,
    }
}

/// One run at a time: in a lab for all its servers, else for this machine.
fn lock(input: &Input) -> Result<Lock, Problem> {
    let path = match lab_path(input) {
        Some(world) => reconcile_hosts::lab::Lab::lock_path(&world),
        #[cfg(windows)]
        None => reconcile_hosts::windows::lock_path().map_err(Problem::failed)?,
        #[cfg(not(windows))]
        None => return Err(Problem::usage("there is no server here to lock")),
    };
    Lock::take(&path, &user()).map_err(|error| match error {
        LockError::Held { .. } => Problem::blocked(error),
        LockError::Unusable { .. } => Problem::failed(error),
    })
}

/// Shows the plan and asks. Where nobody can answer, `--yes` is the answer.
fn confirm(plan: &str) -> Result<(), Problem> {
    print(plan)?;
    if !std::io::stdin().is_terminal() {
        return Err(Problem::usage("this changes a real server and nobody can be asked here: add --yes"));
    }
    let _ = write!(anstream::stderr(), "Run these steps now? Type yes: ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Problem::failed)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Problem::blocked("not confirmed; nothing was changed")) }
}

fn read_plan(path: &Path) -> Result<PlanReport, Problem> {
    let wrong = |error: &dyn std::fmt::Display| {
        Problem::input(format!("{}: expected a plan that `reconcile plan --out` wrote: {error}", path.display()))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let plan: PlanReport = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    if plan.version != REPORT_VERSION {
        return Err(wrong(&format!("expected version {REPORT_VERSION}, found {}", plan.version)));
    }
    Ok(plan)
}

/// The approved steps for a goal.
fn steps_of(plan: &PlanReport, goal: &Goal) -> Result<Vec<Step>, Problem> {
    let planned = plan.servers.iter().find(|server| server.server.name == goal.server);
    let planned = planned.ok_or_else(|| not_planned(&goal.server))?;
    if planned.server.target != goal.core {
        return Err(Problem::input(format!(
            "the plan brings {} to {}, the manifest declares {}: plan anew",
            goal.server, planned.server.target, goal.core
        )));
    }
    Ok(planned.steps.iter().map(|step| step.step.clone()).collect())
}

fn not_planned(server: &ServerName) -> Problem {
    Problem::input(format!("the approved plan does not name {server}: plan anew, or choose servers with --server"))
}

/// A name that no other run on this machine has.
#[expect(clippy::disallowed_methods, reason = "the edge gives the run its name")]
fn run_name() -> String {
    format!("{}-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ"), std::process::id())
}

/// Who runs this, for the journal.
fn user() -> String {
    let name = ["USERNAME", "USER"].into_iter().find_map(|name| std::env::var(name).ok());
    name.unwrap_or_else(|| "unknown".into())
}
