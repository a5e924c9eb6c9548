//! Compaction: the older part of a journal becomes one entry with the same result, and nothing is lost on the way.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use reconcile_schema::{Mark, Marks, RunId};

use super::{
    error::JournalError,
    folded::{Folded, read_all},
    lines::{Entry, Line, Piece, line, pieces},
};
use crate::plain::ours;

/// A journal, compacted.
pub struct Compacted {
    pub text: Vec<u8>,
    /// The parts of it that could not be read and are no longer in it.
    pub lost: Vec<u8>,
}

/// The compacted journal: its last `kept` bytes or less unchanged, from the beginning of a run on, and one entry for
/// everything before them. None where no run begins there. Unreadable parts come before them.
///
/// # Errors
/// The same as for reading the journal.
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
                    rest.push(*entry);
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

/// The place of the old journal while it is being replaced.
pub fn old(path: &Path) -> PathBuf {
    path.with_added_extension("old")
}

/// The place of the old journal from before the first append to the new one, until the next run has found the new one
/// complete.
pub fn replaced_file(path: &Path) -> PathBuf {
    path.with_added_extension("replaced")
}

/// Both places, each with whether entries may have been appended to the new journal since.
pub fn olds(path: &Path) -> [(PathBuf, bool); 2] {
    [(replaced_file(path), true), (old(path), false)]
}

/// Puts `bytes` in the journal's place. If this is interrupted at any moment, [`settle`] finds one of the two complete.
/// `next` is called before each operation, so that a test can interrupt there.
///
/// The last operation gives the old journal its other name. So the name records whether a damaged new journal may have
/// held entries that the old one does not.
pub fn replace(path: &Path, bytes: &[u8], next: &mut dyn FnMut()) -> io::Result<()> {
    let new = path.with_added_extension("new");
    write_to(&new, bytes, next)?;
    let mut swap = || {
        next();
        fs::rename(path, old(path))?;
        next();
        fs::rename(&new, path).inspect_err(|_| {
            let _ = fs::rename(old(path), path);
        })
    };
    swap().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })?;
    if fs::read(path)? != bytes {
        return Err(io::ErrorKind::InvalidData.into());
    }
    next();
    fs::rename(old(path), replaced_file(path))
}

/// Writes a file, whole or not at all.
fn write_to(path: &Path, bytes: &[u8], next: &mut dyn FnMut()) -> io::Result<()> {
    ours(path)?;
    let mut write = || {
        next();
        let mut file = File::create(path)?;
        next();
        file.write_all(bytes)?;
        next();
        file.sync_all()
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(path); // Half a copy takes the space that the next entries need.
    })
}

/// Finishes an interrupted replacement, and removes the old journal once the new one was found complete. `kept` is what
/// compaction keeps unchanged.
///
/// After a power cut, Windows may return zeros for a file, or for parts of it, although it was flushed and then
/// renamed. So the old journal is kept until then.
pub fn settle(path: &Path, kept: usize) -> Result<(), JournalError> {
    olds(path).into_iter().try_for_each(|(old, appended)| settle_one(path, &old, appended, kept))
}

fn settle_one(path: &Path, old: &Path, appended: bool, kept: usize) -> Result<(), JournalError> {
    let unusable = |cause| JournalError::Unusable { what: "settle", path: path.to_owned(), cause };
    if !old.exists() {
        return Ok(());
    }
    let fresh = path.with_added_extension("new");
    let aside = path.with_added_extension("damaged-by-replacement");
    let new = read_all(path)?;
    match replaced(new.as_deref(), &read_all(old)?.unwrap_or_default(), appended, kept, path)? {
        Replaced::New => fs::remove_file(old),
        Replaced::Old => {
            let is_aside = if new.is_some() { fs::rename(path, aside) } else { Ok(()) };
            is_aside.and_then(|()| fs::rename(old, path))
        }
        Replaced::Again(bytes) => ours(&aside)
            .and_then(|()| write_to(&aside, &new.unwrap_or_default(), &mut || {}))
            .and_then(|()| write_to(&fresh, &bytes, &mut || {}))
            .and_then(|()| fs::rename(&fresh, path))
            .and_then(|()| fs::remove_file(old)),
        Replaced::Kept(bytes) => write_to(&fresh, &bytes, &mut || {})
            .and_then(|()| fs::rename(&fresh, path))
            .and_then(|()| fs::rename(old, aside)),
    }
    .map_err(unusable)
}

