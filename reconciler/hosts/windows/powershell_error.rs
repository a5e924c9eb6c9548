//! Why the management shell did not answer.

use std::{io, path::PathBuf};

use super::process::{Ending, ProcessError};

/// Why the management shell did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PowerShellError {
    /// The script cannot be written to the place where PowerShell reads it.
    #[error("cannot write the script {path}: {cause}")]
    Script { path: PathBuf, cause: io::Error },
    /// PowerShell cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Windows PowerShell is missing.
    #[error("expected Windows PowerShell at {0}, found none: install Windows Management Framework 3.0 or later")]
    Missing(PathBuf),
    /// An execution policy refuses the script.
    #[error(
        "an execution policy refuses {script}: {said}; where Group Policy sets one, let it allow scripts that are made on this \
         server (RemoteSigned)"
    )]
    Policy {
        script: &'static str,
        /// PowerShell's own words.
        said: String,
    },
    /// The script failed, or was ended early.
    #[error("{script} {ending}: {said}; everything that it printed is in {folder}")]
    Ended {
        script: &'static str,
        /// How it ended.
        ending: Ending,
        /// The last lines that it printed.
        said: String,
        /// The folder with the complete output.
        folder: PathBuf,
    },
    /// The script ended successfully, but its answer is invalid.
    #[error("{script} was expected to answer {expected}, found {found}; everything that it printed is in {folder}")]
    Answer {
        script: &'static str,
        expected: &'static str,
        found: String,
        /// The folder with the complete output.
        folder: PathBuf,
    },
}
