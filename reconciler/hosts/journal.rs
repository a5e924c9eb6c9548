//! The journal: what cannot be observed later, as checksummed lines that are only ever appended to.
//!
//! A line is JSON that a person can read; its last field holds the CRC-32 of everything before that field. A checksum
//! against accidents (torn writes, bad sectors, editors) is enough: who may write here may also run the product.
//! Lines end as Notepad on the older servers expects it.

use reconcile_schema::{Mark, Marks, RunId, unread};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The largest journal that is read, in bytes: what runs write never comes near.
const LIMIT: u64 = 64 << 20;

/// A journal that has grown beyond this, in bytes, is compacted when it is opened.
const GROWN: u64 = 512 << 10;

/// How much of its end a compacted journal keeps as it was written, in bytes: some hundred runs.
const KEPT: usize = 256 << 10;

/// How many damaged ends of a journal are kept.
const DAMAGED: u32 = 10;

/// What stands between a line's content and its checksum.
const SUM: &str = r#","sum":""#;

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused.
    #[error("cannot {what} the journal {}: {cause}; make sure that this account may write there and that the disk is not full", path.display())]
    Unusable {
        /// What was tried.
        what: &'static str,
        /// The journal, or the file for its damaged lines.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is too large to have been written by a run.
    #[error(
        "the journal {} is larger than {} MiB, which runs do not write in many years; look at what it holds, then move it away: what remains to be done is found without it",
        path.display(), LIMIT >> 20
    )]
    TooLarge {
        /// The journal.
        path: PathBuf,
    },
    /// An intact line that this version does not understand.
    #[error(
        "{}:{line}: this line is intact, but reconcile {} does not understand it: {cause}; {} wrote it: run that version or a later one",
        path.display(), env!("CARGO_PKG_VERSION"), writer(version.as_deref())
    )]
    Newer {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The version that wrote it, when the journal tells.
        version: Option<String>,
        /// What is not understood.
        cause: serde_json::Error,
    },
}

fn writer(version: Option<&str>) -> String {
    version.map_or_else(|| "a newer version".to_owned(), |version| format!("version {version}"))
}

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
    /// The longest intact beginning counts. What follows it is moved to a file beside the journal, see
    /// [`damaged`](Self::damaged).
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
        compaction::settle(path)?;
        // Not in append mode: Windows would not let such a handle cut the file.
        let open =
            || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(unusable);
        let mut disk = Disk { file: open()?, path: path.to_owned(), damaged: None };
        let mut bytes = load(&disk.file, path)?;
        let mut folded = Folded::of(&bytes, path)?;
        // A full disk must not keep a host down: this is tried again, and reported, before anything is appended.
        let cut = disk.cut(folded.length);
        bytes.truncate(usize::try_from(folded.length).unwrap_or(usize::MAX));
        if cut.is_ok()
            && folded.length > grown
            && let Some(compacted) = compaction::compacted(&bytes, kept, path)?
        {
            let Disk { file, path: _, damaged } = disk;
            drop(file); // On Windows a file that is open cannot be replaced.
            let replaced = compaction::replace(path, &compacted);
            if replaced.is_ok() {
                folded = Folded::of(&compacted, path)?;
            } else {
                compaction::settle(path)?; // The longer journal is as good, once it is in its place.
            }
            disk = Disk { file: open()?, path: path.to_owned(), damaged };
        }
        Ok(Self { folded, disk: Some(disk) })
    }

    /// A journal that ends with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { folded: Folded::default(), disk: None }
    }

    /// What a journal tells, without creating, repairing or locking anything; nothing where it is missing.
    ///
    /// # Errors
    /// It cannot be read, it is too large, or a newer version wrote it. Damage is no error: what stands before it counts.
    pub fn read(path: &Path) -> Result<Marks, JournalError> {
        Ok(Folded::of(&peek(path)?, path)?.marks)
    }

    /// The intact entries of a journal in their order, without creating, repairing or locking anything.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn entries(path: &Path) -> Result<Vec<(RunId, Timestamp, Mark)>, JournalError> {
        let mut entries = Vec::new();
        Folded::with(&peek(path)?, path, |entry, _| entries.push((entry.run, entry.at, entry.mark)))?;
        Ok(entries)
    }

    /// What the journal tells.
    #[must_use]
    pub const fn marks(&self) -> &Marks {
        &self.folded.marks
    }

    /// The file that holds what was damaged, when there was damage. The marks that stood there are not counted.
    #[must_use]
    pub fn damaged(&self) -> Option<&Path> {
        self.disk.as_ref()?.damaged.as_deref()
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
            disk.cut(self.folded.length)?;
            disk.append(self.folded.length, &line)?;
            self.folded.length += line.len() as u64;
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
        (Some(new), Some(old)) if !compaction::contains(&new, &old, path)? => Ok(old),
        (Some(new), _) => Ok(new),
        (None, old) => Ok(old.unwrap_or_default()),
    }
}

/// What a file holds; nothing where it is missing.
fn read_all(path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    match File::open(path) {
        Ok(file) => load(&file, path).map(Some),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(JournalError::Unusable { what: "open", path: path.to_owned(), cause }),
    }
}

