//! The record of a command that outlives its run: its order, its process, and its end.
//!
//! The run creates it and passes it to the watcher as an open file. Each of the two keeps it open while it lives, so
//! that other programs can see whether the command is at work, at every moment from before its start to after its end.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reconcile_schema::{RunId, Step};
use serde::{Deserialize, Serialize};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_DELETE_PENDING, ERROR_SHARING_VIOLATION};
use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;

use super::clock::wait;
use super::handle::lives;
use super::win32::Win32Error;
use crate::plain::read_plain;

/// The file name of the record, in the private folder.
const NAME: &str = "at-work.jsonl";

/// The largest record that is read: an order has some hundred bytes, so a larger file is none of ours.
const LARGEST: u64 = 1 << 20;

/// How often, and after what pause, a record is begun again while another program reads the last one: that takes some
/// milliseconds.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// The order to a watcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub run: RunId,
    pub step: Step,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// The file that it reads, if any.
    pub input: Option<PathBuf>,
    /// After how many seconds it is ended; without a number, never.
    pub limit: Option<u64>,
    /// The folder of its logs.
    pub folder: PathBuf,
    /// The private folder.
    pub private: PathBuf,
}

/// A line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Entry {
    /// The order of the run.
    Ordered(Box<Order>),
    /// The command runs as this process.
    Started {
        /// Its number.
        pid: u32,
        /// When it was created.
        created: u64,
    },
    Ended(End),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// By itself, with this code.
    Exited(u32),
    /// By its watcher, at its time limit.
    TimedOut,
    /// It never began, for this reason.
    NotStarted(String),
}

/// The content of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub order: Order,
    /// Its process, and when that was created.
    pub started: Option<(u32, u64)>,
    pub end: Option<End>,
    /// Whether it is at work.
    pub at_work: bool,
}

/// A record that is being written.
#[derive(Debug)]
pub struct Record(File);

impl Record {
    /// Begins the record of an order. While it is open, here or in a watcher, nobody else can write it.
    ///
    /// # Errors
    /// When it cannot be written, or another command of ours is at work.
    pub fn begin(order: &Order) -> io::Result<Self> {
        let mut left = TRIES;
        Self::begin_again(order, &mut || {
            wait(PAUSE);
            left = left.saturating_sub(1);
            left > 0
        })
    }

    /// The same. Services may be down by now, so a program that asks at this moment (see [`last`]) may not make the
    /// installation fail. `pause` lets a moment pass and reports whether to try again.
    fn begin_again(order: &Order, pause: &mut dyn FnMut() -> bool) -> io::Result<Self> {
        let (mut options, path) = (OpenOptions::new(), place(&order.private));
        options.read(true).write(true).create(true).truncate(true).share_mode(FILE_SHARE_READ);
        let file = loop {
            match options.open(&path) {
                Err(error) if is_read(&error) && pause() => {}
                opened => break opened?,
            }
        };
        let mut record = Self(file);
        record.add(&Entry::Ordered(Box::new(order.clone())))?;
        Ok(record)
    }

    /// The record that a run has begun.
    pub const fn of(file: File) -> Self {
        Self(file)
    }

    /// Adds a line; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, entry: &Entry) -> io::Result<()> {
        // At the end of the file and not at the handle's position, which run and watcher share.
        let (line, mut at) = (format!("{}\r\n", serde_json::to_string(entry)?), self.0.metadata()?.len());
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            let written = self.0.seek_write(rest, at)?;
            rest = rest.get(written..).unwrap_or_default();
            at += written as u64;
        }
        self.0.sync_data()
    }

    /// Its content.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> io::Result<Option<Recorded>> {
        let (mut text, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let read = self.0.seek_read(&mut part, text.len() as u64)?;
            text.extend_from_slice(part.get(..read).unwrap_or_default());
            if read == 0 {
                return Ok(understood(&String::from_utf8_lossy(&text), true));
            }
        }
    }

    pub const fn file(&self) -> &File {
        &self.0
    }
}

/// Whether another program may have the file open for a moment. One that was removed meanwhile goes when it is closed;
/// until then Windows denies access to it.
fn is_read(error: &io::Error) -> bool {
    matches!(Win32Error::of(error).0, ERROR_SHARING_VIOLATION | ERROR_DELETE_PENDING | ERROR_ACCESS_DENIED)
}

/// The content of the last record, if there is one that can be read.
pub fn last(private: &Path) -> Option<Recorded> {
    let path = place(private);
    let held = match OpenOptions::new().write(true).open(&path) {
        Ok(_) => false,
        Err(error) => error.raw_os_error() == Some(ERROR_SHARING_VIOLATION.cast_signed()),
    };
    let mut recorded = understood(std::str::from_utf8(&read_plain(&path, LARGEST).ok()?).ok()?, held)?;
    // A watcher may have been ended before its command. Services do not stay down for one that nobody knows to be at work.
    let lives = |(pid, created)| lives(pid, created).unwrap_or(false);
    recorded.at_work |= recorded.end.is_none() && recorded.started.is_some_and(lives);
    Some(recorded)
}

