//! Why the private folder cannot be used.

use std::path::PathBuf;

use super::library::CallError;
use super::win32::Win32Error;
use crate::ownership::Foreign;

/// Why the private folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Windows does not report the folder for program data.
    #[error("cannot find the folder for program data: {0}")]
    NoProgramData(CallError),
    /// It is for administrators.
    #[error("the private folder {0} is for administrators of this computer: run this as one of them, elevated")]
    NotElevated(PathBuf),
    #[error("cannot {what} the private folder {path}: {cause}; run as an administrator of this computer")]
    Folder {
        /// Which step failed.
        what: &'static str,
        path: PathBuf,
        cause: Win32Error,
    },
    /// An entry that is not ours cannot be moved away.
    #[error(
        "{path} is not reconcile's ({why}), and cannot be moved away: {cause}; a process of somebody else may have it open: \
         end that process or restart this server, then run again"
    )]
    Stuck { path: PathBuf, why: Foreign, cause: String },
    /// An administrator has put a link in its place.
    #[error(
        "the private folder {0} is a link that an administrator made; what reconcile keeps is not looked for through links: put the \
         folder itself there, then run again"
    )]
    Link(PathBuf),
    /// Each time it was moved away, another one was in its place.
    #[error("somebody makes the private folder {0} again whenever it is moved away: end that process, then run again")]
    Contested(PathBuf),
}
