//! What `reconcile dsc` says to the engine of Microsoft DSC, and is asked by it: one server as an instance of a resource.

use alloc::{string::String, vec::Vec};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Build, Code, DriftState, FindingReport, Product, ServerName};

/// One server that a manifest brings to a cumulative update. Asked for with `manifest` and `server`; all the rest is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "reconcile dsc")]
pub struct DscInstance {
    /// The path of the manifest: whole, or as seen from the folder of `reconcile.dsc.resource.json`.
    pub manifest: String,
    /// The server; where it is left out, this machine, or the only server of a lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerName>,
    /// Whether the server is simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub lab: Option<bool>,
    /// The product that the manifest declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub product: Option<Product>,
    /// The build that Core Components must reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub target: Option<Build>,
    /// The build that Core Components has, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub found: Option<Build>,
    /// In which state the server is, as `reconcile drift` judges it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub state: Option<DriftState>,
    /// In what it differs, and what cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub findings: Option<Vec<FindingReport>>,
    /// The commands of the steps that remain, in order, as far as they can be foreseen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub steps: Option<Vec<String>>,
    /// The same as `blockedBy`, as a code that does not change between versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub code: Option<Code>,
    /// What keeps the steps from reaching the goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub blocked_by: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub help: Option<String>,
    /// Whether the declared product is installed on the server; left out where that cannot be told.
    #[serde(default, rename = "_exist", skip_serializing_if = "Option::is_none")]
    pub exist: Option<bool>,
    /// Whether nothing is left to be done. A server that is newer than declared, or not wholly known, is not.
    #[serde(default, rename = "_inDesiredState", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub in_desired_state: Option<bool>,
    /// What must be restarted before the rest can be done.
    #[serde(default, rename = "_restartRequired", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub restart_required: Option<Vec<DscRestart>>,
    /// What is told beside the state.
    #[serde(default, rename = "_metadata", skip_serializing_if = "Option::is_none")]
    pub metadata: Option<DscMetadata>,
    /// The name of the instance in an exported configuration document.
    #[serde(default, rename = "_name", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub name: Option<String>,
}

/// A machine that must be restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DscRestart {
    /// Its name.
    pub system: ServerName,
}

/// What is told beside the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DscMetadata {
    /// What would be done, in sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_if: Option<Vec<String>>,
}

impl DscInstance {
    /// An instance as it is asked for.
    #[must_use]
    pub const fn asked(manifest: String, server: Option<ServerName>) -> Self {
        Self {
            manifest,
            server,
            lab: None,
            product: None,
            target: None,
            found: None,
            state: None,
            findings: None,
            steps: None,
            code: None,
            blocked_by: None,
            help: None,
            exist: None,
            in_desired_state: None,
            restart_required: None,
            metadata: None,
            name: None,
        }
    }

    /// The same server, with nothing left to be done.
    #[must_use]
    pub fn at_goal(&self) -> Self {
        Self {
            found: self.target.clone(),
            state: Some(DriftState::AtGoal),
            findings: Some(Vec::new()),
            steps: Some(Vec::new()),
            code: None,
            blocked_by: None,
            help: None,
            exist: self.exist.map(|_| true),
            ..self.clone()
        }
    }
}