/// Removes the last record, because another attempt follows.
pub fn forget(private: &Path) {
    let _ = std::fs::remove_file(place(private)); // If there is none, or it is in use, nothing is lost.
}

fn place(private: &Path) -> PathBuf {
    private.join(NAME)
}

/// The lines of a record, up to one that was interrupted.
fn understood(text: &str, held: bool) -> Option<Recorded> {
    let mut lines = text.lines().map_while(|line| serde_json::from_str::<Entry>(line).ok());
    let Some(Entry::Ordered(order)) = lines.next() else { return None };
    let mut recorded = Recorded { order: *order, started: None, end: None, at_work: held };
    for entry in lines {
        match entry {
            Entry::Ordered(_) => return None,
            Entry::Started { pid, created } => recorded.started = Some((pid, created)),
            Entry::Ended(end) => (recorded.end, recorded.at_work) = (Some(end), false),
        }
    }
    Some(recorded)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::super::handle::Process;
    use super::*;

    fn order(private: &Path) -> Order {
        Order {
            run: RunId("run 1".into()),
            step: Step::Install,
            program: r"C:\private\installer.exe".into(),
            arguments: vec!["/silentmode".into()],
            input: None,
            limit: None,
            folder: r"C:\private\logs\install".into(),
            private: private.to_owned(),
        }
    }

    #[test]
    fn a_record_tells_from_before_the_start_to_after_the_end() {
        let private = tempfile::tempdir().expect("a folder");
        assert_eq!(last(private.path()), None);
        let order = order(private.path());
        let mut record = Record::begin(&order).expect("begun");
        let seen = || last(private.path()).expect("readable");
        let (started, end) = (None, None);
        assert_eq!(seen(), Recorded { order: order.clone(), started, end, at_work: true });
        assert!(Record::begin_again(&order, &mut || false).is_err(), "one command at a time");

        record.add(&Entry::Started { pid: 0, created: 7 }).expect("written");
        assert_eq!((seen().started, seen().at_work), (Some((0, 7)), true));
        record.add(&Entry::Ended(End::Exited(3010))).expect("written");
        assert_eq!((seen().end, seen().at_work), (Some(End::Exited(3010)), false));
        drop(record);
        assert_eq!(seen().end, Some(End::Exited(3010)));
        forget(private.path());
        assert_eq!(last(private.path()), None);
    }

    #[test]
    fn a_watcher_that_is_gone_leaves_a_command_that_lives_or_an_end_that_nobody_saw() {
        let private = tempfile::tempdir().expect("a folder");
        let mut record = Record::begin(&order(private.path())).expect("begun");
        let (created, _) = Process::open(std::process::id()).and_then(|own| own.times()).expect("we live");
        record.add(&Entry::Started { pid: std::process::id(), created }).expect("written");
        drop(record);
        assert!(last(private.path()).expect("readable").at_work, "its process lives");

        let mut record = Record::begin(&order(private.path())).expect("begun");
        record.add(&Entry::Started { pid: std::process::id(), created: created - 1 }).expect("written");
        drop(record);
        let seen = last(private.path()).expect("readable");
        assert_eq!((seen.at_work, seen.end), (false, None), "its number is another one's");
    }

    #[test]
    fn a_question_at_this_moment_does_not_make_a_command_fail() {
        let private = tempfile::tempdir().expect("a folder");
        let order = order(private.path());
        drop(Record::begin(&order).expect("begun"));
        let question = || OpenOptions::new().write(true).open(place(private.path())).expect("open");
        let mut asks = Some(question());
        Record::begin_again(&order, &mut || asks.take().is_some()).expect("begun after it");
        let _asks = question();
        let mut tries = 3;
        let error = Record::begin_again(&order, &mut || {
            tries -= 1;
            tries > 0
        });
        assert_eq!(error.expect_err("held").raw_os_error(), Some(ERROR_SHARING_VIOLATION.cast_signed()));
        assert_eq!(tries, 0);
    }

    #[test]
    fn a_file_that_is_too_large_for_a_record_is_not_read() {
        let private = tempfile::tempdir().expect("a folder");
        drop(Record::begin(&order(private.path())).expect("begun"));
        assert!(last(private.path()).is_some());
        let file = OpenOptions::new().write(true).open(place(private.path())).expect("open");
        file.set_len(LARGEST + 1).expect("grown");
        drop(file);
        assert_eq!(last(private.path()), None);
    }

    #[test]
    fn a_line_that_was_cut_off_says_nothing() {
        let private = tempfile::tempdir().expect("a folder");
        drop(Record::begin(&order(private.path())).expect("begun"));
        let mut text = std::fs::read_to_string(place(private.path())).expect("readable");
        text.push_str(r#"{"ended":{"exi"#);
        std::fs::write(place(private.path()), text).expect("written");
        assert_eq!(last(private.path()).expect("readable").end, None);
    }
}
