//! The last unattended run, as it leaves word of itself: a report for people and for the next run's report. No decision
//! rests on it.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Code, Damage, EventKind, OpeningReport, Reason, State};

/// The last unattended run on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastRun {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that ran.
    pub made_by: String,
    /// What it was to do.
    pub mode: Mode,
    /// When it ended, by the server's clock.
    pub ended: Timestamp,
    /// How long it took, in seconds.
    pub took_seconds: u32,
    /// In which state it left the server.
    pub state: State,
    /// Its exit code, as far as this server decides it.
    pub exit_code: u8,
    /// How many steps it took.
    pub steps: u32,
    /// What it came to, as an event.
    pub event: EventKind,
    /// The same as a code that does not change between versions.
    #[serde(default)]
    pub code: Code,
    /// The same in words.
    pub outcome: String,
    /// In what the manifest that it followed is older than it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
    /// The step that keeps the server from its goal, and what that said, where it is a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// How long services were down, or have been, because of it, in seconds.
    #[serde(default)]
    pub outage_seconds: u32,
    /// Services that should run and do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_down: Vec<String>,
    /// What of the journal cannot be read, and nobody has acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_damaged: Option<Damage>,
    /// The maintenance window in which it goes on, where it waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<OpeningReport>,
}

/// What an unattended run is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Bring the server to its goal.
    Apply,
    /// Look, compare and report.
    Observe,
}
