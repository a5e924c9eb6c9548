//! The journal: what cannot be observed later, as checksummed lines that are only ever appended to.
//!
//! A line is JSON that a person can read; its last field holds the CRC-32 of everything before that field. A checksum
//! against accidents (torn writes, bad sectors, editors) is enough, because anyone who can write here can also run the
//! product. Lines end as Notepad on the older servers expects it.
//!
//! A damaged line stays in its place, and the lines around it count. So every reader of the journal sees the damage
//! until a later entry records that somebody has acknowledged it: at no moment could a kill hide it. Only the remains
//! of an interrupted append are removed, since nobody received the report that it was written.

mod compaction;
mod error;
mod folded;
mod lines;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reconcile_schema::{Damage, Mark, Marks, RunId};

use self::compaction::{Compacted, Replaced};
pub use self::error::JournalError;
use self::folded::{Folded, load, read_all};
pub use self::lines::reworded;
use self::lines::{Line, Piece, line, pieces};
use crate::plain::ours;

/// The size above which a journal is compacted when it is opened, in bytes.
const GROWN: u64 = 512 << 10;

/// How many bytes at its end a compacted journal keeps as they were written: some hundred runs.
const KEPT: usize = 256 << 10;

/// How many damaged pieces of a journal are kept.
const DAMAGED: u32 = 10;

/// From here on, the number of a damaged piece is not ours: no journal is damaged as often, and the last of all numbers has
/// no successor.
const OTHERS: u32 = 1 << 31;

/// The journal of one host, opened by a run that acts.
#[derive(Debug)]
pub struct Journal {
    folded: Folded,
    place: Place,
}

/// Where entries are appended.
#[derive(Debug)]
enum Place {
    Disk(Disk),
    /// Nothing is kept after the process.
    Memory,
    /// Nothing can be appended, for this reason.
    Refused(JournalError),
}

