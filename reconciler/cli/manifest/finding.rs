//! A violation of the schema, explained: what was found, what was expected, what to do.

use std::collections::{HashSet, VecDeque};

use reconcile_schema::ManifestCode;
use serde_json::Value;

use crate::manifest::{diagnostic::Diagnostic, source::Source};

/// How many names an error lists.
const LISTED: usize = 14;
/// How many characters of a value or name an error repeats.
const REPEATED: usize = 60;

/// The word for the absence of a value.
pub(crate) const NOTHING: &str = "nothing";
/// The word for a text.
pub(crate) const TEXT: &str = "text";

/// One violation of the schema at a JSON pointer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub pointer: String,
    pub what: What,
    /// The expectation of the schema, if it has one.
    pub expected: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// The value is of another type than these.
    Type(Vec<&'static str>),
    /// The value is none of these.
    Choice(Vec<String>),
    /// The mapping lacks a field.
    Missing(String),
    /// The field is not one of those that are known.
    Unknown(Vec<String>),
    /// The field, or its name, is not allowed.
    Name,
    /// The value breaks a rule of this code; the expectation says which.
    Rule(ManifestCode),
    /// The document breaks a rule for which there are no words here.
    Other(String),
}

impl What {
    pub(crate) fn types(&self) -> Option<&Vec<&'static str>> {
        if let Self::Type(types) = self { Some(types) } else { None }
    }

    pub(crate) fn choice(&self) -> Option<&Vec<String>> {
        if let Self::Choice(options) = self { Some(options) } else { None }
    }

    pub(crate) fn unknown(&self) -> Option<&Vec<String>> {
        if let Self::Unknown(known) = self { Some(known) } else { None }
    }
}

impl Finding {
    /// Line and column to which the error points.
    pub(crate) fn place(&self, source: &Source) -> (usize, usize) {
        source.order(&self.pointer, self.at_key())
    }

    /// Whether the error points to the key, not to the value.
    fn at_key(&self) -> bool {
        match self.what {
            What::Missing(_) | What::Unknown(_) | What::Name => true,
            What::Type(_) | What::Choice(_) | What::Rule(_) | What::Other(_) => false,
        }
    }

    pub(crate) fn explain(&self, source: &Source, schema: &Value) -> Diagnostic {
        let name = name(&self.pointer);
        let subject = subject(&self.pointer);
        let found = found(source, &self.pointer);
        // That it is a text matters only where another type is expected.
        let plain = found.strip_prefix("the text ").unwrap_or(&found);
        let (code, message) = match &self.what {
            What::Type(_) => (ManifestCode::WrongType, format!("{subject} is {found}")),
            What::Choice(_) => (ManifestCode::WrongValue, format!("{subject} is {plain}")),
            What::Missing(field) => (ManifestCode::MissingField, format!("{subject} lacks the field `{field}`")),
            What::Unknown(_) => (ManifestCode::UnknownField, format!("unknown field {subject}")),
            What::Name => (ManifestCode::WrongName, format!("{subject} is not allowed here")),
            What::Rule(code) => (*code, format!("{subject} is {plain}")),
            What::Other(message) => (ManifestCode::WrongValue, format!("{subject}: {message}")),
        };
        let error = if self.at_key() {
            source.at_key(&self.pointer, code, message)
        } else {
            source.at(&self.pointer, code, message)
        };
        let told = self.expected.as_deref();
        let (expected, help) = match &self.what {
            What::Type(types) => {
                let types = types.join(" or ");
                let told = told.map_or_else(|| types.clone(), |it| format!("{types}: {it}"));
                (Some(told), self.retype(source))
            }
            What::Choice(options) => {
                let value = source.value().pointer(&self.pointer);
                let near = value.and_then(Value::as_str).and_then(|it| closest(it, options));
                (Some(one_of(options)), near)
            }
            What::Missing(field) => (
                Some(told.map_or_else(|| format!("`{field}`"), |it| format!("`{field}`: {it}"))),
                Some(format!("add `{field}: …`")),
            ),
            What::Unknown(known) => {
                let near = closest(name.as_deref().unwrap_or_default(), known);
                let (around, _) = self.pointer.rsplit_once('/').unwrap_or_default();
                let around = self::name(around);
                let home = || home(schema, name.as_deref()?, around.as_deref());
                let help = home().or(near).or_else(|| Some("remove the field, or correct its name".to_owned()));
                (Some(one_of(known)), help)
            }
            What::Name => (told.map(str::to_owned), Some("correct the name".to_owned())),
            What::Rule(_) | What::Other(_) => (told.map(str::to_owned), None),
        };
        let error = match expected {
            Some(expected) => error.expected(expected),
            None => error,
        };
        match help {
            Some(help) => error.help(help),
            None => error,
        }
    }

