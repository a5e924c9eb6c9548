//! Why a record on the share cannot be read or changed.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    #[error("cannot {what} {}: {cause}; make sure that the share is there and that this server's account may write to it", path.display())]
    Unusable {
        what: &'static str,
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The file contains something else.
    #[error("{}: {cause}; fix the file; or, when its server is not worked on, move it away and run apply --retry on that server, which writes it again", path.display())]
    NoRecord { path: PathBuf, cause: serde_json::Error },
    /// There are more files than any pool has servers.
    #[error("{} has more than {most} files of one record; find out who writes them, and move away those of no server", path.display())]
    Crowded {
        path: PathBuf,
        /// How many are read.
        most: usize,
    },
    /// Somebody keeps changing the record.
    #[error("{}: somebody else has been using this record for {lasts} s; if that does not end, see on the file server who has the file open (Get-SmbOpenFile)", path.display())]
    Busy {
        path: PathBuf,
        /// For how long.
        lasts: u64,
    },
    /// A file cannot be replaced. Windows gives the same answer where somebody has it open and where an account may not.
    #[error("{} could not be replaced for {lasts} s ({cause}): somebody has it open (Get-SmbOpenFile on the file server shows who), or this account may not replace it", path.display())]
    Kept {
        path: PathBuf,
        /// For how long.
        lasts: u64,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Somebody wrote although the lock was ours, so it was lost with the connection.
    #[error("{}: somebody else has changed the record since it was read, so nothing was written", path.display())]
    Changed {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// No server would believe the file.
    #[error("{} would belong to {owner}, and no server would believe it: run this as {expected}, or list that account in the manifest under `rollout: {{ claims: {{ folder, writers }} }}`", path.display())]
    NotBelieved {
        /// The file that was to be written.
        path: PathBuf,
        /// The owner that it would have.
        owner: String,
        /// The owner that it should have.
        expected: String,
    },
}

impl ShareError {
    /// Whether the error passes by itself, because somebody else uses the record.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Kept { .. } | Self::Changed { .. } => true,
            Self::Unusable { .. } | Self::NoRecord { .. } | Self::Crowded { .. } | Self::NotBelieved { .. } => false,
        }
    }
}
