//! The result of reading a journal.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use reconcile_schema::Marks;

use super::error::{JournalError, LIMIT};
use super::lines::{Piece, pieces};
use crate::plain::ours;

/// The content of a file; nothing where it is missing.
pub fn read_all(path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    match ours(path).and_then(|()| File::open(path)) {
        Ok(file) => load(&file, path).map(Some),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(JournalError::Unusable { what: "open", path: path.to_owned(), cause }),
    }
}

/// The content of an open file.
pub fn load(file: &File, path: &Path) -> Result<Vec<u8>, JournalError> {
    let unreadable = |cause| JournalError::Unusable { what: "read", path: path.to_owned(), cause };
    let length = file.metadata().map_err(unreadable)?.len().min(LIMIT);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        return Err(JournalError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

#[derive(Debug, Default)]
pub struct Folded {
    pub marks: Marks,
    /// The number of the last entry.
    pub entries: u64,
    /// The length in bytes, without an interrupted append.
    pub length: u64,
    /// What the line end of its last line lacks.
    pub lacks: &'static str,
}

impl Folded {
    /// The result of reading these bytes.
    pub fn of(bytes: &[u8], path: &Path) -> Result<Self, JournalError> {
        let (pieces, length) = pieces(bytes, path)?;
        let last = usize::try_from(length).ok().and_then(|length| bytes.get(..length)?.last());
        let lacks = match last {
            None | Some(b'\n') => "",
            Some(b'\r') => "\n",
            Some(_) => "\r\n",
        };
        let mut folded = Self { length, lacks, ..Self::default() };
        for (piece, _) in &pieces {
            piece.tell(&mut folded.marks);
            if let Piece::Line(entry) = piece {
                folded.entries = entry.seq;
            }
        }
        Ok(folded)
    }
}
