//! Input that people write must contain only known names, so a misspelt field or a password is refused. Formats between
//! programs can grow.

use serde_json::Value;

use crate::{FORMATS, schema};

/// Words in the name of a field that would hold a secret.
const SECRETS: [&str; 9] =
    ["password", "passwd", "secret", "token", "credential", "apikey", "api_key", "privatekey", "passphrase"];

/// Formats that people write, and to which a run is bound.
const WRITTEN: [&str; 2] = ["manifest", "releases"];

#[test]
fn every_object_names_its_fields_or_says_what_its_values_are() {
    for format in WRITTEN {
        for (place, rules) in objects(format) {
            let closed = |key: &str| rules.get(key) == Some(&Value::Bool(false));
            let typed = rules.get("additionalProperties").is_some_and(Value::is_object);
            let keyed = closed("additionalProperties") && rules.get("patternProperties").is_some();
            assert!(
                closed("additionalProperties") || closed("unevaluatedProperties") || typed || keyed,
                "{format}{place} takes fields that nobody named"
            );
        }
    }
}

/// Earlier versions also read the formats between programs, and ignore unknown fields.
#[test]
fn formats_between_programs_accept_fields_of_later_versions() {
    // A run is bound to every word of a plan, and a person writes the input of DSC.
    for format in FORMATS.iter().filter(|format| !WRITTEN.contains(format) && !["plan", "dsc"].contains(format)) {
        for (place, rules) in objects(format) {
            // An object with free names as its keys; or an enum variant, whose only field is its name.
            let fields = rules.get("properties").and_then(Value::as_object).map_or(0, |fields| fields.len());
            let choice =
                fields == 1 && rules.get("required").and_then(Value::as_array).is_some_and(|all| all.len() == 1);
            // A proposed window has the form of a window in the manifest.
            let keyed = rules.get("patternProperties").is_some() || choice || place == "/$defs/Window";
            for key in ["additionalProperties", "unevaluatedProperties"] {
                assert!(keyed || rules.get(key) != Some(&Value::Bool(false)), "{format}{place} takes no further field");
            }
        }
    }
}

#[test]
fn no_field_is_for_a_secret() {
    for format in FORMATS {
        for (place, rules) in objects(format) {
            for name in rules.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys())
            {
                let plain = name.to_lowercase();
                assert!(!SECRETS.iter().any(|word| plain.contains(word)), "{format}{place} has a field {name}");
            }
        }
    }
}

#[test]
fn every_field_of_a_manifest_says_what_it_is() {
    for (place, rules) in objects("manifest") {
        for (name, field) in rules.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let told = field.get("description").is_some() || field.get("$ref").is_some();
            assert!(told, "manifest{place} does not say what {name} is");
        }
    }
}

/// The schema of every object, with its place.
fn objects(format: &str) -> Vec<(String, Value)> {
    fn walk(place: &str, value: &Value, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(fields) => {
                let is_object = fields.get("type").is_some_and(|kind| {
                    kind == "object" || kind.as_array().is_some_and(|kinds| kinds.contains(&"object".into()))
                });
                if is_object {
                    found.push((place.to_owned(), value.clone()));
                }
                // `default` and `enum` contain values, not schemas.
                for (key, inner) in fields.iter().filter(|(key, _)| !matches!(key.as_str(), "default" | "enum")) {
                    walk(&format!("{place}/{key}"), inner, found);
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    walk(&format!("{place}/{index}"), inner, found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    walk("", &schema(format), &mut found);
    assert!(found.len() > 2, "{format} has hardly any object");
    found
}