/// The journal that counts while the old one lies next to the new one.
#[derive(Debug, PartialEq, Eq)]
pub enum Replaced {
    /// The new one: it contains everything from the old one, and later entries.
    New,
    /// The old one: the new one was interrupted, or never came complete to its place, and nothing was appended to it.
    Old,
    /// The old one, compacted again, and the entries appended to the new one since: parts of the new one's beginning
    /// are lost. Where none of those entries is left, the old one and one more lost line.
    Again(Vec<u8>),
    /// The new one, and one more lost line: no compaction of the old one has written it, so lines of the old one may be
    /// missing.
    Kept(Vec<u8>),
}

/// A line that no checksum makes intact: it stands for entries that may be lost, until somebody acknowledges that.
const LOST: &str = "entries may be lost here: this journal and its copy from a compaction did not agree\r\n";

/// Decides which journal counts. Entries may have been appended to the new one since, and the last of them may be torn;
/// `appended` is whether that was possible. The file in the old one's place may be damaged itself, or may be no part of
/// this journal.
///
/// # Errors
/// The same as for reading the journals.
pub fn replaced(
    new: Option<&[u8]>,
    old: &[u8],
    appended: bool,
    kept: usize,
    path: &Path,
) -> Result<Replaced, JournalError> {
    if new.is_none() && !appended {
        return Ok(Replaced::Old);
    }
    let new = new.unwrap_or_default();
    // A kill may have left that line, and the old journal next to it.
    let new = new.strip_suffix(LOST.as_bytes()).unwrap_or(new);
    let (lines, length) = pieces(new, path)?;
    let intact: Vec<_> = lines.iter().map_while(|(piece, _)| entry(piece)).collect();
    let (said, _) = pieces(old, path)?;
    let contains = match said.iter().rev().find_map(|(piece, _)| entry(piece)) {
        Some(Entry { run, at, mark, .. }) => {
            intact.iter().any(|entry| (&entry.run, &entry.at, &entry.mark) == (run, at, mark))
        }
        None => !intact.is_empty(), // The old one says nothing.
    };
    if contains {
        return Ok(Replaced::New);
    }
    let counts = usize::try_from(length).ok().and_then(|length| new.get(..length)).unwrap_or(new);
    let lost = || Ok(Replaced::Kept(with_loss(counts, path)?));
    let Some(Compacted { mut text, .. }) = compacted(old, kept, path)? else {
        // No compaction has left this file.
        let none = !lines.iter().any(|(piece, _)| entry(piece).is_some());
        return if none { Ok(Replaced::Again(with_loss(old, path)?)) } else { lost() };
    };
    if !intact.is_empty() && intact.len() == lines.len() && !text.starts_with(counts) {
        return lost();
    }
    let later = new.get(text.len()..).unwrap_or_default();
    let begun = text.len() as u64;
    text.extend_from_slice(later);
    let (mut pieces, _) = pieces(&text, path)?;
    pieces.retain(|(_, end)| *end > begun);
    // It fits if at least one of its lines is in the place of its number.
    Ok(if pieces.iter().any(|(piece, _)| entry(piece).is_some()) {
        Replaced::Again(text)
    } else if pieces.is_empty() && !appended {
        Replaced::Old
    } else {
        Replaced::Again(with_loss(old, path)?)
    })
}

const fn entry(piece: &Piece) -> Option<&Entry> {
    match piece {
        Piece::Line(entry) => Some(entry),
        Piece::Lost(_) => None,
    }
}

/// A journal with one more lost line at its end.
fn with_loss(bytes: &[u8], path: &Path) -> Result<Vec<u8>, JournalError> {
    Ok([bytes, Folded::of(bytes, path)?.lacks.as_bytes(), LOST.as_bytes()].concat())
}
