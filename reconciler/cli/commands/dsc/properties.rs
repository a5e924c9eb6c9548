//! The properties of an instance of the resource, and the differences between two instances.

use std::collections::BTreeSet;

use reconcile_schema::DscInstance;
use serde_json::{Map, Value};

use crate::manifest::problem::Problem;

/// The properties of the state that differ, by name. The verdict, and reports in addition to the state, do not count.
///
/// # Errors
/// Never, except for a defect: an instance is JSON.
pub fn unlike(one: &DscInstance, other: &DscInstance) -> Result<Vec<String>, Problem> {
    let (one, other) = (fields(one)?, fields(other)?);
    let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let state = |name: &&String| !name.starts_with('_') || *name == "_exist";
    Ok(names.into_iter().filter(state).filter(|name| one.get(*name) != other.get(*name)).cloned().collect())
}

/// The properties of an instance.
///
/// # Errors
/// Never, except for a defect: an instance is JSON.
pub fn fields(instance: &DscInstance) -> Result<Map<String, Value>, Problem> {
    serde_json::to_value(instance).and_then(serde_json::from_value).map_err(Problem::failed)
}
