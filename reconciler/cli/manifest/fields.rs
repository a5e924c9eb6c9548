//! The fields of a manifest, as its JSON Schema has them: where each stands, what it says and takes, its default and an example.

use schemars::JsonSchema;
use serde_json::Value;
use serde_yaml::{Mapping, Value as Yaml};

use crate::manifest::{
    check::first_sentence,
    problem::Problem,
    schemas::{self, Format},
};

/// A manifest that has every field: the examples are its values, and fields are shown in its order.
const EVERY_FIELD: &str = include_str!("../../../manifests/every-field.yaml");

/// What stands for a name of one's choice in a path.
const ANY: &str = "*";

/// Fields that stand together, such as those of a server.
pub struct Section {
    /// The paths at which they can stand; the manifest itself has an empty one.
    pub places: Vec<String>,
    /// What they are.
    pub text: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// A field of a manifest.
pub struct Field {
    /// Its name.
    pub name: String,
    /// The paths at which it can stand, such as `servers.*.role`.
    pub places: Vec<String>,
    /// What it says.
    pub text: String,
    /// What it takes.
    pub takes: String,
    /// The values that it takes, each with what it means, where they can be counted.
    pub values: Vec<(String, String)>,
    /// What counts where it is left out; none, where that depends.
    pub default: Option<String>,
    /// Whether it cannot be left out.
    pub is_required: bool,
    /// The value that the manifest with every field has at one of its places, and the names that lead to it.
    pub example: Option<(Vec<String>, Yaml)>,
    /// Whether it has fields of its own, which have a section.
    pub has_fields: bool,
}

/// All fields of a manifest, by the parts that they belong to.
///
/// # Errors
/// The manifest with every field cannot be read.
pub fn sections() -> Result<Vec<Section>, Problem> {
    let schema = schemas::schema(Format::Manifest);
    let example = serde_yaml::from_str(EVERY_FIELD).map_err(Problem::failed)?;
    let mut parts = Vec::new();
    collect("", &schema, String::new(), &schema, &mut parts);
    let mut sections: Vec<_> = parts.into_iter().map(|part| part.section(&schema, &example)).collect();
    sections.sort_by_key(|section| position(&example, section.name()));
    Ok(sections)
}

/// What the docstring of each variant of an enum says, by the name that files have for it.
pub fn variants<T: JsonSchema>() -> Vec<(String, String)> {
    choices(&schemars::schema_for!(T).to_value())
}

impl Field {
    /// The fields that are at `path`; a name of one's choice in it can be left out. `reboot` alone is every field of this name.
    #[must_use]
    pub fn at<'a>(sections: &'a [Section], path: &str) -> Vec<&'a Self> {
        let asked: Vec<_> = path.trim_matches('.').split('.').collect();
        let fields = || sections.iter().flat_map(|section| &section.fields);
        let names = |field: &Self| field.places.iter().filter_map(|place| names_in(place, &asked)).max();
        // What stands for a name may swallow others: servers.*.pool would be at servers.a.policy.pool, too.
        if let Some(most) = fields().filter_map(names).max() {
            return fields().filter(|field| names(field) == Some(most)).collect();
        }
        let ends = |place: &String| {
            place.split('.').rev().zip(asked.iter().rev()).all(|(name, asked)| fits(&[name], &[asked]))
        };
        let is_long = |place: &String| place.split('.').count() >= asked.len();
        fields().filter(|field| field.places.iter().any(|place| is_long(place) && ends(place))).collect()
    }

    /// The first sentence of what it says.
    #[must_use]
    pub fn summary(&self) -> &str {
        first_sentence(&self.text)
    }

    /// The example, as a manifest has it.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        let (names, value) = self.example.as_ref().filter(|_| !self.has_fields)?;
        let around = |inner, name: &String| Yaml::Mapping(Mapping::from_iter([(Yaml::from(name.as_str()), inner)]));
        serde_yaml::to_string(&names.iter().rev().fold(value.clone(), around)).ok()
    }
}

impl Section {
    /// What it is called: the first of its places.
    #[must_use]
    pub fn name(&self) -> &str {
        self.places.first().map(String::as_str).unwrap_or_default()
    }

    /// Its fields in an example, without those that have fields of their own.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        let fields = self.fields.iter().filter(|field| !field.has_fields);
        let named = fields.filter_map(|field| Some((Yaml::from(field.name.as_str()), field.example.clone()?.1)));
        let mapping = Mapping::from_iter(named);
        (!mapping.is_empty()).then(|| serde_yaml::to_string(&mapping).ok()).flatten()
    }
}

/// How many names a place has that the path has as well, where the path leads to it.
fn names_in(place: &str, path: &[&str]) -> Option<usize> {
    let place: Vec<_> = place.split('.').collect();
    fits(&place, path).then(|| place.iter().filter(|name| **name != ANY).count())
}

