//! What `doctor` answers.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CheckArea, CheckClass, CheckId, Heading, State, Verdict};

/// The report of `reconcile doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile doctor")]
pub struct DoctorReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that examined the servers.
    pub made_by: String,
    /// When the answer was made.
    pub at: Timestamp,
    /// At goal when no check forbids a run; blocked when one does; unknown when a run needs a fact that could not be
    /// read.
    pub state: State,
    /// The servers, in the order of the manifest.
    pub servers: Vec<ServerDiagnosis>,
}

/// What `doctor` found on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerDiagnosis {
    /// The server and its target.
    #[serde(flatten)]
    pub server: Heading,
    /// The state of this server alone.
    pub state: State,
    /// Every check, in the order of the areas.
    pub checks: Vec<CheckReport>,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// The check.
    pub id: CheckId,
    /// What it belongs to.
    pub area: CheckArea,
    /// What its result means for a run.
    pub class: CheckClass,
    /// The result.
    pub verdict: Verdict,
    /// Whether it forbids the first stop of a run.
    pub forbids: bool,
    /// What is assumed.
    pub assumed: String,
    /// Where that is written.
    pub source: String,
    /// What was found.
    pub found: String,
    /// What to do about it; none where nothing is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The reason for which the manifest ignores it; none where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}
