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
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(path, old(path))?;
    fs::rename(&new, path).inspect_err(|_| {
        let _ = fs::rename(old(path), path);
    })
}

/// Ends a replacement that was cut off, and takes the old journal away once the new one was found whole.
///
/// Windows may give back a file full of zeros after a power cut, although it was flushed and then renamed: the old journal
/// is kept until then.
pub fn settle(path: &Path) -> io::Result<()> {
    let old = old(path);
    if !old.exists() {
        return Ok(());
    }
    let begins = fs::read(path).map(|bytes| {
        bytes.split_inclusive(|byte| *byte == b'\n').next().is_some_and(|line| super::intact(line).is_some())
    });
    match begins {
        Ok(true) => fs::remove_file(&old),
        Ok(false) => {
            fs::rename(path, beside(path, ".damaged-by-replacement"))?;
            fs::rename(&old, path)
        }
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => fs::rename(&old, path),
        Err(other) => Err(other),
    }
}
