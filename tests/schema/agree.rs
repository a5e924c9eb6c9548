//! The types refuse everything that the schema refuses, lists aside: so a good manifest without a list needs no schema to
//! be known as good.

use std::fs;

use reconcile_schema::Manifest;
use serde_json::{Map, Value, json};

use crate::{files, schema};

#[test]
fn the_types_refuse_every_manifest_that_the_schema_refuses() {
    let schema = jsonschema::validator_for(&schema("manifest")).unwrap();
    let typed = |value: &Value| serde_json::from_value::<Manifest>(value.clone());
    let (mut mutants, mut refused) = (0, 0);
    for path in files("manifests", ".yaml").iter().filter(|path| !path.ends_with("releases.yaml")) {
        let good: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert!(schema.is_valid(&good), "{}", path.display());
        assert!(typed(&good).is_ok(), "{}", path.display());
        for mutant in mutated(&good).into_iter().filter(|mutant| !has_list(mutant)) {
            mutants += 1;
            if !schema.is_valid(&mutant) {
                refused += 1;
                assert!(typed(&mutant).is_err(), "the schema refuses and the types accept: {mutant}");
            }
        }
    }
    println!("{mutants} mutated manifests, {refused} refused by the schema and by the types");
    assert!(refused > 1000, "{refused} of {mutants}: too few to say anything");
}

/// A type made of fields accepts a list of their values, too; the program asks the schema about such a manifest.
fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(has_list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The value with each single part replaced, left out or joined by a stranger.
fn mutated(value: &Value) -> Vec<Value> {
    let mut mutants = vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(2),
        json!(11),
        json!(-1),
        json!(7.25),
        json!(""),
        json!("no such thing"),
        json!("5.10"),
        json!("x".repeat(1025)),
        json!([]),
        json!({}),
    ];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let others: Map<_, _> = fields.clone().into_iter().filter(|(other, _)| other != name).collect();
                mutants.push(Value::Object(others.clone()));
                let with = |name: &str, field: Value| {
                    let mut fields = others.clone();
                    fields.insert(name.to_owned(), field);
                    Value::Object(fields)
                };
                mutants.push(with(&format!("{name}!"), field.clone()));
                mutants.extend(mutated(field).into_iter().map(|mutant| with(name, mutant)));
            }
            let mut joined = fields.clone();
            joined.insert("password".into(), json!("a stranger"));
            mutants.push(Value::Object(joined));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                mutants.extend(mutated(item).into_iter().map(|mutant| {
                    let mut items = items.clone();
                    items[index] = mutant;
                    Value::Array(items)
                }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    mutants
}
