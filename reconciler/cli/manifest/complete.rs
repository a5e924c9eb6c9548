//! Completes the names that a manifest writes without their domain, before anything reads them: so all that comes after
//! knows full names only, and every error still has the place of the name as it was written.

use serde_json::Value;

use crate::manifest::{
    finding::child,
    source::Source,
    yaml::{Inside, Node},
};

/// What stands for a name of one's choice.
const ANY: &str = "*";

/// Where the names of entries are those of servers or pools.
const KEYS: [&[&str]; 4] = [&["servers"], &["lab", "servers"], &["pools", ANY, "databases", "without"], FULL_KEYS];

/// Where a value is the name of a pool, of a SQL Server or of a server.
const VALUES: [&[&str]; 10] = [
    &["servers", ANY, "pool"],
    &["groups", ANY, "pool"],
    &["pools", ANY, "pairedWith"],
    &["servers", ANY, "databases", "sqlServer"],
    &["groups", ANY, "databases", "sqlServer"],
    &["servers", ANY, "databases", "centralManagementStore", "sqlServer"],
    &["groups", ANY, "databases", "centralManagementStore", "sqlServer"],
    &["pools", ANY, "databases", "sqlServer"],
    &["pools", ANY, "databases", "centralManagementStore", "sqlServer"],
    FROM,
];

/// Where a value is the name of a server, which may be a short one.
const FROM: &[&str] = &["pools", ANY, "databases", "from"];

/// Where the names of entries are full ones, too.
const FULL_KEYS: &[&str] = &["pools"];

impl Source {
    /// The manifest with the names completed that have no dot in them, if it has a `domain`.
    #[must_use]
    pub fn completed(mut self) -> Self {
        let domain = self.root().field("domain").and_then(|field| match &field.value.inside {
            Inside::Scalar(Value::String(domain)) => Some(domain.clone()),
            Inside::Scalar(_) | Inside::List(_) | Inside::Map(_) => None,
        });
        let Some(domain) = domain else { return self };
        let root = self.root_mut();
        for place in VALUES {
            each(root, place, &mut |node| match &mut node.inside {
                Inside::Scalar(Value::String(name)) if is_short(name) => *name = format!("{name}.{domain}"),
                Inside::Scalar(_) | Inside::List(_) | Inside::Map(_) => {}
            });
        }
        for place in KEYS {
            each(root, place, &mut |node| {
                let Inside::Map(fields) = &mut node.inside else { return };
                for field in fields.iter_mut().filter(|field| is_short(&field.name)) {
                    field.name = format!("{}.{domain}", field.name).into();
                }
                fields.sort_by(|one, other| one.name.cmp(&other.name)); // They are found by bisection.
            });
        }
        self
    }

    /// The pools and SQL Servers that are named without their domain, as JSON pointers: first those that are values,
    /// then those that are names of entries.
    pub(crate) fn short_names(&self) -> (Vec<String>, Vec<String>) {
        let values = VALUES.iter().filter(|place| **place != FROM).flat_map(|place| {
            found(self.root(), place, &|node| match &node.inside {
                Inside::Scalar(Value::String(name)) if is_short(name) => vec![String::new()],
                Inside::Scalar(_) | Inside::List(_) | Inside::Map(_) => Vec::new(),
            })
        });
        let keys = found(self.root(), FULL_KEYS, &|node| match &node.inside {
            Inside::Map(fields) => {
                let short = fields.iter().filter(|field| is_short(&field.name));
                short.map(|field| child("", &field.name)).collect()
            }
            Inside::Scalar(_) | Inside::List(_) => Vec::new(),
        });
        (values.collect(), keys)
    }
}

/// Whether a name lacks its domain.
fn is_short(name: &str) -> bool {
    !name.is_empty() && !name.contains('.')
}

/// Does something with each node at a place.
fn each(node: &mut Node, place: &[&str], act: &mut impl FnMut(&mut Node)) {
    let Some((name, rest)) = place.split_first() else { return act(node) };
    let Inside::Map(fields) = &mut node.inside else { return };
    for field in fields.iter_mut().filter(|field| *name == ANY || *name == &*field.name) {
        each(&mut field.value, rest, act);
    }
}

/// What is found in each node at a place, as JSON pointers.
fn found(node: &Node, place: &[&str], find: &impl Fn(&Node) -> Vec<String>) -> Vec<String> {
    let Some((name, rest)) = place.split_first() else { return find(node) };
    let Inside::Map(fields) = &node.inside else { return Vec::new() };
    let meant = fields.iter().filter(|field| *name == ANY || *name == &*field.name);
    let inside = meant.flat_map(|field| {
        let before = child("", &field.name);
        found(&field.value, rest, find).into_iter().map(move |pointer| format!("{before}{pointer}"))
    });
    inside.collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#[path = "tests/complete.rs"]
mod tests;
