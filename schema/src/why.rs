//! What `why` answers: what must be true before the next step on a server, what is, and who can make it so.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CheckId, Heading, State, Step};

/// Who can make a condition true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The run does it itself.
    Run,
    /// An administrator of the server.
    Administrator,
    /// Somebody who may change the manifest.
    Manifest,
    /// Other servers of the pool, and their runs.
    OtherServers,
    /// Nobody has to: it passes.
    Time,
}

impl Who {
    /// The words in reports.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Run => "the run itself",
            Self::Administrator => "an administrator of this server",
            Self::Manifest => "somebody who may change the manifest",
            Self::OtherServers => "the other servers of the pool",
            Self::Time => "time",
        }
    }
}

/// The report of `reconcile why`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile why")]
pub struct WhyReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that answered.
    pub made_by: String,
    /// When the answer was made.
    pub at: Timestamp,
    /// The worst state of the servers.
    pub state: State,
    /// The servers, in the order of the manifest.
    pub servers: Vec<ServerWhy>,
}

/// What stands between a server and its next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerWhy {
    /// The server and its target.
    #[serde(flatten)]
    pub server: Heading,
    /// At goal when nothing is wanted; drift when nothing keeps the next step from being taken; else the state of what
    /// does.
    pub state: State,
    /// The step that is wanted; none at the goal, or where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// The command of that step, as it would be run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Why it is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What must be true, in the order in which it is checked.
    pub conditions: Vec<ConditionReport>,
}

/// A condition of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionReport {
    /// What must be true.
    pub needs: String,
    /// Whether it is true, or the run makes it so.
    pub met: bool,
    /// What is true now, where that is something else, or what the run does about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Who can make it so, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// What to do, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The check of `doctor` that shows it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckId>,
}
