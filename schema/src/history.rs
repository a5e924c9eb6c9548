//! What a journal records about earlier runs, as the answers of `history` and `status`.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Begun, BootId, Build, Code, Damage, FindingReport, Fingerprint, Fqdn, Heading, Hold, LastRun, OpeningReport, RunId,
    ServerName, State, Step, TaskStanding, UnattendedRun, ZoneName,
};

/// The report of `reconcile history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile history")]
pub struct HistoryReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that made it.
    pub made_by: String,
    /// The servers.
    pub servers: Vec<ServerHistory>,
}

/// The earlier runs on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerHistory {
    /// The server.
    pub name: ServerName,
    /// Whether it is simulated.
    pub lab: bool,
    /// The time zone in which people read its times; UTC where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneName>,
    /// The lines of the journal that cannot be read and that nobody has acknowledged: runs may be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_damaged: Option<Damage>,
    /// The runs that left a trace, the newest last. A run that found nothing to do leaves none.
    pub runs: Vec<PastRun>,
}

/// A run that left a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PastRun {
    /// Its name.
    pub run: RunId,
    /// The time of its first trace.
    pub began: Timestamp,
    /// When it ended. A run that was killed, or that is still at work, has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Who or what started it.
    pub by: String,
    /// The version of `reconcile`.
    pub made_by: String,
    /// The build that Core Components was to reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Build>,
    /// The steps that were begun.
    pub steps: Vec<PastStep>,
    /// How long services were down because of this run, or of an earlier run that it finished, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage_seconds: Option<u32>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// How it ended, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Whether it ended with the server at its goal.
    pub at_goal: bool,
    /// What operators did meanwhile: held, no longer held, attempt counter reset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A step of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PastStep {
    /// The step.
    pub step: Step,
    /// The command, as the plan named it. Earlier versions did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Why it was taken, where a reason of the manifest belongs to that: servers that it did not wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// How long it took, in seconds; a step that failed or was interrupted has no length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_seconds: Option<u32>,
    /// What it reported, in words, with its exit code where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Whether it reported failure.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub failed: bool,
}

/// The report of `reconcile status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile status")]
pub struct StatusReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that made it.
    pub made_by: String,
    /// The fingerprint of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// Who holds the lock, if somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    /// The last run of the scheduled task: of this machine, or of all servers of a lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_run: Option<UnattendedRun>,
    /// The scheduled task of this machine; simulated servers have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<TaskStanding>,
    /// The servers.
    pub servers: Vec<ServerStatus>,
}

/// The state of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    /// The server and its target.
    #[serde(flatten)]
    pub server: Heading,
    /// The time zone in which people read its times; UTC where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneName>,
    /// The boot of the server. Another boot has another text; it means nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootId>,
    /// When that boot began, by the server's clock. Two observations of one boot can differ by a second or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booted_at: Option<Timestamp>,
    /// Its state, as far as it is known without reading expensive facts.
    pub state: State,
    /// The differences from its target.
    pub findings: Vec<FindingReport>,
    /// The hold that is set on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The maintenance window that is open now, where the manifest has windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<OpeningReport>,
    /// The next maintenance window, where the manifest has windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<OpeningReport>,
    /// Since when services are down because a run stopped them, and for how many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<DownSince>,
    /// The step that a run began and did not finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
    /// The pool that it has claimed and not released since, according to its journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Fqdn>,
    /// How often the installer was started for the target of the last run.
    pub attempts: u32,
    /// How often the services were taken down for it.
    pub outages: u32,
    /// How often the machine was restarted for it.
    pub restarts: u32,
    /// The last run that left a trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<PastRun>,
    /// The last unattended run, if it left a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<LastRun>,
}

/// An outage that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownSince {
    /// When the first service was stopped.
    pub since: Timestamp,
    /// The time since then, in seconds.
    pub seconds: u32,
    /// The services that ran before.
    pub ran: Vec<String>,
}
