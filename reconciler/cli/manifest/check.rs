//! Validates a document by a JSON Schema and types it; each error gets its place and a text of our own.

use std::cmp::Reverse;
use std::collections::HashSet;

use jsonschema::error::{TypeKind, ValidationErrorKind as Rule};
use jsonschema::{Draft, JsonType, ValidationError};
use reconcile_schema::{ManifestCode, path_parts};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::manifest::{
    diagnostic::Diagnostics,
    finding::{Finding, NOTHING, What, child, subject},
    source::Source,
};

impl Source {
    /// Validates the document by a JSON Schema (draft 2020-12, nothing is fetched), then types it.
    ///
    /// The type may refuse what the schema cannot express (`TryFrom`); it stops at the first such error.
    ///
    /// # Errors
    /// All violations of the schema, or the first refusal by the type.
    pub fn check<T: DeserializeOwned>(&self, schema: &Value) -> Result<T, Diagnostics> {
        let validator =
            jsonschema::options().with_draft(Draft::Draft202012).offline().build(schema).map_err(|error| {
                self.at("", ManifestCode::BrokenSchema, format!("the schema is wrong: {error}"))
                    .help("this is a defect of the program, not of the document: report it")
            })?;
        let errors: Vec<_> = validator.iter_errors(self.value()).collect();
        let mut findings = findings(&errors, schema);
        findings.extend(self.short(&findings));
        findings.sort_by_cached_key(|it| it.place(self));
        findings.dedup();
        let mut faults = Diagnostics::default();
        for finding in &findings {
            faults.push(|| finding.explain(self, schema));
        }
        faults.or(())?;
        self.typed()
    }

    /// The names that lack their domain, where the schema finds nothing else wrong with them. It cannot know whether the
    /// document has a domain for them.
    fn short(&self, others: &[Finding]) -> Vec<Finding> {
        let (values, keys) = self.short_names();
        let finding = |(pointer, what): (String, What)| {
            let such = if pointer.ends_with("/sqlServer") { "sql01" } else { "pool01" };
            let expected = format!(
                "a fully qualified domain name such as {such}.contoso.example, or `domain:` at the top level to complete it"
            );
            Finding { pointer, what, expected: Some(expected) }
        };
        let values = values.into_iter().map(|pointer| (pointer, What::Rule(ManifestCode::WrongFormat)));
        let all = values.chain(keys.into_iter().map(|pointer| (pointer, What::Name)));
        all.filter(|(pointer, _)| others.iter().all(|other| other.pointer != *pointer)).map(finding).collect()
    }

    /// Types the document without a schema.
    ///
    /// The types of this program refuse everything that their schemas refuse, at a tenth of the cost. A good document
    /// needs no schema, and [`Source::check`] explains a bad one.
    ///
    /// # Errors
    /// The first refusal by the type.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, Diagnostics> {
        serde_path_to_error::deserialize(self.root()).map_err(|error| {
            let pointer = pointer(error.path());
            let subject = subject(&pointer);
            self.at(&pointer, ManifestCode::WrongValue, format!("{subject}: {}", error.inner())).into()
        })
    }
}

