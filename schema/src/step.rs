//! The steps of the documented procedure, and why each is taken.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Build, ComponentName, ExitCode, Phase, Right, ServerName, Store, Whose};

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
    /// Have the pool take over for this Front End Server: this stops and disables its services.
    FailOver,
    /// Stop the services of other products that the manifest names, because they hold what the update replaces.
    StopOthers,
    /// Stop the product's services.
    StopServices,
    /// Stop the web server.
    StopWeb,
    /// Close the management shells that other people left open.
    CloseShells,
    /// Run the cumulative update's installer.
    Install,
    /// Start the web server.
    StartWeb,
    /// Bring one set of databases up to date.
    UpdateDatabases(Store),
    /// Fail this Front End Server back to its pool: this enables and starts its services.
    FailBack,
    /// Start the product's services.
    StartServices,
    /// Start the services of other products that the manifest names.
    StartOthers,
    /// Release the pool on that share, and report the server's build there.
    Release,
    /// Bring databases of the pool up to date that are on a SQL Server which is none of the servers. The services keep
    /// running.
    UpdatePoolDatabases(Store),
}

/// What a step changes when it has its effect: the fact in which the next observation shows that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// The update is in the private folder.
    Package,
    /// The record of the pool's claims names this server.
    Claim,
    /// No observable fact: only a mark in the journal records it.
    Mark,
    /// No management shell is open.
    Shells,
    /// These services are stopped.
    Stopped(Whose),
    /// These services run, if they should.
    Running(Whose),
    /// The components are at their builds.
    Components,
    /// These databases are at the versions that the binaries expect.
    Databases(&'a Store),
    /// The machine is in another boot.
    Boot,
}

struct Row<'a> {
    /// As a noun phrase: "stopping the services".
    name: &'static str,
    change: Change<'a>,
    rights: &'static [Right],
    phase: Option<Phase>,
}

/// A claim needs none: the share itself controls who may write.
const NONE: &[Right] = &[];

/// Work on the machine needs an administrator of it.
const MACHINE: &[Right] = &[Right::Administrator];

/// Cmdlets of the product that change its databases or move its servers.
const PRODUCT: &[Right] = &[Right::Administrator, Right::ServerAdmin];

impl Step {
    /// The table of steps.
    ///
    /// Rights:
    /// - Services, files and the installer belong to the machine, so they need an administrator of it (Microsoft Learn,
    ///   Lync Server 2013, "Upgrade or update a Back End Server or Standard Edition server").
    /// - `Install-CsDatabase` needs an administrator of the machine who is a member of `RTCUniversalServerAdmins` and a
    ///   sysadmin of the SQL Server (Microsoft Learn, Lync Server 2013, "Deployment permissions for SQL Server"). The
    ///   last is a login of that server; `Test-CsDatabase` shows before the first stop whether it is missing.
    /// - Failover and failback are cmdlets of the product that run locally. They need the same group (same source), and
    ///   an administrator of every server of the pool (Microsoft Learn, "Invoke-CsComputerFailOver").
    /// - A claim is a file on a share, which itself controls who may write it.
    ///
    /// Phases: stopping and starting the services of other products is short, and has no phase of its own.
    const fn row(&self) -> Row<'_> {
        use Change::{Boot, Claim, Components, Databases, Mark, Package, Running, Shells, Stopped};
        let (name, change, rights, phase) = match self {
            Self::Stage => ("staging the update", Package, MACHINE, None),
            Self::Claim => ("claiming the pool", Claim, NONE, None),
            Self::Reboot => ("the restart", Boot, MACHINE, Some(Phase::Restart)),
            Self::FailOver => ("the failover", Stopped(Whose::Product), PRODUCT, Some(Phase::FailOver)),
            Self::StopOthers => ("stopping the services of others", Stopped(Whose::Others), MACHINE, None),
            Self::StopServices => ("stopping the services", Stopped(Whose::Product), MACHINE, Some(Phase::Stop)),
            Self::StopWeb => ("stopping the web server", Stopped(Whose::WebServer), MACHINE, Some(Phase::StopWeb)),
            Self::CloseShells => ("closing the open shells", Shells, MACHINE, None),
            Self::Install => ("the installation", Components, MACHINE, Some(Phase::Install)),
            Self::StartWeb => ("starting the web server", Running(Whose::WebServer), MACHINE, Some(Phase::StartWeb)),
            Self::UpdateDatabases(store) => ("updating", Databases(store), PRODUCT, Some(Phase::Database)),
            Self::FailBack => ("the failback", Running(Whose::Product), PRODUCT, Some(Phase::Start)),
            Self::StartServices => ("starting the services", Running(Whose::Product), MACHINE, Some(Phase::Start)),
            Self::StartOthers => ("starting the services of others", Running(Whose::Others), MACHINE, None),
            Self::Release => ("releasing the pool", Mark, NONE, None),
            Self::UpdatePoolDatabases(store) => ("updating", Databases(store), PRODUCT, Some(Phase::Database)),
        };
        Row { name, change, rights, phase }
    }

    /// What the step changes.
    #[must_use]
    pub const fn change(&self) -> Change<'_> {
        self.row().change
    }

    /// Whether the step takes functions away from the users of the host, or can do so.
    #[must_use]
    pub const fn takes_down(&self) -> bool {
        match self.change() {
            Change::Stopped(_) | Change::Components | Change::Boot => true,
            // Databases of a pool are updated while its servers use them: Microsoft's texts stop nothing for it.
            Change::Databases(_) => matches!(self, Self::UpdateDatabases(_)),
            Change::Package | Change::Claim | Change::Mark | Change::Shells | Change::Running(_) => false,
        }
    }

    /// Whether the step must be approved where a plan was approved, and recorded before it is taken: nobody can take it
    /// back.
    #[must_use]
    pub const fn is_consequential(&self) -> bool {
        self.takes_down() || matches!(self, Self::UpdatePoolDatabases(_))
    }

    /// The owner of the services that the step starts, if it starts any.
    #[must_use]
    pub const fn starts(&self) -> Option<Whose> {
        if let Change::Running(whose) = self.change() { Some(whose) } else { None }
    }

    /// The rights on the server that the step needs.
    #[must_use]
    pub const fn rights(&self) -> &'static [Right] {
        self.row().rights
    }

    /// The part of an outage that the step belongs to; `again` when an installer ran since the services were last
    /// stopped.
    #[must_use]
    pub const fn phase(&self, again: bool) -> Option<Phase> {
        match self.row().phase {
            Some(Phase::Stop) if again => Some(Phase::StopAgain),
            phase => phase,
        }
    }
}