/// A journal's file.
#[derive(Debug)]
struct Disk {
    file: File,
    path: PathBuf,
    damaged: Option<PathBuf>,
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
        let aside = self.keep(&tail).map_err(|cause| self.unusable("keep the damaged end of", cause))?;
        self.damaged = Some(aside);
        let cut = self.file.set_len(length).and_then(|()| self.file.sync_all());
        cut.map_err(|cause| self.unusable("cut the damaged end of", cause))
    }

    /// Writes `bytes` to a new file beside the journal, of which the newest ten are kept.
    fn keep(&self, bytes: &[u8]) -> io::Result<PathBuf> {
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
        written.map(|()| path)
    }

    /// The numbers of the damaged ends that are kept beside the journal.
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
            let _ = self.file.set_len(length); // Where this fails, half a line stays and is cut later as damaged.
            self.unusable("write to", cause)
        })
    }
}

fn load(file: &File, path: &Path) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    let read = file.take(LIMIT + 1).read_to_end(&mut bytes);
    read.map_err(|cause| JournalError::Unusable { what: "read", path: path.to_owned(), cause })?;
    if bytes.len() as u64 > LIMIT {
        return Err(JournalError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// An entry as it is written. The mark stands beside the other fields, so that a line reads as one.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: Timestamp,
    run: &'a RunId,
    #[serde(flatten)]
    mark: &'a Mark,
}

/// An entry as it is read.
struct Entry {
    seq: u64,
    at: Timestamp,
    run: RunId,
    mark: Mark,
}

/// By hand, because a derived one would first put the whole line aside to find out which fields are the mark's: they stand
/// in the order of [`Line`], and a journal is read at every run.
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seq, at, run and a mark, in this order")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let (seq, at, run) = (field(&mut map, "seq")?, field(&mut map, "at")?, field(&mut map, "run")?);
                Ok(Entry { seq, at, run, mark: Mark::deserialize(MapAccessDeserializer::new(map))? })
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The field that comes next, which must have this name.
fn field<'de, A: MapAccess<'de>, T: Deserialize<'de>>(map: &mut A, name: &'static str) -> Result<T, A::Error> {
    match map.next_entry::<&str, T>()? {
        Some((found, value)) if found == name => Ok(value),
        Some(_) | None => Err(de::Error::missing_field(name)),
    }
}

/// A line with its checksum and its end.
fn line(entry: &Line<'_>) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(entry)?;
    line.pop(); // The brace that closes it stands behind the checksum.
    let sum = crc32fast::hash(line.as_bytes());
    line.push_str(&format!("{SUM}{sum:08x}\"}}\r\n"));
    Ok(line)
}

/// The content of a whole line as JSON, when its checksum is right.
fn intact(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let line = line.strip_suffix('\r').unwrap_or(line).strip_suffix("\"}")?;
    let (content, sum) = line.rsplit_once(SUM)?;
    (sum == format!("{:08x}", crc32fast::hash(content.as_bytes()))).then(|| format!("{content}}}"))
}

/// The intact beginning of a journal.
#[derive(Debug, Default)]
struct Folded {
    marks: Marks,
    entries: u64,
    /// In bytes.
    length: u64,
}

impl Folded {
    /// Takes in line after line, up to one that is not intact or not in its place.
    fn of(bytes: &[u8], path: &Path) -> Result<Self, JournalError> {
        Self::with(bytes, path, |_, _| {})
    }

    /// The same; each entry is handed on with the place behind it, in bytes.
    fn with(bytes: &[u8], path: &Path, mut each: impl FnMut(Entry, u64)) -> Result<Self, JournalError> {
        let mut folded = Self::default();
        let mut version = None;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(json) = intact(line) else { break };
            let entry = whole(&json).map_err(|cause| {
                let version = version.take();
                JournalError::Newer { path: path.to_owned(), line: folded.entries + 1, version, cause }
            })?;
            if entry.seq != folded.entries + 1 {
                break;
            }
            folded.marks.take(&entry.run, entry.at, &entry.mark);
            folded.entries = entry.seq;
            folded.length += line.len() as u64;
            if let Mark::RunBegan { version: wrote, .. } = &entry.mark {
                version = Some(wrote.clone());
            }
            each(entry, folded.length);
        }
        Ok(folded)
    }
}

/// The entry that a line is, all of it: what a later version has added may be why something must not be done.
fn whole(json: &str) -> Result<Entry, serde_json::Error> {
    let entry: Entry = serde_json::from_str(json)?;
    let mut written: serde_json::Value = serde_json::from_str(json)?;
    if let Some(fields) = written.as_object_mut() {
        fields.retain(|name, _| !["seq", "at", "run", "sum"].contains(&name.as_str())); // What is around each mark.
    }
    match unread(&written, &serde_json::to_value(&entry.mark)?) {
        Some(field) => Err(serde_json::Error::custom(format_args!("unknown field {field}"))),
        None => Ok(entry),
    }
}

#[path = "compaction.rs"]
mod compaction;

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "compaction_tests.rs"]
mod compaction_tests;
