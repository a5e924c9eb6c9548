//! Compaction: the older part of a journal becomes the one entry that it comes to, and nothing is lost on the way.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use reconcile_schema::{Mark, Marks, RunId};

use super::{Entry, Folded, JournalError, Line, line};

/// The journal with its last `kept` bytes or less as they are, from the beginning of a run on, and one entry for what
/// stands before them; none where no run begins there.
///
/// # Errors
/// As reading the journal.
pub fn compacted(bytes: &[u8], kept: usize, path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    let keep_from = bytes.len().saturating_sub(kept) as u64;
    let (mut before, mut last, mut place): (Marks, Option<_>, u64) = (Marks::default(), None, 0);
    let mut rest: Vec<Entry> = Vec::new();
    Folded::with(bytes, path, |entry, end| {
        let begins = matches!(entry.mark, Mark::RunBegan { .. }) && place >= keep_from;
        if rest.is_empty() && !begins {
            before.take(&entry.run, entry.at, &entry.mark);
            last = Some(entry.at);
        } else {
            rest.push(entry);
        }
        place = end;
    })?;
    let (Some(at), false) = (last, rest.is_empty()) else { return Ok(None) };
    let (run, mark) = (RunId("compaction".into()), Mark::Carried { marks: before.into() });
    let unusable = |cause: serde_json::Error| JournalError::Unusable {
        what: "compact",
        path: path.to_owned(),
        cause: cause.into(),
    };
    let mut text = line(&Line { seq: 1, at, run: &run, mark: &mark }).map_err(unusable)?;
    for (seq, entry) in (2..).zip(&rest) {
        text += &line(&Line { seq, at: entry.at, run: &entry.run, mark: &entry.mark }).map_err(unusable)?;
    }
    Ok(Some(text.into_bytes()))
}

/// Where the journal lies while it is being replaced, and until the next run has found the new one whole.
pub fn old(path: &Path) -> PathBuf {
    beside(path, ".old")
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(end);
    name.into()
}

/// Puts `bytes` in the journal's place. Whenever this is cut off, [`settle`] finds one of the two whole.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    let written = File::create(&new).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    if let Err(full) = written {
        let _ = fs::remove_file(&new); // Half a copy takes the room that the next entries need.
        return Err(full);
    }
    fs::rename(path, old(path))?;
    fs::rename(&new, path).inspect_err(|_| {
        let _ = fs::rename(old(path), path);
    })
}

/// Ends a replacement that was cut off, and takes the old journal away once the new one was found whole.
///
/// Windows may give back zeros after a power cut for a file, or for pieces of it, although it was flushed and then renamed:
/// the old journal is kept until then.
pub fn settle(path: &Path) -> Result<(), JournalError> {
    let unusable = |cause| JournalError::Unusable { what: "settle", path: path.to_owned(), cause };
    let old = old(path);
    if !old.exists() {
        return Ok(());
    }
    let held = super::read_all(path)?;
    match &held {
        None => fs::rename(&old, path),
        Some(bytes) if contains(bytes, &super::read_all(&old)?.unwrap_or_default(), path)? => fs::remove_file(&old),
        Some(_) => fs::rename(path, beside(path, ".damaged-by-replacement")).and_then(|()| fs::rename(&old, path)),
    }
    .map_err(unusable)
}

/// Whether a new journal has come to say what the old one said. Entries may have been appended to it since, and the last of
/// them may be torn.
///
/// # Errors
/// As reading the journals.
pub fn contains(new: &[u8], old: &[u8], path: &Path) -> Result<bool, JournalError> {
    let said = Folded::of(old, path)?.marks;
    let (mut marks, mut found) = (Marks::default(), false);
    Folded::with(new, path, |entry, _| {
        marks.take(&entry.run, entry.at, &entry.mark);
        found = found || marks == said;
    })?;
    Ok(found)
}
