//! Why a record on the share cannot be read or changed.

use std::{io, path::PathBuf};

/// A record cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The operating system refused.
    #[error("cannot {what} {}: {cause}; make sure that the share is there and that this server's account may write to it", path.display())]
    Unusable {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The file holds something else.
    #[error("{}: {cause}; fix the file; or, when its server is not worked on, move it away and run apply --retry on that server, which writes it again", path.display())]
    NoRecord {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// There are more files than any pool has servers.
    #[error("{} has more than {most} files of one record; find out who writes them, and move away those of no server", path.display())]
    Crowded {
        /// The folder.
        path: PathBuf,
        /// How many are read.
        most: usize,
    },
    /// Somebody changes the record and does not end.
    #[error("{}: somebody else has been using this record for {lasts} s; if that does not end, see on the file server who has the file open (Get-SmbOpenFile)", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
        /// For how long.
        lasts: u64,
    },
    /// Somebody wrote while the lock was ours: it was lost with the connection.
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
        /// Whose it would be.
        owner: String,
        /// Whose it should be.
        expected: String,
    },
}

impl ShareError {
    /// Whether it passes by itself: somebody else uses the record.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Changed { .. } => true,
            Self::Unusable { .. } | Self::NoRecord { .. } | Self::Crowded { .. } | Self::NotBelieved { .. } => false,
        }
    }
}
