//! What makes a call a run: its name, its user, and its lock.

use reconcile_core::Goal;
use reconcile_hosts::{Lock, LockError};
use reconcile_schema::{RunId, ServerName};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::site::{Site, lab_path, lock_path};

/// A name that no other run on this machine has.
#[expect(clippy::disallowed_methods, reason = "the edge gives the run its name")]
pub fn run_name() -> String {
    format!("{}-{}", jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"), std::process::id())
}

/// The user of this run, for the journal and for a second run.
pub fn user() -> String {
    // On Windows, the system reports it: a variable contains what somebody wrote there.
    #[cfg(windows)]
    if let Ok(name) = reconcile_hosts::windows::user() {
        return name;
    }
    let name = ["USERNAME", "USER"].into_iter().find_map(|name| std::env::var(name).ok());
    name.unwrap_or_else(|| "unknown".into())
}

/// Traces entries of the private folder that were not ours, for the log of unattended runs. A person reads about them
/// at the end.
pub fn trace_moved() {
    #[cfg(windows)]
    for moved in reconcile_hosts::windows::moved_aside() {
        tracing::warn!("{moved}");
    }
}

/// On a real server the program must be in a place where only administrators can write: otherwise anyone could replace
/// it, or have Windows load a library of theirs into it. A lab may be tried from anywhere.
///
/// # Errors
/// When others can change it.
pub fn safe_program(input: &Input) -> Result<(), Problem> {
    if lab_path(input).is_some() {
        return Ok(());
    }
    #[cfg(windows)]
    reconcile_hosts::windows::program_is_safe()
        .map_err(|error| Problem::untrusted(format!("reconcile does not work on a server from here: {error}")))?;
    Ok(())
}

/// Checks that nobody works on the servers at this moment. A command that only observes takes no lock, so a run may
/// begin meanwhile.
///
/// # Errors
/// When a run does.
pub fn nobody_acts(input: &Input) -> Result<(), Problem> {
    let path = lock_path(input)?;
    let held = |holder| Err(Problem::another_run(LockError::Held { path: path.clone(), holder: Some(holder) }));
    Lock::holder(&path).map_or(Ok(()), held)
}

/// The servers that can be reached, for a run that works on them: nobody else does until the lock is released.
///
/// # Errors
/// As [`Site::open`] and [`lock`].
pub fn opened(input: &Input, only: &[ServerName], run: &RunId) -> Result<(Site, Vec<Goal>, Lock), Problem> {
    let seen = Site::open(input, only)?; // Errors in a manifest are reported even while somebody else works.
    let lock = lock(input, run)?;
    // A machine is observed when it is worked on. A lab was read already, and another run may have changed it before
    // the lock was ours.
    let (site, goals) = if seen.0.is_lab() { Site::open(input, only)? } else { seen };
    Ok((site, goals, lock))
}

/// Allows one run at a time: in a lab for all its servers, otherwise for this machine.
///
/// # Errors
/// When another run holds the lock, or it cannot be used.
pub fn lock(input: &Input, run: &RunId) -> Result<Lock, Problem> {
    let who = format!("run {} of {}, process {}", run.0, user(), std::process::id());
    Lock::take(&lock_path(input)?, &who).map_err(|error| match error {
        LockError::Held { .. } => Problem::another_run(error),
        LockError::Unusable { .. } => Problem::failed(error),
    })
}
