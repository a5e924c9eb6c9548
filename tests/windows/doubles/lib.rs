//! What the test driver on Linux and the doubles on the machine under test tell each other, in files in `C:\lab`.
//!
//! `lab.json` says how the doubles behave, `databases.json` what is in the databases; in `calls.jsonl` each double
//! writes down that it was called, and with what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// How the doubles behave: `lab.json`. The driver writes it, also while the machine runs; the doubles only read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lab {
    /// The full name of the computer.
    pub fqdn: String,
    /// The services of the product in their start order, the web server first.
    pub services: Vec<Service>,
    /// Services that no step of the procedure touches, such as SQL Server's.
    pub bystanders: Vec<Service>,
    /// What the update brings: `DisplayVersion` by `DisplayName`.
    pub package: BTreeMap<String, String>,
    /// How the updater fares each time that it is run; the last entry holds for all later times.
    pub updater: Vec<UpdaterRun>,
    /// Where the product's management module is.
    pub module: String,
    /// The assembly that comes with the module, and that anyone who loads the module keeps loaded.
    pub assembly: String,
    /// How a script fares each time that it is run, by its file name; the last entry holds for all later times.
    pub scripts: BTreeMap<String, Vec<ScriptRun>>,
    /// The pool that the computer is a Front End Server of.
    pub pool: Option<Pool>,
    /// The groups that the account belongs to.
    pub groups: BTreeSet<String>,
    /// How the Task Scheduler takes to what it is asked.
    pub scheduler: Scheduler,
}

/// A Front End pool, as the product's cmdlets tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// The full name.
    pub fqdn: String,
    /// What the product is asked for, to tell whether the pool is ready.
    pub asks: Asks,
    /// Whether the product can have a pool take over for one of its servers.
    pub moves: bool,
    /// `PoolUpgradeState`.
    pub readiness: String,
    /// How many Front End Servers it has.
    pub servers: u32,
    /// How many of the others are active.
    pub others: u32,
    /// Whether the product reports how many servers there are, and how many of them are active.
    pub counts: bool,
    /// The upgrade domains: the names in each, and whether it is ready for an upgrade.
    pub domains: Vec<(String, String)>,
    /// What is said of its fabric: the stream and the line; where nothing is given, that all active servers are sound.
    pub fabric: Option<Vec<(String, String)>>,
}

/// What a product is asked for, to tell whether a pool is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asks {
    /// `Get-CsPoolUpgradeReadinessState`.
    Readiness,
    /// `Get-CsUpgradeDomainInfo`.
    Domains,
}

/// How the Task Scheduler takes to what it is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheduler {
    /// It does it.
    #[default]
    Works,
    /// It refuses everything, with this reason.
    Refuses(String),
    /// It registers a task with one text replaced by another.
    Alters {
        /// This text.
        from: String,
        /// That one.
        to: String,
    },
}

/// The name of the web server's service, which the product shares with others.
pub const WEB_SERVER: &str = "W3SVC";

/// The name of the service that makes a computer a Front End Server.
pub const FRONT_END: &str = "RTCSRV";

/// A service, and how it takes to being started and stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// The short name.
    pub name: String,
    /// The display name, where it is not the short one.
    pub display: Option<String>,
    /// The program, where it is not the one of all services; its file name is `service.exe`.
    pub program: Option<String>,
    /// A module that it keeps loaded while it runs.
    pub loads: Option<String>,
    /// Who starts it.
    pub start_type: StartType,
    /// What happens when it is started.
    pub start: Start,
    /// What happens when it is stopped.
    pub stop: Stop,
}

/// Who starts a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartType {
    /// The machine, when it boots.
    #[default]
    Automatic,
    /// The one that wants it.
    Manual,
    /// Nobody may.
    Disabled,
}

/// What happens when a service is started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// It runs at once.
    #[default]
    Prompt,
    /// It runs after this many milliseconds, and reports progress until then.
    Slow(u64),
    /// It stays on the way for ever and reports no progress.
    Hang,
    /// It ends with this error.
    Fail(u32),
    /// It runs at once, and ends by itself after this many milliseconds.
    Ends(u64),
}

/// What happens when a service is stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// It stops at once.
    #[default]
    Prompt,
    /// It stops after this many milliseconds, and reports progress until then.
    Slow(u64),
    /// It stays on the way for ever and reports no progress.
    Hang,
}

/// How one run of the updater fares, once nothing keeps it from installing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdaterRun {
    /// How many milliseconds each component takes.
    pub pace: u64,
    /// A service that somebody has started again by the time that it looks for running ones.
    pub meets: Option<String>,
    /// How many components are patched before the end comes; all, when not given.
    pub components: Option<usize>,
    /// How it ends.
    pub end: End,
    /// Whether a complete run starts every service at its end, as the Windows Fabric patch does since Lync Server
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

/// How one run of a script fares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptRun {
    /// It does what its cmdlet does.
    #[default]
    Works,
    /// It does what its cmdlet does, after this many milliseconds.
    Slow(u64),
    /// It does what its cmdlet does, and prints 3 MB of warnings before its answer.
    Chatty,
    /// It does nothing, and never ends.
    Hangs,
    /// It does nothing but to report this error.
    Fails(String),
    /// It does nothing but to answer with this text.
    Answers(String),
    /// It does nothing and says nothing, as if all were well.
    DoesNothing,
}

/// What is in a database, an element of `databases.json`.
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
    /// The version that is installed; empty when the report does not tell.
    pub installed: String,
    /// The version that the binaries before the update expect.
    pub expected_before: String,
    /// The version that the binaries of the update expect.
    pub expected_after: String,
    /// Whether the server answers.
    pub reachable: bool,
    /// Whether an update passes over it without an error.
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

/// A line of `calls.jsonl`: a double was called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// When the process was started, in milliseconds since 1970.
    pub began: u64,
    /// When it got its order: a management shell may wait for that.
    pub at: u64,
    /// The file name of the program, in lower case.
    pub program: String,
    /// The process.
    pub process: u32,
    /// Its arguments. A service has its name and `start` or `stop`; one that takes time for it, later `running` or `stopped`.
    pub args: Vec<String>,
    /// What it was given on standard input.
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

/// What a look at the machine finds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// The full name of the computer, as Windows gives it.
    pub fqdn: String,
    /// `DisplayVersion` by `DisplayName` of what is installed.
    pub components: BTreeMap<String, String>,
    /// The services of the lab, by name: `Running`, `Stopped` …
    pub services: BTreeMap<String, String>,
    /// Who starts each of them.
    pub start_types: BTreeMap<String, StartType>,
    /// `PendingFileRenameOperations`.
    pub renames: Vec<String>,
}

/// What somebody who swaps the package has done so far: `swaps.json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swaps {
    /// How often it was tried.
    pub tried: u32,
    /// How often it was done: at all other times somebody held the file.
    pub taken: u32,
    /// How many of these were of a copy in the private folder.
    pub taken_private: u32,
    /// How often a library was put next to the source.
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
