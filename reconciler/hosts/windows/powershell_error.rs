//! Why the management shell did not answer.

use std::{io, path::PathBuf};

use super::process::{Ending, ProcessError};

/// Why the management shell did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PowerShellError {
    /// The script cannot be put where PowerShell reads it.
    #[error("cannot write the script {path}: {cause}")]
    Script {
        /// The script.
        path: PathBuf,
        /// What went wrong.
        cause: io::Error,
    },
    /// PowerShell cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// There is no Windows PowerShell.
    #[error("expected Windows PowerShell at {0}, found none: install Windows Management Framework 3.0 or later")]
    Missing(PathBuf),
    /// Windows does not let the script run.
    #[error(
        "an execution policy refuses {script}: {said}; where Group Policy sets one, let it allow scripts that are made on this \
         server (RemoteSigned)"
    )]
    Policy {
        script: &'static str,
        /// PowerShell's own words.
        said: String,
    },
    /// The script failed, or did not come to its end.
    #[error("{script} {ending}: {said}; everything that it printed is in {folder}")]
    Ended {
        script: &'static str,
        /// How it ended.
        ending: Ending,
        /// The last lines that it printed.
        said: String,
        /// Where all of them are.
        folder: PathBuf,
    },
    /// The script ended well, and its answer is not one.
    #[error("{script} was expected to answer {expected}, found {found}; everything that it printed is in {folder}")]
    Answer {
        script: &'static str,
        /// What the answer should have been.
        expected: &'static str,
        /// What it was.
        found: String,
        /// Where everything that it printed is.
        folder: PathBuf,
    },
}