    /// What to do about a value of the wrong type.
    fn retype(&self, source: &Source) -> Option<String> {
        let types = self.what.types()?;
        let value = source.value().pointer(&self.pointer)?;
        let written = source.written(&self.pointer).unwrap_or_default();
        let wants = |word: &str| types.contains(&word);
        match value {
            Value::Null if written.is_empty() || written.starts_with(':') => {
                Some("write a value, or remove the line".to_owned())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) if wants(TEXT) => {
                Some(format!("write it in quotes: \"{}\"", short(written)))
            }
            Value::String(text) if text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok() => {
                Some(format!("write it without quotes: {}", short(text)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                if wants("a list") {
                    Some("start each item with `- ` on a line of its own".to_owned())
                } else if wants("fields with values") {
                    Some("write `name: value` below, further to the right".to_owned())
                } else {
                    None
                }
            }
        }
    }
}

/// The place of a field that has this name elsewhere in the document: the shortest path to it.
fn home(schema: &Value, name: &str, around: Option<&str>) -> Option<String> {
    let mut seen = HashSet::new();
    let mut ahead = VecDeque::from([(schema, None::<(&str, bool)>)]);
    while let Some((rules, parent)) = ahead.pop_front() {
        if let Some(target) = rules.get("$ref").and_then(Value::as_str) {
            if seen.insert(target)
                && let Some(rules) = target.strip_prefix('#').and_then(|pointer| schema.pointer(pointer))
            {
                ahead.push_back((rules, parent));
            }
            continue;
        }
        let fields = rules.get("properties").and_then(Value::as_object);
        // The field in another choice for the same place does not mean that it belongs there.
        if fields.is_some_and(|fields| fields.contains_key(name)) && parent.map(|(parent, _)| parent) != around {
            return Some(match parent {
                Some((parent, false)) => format!("`{name}` belongs under `{parent}`"),
                Some((parent, true)) => format!("`{name}` belongs in an entry of `{parent}`"),
                None => format!("`{name}` belongs at the top level"),
            });
        }
        let inner = fields.into_iter().flatten().map(|(name, rules)| (rules, Some((name.as_str(), false))));
        let keyed = rules.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
        let keyed = keyed.chain(rules.get("additionalProperties"));
        let keyed = keyed.map(|rules| (rules, parent.map(|(parent, _)| (parent, true))));
        let lists = rules.get("items").into_iter();
        let choices = ["anyOf", "oneOf"].into_iter().filter_map(|key| rules.get(key)?.as_array()).flatten();
        ahead.extend(inner.chain(keyed).chain(lists.chain(choices).map(|rules| (rules, parent))));
    }
    None
}

/// The candidate that is most like `name`, if one is like it at all.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    alike(name, candidates).into_iter().next()
}

/// The question whether one of the candidates was meant that are like `name`, if any are.
#[must_use]
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const ASKED: usize = 3;
    let near: Vec<_> = alike(name, candidates).into_iter().take(ASKED).map(|near| format!("`{near}`")).collect();
    let (last, before) = near.split_last()?;
    let before = if before.is_empty() { String::new() } else { format!("{} or ", before.join(", ")) };
    Some(format!("did you mean {before}{last}?"))
}

/// The candidates that are most like `name`, the best one first. Case, `-` and `_` do not count.
fn alike<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const ALIKE: f64 = 0.8;
    const CLOSE: f64 = 0.05;
    // The comparison costs the product of both lengths.
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|c| !matches!(c, '-' | '_'));
        letters.flat_map(char::to_lowercase).take(128).collect()
    };
    let name = plain(name);
    let scored = candidates.into_iter().map(|it| (strsim::jaro_winkler(&name, &plain(it)), it));
    let mut scored: Vec<_> = scored.filter(|(score, _)| *score >= ALIKE).collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.retain(|(score, _)| best - score <= CLOSE);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// A JSON pointer to a part of the value at `pointer`.
pub(crate) fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The last part of a JSON pointer.
fn name(pointer: &str) -> Option<String> {
    let (_, name) = pointer.rsplit_once('/')?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// The subject of an error, in words.
pub(crate) fn subject(pointer: &str) -> String {
    let Some(name) = name(pointer) else {
        return "the document".to_owned();
    };
    match name.parse::<usize>() {
        Ok(index) => format!("item {}", index.saturating_add(1)),
        Err(_) => format!("`{}`", short(&name)),
    }
}

fn found(source: &Source, pointer: &str) -> String {
    let written = source.written(pointer).unwrap_or_default();
    match source.value().pointer(pointer) {
        None => NOTHING.to_owned(),
        Some(Value::Null) if written != "null" => "empty".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Number(_)) => format!("the number {}", short(written)),
        Some(Value::String(text)) if text.is_empty() => "an empty text".to_owned(),
        Some(Value::String(text)) => format!("the text \"{}\"", short(text)),
        Some(Value::Array(items)) if items.is_empty() => "an empty list".to_owned(),
        Some(Value::Array(_)) => "a list".to_owned(),
        Some(Value::Object(_)) => "a group of fields".to_owned(),
    }
}

fn closest(name: &str, known: &[String]) -> Option<String> {
    let near = nearest(name, known.iter().map(String::as_str))?;
    Some(format!("did you mean `{near}`?"))
}

fn one_of(names: &[String]) -> String {
    let quoted = names.iter().map(|it| format!("`{}`", short(it)));
    match names.len() {
        0 => "no field".to_owned(),
        1 => quoted.collect(),
        _ => format!("one of {}", few(quoted, LISTED)),
    }
}

/// The first few names, and the number of further ones.
pub fn few(names: impl ExactSizeIterator<Item = impl Into<String>>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let named = names.take(most).map(Into::into).collect::<Vec<String>>().join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

fn short(text: &str) -> String {
    let mut out: String = text.chars().take(REPEATED).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

#[cfg(test)]
#[path = "tests/finding.rs"]
mod tests;
