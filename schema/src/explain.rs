//! What `reconcile explain MANIFEST --server NAME` answers to a program: each value that counts for a server, and where it
//! comes from.

use alloc::{string::String, vec::Vec};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ManifestPlace, ServerName};

/// The report of `reconcile explain MANIFEST --server NAME`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile resolved values")]
pub struct ExplainReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that made it.
    pub made_by: String,
    /// The server.
    pub server: ServerName,
    /// The name of its entry: its own, or the range that contains it.
    pub entry: String,
    /// Where that entry stands.
    pub place: ManifestPlace,
    /// The values.
    pub values: Vec<ResolvedValue>,
}

/// A value that counts for a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedValue {
    /// Its field, such as `policy.reboot`. A list has an entry for each item.
    pub field: String,
    /// The value, as a manifest writes it; null where nothing is known or nothing applies.
    pub value: Value,
    /// Where it comes from.
    pub source: ValueSource,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValueSource {
    /// How it follows from there.
    pub kind: ValueKind,
    /// The place in the manifest that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<ManifestPlace>,
    /// The part of the manifest in which that place is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<ManifestPart>,
    /// The name of that part, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What else it follows from, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

/// How a value follows from its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// The manifest says it.
    Declared,
    /// It follows from what the manifest says.
    Derived,
    /// The catalogue of releases has it.
    Catalogue,
    /// Nothing is declared, so the default counts.
    Default,
}

/// A part of a manifest that speaks of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestPart {
    /// The entry of the server.
    Server,
    /// Its group.
    Group,
    /// Its pool.
    Pool,
    /// Its target.
    Update,
    /// The top level.
    Top,
}
