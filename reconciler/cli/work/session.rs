//! What makes a call a run: its name, its user, and its lock.

use std::path::Path;

use reconcile_core::Goal;
use reconcile_hosts::{Lock, LockError};
use reconcile_schema::{Period, RunId, ServerName};

use crate::manifest::{diagnostic::escape, input::Input, problem::Problem};
use crate::work::site::{Site, lab_path, lock_path};
use crate::work::{audience::Say, clock::now, interrupt::wait};

/// A name that no other run on this machine has.
pub fn run_name() -> String {
    format!("{}-{}", now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"), std::process::id())
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

/// Checks that nobody works on the servers at this moment. A command that only observes a server takes no lock, so a run
/// may begin meanwhile.
///
/// # Errors
/// When a run does.
pub fn nobody_acts(input: &Input) -> Result<(), Problem> {
    let path = lock_path(input)?;
    let held = |holder| Err(Problem::another_run(LockError::Held { path: path.clone(), holder: Some(holder) }));
    Lock::holder(&path).map_or(Ok(()), held)
}

/// How often a lock that another run holds is tried again.
const AGAIN: Period = Period::seconds(1);

/// How long a run waits for the end of another one.
#[derive(Clone, Copy)]
pub struct Patience {
    pub most: Period,
    /// Says that it waits, and for whom.
    pub say: Say,
}

impl Patience {
    /// Another run is reported at once.
    pub const NONE: Self = Self { most: Period::seconds(0), say: |_| {} };
}

/// The servers that can be reached, for a run that works on them: nobody else does until the lock is released.
///
/// # Errors
/// As [`Site::open`] and [`lock`].
pub fn opened(
    input: &Input,
    only: &[ServerName],
    run: &RunId,
    patience: Patience,
) -> Result<(Site, Vec<Goal>, Lock), Problem> {
    // Errors in a manifest are reported even while somebody else works. A machine is observed when it is worked on; a lab is
    // read here, and another run may change it until the lock is ours.
    Site::open_once(input, only, || lock(input, run, patience))
}

/// Allows one run at a time: in a lab for all its servers, otherwise for this machine.
///
/// # Errors
/// When another run still holds the lock after that time, or it cannot be used.
pub fn lock(input: &Input, run: &RunId, patience: Patience) -> Result<Lock, Problem> {
    lock_at(&lock_path(input)?, run, patience)
}

/// The same with the lock at this path.
///
/// # Errors
/// As [`lock`].
pub fn lock_at(path: &Path, run: &RunId, patience: Patience) -> Result<Lock, Problem> {
    let who = format!("run {} of {}, process {}", run.0, user(), std::process::id());
    let waits = |holder: &str| {
        tracing::info!(holder, "waits for another run");
        // Another account may have written the note of the lock.
        let holder = escape(holder);
        (patience.say)(&format!("waiting up to {} for another run to end: {holder}", patience.most));
    };
    let taken = taken(patience.most, || Lock::take(path, &who), |period| wait(period.into()), waits);
    taken.map_err(|error| match error {
        LockError::Held { .. } => Problem::another_run(error),
        LockError::Unusable { .. } => Problem::failed(error),
    })
}

/// What `take` gets once nobody else holds it, after at most this time. `waits` receives the holder, once.
fn taken<T>(
    most: Period,
    mut take: impl FnMut() -> Result<T, LockError>,
    mut pause: impl FnMut(Period),
    waits: impl FnOnce(&str),
) -> Result<T, LockError> {
    let (mut waits, mut waited) = (Some(waits), Period::default());
    loop {
        match take() {
            Err(LockError::Held { holder, .. }) if waited < most => {
                let holder = holder.as_deref().unwrap_or("who it is cannot be read");
                waits.take().into_iter().for_each(|waits| waits(holder));
                pause(AGAIN);
                waited = waited + AGAIN;
            }
            ended => return ended,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Tries to take a lock that its holder releases after this many seconds; returns how it ended, the seconds that were waited,
    /// and who was waited for.
    fn tried(most: Period, releases: u32) -> (bool, u32, Vec<String>) {
        let passed = std::cell::Cell::new(0);
        let held = || LockError::Held { path: PathBuf::from("lock"), holder: Some("run 7".into()) };
        let take = || if passed.get() < releases { Err(held()) } else { Ok(()) };
        let mut told = Vec::new();
        let pause = |period: Period| passed.set(passed.get() + period.as_seconds());
        let ended = taken(most, take, pause, |holder| told.push(holder.to_owned()));
        (ended.is_ok(), passed.get(), told)
    }

    #[test]
    fn a_run_waits_for_another_one_and_not_for_ever() {
        let two = Period::minutes(2);
        assert_eq!(tried(two, 0), (true, 0, vec![]));
        assert_eq!(tried(two, 7), (true, 7, vec!["run 7".to_owned()]));
        assert_eq!(tried(two, 120), (true, 120, vec!["run 7".to_owned()]));
        assert_eq!(tried(two, 121), (false, 120, vec!["run 7".to_owned()]));
        assert_eq!(tried(Period::default(), 1), (false, 0, vec![]));
    }

    #[test]
    fn a_lock_that_cannot_be_used_is_not_waited_for() {
        let broken = || -> Result<(), LockError> {
            Err(LockError::Unusable { path: PathBuf::from("lock"), cause: std::io::Error::other("no folder") })
        };
        let error = taken(Period::minutes(2), broken, |_| unreachable!("nothing would change"), |_| {}).unwrap_err();
        assert!(error.to_string().contains("no folder"), "{error}");
    }
}
