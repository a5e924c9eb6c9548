//! Why a journal cannot be read or written.

use std::{io, path::PathBuf};

/// The largest journal that is read, in bytes: far more than runs ever write.
pub(super) const LIMIT: u64 = 64 << 20;

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot {what} the journal {}: {cause}; make sure that this account may write there and that the disk is not full", path.display())]
    Unusable {
        what: &'static str,
        /// The journal, or the file for its damaged lines.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is larger than any run would write.
    #[error(
        "the journal {} is larger than {} MiB, which runs do not write in many years; look at what it holds, then move it away: what remains to be done is found without it",
        path.display(), LIMIT >> 20
    )]
    TooLarge { path: PathBuf },
    /// An intact line that this version does not understand.
    #[error(
        "{}:{line}: this line is intact, but reconcile {} does not understand it: {cause}; {} wrote it: run that version or a later one",
        path.display(), env!("CARGO_PKG_VERSION"), writer(version.as_deref())
    )]
    Newer {
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The version that wrote it, if the journal records it.
        version: Option<String>,
        cause: serde_json::Error,
    },
}

impl JournalError {
    /// Whether nothing is known of an entry that this version would not understand.
    pub(super) const fn is_of_the_file(&self) -> bool {
        matches!(self, Self::Unusable { .. } | Self::TooLarge { .. })
    }

    /// The same error for a later attempt.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Unusable { what, path, cause } => {
                let cause = io::Error::new(cause.kind(), cause.to_string());
                Self::Unusable { what, path: path.clone(), cause }
            }
            Self::TooLarge { path } => Self::TooLarge { path: path.clone() },
            Self::Newer { path, cause, .. } => {
                Self::Unusable { what: "write to", path: path.clone(), cause: io::Error::other(cause.to_string()) }
            }
        }
    }
}

fn writer(version: Option<&str>) -> String {
    version.map_or_else(|| "a newer version".to_owned(), |version| format!("version {version}"))
}
