//! The last run of the scheduled task, from its beginning on: by it a person or a play follows a run that it started.

use alloc::string::String;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Code, Mode, RunId};

/// A run of the scheduled task. Without an end, and not going on, it was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnattendedRun {
    /// The version of this format: 1.
    pub version: u32,
    /// Its name.
    pub run: RunId,
    /// Its task.
    pub mode: Mode,
    /// When it began, by this machine's clock.
    pub began: Timestamp,
    /// Whether it is at work.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub going: bool,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Its exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// Why it had no result for a server, as a code that does not change between versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}
