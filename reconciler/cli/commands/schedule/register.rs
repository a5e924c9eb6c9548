//! The task in the Task Scheduler of this server.

use std::io::IsTerminal;
use std::path::Path;

use reconcile_hosts::task::{Element, PATH, Place, Request, differences};
use reconcile_hosts::windows::{Installed, Trusted, event_log, trusted};
use reconcile_schema::{Mode, REPORT_VERSION, ScheduleReport, State, TaskDifference, TaskProblem};

use crate::commands::args::{self, Output};
use crate::commands::schedule::request::{goals, limit as longest, reachable, request, tell};
use crate::commands::schedule::unattended::may;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::out::print;
use crate::show::schedule::{described, differing, shown};
use crate::work::{clock::now, task::scheduler};

/// Registers the task, or corrects it. Does nothing if it is as wanted.
pub fn install(args: &args::Install) -> Result<Exit, Problem> {
    let scheduler = scheduler()?;
    let (request, outlook) = request(args)?;
    if args.password && !std::io::stdin().is_terminal() {
        return Err(Problem::usage("the Task Scheduler asks for the password on a console: run this on one"));
    }
    for place in [&request.program, &request.manifest] {
        let trust = trusted(Path::new(place.as_str())).map_err(Problem::untrusted)?;
        if trust == Trusted::ByThisAccount {
            let (who, runs_as) = (reconcile_hosts::windows::user().map_err(Problem::failed)?, &request.account);
            tell(&format!(
                "note: {place} can be changed by {who}, whom a task of {runs_as} may not know as an administrator: \
                 give it to Administrators (icacls /setowner)\n"
            ));
        }
    }
    let account = scheduler.known(&request.account).map_err(Problem::usage)?;
    let request = Request { account, ..request };
    let words = described(&request.report());
    event_log::register().map_err(Problem::failed)?; // The task reports there.
    tell(&outlook);
    match scheduler.install(&request).map_err(Problem::failed)? {
        Installed::New => print(&format!("{PATH} was installed\n{words}")),
        Installed::Already => print(&format!("{PATH} is already as wanted, nothing was done\n{words}")),
        Installed::Mended(differences) => {
            print(&format!("{PATH} was different and is now corrected\n{}{words}", differing(&differences)))
        }
    }
}

/// Shows the task. A task that is missing, different or unsafe is drift.
pub fn show(output: Output) -> Result<Exit, Problem> {
    let report = match scheduler()?.registered().map_err(Problem::failed)? {
        Some(found) => report(&found),
        None => answer(false),
    };
    output.print(&report, shown)?;
    Ok(report.state.into())
}

/// Removes the task.
pub fn remove() -> Result<Exit, Problem> {
    let removed = scheduler()?.remove().map_err(Problem::failed)?;
    event_log::unregister().map_err(Problem::failed)?;
    print(&format!("{PATH} {}\n", if removed { "was removed" } else { "is not registered, nothing was done" }))
}

/// A registered task, next to the one that would be registered for the same work.
pub fn report(found: &Element) -> ScheduleReport {
    let mut report = answer(true);
    match Request::of(found) {
        Ok(mut request) => {
            let task = request.report();
            for place in [&request.program, &request.manifest] {
                let wrong = trusted(Path::new(place.as_str())).err();
                report.problems.extend(wrong.map(|error| problem(place, error.to_string())));
            }
            match limit(&request) {
                Ok(limit) => request.limit = limit,
                Err(error) => report.problems.push(problem(&request.manifest, error.line())),
            }
            report.differences = differences(&request.definition(), found);
            (report.task, report.next) = (Some(task), Some(request.next(now())));
        }
        Err(error) => report.differences.push(TaskDifference {
            element: "Actions".into(),
            expected: Some("one call of reconcile, to apply or to observe a manifest, with --unattended".into()),
            found: Some(error.to_string()),
        }),
    }
    if report.differences.is_empty() && report.problems.is_empty() {
        report.state = State::AtGoal;
    }
    report
}

fn problem(subject: &Place, why: String) -> TaskProblem {
    TaskProblem { subject: subject.to_string(), why }
}

/// The limit that the manifest of the task requires now. Fails if its account would not reach everything.
fn limit(request: &Request) -> Result<reconcile_schema::Period, Problem> {
    let input = Input::read(Path::new(request.manifest.as_str()))?;
    let goals = goals(&input, &[])?;
    reachable(request, &goals)?;
    if request.mode == Mode::Apply {
        may(request, &input, &goals)?;
    }
    Ok(longest(&goals, request.mode))
}

fn answer(installed: bool) -> ScheduleReport {
    ScheduleReport {
        version: REPORT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        state: State::Drift,
        installed,
        run: None,
        task: None,
        next: None,
        differences: Vec::new(),
        problems: Vec::new(),
    }
}