/// Whether a path has the names of a place. A name of one's choice may have dots, and may be left out.
fn fits(place: &[&str], path: &[&str]) -> bool {
    match (place.split_first(), path.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((&ANY, after)), first) => fits(after, path) || first.is_some_and(|(_, rest)| fits(place, rest)),
        (Some(_), None) => false,
        (Some((name, after)), Some((first, rest))) => name.eq_ignore_ascii_case(first) && fits(after, rest),
    }
}

/// A part of the schema that has fields, and the places where it stands.
struct Part<'a> {
    name: &'a str,
    rules: &'a Value,
    places: Vec<String>,
}

/// Collects the parts that have fields, from one at a place on.
fn collect<'a>(name: &'a str, rules: &'a Value, place: String, schema: &'a Value, parts: &mut Vec<Part<'a>>) {
    let inner = |field: &str| if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") };
    let ahead: Vec<_> = fields(rules).flat_map(|(field, rules)| inside(rules, inner(field), schema)).collect();
    match parts.iter_mut().find(|part| part.name == name) {
        Some(part) => part.places.push(place),
        None => parts.push(Part { name, rules, places: vec![place] }),
    }
    for (name, rules, place) in ahead {
        collect(name, rules, place, schema, parts);
    }
}

/// The parts with fields that a value at a place can be, or have as its entries.
fn inside<'a>(rules: &'a Value, place: String, schema: &'a Value) -> Vec<(&'a str, &'a Value, String)> {
    if let Some((name, rules)) = named(rules, schema) {
        let here = fields(rules).next().is_some();
        return if here { vec![(name, rules, place)] } else { inside(rules, place, schema) };
    }
    let entries = entries(rules).map(|rules| (rules, format!("{place}.{ANY}")));
    let choices = branches(rules).map(|rules| (rules, place.clone()));
    choices.chain(entries).flat_map(|(rules, place)| inside(rules, place, schema)).collect()
}

impl Part<'_> {
    fn section(mut self, schema: &Value, example: &Yaml) -> Section {
        self.places.sort_by_key(|place| (path(place).len(), position(example, place)));
        let at = |place: &String| values_at(example, &path(place), Vec::new());
        let required = self.rules.get("required").and_then(Value::as_array);
        let mut fields: Vec<_> = fields(self.rules)
            .map(|(name, rules)| {
                let inner = |place: &String| if place.is_empty() { name.into() } else { format!("{place}.{name}") };
                let places: Vec<_> = self.places.iter().map(inner).collect();
                let example = places.iter().flat_map(at).next().map(|(names, value)| (names, value.clone()));
                let text = said(rules);
                let default = default(rules, &text);
                // Where that is all that a sentence says, it is said once.
                let told = default.as_ref().map(|default| format!(" Default {default}.")).unwrap_or_default();
                Field {
                    name: name.into(),
                    takes: takes(rules, schema),
                    values: values(rules, schema),
                    default,
                    is_required: required.is_some_and(|all| all.iter().any(|it| it == name)),
                    has_fields: !inside(rules, String::new(), schema).is_empty(),
                    places,
                    text: text.replacen(&told, "", 1),
                    example,
                }
            })
            .collect();
        fields.sort_by_key(|field: &Field| {
            let all = field.places.iter().filter_map(|place| position(example, place).pop());
            all.into_iter().find(|number| *number != usize::MAX)
        });
        Section { places: self.places, text: said(self.rules), fields }
    }
}

/// The parts of a path; the empty one has none.
fn path(place: &str) -> Vec<&str> {
    place.split('.').filter(|part| !part.is_empty()).collect()
}

/// The values that a manifest has at a place, each with the names that lead to it.
fn values_at<'a>(from: &'a Yaml, place: &[&str], names: Vec<String>) -> Vec<(Vec<String>, &'a Yaml)> {
    let Some((name, rest)) = place.split_first() else { return vec![(names, from)] };
    let entries = from.as_mapping().into_iter().flatten().filter_map(|(key, value)| Some((key.as_str()?, value)));
    let meant = entries.filter(|(key, _)| *name == ANY || name == key);
    meant.flat_map(|(key, value)| values_at(value, rest, [names.clone(), vec![key.to_owned()]].concat())).collect()
}

/// Where a place stands in a manifest, by the numbers of its names among their neighbours; those that are missing come last.
fn position(manifest: &Yaml, place: &str) -> Vec<usize> {
    let parts = path(place);
    let number = |nth: usize, name: &str| {
        let around = values_at(manifest, parts.get(..nth).unwrap_or_default(), Vec::new());
        let names = around.iter().filter_map(|(_, value)| value.as_mapping()).flat_map(Mapping::keys);
        names.filter_map(Yaml::as_str).position(|known| known == name || name == ANY).unwrap_or(usize::MAX)
    };
    parts.iter().enumerate().map(|(nth, name)| number(nth, name)).collect()
}

