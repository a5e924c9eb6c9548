//! The files in `C:\lab` through which the test driver on Linux and the doubles on the machine exchange data.
//!
//! `lab.json` holds the behaviour of the doubles, and `databases.json` the content of the databases. Each double
//! records its calls, with their input, in `calls.jsonl`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The behaviour of the doubles: `lab.json`. The driver writes it, also while the machine runs; the doubles only read
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lab {
    /// The full name of the computer.
    pub fqdn: String,
    /// The services of the product in their start order, the web server first.
    pub services: Vec<Service>,
    /// Services that no step of the procedure touches, such as SQL Server's.
    pub bystanders: Vec<Service>,
    /// The content of the update: `DisplayVersion` by `DisplayName`.
    pub package: BTreeMap<String, String>,
    /// How the updater behaves each time that it runs. The last entry applies to all later runs.
    pub updater: Vec<UpdaterRun>,
    /// The path of the product's management module.
    pub module: String,
    /// The assembly that comes with the module. Any process that loads the module keeps it loaded.
    pub assembly: String,
    /// How a script behaves each time that it runs, by its file name. The last entry applies to all later runs.
    pub scripts: BTreeMap<String, Vec<ScriptRun>>,
    /// The pool of which the computer is a Front End Server.
    pub pool: Option<Pool>,
    /// The groups that the account belongs to.
    pub groups: BTreeSet<String>,
    /// How the Task Scheduler reacts to a request.
    pub scheduler: Scheduler,
    /// What `doctor` finds through PowerShell, where that differs from a sound server.
    pub examined: Examined,
}

/// What `doctor` finds through PowerShell, where that differs from a sound server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Examined {
    /// The execution policy that a group policy sets.
    pub machine_policy: Option<String>,
    /// The parameters and properties that a cmdlet does not have.
    pub lacks: BTreeMap<String, Vec<String>>,
    /// In how many days the certificate of the product expires.
    pub certificate_days: Option<i64>,
    /// How many hours ago the databases were backed up.
    pub backup_hours: Option<u32>,
    /// Whether the replica of the Central Management Store is not up to date.
    pub replica_is_behind: bool,
}

/// A Front End pool, as the product's cmdlets report it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    pub fqdn: String,
    /// The cmdlet that reports whether the pool is ready.
    pub asks: Asks,
    /// Whether a pool of this product can take over for one of its servers.
    pub moves: bool,
    /// `PoolUpgradeState`.
    pub readiness: String,
    /// The number of its Front End Servers.
    pub servers: u32,
    /// The number of active servers, without this one.
    pub others: u32,
    /// Whether the product reports the total number of servers and the number of active ones.
    pub counts: bool,
    /// The upgrade domains: the names in each, and whether it is ready for an upgrade.
    pub domains: Vec<(String, String)>,
    /// The report on its fabric, as pairs of stream and line. Without one, all active servers are healthy.
    pub fabric: Option<Vec<(String, String)>>,
}

/// The cmdlet of a product that reports whether a pool is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asks {
    /// `Get-CsPoolUpgradeReadinessState`.
    Readiness,
    /// `Get-CsUpgradeDomainInfo`.
    Domains,
}

/// How the Task Scheduler reacts to a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheduler {
    /// It fulfils the request.
    #[default]
    Works,
    /// It refuses everything, with this reason.
    Refuses(String),
    /// It registers a task with one text replaced by another.
    Alters {
        /// The original text.
        from: String,
        /// Its replacement.
        to: String,
    },
}

/// The name of the web server's service, which the product shares with others.
pub const WEB_SERVER: &str = "W3SVC";

/// The name of the service that makes a computer a Front End Server.
pub const FRONT_END: &str = "RTCSRV";

/// A service, and its reaction to start and stop requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// The short name.
    pub name: String,
    /// The display name, if it differs from the short name.
    pub display: Option<String>,
    /// Its program, if it is not the common one. The file name is `service.exe`.
    pub program: Option<String>,
    /// A module that it keeps loaded while it runs.
    pub loads: Option<String>,
    pub start_type: StartType,
    /// Its reaction to a start request.
    pub start: Start,
    /// Its reaction to a stop request.
    pub stop: Stop,
}

/// The start type of a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartType {
    /// The machine starts it at boot.
    #[default]
    Automatic,
    /// A program or a person starts it.
    Manual,
    /// Nobody can start it.
    Disabled,
}

/// The reaction of a service to a start request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// It runs at once.
    #[default]
    Prompt,
    /// It runs after this many milliseconds, and reports progress until then.
    Slow(u64),
    /// It stays in the state "starting" for ever and reports no progress.
    Hang,
    /// It ends with this error.
    Fail(u32),
    /// It runs at once, and ends by itself after this many milliseconds.
    Ends(u64),
}