impl Journal {
    /// Opens a journal. If it is missing, creates it with its folder.
    ///
    /// Every intact line in its place counts; [`marks`](Self::marks) reports what cannot be read. If the file cannot be
    /// used, every append fails with the reason. So nothing is taken down, and what an earlier run stopped comes back.
    ///
    /// # Errors
    /// When it was written by a newer version. Damage is not an error.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        match Self::open_within(path, GROWN, KEPT) {
            Err(why) if why.is_of_the_file() => {
                Ok(Self { place: Place::Refused(why), ..Self::remembering(Self::read(path)?) })
            }
            opened => opened,
        }
    }

    /// The same. A journal of more than `grown` bytes is compacted, and keeps its last `kept` bytes unchanged.
    fn open_within(path: &Path, grown: u64, kept: usize) -> Result<Self, JournalError> {
        let unusable = |cause| JournalError::Unusable { what: "open", path: path.to_owned(), cause };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(unusable)?;
        }
        compaction::settle(path, kept)?;
        // Not in append mode: Windows would not let such a handle truncate the file.
        let open = || {
            ours(path).map_err(unusable)?;
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(unusable)
        };
        let mut disk = Disk { file: open()?, path: path.to_owned() };
        let mut bytes = load(&disk.file, path)?;
        let mut folded = Folded::of(&bytes, path)?;
        // A full disk must not keep a host down, so this is tried again, and reported, before the next append.
        let cut = disk.cut(folded.length);
        bytes.truncate(usize::try_from(folded.length).unwrap_or(usize::MAX));
        // Damage that nobody has acknowledged stays in its place.
        let grown = folded.length > grown && folded.marks.damaged.is_none();
        if cut.is_ok()
            && grown
            && let Some(Compacted { text, lost }) = compaction::compacted(&bytes, kept, path)?
            && (lost.is_empty() || disk.keep(&lost).is_ok())
        {
            drop(disk); // On Windows, an open file cannot be replaced.
            if compaction::replace(path, &text, &mut || {}).is_err() {
                compaction::settle(path, kept)?; // The longer journal is just as good, once it is back in its place.
            }
            disk = Disk { file: open()?, path: path.to_owned() };
            folded = Folded::of(&load(&disk.file, path)?, path)?;
        }
        Ok(Self { folded, place: Place::Disk(disk) })
    }

    /// A journal that ends with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::remembering(Marks::default())
    }

    /// The same, with these marks in it.
    #[must_use]
    pub fn remembering(marks: Marks) -> Self {
        Self { folded: Folded { marks, ..Folded::default() }, place: Place::Memory }
    }

    /// The marks of a journal, without creating, repairing or locking anything; nothing where it is missing. A journal
    /// whose file cannot be used is damaged: any entry may be in it.
    ///
    /// # Errors
    /// When it was written by a newer version. Damage is not an error.
    pub fn read(path: &Path) -> Result<Marks, JournalError> {
        match peek(path, KEPT).and_then(|bytes| Folded::of(&bytes, path)) {
            Ok(folded) => Ok(folded.marks),
            Err(why) if why.is_of_the_file() => {
                let damaged = Some(Damage { lines: 1, after: None, why: Some(why.to_string()) });
                Ok(Marks { damaged, ..Marks::default() })
            }
            Err(newer) => Err(newer),
        }
    }

    /// The files of a journal that are there: it, the one that a compaction replaces or has replaced, and the damaged
    /// pieces that are kept. Each is shown as it lies on the disk.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut files = vec![path.to_owned(), compaction::old(path), compaction::replaced_file(path)];
        match kept(path) {
            Ok(mut numbers) => {
                numbers.sort_unstable();
                files.extend(numbers.into_iter().map(|number| damaged(path, number)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        files.retain(|file| file.symlink_metadata().is_ok());
        Ok(files)
    }

    /// The entries of a journal that count, in order, without creating, repairing or locking anything.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or was written by a newer version.
    pub fn entries(path: &Path) -> Result<Vec<(RunId, Timestamp, Mark)>, JournalError> {
        let (pieces, _) = pieces(&peek(path, KEPT)?, path)?;
        let entry = |(piece, _)| match piece {
            Piece::Line(entry) => Some((entry.run, entry.at, entry.mark)),
            Piece::Lost(_) => None,
        };
        Ok(pieces.into_iter().filter_map(entry).collect())
    }

    #[must_use]
    pub const fn marks(&self) -> &Marks {
        &self.folded.marks
    }

    /// Appends a mark of `run` at the time `at`; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written. Then [`marks`](Self::marks) and the journal are unchanged.
    pub fn append(&mut self, run: &RunId, at: Timestamp, mark: &Mark) -> Result<(), JournalError> {
        let seq = self.folded.entries + 1;
        match &mut self.place {
            Place::Refused(why) => return Err(why.again()),
            Place::Memory => {}
            Place::Disk(disk) => {
                let line = line(&Line { seq, at, run, mark });
                let line = line.map_err(|cause| disk.unusable("write a line for", cause.into()))?;
                // A damaged line may have lost its line end.
                let line = format!("{}{line}", self.folded.lacks);
                disk.cut(self.folded.length)?;
                disk.append(self.folded.length, &line)?;
                self.folded.length += line.len() as u64;
                self.folded.lacks = "";
            }
        }
        self.folded.entries = seq;
        self.folded.marks.take(run, at, mark);
        Ok(())
    }
}

/// The content of a journal. During a compaction, this is the file that is about to be replaced, or that was replaced
/// by an incomplete or damaged one. `kept` is what compaction keeps unchanged.
fn peek(path: &Path, kept: usize) -> Result<Vec<u8>, JournalError> {
    let mut found = read_all(path)?;
    for (old, appended) in compaction::olds(path) {
        let Some(old) = read_all(&old)? else { continue };
        match compaction::replaced(found.as_deref(), &old, appended, kept, path)? {
            Replaced::New => {}
            Replaced::Old => found = Some(old),
            Replaced::Again(bytes) | Replaced::Kept(bytes) => found = Some(bytes),
        }
    }
    Ok(found.unwrap_or_default())
}

#[derive(Debug)]
struct Disk {
    file: File,
    path: PathBuf,
}

impl Disk {
    fn unusable(&self, what: &'static str, cause: io::Error) -> JournalError {
        JournalError::Unusable { what, path: self.path.clone(), cause }
    }

    /// Moves everything after the first `length` bytes to a file of its own, which is complete before they are removed.
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

    /// Writes `bytes` to a new file next to the journal. The newest ten such files are kept.
    fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        let named = |number: u32| damaged(&self.path, number);
        let earlier = kept(&self.path)?;
        let last = earlier.iter().copied().filter(|number| *number < OTHERS).max().unwrap_or(0);
        let created = |number| match File::create_new(named(number)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            created => Some(created.map(|file| (number, file))),
        };
        let free = (last + 1..=u32::MAX).find_map(created);
        let (number, mut file) = free.unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))?;
        let path = named(number);
        for old in earlier.into_iter().filter(|old| old.saturating_add(DAMAGED) <= number) {
            let _ = std::fs::remove_file(named(old)); // One file too many is no reason to stop.
        }
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = std::fs::remove_file(&path); // Half a copy of content that is still in the journal.
        }
        written
    }

    fn append(&mut self, length: u64, line: &str) -> Result<(), JournalError> {
        let written = self.file.seek(SeekFrom::Start(length)).and_then(|_| self.file.write_all(line.as_bytes()));
        written.and_then(|()| self.file.sync_data()).map_err(|cause| {
            let _ = self.file.set_len(length); // If this fails, half a line stays, and is removed later.
            self.unusable("write to", cause)
        })
    }
}

/// The file of a damaged piece.
fn damaged(path: &Path, number: u32) -> PathBuf {
    path.with_added_extension(format!("damaged-{number}"))
}

/// The numbers of the damaged pieces that are kept next to the journal.
fn kept(path: &Path) -> io::Result<Vec<u32>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned() + ".damaged-";
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        numbers.extend(name.strip_prefix(&own).and_then(|number| number.parse::<u32>().ok()));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod compaction_tests;
