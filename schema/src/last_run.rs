//! The last unattended run, as it reports itself: for people, and for the report of the next run. No decision rests on
//! it.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Code, Damage, EventKind, Fingerprint, OpeningReport, Reason, RunId, State};

/// The last unattended run on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastRun {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that ran.
    pub made_by: String,
    /// Its name. Earlier versions do not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The fingerprint of the manifest that it followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// Its task.
    pub mode: Mode,
    /// When it ended, by the server's clock.
    pub ended: Timestamp,
    /// How long it took, in seconds.
    pub took_seconds: u32,
    /// The state in which it left the server.
    pub state: State,
    /// Its exit code, as far as this server determines it.
    pub exit_code: u8,
    /// How many steps it took.
    pub steps: u32,
    /// Its result, as an event.
    pub event: EventKind,
    /// Its result, as a code that does not change between versions.
    #[serde(default)]
    pub code: Code,
    /// Whether nothing is wrong: the server waits for a window, the end of a hold, or its turn, and a later run goes on.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub waits: bool,
    /// Whether all that is missing is a restart that the policy does not allow.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub reboot_required: bool,
    /// When the machine goes down, if it is restarting and this is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_at: Option<Timestamp>,
    /// Its result, in words.
    pub outcome: String,
    /// Why the manifest that it followed is older than it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
    /// The step that keeps the server from its goal, and what that step reported, if the cause is a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// How long services were down, or have been, because of it, in seconds.
    #[serde(default)]
    pub outage_seconds: u32,
    /// Services that should be running and are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_down: Vec<String>,
    /// The lines of the journal that cannot be read and that nobody has acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_damaged: Option<Damage>,
    /// The maintenance window that it waits for, if it waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<OpeningReport>,
}

/// What an unattended run, or a scheduled task, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Brings the server to its goal.
    Apply,
    /// Reports what it observes on the server, and changes nothing.
    Observe,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Apply, Self::Observe];

    /// The command of `reconcile` that does it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Observe => "observe",
        }
    }
}
