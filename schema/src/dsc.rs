//! What `reconcile dsc` exchanges with the engine of Microsoft DSC: one server as an instance of a resource.

use alloc::{string::String, vec::Vec};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Build, Code, DriftState, FindingReport, Product, ServerName};

/// One server that a manifest brings to a cumulative update. A request sets `manifest`, `server` and `whenBlocked`; `reconcile`
/// reports all the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "reconcile dsc")]
pub struct DscInstance {
    /// The path of the manifest: absolute, or relative to the folder of `reconcile.dsc.resource.json`.
    pub manifest: String,
    /// The server, such as fe01.contoso.example. Without it, this machine, or the only server of a lab.
    // A text for the engine, whose messages quote a value without the name of its property; ours name both. The types of other
    // properties are not those of an `Option`, of which the engine says no more than that no alternative fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub server: Option<ServerName>,
    /// How `set` ends where nothing is wrong and the server only waits for its turn: no maintenance window is open, somebody holds it,
    /// another run works on it, its pool is busy. `fail` ends the document, `warn` lets it go on. Default fail.
    // A text, as `server` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub when_blocked: Option<WhenBlocked>,
    /// Whether the server is simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub lab: Option<bool>,
    /// The product that the manifest declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Product", extend("readOnly" = true))]
    pub product: Option<Product>,
    /// The build that Core Components must reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Build", extend("readOnly" = true))]
    pub target: Option<Build>,
    /// The build that Core Components has, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Build", extend("readOnly" = true))]
    pub found: Option<Build>,
    /// The state of the server, as `reconcile drift` judges it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DriftState", extend("readOnly" = true))]
    pub state: Option<DriftState>,
    /// The differences, and the facts that are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub findings: Option<Vec<FindingReport>>,
    /// The commands of the steps that remain, in order, as far as they can be foreseen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub steps: Option<Vec<String>>,
    /// The reason in `blockedBy`, as a code that does not change between versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Code", extend("readOnly" = true))]
    pub code: Option<Code>,
    /// What keeps the steps from reaching the goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub blocked_by: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub help: Option<String>,
    /// Whether the declared product is installed on the server; left out where this is unknown.
    #[serde(default, rename = "_exist", skip_serializing_if = "Option::is_none")]
    pub exist: Option<bool>,
    /// Whether nothing remains to be done. False for a server that is newer than declared, or whose facts are not all
    /// known.
    #[serde(default, rename = "_inDesiredState", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub in_desired_state: Option<bool>,
    /// What must be restarted before the rest can be done.
    #[serde(default, rename = "_restartRequired", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub restart_required: Option<Vec<DscRestart>>,
    /// What is reported in addition to the state.
    #[serde(default, rename = "_metadata", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DscMetadata")]
    pub metadata: Option<DscMetadata>,
    /// The name of the instance in an exported configuration document.
    #[serde(default, rename = "_name", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("readOnly" = true))]
    pub name: Option<String>,
}

/// How `set` ends for a server that only waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhenBlocked {
    /// With success and a warning. The server is not in its desired state, and the rest of the document goes on.
    Warn,
    /// With a failure, which ends the document.
    Fail,
}

/// A machine that must be restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DscRestart {
    /// Its name.
    pub system: ServerName,
}

/// What is reported in addition to the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DscMetadata {
    /// What would be done, in sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_if: Option<Vec<String>>,
}

impl DscInstance {
    /// An instance as a request states it.
    #[must_use]
    pub fn asked(manifest: String, server: Option<ServerName>) -> Self {
        Self { manifest, server, ..Self::default() }
    }

    /// The same server, with nothing left to do.
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
