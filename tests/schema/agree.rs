//! Apart from lists, the types refuse everything that the schema refuses. So a manifest without lists can be accepted
//! without the schema.

use std::fs;

use reconcile_schema::{BelowPath, DeclaredInstaller, FilePath, FolderPath, Manifest, MetricsPath};
use serde::de::DeserializeOwned;
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
        // The program completes names without a domain before it converts the manifest to the types.
        let is_short = good.get("domain").is_some();
        assert!(is_short || typed(&good).is_ok(), "{}", path.display());
        for mutant in mutated(&good).into_iter().filter(|mutant| !has_list(mutant)) {
            mutants += 1;
            if !schema.is_valid(&mutant) {
                refused += 1;
                assert!(typed(&mutant).is_err(), "the schema refuses and the types accept: {mutant}");
            }
        }
    }
    println!("{mutants} mutated manifests, {refused} refused by the schema and by the types");
    assert!(refused > 1000, "{refused} of {mutants}: too few to prove anything");
}

/// The rules for paths exist twice, as code and as a pattern. Both must accept the same paths.
#[test]
fn the_schema_and_the_types_accept_the_same_paths() {
    let installer = |path: &str| json!({ "path": path, "sha256": "c0ffee00".repeat(8), "publisher": "x" });
    type Accepts = fn(Value) -> bool;
    let types: [(&str, Accepts); 5] = [
        ("FilePath", accepts::<FilePath>),
        ("MetricsPath", accepts::<MetricsPath>),
        ("BelowPath", accepts::<BelowPath>),
        ("FolderPath", accepts::<FolderPath>),
        ("DeclaredInstaller", accepts::<DeclaredInstaller>),
    ];
    let (mut accepted, mut refused) = (0, 0);
    for (name, typed) in types {
        let schema = jsonschema::validator_for(&part(name)).unwrap();
        for path in paths() {
            let value = if name == "DeclaredInstaller" { installer(&path) } else { json!(path) };
            let (by_schema, by_type) = (schema.is_valid(&value), typed(value));
            assert_eq!(by_schema, by_type, "{name}: {path:?}: the schema says {by_schema}, the type {by_type}");
            *(if by_type { &mut accepted } else { &mut refused }) += 1;
        }
    }
    println!("{accepted} paths accepted, {refused} refused, by the schema and by the types");
    assert!(accepted > 500 && refused > 5000, "{accepted} and {refused}: too few to prove anything");
}

fn accepts<T: DeserializeOwned>(value: Value) -> bool {
    serde_json::from_value::<T>(value).is_ok()
}

/// The part of the manifest's schema for one type.
fn part(name: &str) -> Value {
    let schema = schema("manifest");
    let part = schema["$defs"][name].clone();
    let (Value::Object(mut all), Value::Object(part)) = (schema, part) else { panic!("no {name}") };
    all.retain(|key, _| key.starts_with('$'));
    all.extend(part);
    Value::Object(all)
}

/// Every combination of a start, a name and an end.
fn paths() -> Vec<String> {
    let begins = [
        "",
        "./",
        r".\",
        "/",
        r"\",
        "C:",
        r"C:\",
        "c:/",
        r"CC:\",
        r"é:\",
        r"\\files\share\",
        "//files/share/",
        r"\\files\",
        r"\\files@80\share\",
        r"\\files\pipe\",
        r"\\files\Ipc$\",
        r"\\?\",
        r"\\.\",
        "//./",
        r"\/?/",
        r"\??\",
        "/??/",
        "..\\",
        "%WinDir%",
        r"%windir%\",
        r"%TEMP%\",
        "https://",
        "a/",
        r"a\b/",
    ];
    let names = [
        "",
        ".",
        "..",
        "a",
        "a b",
        " a",
        "a ",
        "a.",
        ".a",
        "...a",
        "a@b",
        "con",
        "CON",
        "con.txt",
        "con .a",
        "console",
        "a.con",
        "NUL",
        " nul",
        "Prn",
        "aux",
        "CONIN$",
        "conout$.x",
        "CLOCK$",
        "COM",
        "COM0",
        "com1",
        "Com\u{b9}",
        "LPT\u{b3}.a",
        "COM10",
        "COM\u{2074}",
        "a:b",
        "a*",
        "a?",
        "a|b",
        "a\tb",
        "a\nb",
        "a\u{7f}",
        "a\u{9f}",
        "a\u{a0}",
        "日本",
        "a%b",
        "pipe",
        "mailslot",
        "a//b",
        r"a\\b",
        r"a/..\b",
        "a/../b",
        r"nul\a",
        "a\\com\u{b2}\\b",
    ];
    let ends = ["", "/", r"\", ".exe", ".EXE", ".exe ", ".prom", ".PROM", "/.prom", ".exe:x", ".txt"];
    let long = [1023, 1024, 1025, 260, 261, 257, 258].map(|length| "x".repeat(length));
    let long = long.iter().flat_map(|name| ["", r"C:\"].map(|begin| format!("{begin}{name}")));
    let all = begins
        .iter()
        .flat_map(|begin| names.iter().flat_map(move |name| ends.map(|end| format!("{begin}{name}{end}"))));
    all.chain(long).collect()
}

/// A type with fields also accepts a list of their values, so the program checks such a manifest with the schema.
fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(has_list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Copies of the value in which one part is replaced, missing, or joined by an unknown field.
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
