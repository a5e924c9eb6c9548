//! Compaction: the older part of a journal becomes the one entry that it comes to, and nothing is lost on the way.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use reconcile_schema::{Mark, Marks, RunId};

use super::{
    Folded, JournalError,
    lines::{Entry, Line, Piece, line, pieces},
};

/// A journal, compacted.
pub struct Compacted {
    /// What it says then.
    pub text: Vec<u8>,
    /// What could not be read of it, and has no place any more.
    pub lost: Vec<u8>,
}

/// The journal with its last `kept` bytes or less as they are, from the beginning of a run on, and one entry for what
/// stands before them; none where no run begins there. What cannot be read stands before them.
///
/// # Errors
/// As reading the journal.
pub fn compacted(bytes: &[u8], kept: usize, path: &Path) -> Result<Option<Compacted>, JournalError> {
    let keep_from = bytes.len().saturating_sub(kept) as u64;
    let (pieces, _) = pieces(bytes, path)?;
    let (mut before, mut last, mut place): (Marks, Option<_>, u64) = (Marks::default(), None, 0);
    let mut rest: Vec<Entry> = Vec::new();
    let mut lost = Vec::new();
    let mut damaged = pieces.iter().filter(|(piece, _)| matches!(piece, Piece::Lost(_))).count();
    for (piece, end) in pieces {
        match piece {
            Piece::Line(entry) => {
                let begins = matches!(entry.mark, Mark::RunBegan { .. }) && place >= keep_from && damaged == 0;
                if rest.is_empty() && !begins {
                    last = Some(entry.at);
                    before.take(&entry.run, entry.at, &entry.mark);
                } else {
                    rest.push(entry);
                }
            }
            Piece::Lost(lines) => {
                damaged -= 1;
                before.lose(lines);
                let [from, until] = [place, end].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
                lost.extend_from_slice(bytes.get(from..until).unwrap_or_default());
            }
        }
        place = end;
    }
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
    Ok(Some(Compacted { text: text.into_bytes(), lost }))
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

/// Puts `bytes` in the journal's place. Whenever this is cut off, [`settle`] finds one of the two whole. `next` is called
/// before each operation: a test cuts it off there.
pub fn replace(path: &Path, bytes: &[u8], next: &mut dyn FnMut()) -> io::Result<()> {
    let new = beside(path, ".new");
    let mut write = || {
        next();
        let mut file = File::create(&new)?;
        next();
        file.write_all(bytes)?;
        next();
        file.sync_all()
    };
    if let Err(full) = write() {
        let _ = fs::remove_file(&new); // Half a copy takes the room that the next entries need.
        return Err(full);
    }
    next();
    fs::rename(path, old(path))?;
    next();
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
    let (pieces, _) = pieces(new, path)?;
    for (piece, _) in pieces.iter().take_while(|(piece, _)| matches!(piece, Piece::Line(_))) {
        piece.tell(&mut marks);
        found = found || marks == said;
    }
    Ok(found)
}
