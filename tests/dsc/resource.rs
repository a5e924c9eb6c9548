//! The resource's file: what it must say so that an engine takes it, and the schema in it.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    SERVER, before,
    engine::{Arg, Engine, Input, Return, Schema, Search, asks, logged, values},
    reconcile, site,
};

#[test]
fn the_file_says_what_an_engine_needs_to_know() {
    let (folder, engine) = before("");
    let resource = &engine.resource;
    let (owner, name) = resource.kind.split_once('/').unwrap();
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    assert!(owner.split('.').all(word) && word(name), "{}", resource.kind);
    assert_eq!(resource.schema_uri, "https://aka.ms/dsc/schemas/v3/bundled/resource/manifest.json");
    assert_eq!(resource.version.to_string(), env!("CARGO_PKG_VERSION"));
    assert!(resource.description.contains("3.2"), "{}", resource.description);
    for call in [&resource.get, &resource.test, &resource.set, &resource.export] {
        assert_eq!(call.executable, Path::new(env!("CARGO_BIN_EXE_reconcile")), "a name would be searched for");
        assert_eq!(call.input, Input::Stdin);
        assert!(matches!(&call.args[0], Arg::Text(text) if text == "dsc"));
    }
    let returned = [&resource.get, &resource.test, &resource.set, &resource.export].map(|call| &call.r#return);
    assert_eq!(returned, [&None, &Some(Return::StateAndDiff), &Some(Return::StateAndDiff), &None]);
    assert_eq!((resource.set.handles_exist, resource.test.handles_exist), (Some(true), None));
    let what_if = |args: &[Arg]| args.iter().any(|arg| matches!(arg, Arg::WhatIf { .. }));
    assert!(what_if(&resource.set.args) && !what_if(&resource.get.args));

    // Every code that the program knows has a meaning: those of its help.
    let help = reconcile(folder.path(), &["--help"]).1;
    let listed: Vec<_> = help
        .split("Exit codes:\n")
        .nth(1)
        .unwrap()
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let said: Vec<_> = resource.exit_codes.iter().map(|(code, meaning)| format!("{code}  {meaning}")).collect();
    assert_eq!(said, listed);
    assert_eq!(said.len(), 8);
}

#[test]
fn the_embedded_schema_is_the_committed_one_and_needs_no_other() {
    let (_folder, engine) = before("");
    let Schema::Embedded(embedded) = &engine.resource.schema;
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/dsc.schema.json");
    assert_eq!(*embedded, serde_json::from_slice::<Value>(&fs::read(committed).unwrap()).unwrap());
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").map(|to| to.as_str().unwrap().to_owned()));
                fields.values().for_each(|inner| references(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    references(embedded, &mut found);
    assert!(found.len() > 3 && found.iter().all(|to| to.starts_with("#/$defs/")), "{found:?}");
    for name in ["_exist", "_inDesiredState", "_restartRequired", "_metadata", "_name"] {
        assert!(embedded["properties"][name].is_object(), "{name}");
    }
    // What cannot be asked for is said to be so.
    let asked = ["manifest", "server", "whenBlocked", "_exist", "_metadata"];
    for (name, rules) in embedded["properties"].as_object().unwrap() {
        assert_eq!(rules["readOnly"] == true, !asked.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn it_is_found_and_called_wherever_an_engine_looks() {
    for search in [Search::Path, Search::Instead, Search::Beside] {
        let folder = site(&[(SERVER, "")]);
        let engine = Engine::find(folder.path(), search);
        assert_eq!(engine.get(&asks("site.yaml", SERVER)).unwrap()["state"], "drift", "{search:?}");
        assert_eq!(*engine.started.borrow(), ["dsc get"]);
    }
}

/// Somebody may be reading the folder at any moment.
#[test]
fn the_file_is_written_whole_again_and_again_and_its_path_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = Path::new("new").join("folder").join("reconcile.dsc.resource.json");
    let write = || reconcile(folder.path(), &["dsc", "manifest", "-o", "new/folder"]);
    assert_eq!(write(), (Some(0), format!("{}\n", path.display())));
    let first = fs::read(folder.path().join(&path)).unwrap();
    assert_eq!(write().0, Some(0));
    assert_eq!(fs::read(folder.path().join(&path)).unwrap(), first);
    assert_eq!(fs::read_dir(folder.path().join("new/folder")).unwrap().count(), 1);
    fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(reconcile(folder.path(), &["dsc", "manifest", "-o", "file/below"]), (Some(1), String::new()));
}

/// By a schema that is not ours; where it is from, README.md says.
#[test]
fn the_file_is_valid_by_the_schema_of_the_real_engine() {
    let schema: Value = serde_json::from_str(include_str!("resource-manifest.schema.json")).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let folder = site(&[(SERVER, "")]);
    let file = fs::read(folder.path().join("reconcile.dsc.resource.json")).unwrap();
    let good: Value = serde_json::from_slice(&file).unwrap();
    let errors: Vec<_> = schema.iter_errors(&good).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    for (place, wrong) in [
        ("/version", json!("7.0.2046.521")),
        ("/type", json!("CumulativeUpdate")),
        ("/get/executable", json!(null)),
        ("/test/return", json!("all")),
        ("/set/args/2/whatIfArg", json!(true)),
        ("/exitCodes", json!({ "blocked": "try later" })),
        ("/schema", json!({ "embeded": {} })),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = wrong;
        assert!(!schema.is_valid(&bad), "{place}");
    }
}

/// The engine of these tests refuses what the real one refuses.
#[test]
fn the_engine_of_these_tests_is_strict() {
    assert_eq!(values(b"{}\r\n[]\n").unwrap(), [json!({}), json!([])]);
    for out in ["\u{feff}{}\n", "done\n{}\n", "{}\ndone", "{} {}", "", "\n", "{\n}\n"] {
        values(out.as_bytes()).unwrap_err();
    }
    values(b"{\"a\": \"\xff\"}").unwrap_err();
    assert_eq!(logged(r#"{"warn": "so"}"#), Some(("warn".into(), "so".into())));
    assert_eq!(logged(r#"{"level":"INFO","fields":{"message":"so"}}"#), Some(("info".into(), "so".into())));
    for line in ["warning: so", "", "{}", r#"{"level":"INFO","message":"so"}"#, r#"{"fatal":"so"}"#, r#"{"warn":{}}"#] {
        assert_eq!(logged(line), None, "{line}");
    }
    let (_folder, engine) = before("");
    let Schema::Embedded(schema) = &engine.resource.schema;
    let schema = jsonschema::draft202012::new(schema).unwrap();
    let good = engine.get(&asks("site.yaml", SERVER)).unwrap();
    assert!(schema.is_valid(&good));
    let mut more = good.clone();
    more["verison"] = "1".into();
    assert!(!schema.is_valid(&more), "a property more");
    assert!(!schema.is_valid(&json!({ "server": SERVER })), "no manifest");
}
