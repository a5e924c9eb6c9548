//! The record of the last unattended run: it began, and it ended like this. No decision reads it.
//!
//! A run holds a lock of its own while it is at work. The lock is free as soon as its process has ended, so a run that was
//! cut off is not taken for one that goes on.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reconcile_hosts::Lock;
#[cfg(any(windows, test))]
use reconcile_schema::Period;
use reconcile_schema::{Mode, REPORT_VERSION, RunId, UnattendedRun};

use crate::manifest::{exit::Exit, problem::Problem};
use crate::work::unattended::kept;

/// An unattended run that is at work.
pub struct Record {
    path: PathBuf,
    run: UnattendedRun,
    /// Held until the run has ended.
    _at_work: Lock,
}

impl Record {
    /// Records that a run begins.
    ///
    /// # Errors
    /// When the file cannot be written, or another unattended run is at work: its record stays.
    pub fn begin(path: PathBuf, mode: Mode, run: RunId, began: Timestamp) -> Result<Self, String> {
        // The record itself says which run it is.
        let at_work = Lock::take(&lock(&path), "").map_err(|error| error.to_string())?;
        let run = UnattendedRun {
            version: REPORT_VERSION,
            run,
            mode,
            began,
            going: false,
            ended: None,
            exit_code: None,
            code: None,
            outcome: None,
        };
        kept::write(&path, &run)?;
        Ok(Self { path, run, _at_work: at_work })
    }

    /// Records how it ended.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end(self, ended: &Result<Exit, Problem>, at: Timestamp) -> Result<(), String> {
        let (exit, problem) = match ended {
            Ok(exit) => (*exit, None),
            Err(problem) => (problem.exit(), Some(problem)),
        };
        let (code, outcome) = (problem.map(Problem::code), problem.map(Problem::text));
        let (ended, exit_code) = (Some(at), Some(exit.code()));
        kept::write(&self.path, &UnattendedRun { ended, exit_code, code, outcome, ..self.run })
    }
}

/// The record at `path`, if there is one.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Option<UnattendedRun>, String> {
    loop {
        let run = match kept::read::<UnattendedRun>(path)? {
            Some(run) if run.ended.is_none() => run,
            ended => return Ok(ended),
        };
        let going = Lock::holder(&lock(path)).is_some();
        // A run that has ended, or begun, while the lock was asked has recorded that first.
        if kept::read(path)?.as_ref() == Some(&run) {
            return Ok(Some(UnattendedRun { going, ..run }));
        }
    }
}

/// The run of `apply` that began after the one that was last `before`, once it is recorded; nothing if that takes too long.
///
/// # Errors
/// When the record cannot be read.
#[cfg(any(windows, test))]
pub fn begun(
    before: Option<&RunId>,
    most: Period,
    mut read: impl FnMut() -> Result<Option<UnattendedRun>, String>,
    mut pause: impl FnMut(Period),
) -> Result<Option<RunId>, String> {
    const AGAIN: Period = Period::seconds(1);
    let mut waited = Period::default();
    loop {
        let applies = read()?.filter(|found| found.mode == Mode::Apply);
        match applies.map(|found| found.run).filter(|run| Some(run) != before) {
            Some(run) => return Ok(Some(run)),
            None if waited >= most => return Ok(None),
            None => pause(AGAIN),
        }
        waited = waited + AGAIN;
    }
}

fn lock(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn run(name: &str) -> RunId {
        RunId(name.into())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_run_goes_on_until_it_has_ended_or_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unattended.json");
        assert_eq!(read(&path).unwrap(), None);
        let record = Record::begin(path.clone(), Mode::Apply, run("first"), at(1)).unwrap();
        let seen = read(&path).unwrap().unwrap();
        assert_eq!((seen.run, seen.going, seen.ended), (run("first"), true, None));
        let second = Record::begin(path.clone(), Mode::Apply, run("at the same time"), at(2));
        assert!(second.is_err_and(|error| error.contains("another run holds the lock")));
        record.end(&Err(Problem::another_run("another run holds the lock")), at(5)).unwrap();
        let seen = read(&path).unwrap().unwrap();
        assert_eq!((seen.going, seen.ended, seen.exit_code), (false, Some(at(5)), Some(3)));
        assert_eq!(seen.outcome.as_deref(), Some("another run holds the lock"));

        drop(Record::begin(path.clone(), Mode::Observe, run("second"), at(9)).unwrap());
        let seen = read(&path).unwrap().unwrap();
        assert_eq!((seen.run, seen.going, seen.ended), (run("second"), false, None));
    }

    #[test]
    fn the_run_that_begins_is_another_one_than_before() {
        let recorded = |name: &str| UnattendedRun {
            version: 1,
            run: run(name),
            mode: if name == "look" { Mode::Observe } else { Mode::Apply },
            began: at(0),
            going: true,
            ended: None,
            exit_code: None,
            code: None,
            outcome: None,
        };
        let most = Period::minutes(2);
        let seen = |before: Option<&str>, after: u32| {
            let passed = std::cell::Cell::new(0);
            let read = || match passed.get() >= after {
                true => Ok(Some(recorded("new"))),
                false if passed.get() > 0 => Ok(Some(recorded("look"))), // Somebody observes meanwhile.
                false => Ok(before.map(recorded)),
            };
            let pause = |period: Period| passed.set(passed.get() + period.as_seconds());
            (begun(before.map(run).as_ref(), most, read, pause).unwrap(), passed.get())
        };
        assert_eq!(seen(None, 0), (Some(run("new")), 0));
        assert_eq!(seen(Some("old"), 3), (Some(run("new")), 3));
        assert_eq!(seen(Some("old"), 120), (Some(run("new")), 120));
        assert_eq!(seen(Some("old"), 121), (None, 120), "it is not waited for for ever");
    }
}
