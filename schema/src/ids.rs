//! Identifiers of a run and of a boot.

use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A run of `reconcile` on one host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RunId(pub String);

/// One boot of a machine; two observations in the same boot give the same text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BootId(pub String);
