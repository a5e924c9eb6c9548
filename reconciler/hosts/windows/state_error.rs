//! Why the private folder cannot be used.

use std::path::PathBuf;

use windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED;

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
    #[error("{path} is not reconcile's ({why}), and cannot be moved away: {cause}; {todo}")]
    Stuck {
        path: PathBuf,
        why: Foreign,
        cause: String,
        /// What an administrator does about it.
        todo: &'static str,
    },
    /// An administrator has put a link in its place.
    #[error(
        "the private folder {0} is a link that an administrator made; what reconcile keeps is not looked for through links: put the \
         folder itself there, then run again"
    )]
    Link(PathBuf),
    /// Each time it was moved away, another one was in its place.
    #[error(
        "a process of {who} puts other entries in the place of the private folder {path}: end that process, then run again"
    )]
    Contested {
        path: PathBuf,
        /// The owner of what was in its place, as far as that was read.
        who: String,
    },
}

/// What to do about an entry that cannot be moved away for this reason. Nothing of a stranger's may become ours: what is
/// taken over is removed.
pub fn way_out(cause: Win32Error) -> &'static str {
    match cause.0 {
        // Windows also says this of a folder if a file below it is open.
        ERROR_ACCESS_DENIED => {
            "its access list excludes even administrators, or a process has a file below it open: restart this server and run \
             again; if it is still there, take it over (takeown /A), remove it with everything in it, and run again"
        }
        _ => "a process of somebody else may have it open: end that process or restart this server, then run again",
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Foundation::ERROR_SHARING_VIOLATION;

    use super::*;

    #[test]
    fn who_is_excluded_is_not_told_to_look_for_a_process_alone() {
        assert!(way_out(Win32Error(ERROR_ACCESS_DENIED)).contains("excludes even administrators"));
        assert!(!way_out(Win32Error(ERROR_SHARING_VIOLATION)).contains("administrators"));
    }
}
