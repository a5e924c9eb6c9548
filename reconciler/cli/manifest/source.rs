//! A YAML document that knows the place of each of its keys and values.

use std::{cell::OnceCell, collections::BTreeMap, path::Path};

use reconcile_schema::{Fingerprint, ManifestCode};
use serde_json::Value;

use crate::manifest::{
    diagnostic::{Diagnostic, Diagnostics},
    fingerprint::fingerprint,
    text::{Span, Text},
    yaml::{self, Inside, Node, duplicate},
};

/// A document that was read: its text, and every part with its place.
#[derive(Debug)]
pub struct Source {
    text: Text,
    root: Node,
    fingerprint: Fingerprint,
    /// The document as a JSON value, made on demand: a schema needs it, a good manifest does not.
    value: OnceCell<Value>,
}

impl Source {
    /// Parses the content of the file at `path`.
    ///
    /// # Errors
    /// All parts that are not plain, unambiguous YAML, each with its place.
    pub fn of(path: &Path, bytes: Vec<u8>) -> Result<Self, Diagnostics> {
        Self::new(Text::of(path, bytes)?)
    }

    /// Parses a document; `name` is printed as its file name.
    ///
    /// # Errors
    /// All parts of the text that are not plain, unambiguous YAML, each with its place.
    #[cfg(test)]
    pub fn parse(name: &str, text: String) -> Result<Self, Diagnostics> {
        Self::new(Text::new(name, text)?)
    }

    fn new(text: Text) -> Result<Self, Diagnostics> {
        let root = yaml::load(&text)?;
        let fingerprint = fingerprint(&root);
        Ok(Self { text, root, fingerprint, value: OnceCell::new() })
    }

    /// The text, as it was read.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// The fingerprint of the document, as it was written.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The document as a JSON value.
    #[must_use]
    pub fn value(&self) -> &Value {
        self.value.get_or_init(|| self.root.to_value())
    }

    /// The document as a tree.
    pub(crate) const fn root(&self) -> &Node {
        &self.root
    }

    /// The document as a tree that can be changed, before anything was made of it.
    pub(crate) fn root_mut(&mut self) -> &mut Node {
        self.value = OnceCell::new();
        &mut self.root
    }

    /// The first line of the value at a JSON pointer as it was written: `5.10`, where the value is
    /// the number 5.1.
    #[must_use]
    pub fn written(&self, pointer: &str) -> Option<&str> {
        let found = self.find(pointer);
        found.exact.then(|| self.text.written(found.node.span))
    }

    /// Line and column of the value or key that an error at this pointer points to, for sorting.
    pub(crate) fn order(&self, pointer: &str, key: bool) -> (usize, usize) {
        let found = self.find(pointer);
        let span = found.key.filter(|_| key).unwrap_or(found.node.span);
        (span.line, span.start)
    }

    /// An error at the value at a JSON pointer, or at the closest value around it that exists.
    pub fn at(&self, pointer: &str, code: ManifestCode, message: impl AsRef<str>) -> Diagnostic {
        self.text.fault(self.find(pointer).node.span, code, message)
    }

    /// An error at the key of the value at a JSON pointer; at the value, where it has no key.
    pub fn at_key(&self, pointer: &str, code: ManifestCode, message: impl AsRef<str>) -> Diagnostic {
        let found = self.find(pointer);
        self.text.fault(found.key.unwrap_or(found.node.span), code, message)
    }

    /// The names in the mapping at a JSON pointer that differ from an earlier one only in case.
    pub fn twice(&self, pointer: &str) -> Vec<Diagnostic> {
        let found = self.find(pointer);
        let (true, Inside::Map(fields)) = (found.exact, &found.node.inside) else { return Vec::new() };
        let mut fields: Vec<_> = fields.iter().collect();
        fields.sort_unstable_by_key(|field| (field.span.line, field.span.start));
        let mut first = BTreeMap::new();
        let again = fields.into_iter().filter_map(|field| {
            let earlier = *first.entry(field.name.to_ascii_lowercase()).or_insert(field.span);
            (earlier != field.span).then(|| duplicate(&self.text, &field.name, field.span, earlier))
        });
        again.collect()
    }

    fn find(&self, pointer: &str) -> Found<'_> {
        let mut at = Found { key: None, node: &self.root, exact: true };
        for part in pointer.split('/').skip(1) {
            let next = match &at.node.inside {
                Inside::Scalar(_) => None,
                Inside::List(items) => {
                    let item = part.parse().ok().and_then(|at: usize| items.get(at));
                    item.map(|node| (None, node))
                }
                Inside::Map(_) => {
                    let field = at.node.field(&part.replace("~1", "/").replace("~0", "~"));
                    field.map(|field| (Some(field.span), &field.value))
                }
            };
            let Some((key, node)) = next else {
                at.exact = false;
                break;
            };
            (at.key, at.node) = (key, node);
        }
        at
    }
}

/// The node at a pointer, or the closest one around it; `exact` is true for the node itself.
struct Found<'a> {
    key: Option<Span>,
    node: &'a Node,
    exact: bool,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#[path = "tests/source.rs"]
mod tests;
