//! The journal: what cannot be observed later, as checksummed lines that are only ever appended to.
//!
//! A line is JSON that a person can read; its last field holds the CRC-32 of everything before that field. A checksum
//! against accidents (torn writes, bad sectors, editors) is enough: who may write here may also run the product.
//! Lines end as Notepad on the older servers expects it.
//!
//! A damaged line stays where it is, and the lines around it count. So every reader of the journal sees the damage, until an
//! entry behind it says that somebody has acknowledged it: no moment exists in which a kill could hide it. Only what an append
//! leaves that was cut off is removed, since nobody was told that it was written.

mod compaction;
mod error;
mod folded;
mod lines;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reconcile_schema::{Mark, Marks, RunId};

use self::compaction::{Compacted, Replaced};
pub use self::error::JournalError;
use self::folded::{Folded, load, read_all};
use self::lines::{Entry, Line, Piece, line, pieces};

/// A journal that has grown beyond this, in bytes, is compacted when it is opened.
const GROWN: u64 = 512 << 10;

/// How much of its end a compacted journal keeps as it was written, in bytes: some hundred runs.
const KEPT: usize = 256 << 10;

/// How many damaged pieces of a journal are kept.
const DAMAGED: u32 = 10;

/// The journal of one host, open for a run that acts.
#[derive(Debug)]
pub struct Journal {
    folded: Folded,
    /// None where nothing outlives the process.
    disk: Option<Disk>,
}

impl Journal {
    /// Opens a journal and creates it, with its folder, where it is missing.
    ///
    /// Every intact line in its place counts; what cannot be read is told by [`marks`](Self::marks).
    ///
    /// # Errors
    /// It cannot be opened or read, it is too large, or a newer version wrote it. Damage is no error.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::open_within(path, GROWN, KEPT)
    }

    /// The same; a journal of more than `grown` bytes is compacted, and keeps the last `kept` as they are.
    fn open_within(path: &Path, grown: u64, kept: usize) -> Result<Self, JournalError> {
        let unusable = |cause| JournalError::Unusable { what: "open", path: path.to_owned(), cause };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(unusable)?;
        }
        compaction::settle(path, kept)?;
        // Not in append mode: Windows would not let such a handle cut the file.
        let open =
            || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(unusable);
        let mut disk = Disk { file: open()?, path: path.to_owned() };
        let mut bytes = load(&disk.file, path)?;
        let mut folded = Folded::of(&bytes, path)?;
        // A full disk must not keep a host down: this is tried again, and reported, before anything is appended.
        let cut = disk.cut(folded.length);
        bytes.truncate(usize::try_from(folded.length).unwrap_or(usize::MAX));
        // What nobody has acknowledged stays where it is.
        let grown = folded.length > grown && folded.marks.damaged.is_none();
        if cut.is_ok()
            && grown
            && let Some(Compacted { text, lost }) = compaction::compacted(&bytes, kept, path)?
            && (lost.is_empty() || disk.keep(&lost).is_ok())
        {
            drop(disk); // On Windows a file that is open cannot be replaced.
            let replaced = compaction::replace(path, &text, &mut || {});
            if replaced.is_ok() {
                folded = Folded::of(&text, path)?;
            } else {
                compaction::settle(path, kept)?; // The longer journal is as good, once it is in its place.
            }
            disk = Disk { file: open()?, path: path.to_owned() };
        }
        Ok(Self { folded, disk: Some(disk) })
    }

    /// A journal that ends with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::remembering(Marks::default())
    }

    /// The same, with what it says already.
    #[must_use]
    pub fn remembering(marks: Marks) -> Self {
        Self { folded: Folded { marks, ..Folded::default() }, disk: None }
    }

    /// What a journal tells, without creating, repairing or locking anything; nothing where it is missing.
    ///
    /// # Errors
    /// It cannot be read, it is too large, or a newer version wrote it. Damage is no error.
    pub fn read(path: &Path) -> Result<Marks, JournalError> {
        Ok(Folded::of(&peek(path)?, path)?.marks)
    }

    /// The entries of a journal that count, in their order, without creating, repairing or locking anything.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn entries(path: &Path) -> Result<Vec<(RunId, Timestamp, Mark)>, JournalError> {
        let (pieces, _) = pieces(&peek(path)?, path)?;
        let entry = |(piece, _)| match piece {
            Piece::Line(Entry { run, at, mark, .. }) => Some((run, at, mark)),
            Piece::Lost(_) => None,
        };
        Ok(pieces.into_iter().filter_map(entry).collect())
    }

    /// What the journal tells.
    #[must_use]
    pub const fn marks(&self) -> &Marks {
        &self.folded.marks
    }

    /// Appends what `run` has to remember of `at`; it is on the disk when this returns.
    ///
    /// # Errors
    /// It cannot be written. Then [`marks`](Self::marks) stay as they are, and so does the journal.
    pub fn append(&mut self, run: &RunId, at: Timestamp, mark: &Mark) -> Result<(), JournalError> {
        let seq = self.folded.entries + 1;
        if let Some(disk) = &mut self.disk {
            let line = line(&Line { seq, at, run, mark });
            let line = line.map_err(|cause| disk.unusable("write a line for", cause.into()))?;
            // What is damaged may have lost its line end.
            let line = format!("{}{line}", self.folded.lacks);
            disk.cut(self.folded.length)?;
            disk.append(self.folded.length, &line)?;
            self.folded.length += line.len() as u64;
            self.folded.lacks = "";
        }
        self.folded.entries = seq;
        self.folded.marks.take(run, at, mark);
        Ok(())
    }
}

