//! The manifests that ship with the program are valid, and an editor finds their schema.

use std::fs;

use reconcile_core::Goal;
use reconcile_schema::{Manifest, Releases, Store};
use serde_json::Value;

use crate::{files, reconcile, root, schema};

#[test]
fn every_manifest_is_valid_and_has_a_goal_for_every_server() {
    for path in manifests() {
        let said = reconcile(&["validate", "--strict", path.to_str().unwrap()]);
        assert!(said.contains(": good: "), "{said}");
    }
}

/// An editor uses the committed schema; the program has its own copy.
#[test]
fn every_manifest_is_valid_by_the_committed_schema() {
    let validator = jsonschema::validator_for(&schema("manifest")).unwrap();
    for path in manifests() {
        let manifest: Value = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let errors: Vec<_> = validator.iter_errors(&manifest).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    }
}

#[test]
fn the_first_comment_names_the_schema_for_editors() {
    for path in files("manifests", ".yaml") {
        let format = if path.ends_with("releases.yaml") { "releases" } else { "manifest" };
        let line = format!("# yaml-language-server: $schema=../schema/{format}.schema.json");
        let text = fs::read_to_string(&path).unwrap();
        let mut comment = text.lines().take_while(|line| line.starts_with('#'));
        assert!(comment.any(|told| told == line), "{} does not begin with {line}", path.display());
    }
}

#[test]
fn every_documented_topology_has_a_manifest() {
    // The program completes names without a domain before it converts the manifest to the types.
    let is_full = |path: &std::path::PathBuf| !path.ends_with("site.yaml") && !path.ends_with("every-field.yaml");
    let full: Vec<_> = manifests().into_iter().filter(is_full).collect();
    let shown: Vec<_> = full.iter().flat_map(|path| goals(path.to_str().unwrap())).collect();
    let has = |wanted: fn(&Store) -> bool| shown.iter().flat_map(|goal| &goal.stores).any(wanted);
    assert!(has(|store| *store == Store::Local));
    assert!(has(|store| matches!(store, Store::Configured { exclude_collocated: false, .. })));
    assert!(has(|store| matches!(store, Store::Configured { exclude_collocated: true, .. })));
    assert!(has(|store| matches!(store, Store::CentralManagement { .. })));
    assert!(shown.iter().any(|goal| goal.pool_stores().count() == 2), "a pool and a bare SQL Server");
    assert_eq!(goals("manifests/branch-offices.yaml").len(), 100);
}

/// The manifest of one site with five topologies stays short enough to read at once, and has no probable mistake.
#[test]
fn a_whole_site_takes_forty_lines() {
    let text = fs::read_to_string(root().join("manifests/site.yaml")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.len() <= 40, "{} lines", lines.len());
    assert_eq!(lines.iter().find(|line| line.chars().count() > 120), None);
    let said = reconcile(&["validate", "--strict", "manifests/site.yaml"]);
    assert_eq!(said, "manifests/site.yaml: good: 32 servers, 3 updates\n");
}

/// The manifests without the catalogue.
fn manifests() -> Vec<std::path::PathBuf> {
    let all = files("manifests", ".yaml").into_iter();
    all.filter(|path| !path.ends_with("releases.yaml")).collect()
}

fn goals(path: &str) -> Vec<Goal> {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let manifest: Manifest = serde_yaml::from_str(&read(path)).unwrap();
    let releases: Releases = serde_yaml::from_str(&read("manifests/releases.yaml")).unwrap();
    Goal::of_all(&manifest, &releases).unwrap()
}
