//! What to do about an error in a manifest, and the place of an error as a JSON pointer.

use alloc::{format, string::String, vec::Vec};

/// What to do about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    Do(String),
    /// Use one of the names that exist.
    Names {
        /// What they name, such as `rings`.
        what: &'static str,
        found: String,
        names: Vec<String>,
    },
}

/// The place of an entry in a map of the manifest, as a JSON pointer.
pub(crate) fn at(map: &str, name: &str) -> String {
    format!("/{map}/{}", escaped(name))
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// No goal can be made for a server of the manifest, or a declaration of pools, rings or upgrade domains makes no sense.
///
/// Each error has its place in the manifest, as a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GoalError {
    pub pointer: String,
    pub message: String,
    pub help: Remedy,
}

/// The names that exist, as the remedy for one that does not.
pub(crate) fn among(what: &'static str, found: &str, names: impl Iterator<Item = String>) -> Remedy {
    let names: Vec<_> = names.collect();
    match names.is_empty() {
        true => Remedy::Do(format!("there are no {what} in the manifest: add it under `{what}:`")),
        false => Remedy::Names { what, found: found.into(), names },
    }
}
