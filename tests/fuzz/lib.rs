//! Properties of all input that a person, a server or a disk controls. They require more than the absence of panics.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a property that does not hold ends its target"
)]

mod arguments;
mod catalogue;
mod claims;
mod export;
mod hive;
mod journal;
mod manifest;
mod plan;
mod reports;
mod scratch;
mod snapshot;

/// Checks the property of a target; panics if the input violates it.
type Property = fn(&[u8]);

/// All targets with their names.
pub const TARGETS: [(&str, Property); 10] = [
    ("arguments", arguments::check),
    ("catalogue", catalogue::check),
    ("claims", claims::check),
    ("export", export::check),
    ("hive", hive::check),
    ("journal", journal::check),
    ("manifest", manifest::check),
    ("plan", plan::check),
    ("reports", reports::check),
    ("snapshot", snapshot::check),
];

/// Checks the property of the target with this name.
///
/// # Panics
/// If the input violates the property, or no target has this name.
pub fn check(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    found.unwrap_or_else(|| panic!("{target} is no target")).1(bytes);
}
