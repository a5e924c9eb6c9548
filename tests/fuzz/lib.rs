//! What must hold of any bytes that a person, a server or a disk controls: more than that nothing panics.
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

/// Holds bytes to the property of a target; panics where it does not hold.
type Property = fn(&[u8]);

/// Every target, by its name.
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

/// Holds bytes to the property of the target of this name.
///
/// # Panics
/// When it does not hold, and when there is no such target.
pub fn check(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    found.unwrap_or_else(|| panic!("{target} is no target")).1(bytes);
}
