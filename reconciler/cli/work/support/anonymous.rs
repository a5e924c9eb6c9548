//! What was gathered, with other names in it: values by their fields, texts by whole names.

use serde_json::{Map, Value};

use super::{
    learn::is_by_host,
    names::{Names, attributes},
};

/// Fields whose text is a name, or a list of names, and nothing else: it is replaced even where it is a word of ours.
const NAMES: [&str; 18] = [
    "host",
    "server",
    "pool",
    "pairedWith",
    "sqlServer",
    "names",
    "domain",
    "site",
    "ring",
    "rings",
    "group",
    "upgradeDomain",
    "target",
    "instance",
    "by",
    "user",
    "reason",
    "ignored",
];

/// Fields that are mappings by a name.
const BY_NAME: [&str; 2] = ["groups", "updates"];

/// Fields whose text means the same everywhere.
const KEPT: [&str; 9] =
    ["product", "role", "release", "build", "code", "state", "version", "thumbprint", "displayName"];

impl Names {
    /// A text with the substitutes.
    pub fn text(&self, text: &str) -> String {
        self.table.replace(text)
    }

    /// The substitute of a name by itself, such as that of a server.
    pub fn one(&self, name: &str) -> String {
        self.table.get(name).map_or_else(|| self.text(name), str::to_owned)
    }

    /// A value with the substitutes.
    pub fn value(&self, value: Value) -> Value {
        self.field(&[], value)
    }

    /// A value in the fields around it, the innermost last.
    fn field(&self, around: &[&str], value: Value) -> Value {
        let key = around.last().copied().unwrap_or_default();
        match value {
            Value::String(text) => Value::String(self.in_field(around, text)),
            Value::Array(items) => {
                let inside = [around, &[""]].concat();
                let item = |item: Value| self.field(if item.is_object() { &inside } else { around }, item);
                items.into_iter().map(item).collect()
            }
            Value::Object(fields) => {
                let is_name = is_by_host(key, &fields) || BY_NAME.contains(&key);
                let inside = |(name, value): (String, Value)| {
                    let value = self.field(&[around, &[name.as_str()]].concat(), value);
                    (if is_name { self.one(&name) } else { name }, value)
                };
                Value::Object(fields.into_iter().map(inside).collect::<Map<_, _>>())
            }
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }

    fn in_field(&self, around: &[&str], text: String) -> String {
        let key = around.last().copied().unwrap_or_default();
        let above = around.iter().rev().nth(1).copied().unwrap_or_default();
        let is_service = key == "name" && around.contains(&"services") || key == "running";
        if KEPT.contains(&key) || is_service {
            return text;
        }
        if ["subject", "issuer"].contains(&key) {
            return self.distinguished_name(&text);
        }
        // The reasons of ignored checks are a mapping by the check.
        if NAMES.contains(&key) || above == "ignore" {
            return self.one(&text);
        }
        self.text(&text)
    }

    fn distinguished_name(&self, text: &str) -> String {
        let parts = attributes(text).map(|(key, value)| match key {
            "C" => format!("{key}={value}"),
            _ => format!("{key}={}", self.one(value)),
        });
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() { self.one(text) } else { parts.join(", ") }
    }

    /// What stands for what, for the sender alone.
    pub fn list(&self) -> String {
        let mut lines: Vec<_> =
            self.table.pairs().map(|(name, own)| format!("{own}\t{}\r\n", name.escape_debug())).collect();
        lines.sort();
        lines.concat()
    }
}
