//! `reconcile schedule run`: the registered task, started now.

use std::path::Path;

use reconcile_hosts::task::{PATH, Request};
use reconcile_schema::{Fingerprint, Mode, Period, ScheduleReport, UnattendedRun, shown_at};

use crate::commands::args::{Output, Start};
use crate::commands::schedule::register::report;
use crate::manifest::{exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::out::print;
use crate::work::unattended::record::{begun, read};
use crate::work::{interrupt::wait, site::unattended_here, task::scheduler};

/// How long the Task Scheduler has to begin a run: it starts a program, which records that first.
const MOST: Period = Period::minutes(2);

/// Starts the task, and prints which run began.
///
/// # Errors
/// When there is no task that applies a manifest, a run of it is at work, or no run begins.
pub fn start(args: &Start) -> Result<Exit, Problem> {
    let (scheduler, place) = (scheduler()?, unattended_here()?);
    let found = scheduler.registered().map_err(Problem::failed)?.ok_or_else(|| {
        Problem::usage(format!(
            "{PATH} is not registered: reconcile schedule install MANIFEST --mode apply registers it"
        ))
    })?;
    let request = Request::of(&found).map_err(|error| {
        Problem::usage(format!("{PATH} is not started, because it is not the task of reconcile: {error}"))
    })?;
    startable(&request, args.fingerprint)?;
    let last = read(&place).map_err(Problem::failed)?;
    if let Some(UnattendedRun { run, began, .. }) = last.as_ref().filter(|last| last.going) {
        return Err(Problem::another_run(format!(
            "a run of the scheduled task is at work since {}: run {}; reconcile status {} follows it",
            shown_at(*began, None),
            run.0,
            request.manifest
        )));
    }
    scheduler.start().map_err(Problem::failed)?;
    let before = last.as_ref().map(|last| &last.run);
    let run = begun(before, MOST, || read(&place), |period| wait(period.into())).map_err(Problem::failed)?;
    let run = run.ok_or_else(|| {
        Problem::failed(format!(
            "the Task Scheduler took the request to start {PATH}, and no run has begun within {MOST}: look at the history of the task \
             (taskschd.msc), its account, and reconcile schedule show"
        ))
    })?;
    match args.output {
        Output::Text => print(&format!("run {} has begun; reconcile status {} follows it\n", run.0, request.manifest)),
        Output::Json => print(&harmless::pretty(&ScheduleReport { run: Some(run), ..report(&found) })?),
    }
}

/// Whether the task may be started: it applies the manifest that the caller means.
fn startable(request: &Request, expected: Option<Fingerprint>) -> Result<(), Problem> {
    match request.mode {
        Mode::Observe => Err(Problem::usage(format!(
            "{PATH} only observes and changes nothing: reconcile schedule install {} --mode apply lets it apply",
            request.manifest
        ))),
        Mode::Apply if expected.is_none() => Ok(()),
        Mode::Apply => Input::read(Path::new(request.manifest.as_str()))?.expect(expected),
    }
}