/// Why a step is taken: the difference that it removes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// These components are below their builds.
    Behind(Vec<Behind>),
    /// An installation of this update began, and no run saw it end successfully.
    Unproven {
        /// The exit code of the installer, if a run saw it end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u32>,
    },
    /// An installer ran since the services were last stopped, so running services can hold replaced assemblies.
    AssembliesHeld,
    /// The installer requested a restart, or a restart of the machine is pending.
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
    /// The same of databases of the pool, whose update waits for all Front End Servers.
    PoolStoreBehind {
        /// The form in which they are updated.
        store: Store,
        /// The databases.
        databases: Vec<String>,
        /// The Front End Servers that the update does not wait for, each with the reason of the manifest.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        without: BTreeMap<ServerName, String>,
    },
    /// The server is failed over, and the work for which this was done is finished.
    FailedOver,
    /// These services should be running and are not.
    Down(Vec<String>),
    /// The server is about to be taken down and has not claimed its pool.
    Unclaimed,
    /// The server is done and has not reported this to the other servers of its pool.
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
        f.write_str(self.row().name)?;
        if let Self::UpdateDatabases(store) | Self::UpdatePoolDatabases(store) = self {
            write!(f, " the {store}")
        } else {
            Ok(())
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
            Self::AssembliesHeld => f.write_str("services that still run may use files that the installer replaced"),
            Self::RebootPending(who) => write!(f, "a restart is requested by {}", who.join(", ")),
            Self::NotStaged => f.write_str("so that nobody changes the installer after its check"),
            Self::ShellsOpen => f.write_str("open shells use files that the installer replaces"),
            Self::StoreBehind { databases, .. } => {
                write!(f, "below the version that the binaries expect: {}", listed(databases))
            }
            Self::PoolStoreBehind { databases, without, .. } => {
                write!(f, "below the version that the binaries expect: {}", listed(databases))?;
                let mut without = without.iter();
                let Some((server, why)) = without.next() else { return Ok(()) };
                write!(f, "; without {server} ({why})")?;
                without.try_for_each(|(server, why)| write!(f, ", {server} ({why})"))
            }
            Self::FailedOver => f.write_str("the pool serves its users, and it can serve them again"),
            Self::Down(names) => {
                write!(f, "so that {} {} again", listed(names), if names.len() == 1 { "runs" } else { "run" })
            }
            Self::Unclaimed => f.write_str("one server of the pool is taken down at a time"),
            Self::Unreleased => f.write_str("the next server of the pool may begin"),
        }
    }
}

/// The first few names, and how many more there are.
#[must_use]
pub fn listed(names: &[String]) -> String {
    match names.split_at_checked(4) {
        Some((first, rest)) if rest.len() > 1 => alloc::format!("{} and {} more", first.join(", "), rest.len()),
        Some(_) | None => names.join(", "),
    }
}
