//! The steps of the documented procedure, and why each is taken.

use alloc::{string::String, vec::Vec};
use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Build, ComponentName, ExitCode, Store};

/// One act on a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Copy the update to the private folder and verify it there.
    Stage,
    /// Claim the pool on the share where its servers agree, so that no other of them is taken down.
    Claim,
    /// Restart the machine.
    Reboot,
    /// Have the pool take over for this Front End Server: its services are stopped and disabled.
    FailOver,
    /// Stop the services of others that the manifest names: they hold what the update replaces.
    StopOthers,
    /// Stop the product's services.
    StopServices,
    /// Stop the web server.
    StopWeb,
    /// Close the management shells that others left open.
    CloseShells,
    /// Run the cumulative update's installer.
    Install,
    /// Start the web server.
    StartWeb,
    /// Bring one set of databases up to date.
    UpdateDatabases(Store),
    /// Give this Front End Server back to its pool: its services are enabled and started.
    FailBack,
    /// Start the product's services.
    StartServices,
    /// Start the services of others that the manifest names.
    StartOthers,
    /// Release the pool on that share, and say which build the server is at.
    Release,
}

impl Step {
    /// Whether the step takes something away from the users of the host, or may.
    #[must_use]
    pub const fn takes_down(&self) -> bool {
        match self {
            Self::Reboot
            | Self::FailOver
            | Self::StopOthers
            | Self::StopServices
            | Self::StopWeb
            | Self::Install
            | Self::UpdateDatabases(_) => true,
            Self::Stage
            | Self::Claim
            | Self::CloseShells
            | Self::StartWeb
            | Self::FailBack
            | Self::StartServices
            | Self::StartOthers
            | Self::Release => false,
        }
    }
}

/// Why a step is taken: the difference that it removes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// These components are below their builds.
    Behind(Vec<Behind>),
    /// An installation of this update was begun and not seen to end well.
    Unproven {
        /// The exit code of the installer, where it was seen to end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u32>,
    },
    /// An installer ran since the services were last stopped, so running services may hold replaced assemblies.
    AssembliesHeld,
    /// The installer asked for a restart, or the machine waits for one.
    RebootPending(Vec<String>),
    /// The update is not in the private folder yet.
    NotStaged,
    /// Open management shells hold assemblies that the installer replaces.
    ShellsOpen,
    /// These databases are below the versions that the installed binaries expect.
    StoreBehind {
        /// The form in which they are updated.
        store: Store,
        /// The databases.
        databases: Vec<String>,
    },
    /// The server is failed over, and what was to be done meanwhile is done.
    FailedOver,
    /// These services should run and do not.
    Down(Vec<String>),
    /// The server is about to be taken down, and has not claimed its pool.
    Unclaimed,
    /// The server is done, and has not said so to the other servers of its pool.
    Unreleased,
}

/// A component below its build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Behind {
    /// The component.
    pub component: ComponentName,
    /// The build that it has.
    pub found: Build,
    /// The build that it must reach.
    pub desired: Build,
}

/// As a noun phrase: "stopping the services".
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage => f.write_str("staging the update"),
            Self::Claim => f.write_str("claiming the pool"),
            Self::Reboot => f.write_str("the restart"),
            Self::FailOver => f.write_str("the fail-over"),
            Self::StopOthers => f.write_str("stopping the services of others"),
            Self::StopServices => f.write_str("stopping the services"),
            Self::StopWeb => f.write_str("stopping the web server"),
            Self::CloseShells => f.write_str("closing the open shells"),
            Self::Install => f.write_str("the installation"),
            Self::StartWeb => f.write_str("starting the web server"),
            Self::UpdateDatabases(store) => write!(f, "updating the {store}"),
            Self::FailBack => f.write_str("the fail-back"),
            Self::StartServices => f.write_str("starting the services"),
            Self::StartOthers => f.write_str("starting the services of others"),
            Self::Release => f.write_str("releasing the pool"),
        }
    }
}

/// The reason as a sentence without its end.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind(list) => {
                let Some(first) = list.iter().find(|one| one.component.is_core()).or(list.first()) else {
                    return f.write_str("components are below their builds");
                };
                write!(f, "{} is at {}, must reach {}", first.component, first.found, first.desired)?;
                if list.len() > 1 { write!(f, " (and {} more)", list.len() - 1) } else { Ok(()) }
            }
            Self::Unproven { code: Some(code) } => {
                write!(f, "the last installation ended with exit code {}", ExitCode(*code))
            }
            Self::Unproven { code: None } => f.write_str("the last installation was not seen to end"),
            Self::AssembliesHeld => f.write_str("running services may hold assemblies that the installer replaced"),
            Self::RebootPending(who) => write!(f, "a restart is asked for by {}", who.join(", ")),
            Self::NotStaged => f.write_str("the installer must not change between check and run"),
            Self::ShellsOpen => f.write_str("open shells hold assemblies that the installer replaces"),
            Self::StoreBehind { databases, .. } => {
                write!(f, "below the version that the binaries expect: {}", listed(databases))
            }
            Self::FailedOver => f.write_str("the pool serves its users, and it can serve them again"),
            Self::Down(names) => write!(f, "should run and does not: {}", listed(names)),
            Self::Unclaimed => f.write_str("one server of the pool is taken down at a time"),
            Self::Unreleased => f.write_str("the next server of the pool may begin"),
        }
    }
}

/// The first few names, and how many more there are.
fn listed(names: &[String]) -> String {
    match names.split_at_checked(4) {
        Some((first, rest)) if rest.len() > 1 => alloc::format!("{} and {} more", first.join(", "), rest.len()),
        Some(_) | None => names.join(", "),
    }
}