/// What a journal holds: its file, or the one that a compaction is about to replace, or has replaced by one that is not
/// whole.
fn peek(path: &Path) -> Result<Vec<u8>, JournalError> {
    match (read_all(path)?, read_all(&compaction::old(path))?) {
        (Some(new), Some(old)) => Ok(match compaction::replaced(&new, &old, KEPT, path)? {
            Replaced::New => new,
            Replaced::Old => old,
            Replaced::Again(both) => both,
        }),
        (Some(one), None) | (None, Some(one)) => Ok(one),
        (None, None) => Ok(Vec::new()),
    }
}

/// A journal's file.
#[derive(Debug)]
struct Disk {
    file: File,
    path: PathBuf,
}

impl Disk {
    fn unusable(&self, what: &'static str, cause: io::Error) -> JournalError {
        JournalError::Unusable { what, path: self.path.clone(), cause }
    }

    /// Moves what stands behind the first `length` bytes to a file of its own, which is complete before they go.
    fn cut(&mut self, length: u64) -> Result<(), JournalError> {
        let found = self.file.metadata().map_err(|cause| self.unusable("look at", cause))?.len();
        if found <= length {
            return Ok(());
        }
        let mut tail = Vec::new();
        let read = self.file.seek(SeekFrom::Start(length)).and_then(|_| self.file.read_to_end(&mut tail));
        read.map_err(|cause| self.unusable("read the damaged end of", cause))?;
        self.keep(&tail).map_err(|cause| self.unusable("keep the damaged end of", cause))?;
        let cut = self.file.set_len(length).and_then(|()| self.file.sync_all());
        cut.map_err(|cause| self.unusable("cut the damaged end of", cause))
    }

    /// Writes `bytes` to a new file beside the journal, of which the newest ten are kept.
    fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        let named = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".damaged-{number}"));
            PathBuf::from(name)
        };
        let earlier = self.kept()?;
        let mut number = earlier.iter().max().map_or(1, |last| last.saturating_add(1));
        let (mut file, path) = loop {
            match File::create_new(named(number)) {
                Ok(file) => break (file, named(number)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
                Err(error) => return Err(error),
            }
        };
        for old in earlier.into_iter().filter(|old| old.saturating_add(DAMAGED) <= number) {
            let _ = std::fs::remove_file(named(old)); // One too many is no reason not to go on.
        }
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = std::fs::remove_file(&path); // Half a copy of what is still in the journal.
        }
        written
    }

    /// The numbers of the damaged pieces that are kept beside the journal.
    fn kept(&self) -> io::Result<Vec<u32>> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let own = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned() + ".damaged-";
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            numbers.extend(name.strip_prefix(&own).and_then(|number| number.parse::<u32>().ok()));
        }
        Ok(numbers)
    }

    fn append(&mut self, length: u64, line: &str) -> Result<(), JournalError> {
        let written = self.file.seek(SeekFrom::Start(length)).and_then(|_| self.file.write_all(line.as_bytes()));
        written.and_then(|()| self.file.sync_data()).map_err(|cause| {
            let _ = self.file.set_len(length); // Where this fails, half a line stays and is cut later.
            self.unusable("write to", cause)
        })
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod compaction_tests;
