//! The committed schemas, manifests and catalogue agree with the types.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod agree;
mod catalogue;
mod later;
mod manifests;
mod strict;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The formats that have a schema.
const FORMATS: [&str; 14] = [
    "manifest", "releases", "snapshot", "plan", "fleet", "run", "drift", "doctor", "explain", "history", "status",
    "schedule", "why", "dsc",
];

#[test]
fn the_committed_schemas_are_what_the_program_prints() {
    for format in FORMATS {
        let path = root().join(format!("schema/{format}.schema.json"));
        let printed = reconcile(&["schema", format]);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &printed).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(committed == printed, "{} is out of date: run this with UPDATE_SCHEMAS=1", path.display());
    }
}

#[test]
fn every_committed_schema_belongs_to_a_format() {
    for path in files("schema", ".schema.json") {
        let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".schema.json");
        assert!(FORMATS.contains(&name), "{} belongs to no format", path.display());
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files in a folder whose names end with `end`. Labs store their worlds next to their manifests.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<_> =
        entries.filter(|path| name(path).ends_with(end) && !name(path).contains(".world.")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn schema(format: &str) -> Value {
    let path = root().join(format!("schema/{format}.schema.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The output of a command that must succeed.
#[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
fn reconcile(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_reconcile")).args(args).current_dir(root()).output().unwrap();
    let (printed, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{args:?}: {}\n{printed}{errors}", output.status);
    printed
}
