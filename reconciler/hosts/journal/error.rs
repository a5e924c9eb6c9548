//! Why a journal cannot be read or written.

use std::{io, path::PathBuf};

/// The largest journal that is read, in bytes: what runs write never comes near.
pub(super) const LIMIT: u64 = 64 << 20;

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
