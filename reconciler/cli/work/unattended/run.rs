//! A run by the scheduled task: nobody is asked, and everything is reported.

use std::path::Path;

use reconcile_schema::{Mode, RunId};

use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::work::unattended::reporter::{Reporter, complain, not_run};
use crate::work::unattended::{events::Events, record::Record};
use crate::work::{clock::now, rescue::rescued, session::run_name, site};

/// Runs `work` as the scheduled task does. Nobody is asked, and everything is reported as the manifest declares,
/// including an early end.
///
/// # Errors
/// The errors of `work`, and a manifest that cannot be used.
pub fn run(
    mode: Mode,
    manifest: &Path,
    verbose: bool,
    work: impl FnOnce(&Input, &Reporter) -> Result<Exit, Problem>,
) -> Result<Exit, Problem> {
    // A task that only observes does not start services that a run has stopped.
    let rescued = |problem| if mode == Mode::Apply { rescued(problem, manifest) } else { problem };
    let (run, admitted) = (RunId(run_name()), admitted(manifest));
    let record = recorded(mode, &run, admitted.as_ref().ok());
    let ended = match admitted.map_err(rescued) {
        Ok(input) => {
            let reporter = Reporter::begin(mode, run, &input, verbose);
            let ended = work(&input, &reporter).map_err(rescued);
            if let Err(problem) = &ended {
                reporter.tell(&not_run(problem, now()));
            }
            reporter.finish();
            ended
        }
        Err(problem) => {
            // Its declaration of reports is unknown, so the default target is used.
            let line = not_run(&problem, now());
            if let Err(error) = Events::by_default().write(&line) {
                complain("the event", &error);
            }
            Err(problem)
        }
    };
    if let Some(Err(error)) = record.map(|record| record.end(&ended, now())) {
        complain("the end of the run", &error);
    }
    ended
}

/// The record of the run, for anyone who follows it. A run without a record still does its work.
fn recorded(mode: Mode, run: &RunId, input: Option<&Input>) -> Option<Record> {
    let place = match input {
        Some(input) => site::unattended(input),
        // Only a lab keeps it elsewhere, and nobody starts a lab's run by the Task Scheduler.
        #[cfg(windows)]
        None => site::unattended_here(),
        #[cfg(not(windows))]
        None => return None,
    };
    let begun = place.map_err(|problem| problem.text());
    let begun = begun.and_then(|place| Record::begin(place, mode, run.clone(), now()));
    begun.inspect_err(|error| complain("the beginning of the run", error)).ok()
}

/// The manifest, if it may be applied without a person who has read it.
fn admitted(manifest: &Path) -> Result<Input, Problem> {
    // Anyone who can write it could have anything done here with the rights of the task.
    #[cfg(windows)]
    reconcile_hosts::windows::trusted(manifest).map_err(Problem::untrusted)?;
    Input::read(manifest)
}
