//! What a journal tells of earlier runs, as the answers of `history` and `status`.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Begun, Build, Code, Damage, FindingReport, Fqdn, Heading, Hold, LastRun, OpeningReport, RunId, ServerName, State,
    Step, TaskStanding, ZoneName,
};

/// The answer of `history`.
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
    /// On whose clock times are shown to people; UTC where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneName>,
    /// What of the journal cannot be read, and nobody has acknowledged: runs may be missing.
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
    /// When its first trace was left.
    pub began: Timestamp,
    /// When it ended; a run that was killed, or has not ended yet, has no end.
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
    /// How long services were down because of it or of an earlier run that it finished, in seconds.
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
    /// What the plan called it: the command. Earlier versions did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// How long it took, in seconds; one that failed or was cut off has no length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_seconds: Option<u32>,
    /// What it said, in words, with its exit code where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Whether it failed by its own account.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub failed: bool,
}

/// The answer of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile status")]
pub struct StatusReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that made it.
    pub made_by: String,
    /// Who holds the lock, if somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    /// The scheduled task of this machine; simulated servers have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<TaskStanding>,
    /// The servers.
    pub servers: Vec<ServerStatus>,
}

/// How one server stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    /// The server and its target.
    #[serde(flatten)]
    pub server: Heading,
    /// On whose clock times are shown to people; UTC where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneName>,
    /// In which state it is, by what is seen without an expensive look.
    pub state: State,
    /// In what it differs from its target.
    pub findings: Vec<FindingReport>,
    /// Why nothing is to be done to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The maintenance window that is open now, where the manifest has windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<OpeningReport>,
    /// The next maintenance window, where the manifest has windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<OpeningReport>,
    /// Since when services are down because a run stopped them, and how long that is, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<DownSince>,
    /// The step that a run began and did not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Begun>,
    /// The pool that it has claimed, by its journal, and not released since.
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
    /// The last unattended run, if it left word of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<LastRun>,
}

/// An outage that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownSince {
    /// When the first service was stopped.
    pub since: Timestamp,
    /// How long that is ago, in seconds.
    pub seconds: u32,
    /// The services that ran before.
    pub ran: Vec<String>,
}
