//! A snapshot: everything that a host reports about itself, to be judged elsewhere and later.

use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{Fingerprint, Marks, Observed};

/// The version of snapshots. Fields may be added within it; none is removed and none changes its meaning.
pub const SNAPSHOT_VERSION: u32 = 1;

/// What one host reports: `reconcile observe` writes it, `reconcile drift` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile snapshot")]
pub struct Snapshot {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[serde(deserialize_with = "version")]
    pub version: u32,
    /// The version of `reconcile` that observed the host.
    pub made_by: String,
    /// Whether the host is simulated.
    #[serde(default)]
    pub lab: bool,
    /// Whether only the builds are known: they come from an offline registry, without the server itself.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub builds_only: bool,
    /// The fingerprint of the manifest with which the host was observed. Earlier versions do not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// What was observed.
    pub seen: Observed,
    /// What the host's journal records.
    #[serde(default)]
    pub marks: Marks,
}

fn version<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    match u32::deserialize(from)? {
        SNAPSHOT_VERSION => Ok(SNAPSHOT_VERSION),
        other => Err(D::Error::custom(format_args!(
            "expected a snapshot of version {SNAPSHOT_VERSION}, found version {other}; use the reconcile that wrote it, or a later one"
        ))),
    }
}
