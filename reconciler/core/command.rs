//! The command for each step, as the documentation gives it and as a person could type it.
//!
//! The Windows host runs these commands, with one exception: it stops and starts the product's services through the
//! service manager (according to Microsoft Learn, `Stop-CsWindowsService` does much the same as `Stop-Service`). So no
//! management shell has to load the product's module, and services that do not need each other stop and start together.
//! A person would still type the cmdlet.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use reconcile_schema::{Cause, FolderPath, ServiceName, Step, Store};

use crate::{goal::Goal, pool_stores::SqlPaths};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A cmdlet of the product's management shell.
    Cmdlet(String),
    /// A program that belongs to Windows or to the update.
    Program(String),
    /// A step that `reconcile` does itself; there is no command for it.
    Own(String),
}

impl Command {
    /// The command for `step` on a server with the goal `goal`.
    #[must_use]
    pub fn of(goal: &Goal, step: &Step, cause: &Cause) -> Self {
        match step {
            Step::Stage => Self::Own(format!("copy and verify {}", file_name(&goal.installer.path))),
            Step::Claim => Self::Own(format!("claim {}", claimed(goal))),
            Step::Release => Self::Own(format!("release {}", claimed(goal))),
            Step::Reboot => Self::Own("restart the machine".into()),
            Step::FailOver => Self::Cmdlet(format!("Invoke-CsComputerFailOver -ComputerName {}", goal.server)),
            Step::FailBack => Self::Cmdlet(format!("Invoke-CsComputerFailBack -ComputerName {}", goal.server)),
            Step::StopOthers => Self::Cmdlet(format!("Stop-Service -Name {}", others(goal))),
            Step::StartOthers => Self::Cmdlet(format!("Start-Service -Name {}", others(goal))),
            Step::StopServices => Self::Cmdlet("Stop-CsWindowsService".into()),
            Step::StopWeb => Self::Program("net stop w3svc".into()),
            Step::CloseShells => Self::Own("end the open management shells".into()),
            Step::Install => Self::Program(format!("{} /silentmode", goal.product.installer())),
            Step::StartWeb => Self::Program("net start w3svc".into()),
            Step::UpdateDatabases(store) | Step::UpdatePoolDatabases(store) => Self::updating(store, goal.paths(step)),
            Step::StartServices => Self::Cmdlet(start(cause)),
        }
    }

    /// The command that updates these databases.
    #[must_use]
    pub fn updating(store: &Store, paths: &SqlPaths) -> Self {
        let paths = match paths {
            SqlPaths::Chosen => String::new(),
            SqlPaths::Default => " -UseDefaultSqlPaths".into(),
            SqlPaths::These(paths) => format!(" -DatabasePaths {}", listed(paths.iter().map(FolderPath::as_str))),
        };
        Self::Cmdlet(format!("Install-CsDatabase -Update {}{paths}", form(store)))
    }
}

/// The command that starts the product's services: a single stopped service by its name.
fn start(cause: &Cause) -> String {
    let name = if let Cause::Down(names) = cause { names.first().filter(|_| names.len() == 1) } else { None };
    name.map_or_else(|| "Start-CsWindowsService".into(), |name| format!("Start-CsWindowsService -Name {name}"))
}

/// The name under which the pool is claimed.
fn claimed(goal: &Goal) -> String {
    goal.claims.as_ref().map_or_else(String::new, |claims| format!("{}", claims.name))
}

/// The services of other products, as a list of names for PowerShell.
fn others(goal: &Goal) -> String {
    listed(goal.also_stop.iter().map(ServiceName::as_str))
}

fn listed<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    texts.map(quoted).collect::<Vec<_>>().join(", ")
}

/// The last part of a path, written the Windows way.
fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// The parameters that name a set of databases (Microsoft Learn: Install-CsDatabase).
fn form(store: &Store) -> String {
    match store {
        Store::Local => "-LocalDatabases".into(),
        Store::Configured { sql_server, exclude_collocated } => {
            let exclude = if *exclude_collocated { " -ExcludeCollocatedStores" } else { "" };
            format!("-ConfiguredDatabases -SqlServerFqdn {sql_server}{exclude}")
        }
        Store::CentralManagement { sql_server, instance: None } => {
            format!("-CentralManagementDatabase -SqlServerFqdn {sql_server}")
        }
        Store::CentralManagement { sql_server, instance: Some(instance) } => {
            format!("-CentralManagementDatabase -SqlServerFqdn {sql_server} -SqlInstanceName {instance}")
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cmdlet(text) | Self::Program(text) | Self::Own(text) => f.pad(text),
        }
    }
}