/// The violations that the errors of one value and of its parts show.
fn findings(errors: &[ValidationError<'_>], schema: &Value) -> Vec<Finding> {
    let mut out = Vec::new();
    for error in errors {
        let pointer = error.instance_path().as_str().to_owned();
        if let Rule::AnyOf { context } | Rule::OneOfNotValid { context } = error.kind() {
            let branches = context.iter().map(|it| findings(it, schema)).collect();
            out.extend(closest(&pointer, branches));
        } else {
            violation(error, pointer, schema, &mut out);
        }
    }
    // A value of the wrong type also breaks other rules; those errors add nothing.
    let wrong: HashSet<String> =
        out.iter().filter(|it| matches!(it.what, What::Type(_))).map(|it| it.pointer.clone()).collect();
    out.retain(|it| matches!(it.what, What::Type(_)) || !wrong.contains(&it.pointer));
    out
}

/// The errors of the intended alternative, if a value satisfies none.
fn closest(here: &str, mut branches: Vec<Vec<Finding>>) -> Vec<Finding> {
    let wrong_type = |branch: &Vec<Finding>| branch.iter().any(|it| it.pointer == here && it.what.types().is_some());
    if branches.iter().all(wrong_type) {
        let all = branches.iter().flatten();
        let mut types: Vec<_> = all.clone().filter_map(|it| it.what.types()).flatten().copied().collect();
        types.sort_unstable();
        types.dedup();
        if types.len() > 1 {
            types.retain(|it| *it != NOTHING);
        }
        let expected = all.filter_map(|it| it.expected.clone()).next();
        return vec![Finding { pointer: here.to_owned(), what: What::Type(types), expected }];
    }
    branches.retain(|it| !wrong_type(it));
    if branches.len() == 1 {
        return branches.remove(0);
    }
    // The names of an enum, or of the tag that distinguishes the variants of an enum.
    if let Some((pointer, names)) = common(&branches, What::choice) {
        return vec![Finding { pointer, what: What::Choice(names), expected: None }];
    }
    // A variant with another tag was not intended.
    let other_tag = |branch: &Vec<Finding>| branch.iter().any(|it| it.what.choice().is_some_and(|it| it.len() == 1));
    if !branches.iter().all(other_tag) {
        branches.retain(|it| !other_tag(it));
    }
    // A variant that is named by its only field.
    if branches.len() > 1
        && let Some((pointer, names)) = common(&branches, What::unknown)
    {
        return vec![Finding { pointer, what: What::Unknown(names), expected: None }];
    }
    let depth = |it: &Finding| it.pointer.matches('/').count();
    let best = branches.into_iter().min_by_key(|it| (Reverse(it.iter().map(depth).max()), it.len()));
    best.unwrap_or_default()
}

/// The place where every branch has a finding of the same kind, and all the names in these findings.
fn common(branches: &[Vec<Finding>], names: fn(&What) -> Option<&Vec<String>>) -> Option<(String, Vec<String>)> {
    let first = branches.first()?.iter().find(|it| names(&it.what).is_some())?;
    let mut all = Vec::new();
    for branch in branches {
        let mut same = branch.iter().filter(|it| it.pointer == first.pointer);
        all.extend(same.find_map(|it| names(&it.what))?.iter().cloned());
    }
    all.sort_unstable();
    all.dedup();
    Some((first.pointer.clone(), all))
}

/// Adds the findings of an error in the value at `pointer`.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's rules; a new version may add some")]
fn violation(error: &ValidationError<'_>, pointer: String, schema: &Value, out: &mut Vec<Finding>) {
    let (rules, _) = error.schema_path().as_str().rsplit_once('/').unwrap_or_default();
    let rules = schema.pointer(rules).unwrap_or(&Value::Null);
    let expected = rules.get("x-expected").and_then(Value::as_str);
    let mut add = |pointer: String, what: What, expected: Option<String>| {
        out.push(Finding { pointer, what, expected });
    };
    let limit = |words: &str, limit: &dyn std::fmt::Display| Some(format!("{words} {limit}"));
    let (what, expected) = match error.kind() {
        Rule::Type { kind } => {
            let types = match kind {
                TypeKind::Single(kind) => vec![words(*kind)],
                TypeKind::Multiple(kinds) => kinds.iter().filter(|it| *it != JsonType::Null).map(words).collect(),
            };
            (What::Type(types), expected.map(str::to_owned))
        }
        Rule::Enum { options } => {
            let options = options.as_array().map_or(&[] as &[Value], Vec::as_slice);
            let options = options.iter().filter(|it| !it.is_null()).map(plain);
            (What::Choice(options.collect()), None)
        }
        Rule::Constant { expected_value } => (What::Choice(vec![plain(expected_value)]), None),
        Rule::Required { property } => {
            let field = plain(property);
            let about = rules.get("properties").and_then(|it| it.get(&field));
            (What::Missing(field), about.and_then(description))
        }
        Rule::AdditionalProperties { unexpected } | Rule::UnevaluatedProperties { unexpected } => {
            let known = rules.get("properties").and_then(Value::as_object);
            let pattern = rules.get("patternProperties").and_then(Value::as_object);
            for name in unexpected {
                let pointer = child(&pointer, name);
                match (known, pattern.and_then(|it| it.keys().next())) {
                    (None, Some(pattern)) => {
                        let expected = expected.map_or_else(|| matching(pattern), str::to_owned);
                        add(pointer, What::Name, Some(expected));
                    }
                    _ => {
                        let known = known.into_iter().flat_map(|it| it.keys().cloned());
                        add(pointer, What::Unknown(known.collect()), None);
                    }
                }
            }
            return;
        }
        Rule::PropertyNames { error } => {
            let name = child(&pointer, error.instance().as_str().unwrap_or_default());
            let mut inner = Vec::new();
            violation(error, name.clone(), schema, &mut inner);
            let expected = inner.into_iter().find_map(|it| it.expected);
            return add(name, What::Name, expected);
        }
        Rule::FalseSchema => (What::Name, None),
        Rule::Pattern { pattern } => {
            let format = expected.map(str::to_owned).or_else(|| description(rules));
            let format = format.unwrap_or_else(|| matching(pattern));
            // The grammar of paths gives a reason for a refusal; the pattern does not.
            let path = error.instance().as_str().filter(|_| rules.get("x-path").is_some());
            let why = path.and_then(|path| path_parts(path).err());
            (
                What::Rule(ManifestCode::WrongFormat),
                Some(why.map_or_else(|| format.clone(), |why| format!("{format}; {why}"))),
            )
        }
        Rule::Minimum { limit: it } => (What::Rule(ManifestCode::OutOfRange), limit("at least", it)),
        Rule::Maximum { limit: it } => (What::Rule(ManifestCode::OutOfRange), limit("at most", it)),
        Rule::ExclusiveMinimum { limit: it } => (What::Rule(ManifestCode::OutOfRange), limit("more than", it)),
        Rule::ExclusiveMaximum { limit: it } => (What::Rule(ManifestCode::OutOfRange), limit("less than", it)),
        Rule::MinLength { limit: it } | Rule::MinItems { limit: it } | Rule::MinProperties { limit: it } => {
            (What::Rule(ManifestCode::TooShort), limit("at least this many parts:", it))
        }
        Rule::MaxLength { limit: it } | Rule::MaxItems { limit: it } | Rule::MaxProperties { limit: it } => {
            (What::Rule(ManifestCode::TooLong), limit("at most this many parts:", it))
        }
        Rule::UniqueItems => (What::Rule(ManifestCode::RepeatedItem), Some("each item once".to_owned())),
        // Rules that the project's schemas do not use, and those that a later version adds.
        _ => {
            let expected = expected.map(str::to_owned).or_else(|| description(rules));
            (What::Other(error.masked().to_string()), expected)
        }
    };
    add(pointer, what, expected);
}

/// The first sentence of a schema's own description.
fn description(rules: &Value) -> Option<String> {
    let text = rules.get("description").or_else(|| rules.get("title"))?;
    let told = text.as_str()?.split("\n\n").next()?.replace('\n', " ");
    let sentence = first_sentence(&told).trim_end_matches('.');
    // "Four numbers" goes on in a sentence as "four numbers"; "SQL Server" stays.
    let mut letters = sentence.chars();
    let first = letters.next()?;
    let rest = letters.as_str();
    if rest.starts_with(char::is_lowercase) {
        Some(first.to_lowercase().chain(rest.chars()).collect())
    } else {
        Some(sentence.to_owned())
    }
}

/// The first sentence of a text, with its full stop. "W. Europe Standard Time" goes on behind one.
pub(crate) fn first_sentence(text: &str) -> &str {
    let is_initial =
        |before: &str| before.rsplit(|sign: char| !sign.is_alphabetic()).next().is_some_and(|word| word.len() == 1);
    let is_end = |at: &usize| !text.get(..*at).is_some_and(is_initial);
    let end = text.match_indices(". ").map(|(at, _)| at).find(is_end);
    end.and_then(|end| text.get(..=end)).unwrap_or(text)
}

fn matching(pattern: &str) -> String {
    format!("text that matches {pattern}")
}

/// A value of the schema in the form in which people write it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn words(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => NOTHING,
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "fields with values",
    }
}

fn pointer(path: &Path) -> String {
    let mut out = String::new();
    for segment in path {
        out = match segment {
            Segment::Seq { index } => child(&out, &index.to_string()),
            Segment::Map { key } | Segment::Enum { variant: key } => child(&out, key),
            Segment::Unknown => break,
        };
    }
    out
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]
#[path = "tests/check.rs"]
mod tests;
