//! The lock: one run at a time per host. It is free as soon as its holder has ended, for whatever reason.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// How long the holder of the lock waits until it can show that it is at work: a program that asks is in its way for
/// some milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

use crate::plain::ours;

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(
        "another run holds the lock {}: {}; it is free as soon as that run ends, however it ends: nothing has to be removed by hand",
        path.display(), holder.as_deref().unwrap_or("who it is cannot be read")
    )]
    Held {
        path: PathBuf,
        /// How the holder describes its run, in the note next to the lock; nothing where the note cannot be read.
        holder: Option<String>,
    },
    /// The operating system refused.
    #[error("cannot take the lock {}: {cause}; make sure that its folder exists and that this account may write there", path.display())]
    Unusable {
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// The lock of a host, held until it is dropped or its process ends.
#[derive(Debug)]
pub struct Lock {
    note: PathBuf,
    file: File,
    /// Shows to programs that only ask that a run is at work. They may share this file for a moment, but they never
    /// touch the lock itself, so that no question makes a run fail.
    at_work: File,
}

impl Lock {
    /// Takes the lock `path`, or reports its holder at once. `who` describes this run to others: run, user, process,
    /// since when; nothing is written where it is empty.
    ///
    /// # Errors
    /// When another run holds it, or the file cannot be used.
    pub fn take(path: &Path, who: &str) -> Result<Self, LockError> {
        Self::take_within(PATIENCE, path, who)
    }

    fn take_within(patience: Duration, path: &Path, who: &str) -> Result<Self, LockError> {
        let note = note_of(path);
        let taken = open(path).map_err(TryLockError::Error).and_then(|file| file.try_lock().map(|()| file));
        // The holder of the lock waits only for programs that ask, and not for one that keeps the file.
        let at_work =
            || open(&at_work(path)).map_err(TryLockError::Error).and_then(|file| locked_within(patience, file));
        match taken.and_then(|file| Ok((file, at_work()?))) {
            Ok((file, at_work)) => {
                if !who.is_empty() {
                    // A new file: a note that is still there may be a link to the file of somebody else.
                    let _ = std::fs::remove_file(&note);
                    let new = File::create_new(&note);
                    let _ = new.and_then(|mut file| file.write_all(who.as_bytes())); // For people only.
                }
                Ok(Self { note, file, at_work })
            }
            Err(TryLockError::Error(cause)) if !is_sharing_violation(&cause) => {
                Err(LockError::Unusable { path: path.to_owned(), cause })
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {
                Err(LockError::Held { path: path.to_owned(), holder: holder(&note) })
            }
        }
    }

    /// What the holder of the lock wrote about itself, if there is one. This question keeps nobody from taking the
    /// lock.
    #[must_use]
    pub fn holder(path: &Path) -> Option<String> {
        let at_work = at_work(path);
        let held = match ours(&at_work).and_then(|()| OpenOptions::new().read(true).open(&at_work)) {
            Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
            Err(error) => is_sharing_violation(&error),
        };
        held.then(|| holder(&note_of(path)).unwrap_or_else(|| "a run that does not say who it is".into()))
    }
}

/// The second lock of the holder, for programs that ask.
fn at_work(path: &Path) -> PathBuf {
    path.with_added_extension("at-work")
}

/// The path of the holder's note: next to the lock, since on Windows nobody can read a locked file.
fn note_of(path: &Path) -> PathBuf {
    path.with_added_extension("holder")
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.note); // Removed while we hold the lock, because the next note is not ours.
        let _ = self.at_work.unlock();
        let _ = self.file.unlock(); // Closing is not enough while a child process that is being started shares the file.
    }
}

/// Locks a file, if that succeeds in time. The system's own wait is used: between many programs that ask, a wait with
/// pauses would rarely find the file free. It cannot be ended, so a thread of its own waits, which ends with this process
/// at the latest.
fn locked_within(patience: Duration, file: File) -> Result<File, TryLockError> {
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {}
        Err(error) => return Err(error),
    }
    let (locks, locked) = mpsc::channel();
    std::thread::spawn(move || locks.send(file.lock().map(|()| file)));
    match locked.recv_timeout(patience) {
        Ok(locked) => locked.map_err(TryLockError::Error),
        Err(_) => Err(TryLockError::WouldBlock),
    }
}

fn open(path: &Path) -> io::Result<File> {
    ours(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(windows)]
    {
        // For reading and writing, but not for deleting: after a deletion there would be two locks.
        std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0x1 | 0x2);
    }
    options.open(path)
}

/// Whether somebody has the file open without sharing it (Win32 `ERROR_SHARING_VIOLATION`).
pub(crate) fn is_sharing_violation(error: &io::Error) -> bool {
    cfg!(windows) && error.raw_os_error() == Some(32)
}