/// The reaction of a service to a stop request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// It stops at once.
    #[default]
    Prompt,
    /// It stops after this many milliseconds, and reports progress until then.
    Slow(u64),
    /// It stays in the state "stopping" for ever and reports no progress.
    Hang,
}

/// The behaviour of one run of the updater that was allowed to install.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdaterRun {
    /// How many milliseconds each component takes.
    pub pace: u64,
    /// A service that somebody has started again before the updater checks for running ones.
    pub meets: Option<String>,
    /// The number of components that are patched before it ends; all, if absent.
    pub components: Option<usize>,
    pub end: End,
    /// Whether a complete run starts every service at its end, as the Windows Fabric patch has done since Lync Server
    /// 2013 CU5.
    pub starts_services: bool,
    /// Whether it leaves a file to be renamed at the next boot.
    pub leaves_rename: bool,
}

/// How a run of the updater ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With this exit code.
    Exit(u32),
    /// It crashes.
    Crash,
    /// Never.
    Hang,
}

impl Default for End {
    fn default() -> Self {
        Self::Exit(0)
    }
}

/// The behaviour of one run of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptRun {
    /// It does the work of its cmdlet.
    #[default]
    Works,
    /// It does the work of its cmdlet after this many milliseconds.
    Slow(u64),
    /// It does the work of its cmdlet, and prints 3 MB of warnings before its answer.
    Chatty,
    /// It does nothing, and never ends.
    Hangs,
    /// It only reports this error.
    Fails(String),
    /// It only answers with this text.
    Answers(String),
    /// It succeeds without doing or printing anything.
    DoesNothing,
}

/// A database, as an element of `databases.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Its name, such as `rtcxds`.
    pub name: String,
    /// The form of the cmdlets that covers it.
    pub form: Form,
    /// The SQL Server that holds it.
    pub server: String,
    /// The instance.
    pub instance: String,
    /// The installed version; empty if the report does not contain it.
    pub installed: String,
    /// The version that the binaries before the update expect.
    pub expected_before: String,
    /// The version that the binaries of the update expect.
    pub expected_after: String,
    /// Whether the server answers.
    pub reachable: bool,
    /// Whether an update skips it without an error.
    pub stuck: bool,
}

/// A form of `Install-CsDatabase` and `Test-CsDatabase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// The databases of this computer.
    Local,
    /// The databases that the topology places on a SQL Server.
    Configured,
    /// The Central Management Store.
    Central,
}

/// A line of `calls.jsonl`: one call of a double.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// When the process was started, in milliseconds since 1970.
    pub began: u64,
    /// When it got its request, for which a management shell can wait.
    pub at: u64,
    /// The file name of the program, in lower case.
    pub program: String,
    /// The process ID.
    pub process: u32,
    /// Its arguments. For a service these are its name and `start` or `stop`. A slow service later records `running` or
    /// `stopped`.
    pub args: Vec<String>,
    /// Its standard input.
    pub stdin: String,
    /// The names of its environment variables.
    pub environment: Vec<String>,
    /// Its working directory.
    pub directory: String,
}

impl Call {
    /// The file name of the script, for a call of the management shell.
    #[must_use]
    pub fn script(&self) -> Option<&str> {
        self.args.last().filter(|_| self.program == "powershell.exe")?.rsplit('\\').next()
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.script() {
            Some(script) => write!(f, "{script} {}", self.stdin.trim()),
            None => write!(f, "{} {}", self.program, self.args.join(" ")),
        }
    }
}

/// The observed state of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// The full name of the computer, as Windows returns it.
    pub fqdn: String,
    /// The installed components: `DisplayVersion` by `DisplayName`.
    pub components: BTreeMap<String, String>,
    /// The services of the lab, by name: `Running`, `Stopped` …
    pub services: BTreeMap<String, String>,
    /// The start type of each service.
    pub start_types: BTreeMap<String, StartType>,
    /// `PendingFileRenameOperations`.
    pub renames: Vec<String>,
}

/// The statistics of the swapper: `swaps.json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swaps {
    /// The number of attempts.
    pub tried: u32,
    /// The number of successful swaps. In all other attempts another process held the file.
    pub taken: u32,
    /// The number of successful swaps of a copy in the private folder.
    pub taken_private: u32,
    /// The number of libraries that were put next to the source.
    pub planted: u32,
}

/// Whether the version `left` is at or above `right`, number by number.
#[must_use]
pub fn reaches(left: &str, right: &str) -> bool {
    let numbers = |text: &str| text.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>().ok();
    numbers(left) >= numbers(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_number_by_number() {
        assert!(reaches("5.0.8308.1001", "5.0.8308.992"));
        assert!(reaches("5.0.8308.992", "5.0.8308.992"));
        assert!(!reaches("5.0.8308.992", "5.0.8308.1001"));
    }
}
