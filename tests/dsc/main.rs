//! `reconcile dsc` before an engine of ours, which is as strict as the documentation of Microsoft DSC v3. The real engine
//! is no part of these tests.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod document;
mod engine;
mod faults;
mod operations;
mod refused;
mod resource;

use std::{collections::BTreeMap, fs, path::Path};

use reconcile_support::manifest::with_one_update;
use tempfile::TempDir;

use engine::{Engine, Search};

const SERVER: &str = "fe01.contoso.example";

/// A folder with the resource's file and the manifest `site.yaml` of a lab: a server, and what begins wrong with it.
fn site(servers: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = with_one_update("servers:\n");
    for (server, _) in servers {
        text += &format!("  {server}: {{ role: standard-edition, target: cu7 }}\n");
    }
    text += "lab:\n  world: world.yaml\n  servers:\n";
    for (server, faults) in servers {
        text += &format!("    {server}: {{ build: \"7.0.2046.123\", faults: [{faults}] }}\n");
    }
    fs::write(folder.path().join("site.yaml"), text).unwrap();
    reconcile(folder.path(), &["dsc", "manifest", "-o", "."]);
    folder
}

/// An engine before one server, on which something is wrong.
fn before(fault: &str) -> (TempDir, Engine) {
    let folder = site(&[(SERVER, fault)]);
    let engine = Engine::find(folder.path(), Search::Instead);
    (folder, engine)
}

/// What a command prints, and its exit code; it must not panic.
#[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
fn reconcile(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_reconcile"));
    let ended = command.args(args).current_dir(folder).stdin(std::process::Stdio::null()).output().unwrap();
    assert!(!String::from_utf8_lossy(&ended.stderr).contains("panicked"));
    (ended.status.code(), String::from_utf8(ended.stdout).unwrap())
}

/// Every file below a folder, with what it holds.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.insert(entry.path().display().to_string(), fs::read(entry.path()).unwrap());
        }
    }
    all
}
