//! A run by the scheduled task: nobody is asked, and everything is reported.

use std::path::Path;

use reconcile_schema::Mode;

use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::work::unattended::reporter::{Reporter, complain, not_run, now};
use crate::work::{rescue::rescued, unattended::events::Events};

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
    let input = admitted(manifest).map_err(rescued).inspect_err(|problem| {
        // Its declaration of reports is unknown, so the default target is used.
        let line = not_run(problem, now());
        if let Err(error) = Events::by_default().write(&line) {
            complain("the event", &error);
        }
    })?;
    let reporter = Reporter::begin(mode, &input, verbose);
    let ended = work(&input, &reporter).map_err(rescued);
    if let Err(problem) = &ended {
        reporter.tell(&not_run(problem, now()));
    }
    reporter.finish();
    ended
}

/// The manifest, if it may be applied without a person who has read it.
fn admitted(manifest: &Path) -> Result<Input, Problem> {
    // Anyone who can write it could have anything done here with the rights of the task.
    #[cfg(windows)]
    reconcile_hosts::windows::trusted(manifest).map_err(Problem::untrusted)?;
    Input::read(manifest)
}