fn holder(note: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    ours(note).and_then(|()| File::open(note)?.take(1024).read_to_end(&mut bytes)).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_second_run_is_told_who_holds_it_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path, "run 7 of CONTOSO\\admin since 2026-03-01T21:00:00Z").unwrap();
        let error = Lock::take(&path, "run 8").unwrap_err().to_string();
        assert_eq!(Lock::holder(&path).as_deref(), Some("run 7 of CONTOSO\\admin since 2026-03-01T21:00:00Z"));
        assert!(error.contains("run 7 of CONTOSO\\admin since 2026-03-01T21:00:00Z"), "{error}");
        assert!(error.contains("nothing has to be removed by hand"), "{error}");
        drop(first);
        assert_eq!(Lock::holder(&path), None);
        drop(Lock::take(&path, "run 8").unwrap());
        assert!(!folder.path().join("lock.holder").exists());
    }

    #[test]
    fn a_note_that_cannot_be_read_hides_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _held = Lock::take(&path, "").unwrap();
        let error = Lock::take(&path, "run 8").unwrap_err();
        assert!(matches!(error, LockError::Held { holder: None, .. }), "{error}");
        assert!(error.to_string().contains("who it is cannot be read"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn the_note_of_the_holder_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, theirs) = (folder.path().join("lock"), folder.path().join("theirs"));
        std::fs::write(&theirs, "years of work").unwrap();
        std::os::unix::fs::symlink(&theirs, folder.path().join("lock.holder")).unwrap();
        let held = Lock::take(&path, "run 7").unwrap();
        assert_eq!(Lock::holder(&path).as_deref(), Some("run 7"));
        drop(held);
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "years of work");
    }

    #[test]
    fn a_lock_that_cannot_be_opened_is_not_called_held() {
        let folder = tempfile::tempdir().unwrap();
        let error = Lock::take(&folder.path().join("missing").join("lock"), "run 8").unwrap_err();
        assert!(matches!(error, LockError::Unusable { .. }), "{error}");
    }

    #[test]
    #[cfg(windows)]
    fn a_held_lock_cannot_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _held = Lock::take(&path, "run 7").unwrap();
        std::fs::remove_file(&path).unwrap_err();
    }

    #[test]
    fn a_question_for_the_holder_keeps_nobody_from_taking_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        drop(Lock::take(&path, "the first").unwrap());
        let (ends, asked) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while ends.load(Ordering::SeqCst) == 0 {
                        asked.fetch_add(u32::from(Lock::holder(&path).is_some()), Ordering::SeqCst);
                        std::thread::yield_now(); // Under Wine, questions without a pause let nobody else ask the server.
                    }
                });
            }
            for _ in 0..500 {
                drop(Lock::take(&path, "a run").unwrap());
            }
            ends.store(1, Ordering::SeqCst);
        });
        assert_eq!(Lock::holder(&path), None);
    }

    #[test]
    fn a_program_that_keeps_the_second_file_does_not_make_a_run_wait_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let kept = open(&at_work(&path)).unwrap();
        kept.lock().unwrap();
        let error = Lock::take_within(Duration::ZERO, &path, "a run").unwrap_err();
        assert!(matches!(error, LockError::Held { holder: None, .. }), "{error}");
        drop(kept);
        Lock::take(&path, "a run").unwrap();
    }

    #[test]
    fn of_many_takers_one_at_a_time_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let (inside, taken) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let Ok(_held) = Lock::take(&path, "a racer") else { continue };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }

    /// The lock of the process that is killed; set by the test that starts it.
    const HELD: &str = "RECONCILE_TEST_LOCK";

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the child is this test program itself")]
    fn the_lock_of_a_killed_process_is_free_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        for _ in 0..20 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "lock::tests::holds_the_lock_until_killed", "--ignored", "--nocapture"])
                .env(HELD, &path)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(said.any(|line| line.unwrap().contains("holding")), "the child did not get the lock");
            let error = Lock::take(&path, "the parent").unwrap_err().to_string();
            assert!(error.contains("the child"), "{error}");
            child.kill().unwrap();
            child.wait().unwrap();
            Lock::take(&path, "the parent").unwrap();
        }
    }

    #[test]
    #[ignore = "run by the test above, in a process of its own"]
    fn holds_the_lock_until_killed() {
        let Some(path) = std::env::var_os(HELD) else { return };
        let _held = Lock::take(Path::new(&path), "the child").unwrap();
        println!("holding");
        io::stdin().read_to_end(&mut Vec::new()).unwrap(); // Ends with the parent process, even if that fails.
    }
}
