//! Why this machine cannot be observed, or a step cannot be taken on it.

use std::{io, path::PathBuf};

use super::library::CallError;
use super::machine::MachineError;
use super::package::PackageError;
use super::powershell_error::PowerShellError;
use super::process::{Ending, ProcessError};
use super::registry::RegistryError;
use super::services::ServiceError;
use super::shells::ShellError;
use super::state_error::StateError;
use super::win32::Win32Error;
use crate::journal::JournalError;
use crate::share_error::ShareError;
use crate::uninstall::ComponentError;

#[derive(Debug, thiserror::Error)]
pub enum WindowsError {
    #[error(transparent)]
    Machine(#[from] MachineError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Components(#[from] ComponentError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    PowerShell(#[from] PowerShellError),
    #[error(transparent)]
    Services(#[from] ServiceError),
    #[error(transparent)]
    Shells(#[from] ShellError),
    #[error(transparent)]
    Share(#[from] ShareError),
    #[error("cannot find the folders of Windows: {0}")]
    Folders(#[from] CallError),
    #[error("cannot name the folder of the update: {0}")]
    NoName(io::Error),
    #[error("cannot find out whether the installer could outlive this Windows session: {0}")]
    Confinement(Win32Error),
    #[error("cannot create the log folder {}: {cause}", path.display())]
    Log { path: PathBuf, cause: io::Error },
    #[error(
        "a run works on this server ({0}), and no management shell is opened next to it: look again when it has ended"
    )]
    RunActs(String),
    #[error("the copy of {0} in the private folder is gone; run apply again, which copies it again")]
    NotStaged(String),
    #[error("{program} {ending}{said}; leave it to finish, then run again; its log folder is {}", folder.display())]
    Unfinished { program: &'static str, ending: Ending, said: String, folder: PathBuf },
}