/// The fields of a part of the schema.
fn fields(rules: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let fields = rules.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten().map(|(name, rules)| (name.as_str(), rules))
}

/// What the entries of a mapping are, whose names are one's choice.
fn entries(rules: &Value) -> impl Iterator<Item = &Value> {
    rules.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(|entries| entries.values())
}

/// What a value can be, one of these.
fn branches(rules: &Value) -> impl Iterator<Item = &Value> {
    let of = |key| rules.get(key).and_then(Value::as_array);
    ["anyOf", "oneOf"].into_iter().filter_map(of).flatten().filter(|rules| rules.get("type") != Some(&"null".into()))
}

/// The part of the schema that rules refer to, with its name.
fn named<'a>(rules: &'a Value, schema: &'a Value) -> Option<(&'a str, &'a Value)> {
    let place = rules.get("$ref")?.as_str()?.strip_prefix('#')?;
    Some((place.rsplit('/').next()?, schema.pointer(place)?))
}

/// The description of a part of the schema, in one paragraph.
fn said(rules: &Value) -> String {
    let text = rules.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The values of an enum, each with what it means.
fn choices(rules: &Value) -> Vec<(String, String)> {
    let one = |rules: &Value| Some((rules.get("const")?.as_str()?.to_owned(), said(rules)));
    let plain = rules.get("enum").and_then(Value::as_array).into_iter().flatten();
    let plain = plain.filter_map(|value| Some((value.as_str()?.to_owned(), String::new())));
    one(rules).into_iter().chain(plain).chain(branches(rules).flat_map(choices)).collect()
}

/// The values that can be counted, of a field or of the items of a list.
fn values(rules: &Value, schema: &Value) -> Vec<(String, String)> {
    let inner = named(rules, schema).map(|(_, rules)| rules).into_iter().chain(rules.get("items"));
    let inner = inner.chain(branches(rules).filter(|rules| rules.get("const").is_none()));
    choices(rules).into_iter().chain(inner.flat_map(|rules| values(rules, schema))).fold(Vec::new(), |mut all, one| {
        if !all.contains(&one) {
            all.push(one);
        }
        all
    })
}

/// What is said of a value that has fields.
const FIELDS: &str = "fields";

/// What a value must be, in words.
fn takes(rules: &Value, schema: &Value) -> String {
    if let Some((_, rules)) = named(rules, schema) {
        // A text that has a form of its own is described by what it must be.
        let is_text = rules.get("type") == Some(&"string".into());
        return if is_text { said(rules) } else { takes(rules, schema) };
    }
    if let Some(only) = rules.get("const").and_then(Value::as_str) {
        return format!("`{only}`");
    }
    let expected = rules.get("x-expected").and_then(Value::as_str);
    if let Some(entry) = entries(rules).next() {
        let each = takes(entry, schema);
        let each = if each == FIELDS { "with fields of its own" } else { &each };
        return format!("entries by name ({}), each {each}", expected.unwrap_or("of your choice"));
    }
    if fields(rules).next().is_some() {
        return FIELDS.into();
    }
    if let Some(items) = rules.get("items") {
        return format!("a list, each item {}", takes(items, schema));
    }
    if !choices(rules).is_empty() && branches(rules).all(|rules| rules.get("const").is_some()) {
        return "one of the values below".into();
    }
    let one_of: Vec<_> = branches(rules).map(|rules| takes(rules, schema)).collect();
    if !one_of.is_empty() {
        return one_of.join(", or ");
    }
    let is = |kind: &str| {
        let found = rules.get("type");
        found == Some(&kind.into()) || found.and_then(Value::as_array).is_some_and(|all| all.contains(&kind.into()))
    };
    let limit = |key: &str| rules.get(key).and_then(Value::as_u64);
    match (limit("minimum"), limit("maximum")) {
        _ if is("boolean") => "true or false".into(),
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
        (Some(least), None) => format!("a whole number of at least {least}"),
        (None, Some(most)) => format!("a whole number up to {most}"),
        (None, None) => expected.unwrap_or("text").into(),
    }
}

/// What counts where a field is left out: by the schema, else by what the field says.
fn default(rules: &Value, text: &str) -> Option<String> {
    match rules.get("default") {
        Some(Value::String(text)) => return Some(text.clone()),
        Some(plain @ (Value::Bool(_) | Value::Number(_))) => return Some(plain.to_string()),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => {}
    }
    let (_, told) = text.split_once("Default ")?;
    Some(told.split(['.', ':', ';']).next()?.to_owned())
}
