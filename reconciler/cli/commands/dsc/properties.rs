//! The properties of an instance of the resource, and in which of them two differ.

use std::collections::BTreeSet;

use reconcile_schema::DscInstance;
use serde_json::{Map, Value};

use crate::manifest::problem::Problem;

/// The properties of the state that differ, by name. The verdict, and what is told beside the state, are none of them.
///
/// # Errors
/// Never, but for a defect: an instance is JSON.
pub fn unlike(one: &DscInstance, other: &DscInstance) -> Result<Vec<String>, Problem> {
    let (one, other) = (fields(one)?, fields(other)?);
    let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let state = |name: &&String| !name.starts_with('_') || *name == "_exist";
    Ok(names.into_iter().filter(state).filter(|name| one.get(*name) != other.get(*name)).cloned().collect())
}

/// The properties of an instance.
///
/// # Errors
/// Never, but for a defect: an instance is JSON.
pub fn fields(instance: &DscInstance) -> Result<Map<String, Value>, Problem> {
    serde_json::to_value(instance).and_then(serde_json::from_value).map_err(Problem::failed)
}
