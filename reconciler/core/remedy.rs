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
