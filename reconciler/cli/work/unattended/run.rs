//! A run as the scheduled task does it: nobody is asked, and what happens is reported.

use std::path::Path;

use reconcile_schema::Mode;

use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::work::unattended::reporter::{Reporter, complain, not_run, now};
use crate::work::{rescue::rescued, unattended::events::Events};

/// Runs `work` as the scheduled task does: nobody is asked, and what happens is reported as the manifest says, also what
/// ends it early.
///
/// # Errors
/// Those of `work`, and a manifest that cannot be used.
pub fn run(
    mode: Mode,
    manifest: &Path,
    verbose: bool,
    work: impl FnOnce(&Input, &Reporter) -> Result<Exit, Problem>,
) -> Result<Exit, Problem> {
    // What a run has stopped is not for one that only looks.
    let rescued = |problem| if mode == Mode::Apply { rescued(problem, manifest) } else { problem };
    let input = admitted(manifest).map_err(rescued).inspect_err(|problem| {
        // What it says of reports is not known, so it is told where they go by default.
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

/// The manifest, where it may be run without a person who has looked at it.
fn admitted(manifest: &Path) -> Result<Input, Problem> {
    // Anyone who can write it could have anything done here with the rights of the task.
    #[cfg(windows)]
    reconcile_hosts::windows::trusted(manifest).map_err(Problem::untrusted)?;
    Input::read(manifest)
}
