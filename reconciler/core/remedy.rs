//! What to do about an error in a manifest, and the place of one as a JSON pointer.

use alloc::{format, string::String, vec::Vec};

/// What to do about such an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// This.
    Do(String),
    /// Take one of the names that exist.
    Names {
        /// What they name, such as `rings`.
        what: &'static str,
        /// The name that was given.
        found: String,
        /// The names that exist.
        names: Vec<String>,
    },
}

/// The place of an entry of a map of the manifest, as a JSON pointer.
pub(crate) fn at(map: &str, name: &str) -> String {
    format!("/{map}/{}", escaped(name))
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
