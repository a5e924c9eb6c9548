//! `reconcile drift`, from outside: a fleet in every state and every form, checked with readers that other people
//! wrote.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod asked;
mod fleet;
mod golden;
mod hostile;
mod judging;
mod reading;
mod registry;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tempfile::TempDir;

use reconcile_support::{
    manifest::with_one_update,
    program::{Ended, command, ended},
};

/// The time as of which the fleet is judged.
const AS_OF: &str = "2026-11-22T06:00:00Z";

fn run_in(folder: &Path, args: &[&str]) -> Ended {
    ended(command(env!("CARGO_BIN_EXE_reconcile"), folder, args).output().unwrap())
}

fn fleet_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drift/fleet")
}

/// A copy of the fleet in which all files have the same date, because a checkout gives each file its own.
fn fleet_copy() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let from = fleet_folder();
    fs::create_dir(copy.path().join("snapshots")).unwrap();
    fs::copy(from.join("manifest.yaml"), copy.path().join("manifest.yaml")).unwrap();
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_140_000); // 2026-11-20 02:00 UTC
    for entry in fs::read_dir(from.join("snapshots")).unwrap() {
        let entry = entry.unwrap();
        let to = copy.path().join("snapshots").join(entry.file_name());
        fs::copy(entry.path(), &to).unwrap();
        fs::File::options().write(true).open(&to).unwrap().set_modified(date).unwrap();
    }
    copy
}

/// Judges the fleet in `folder` as of `AS_OF`, with these options.
fn judge(folder: &Path, more: &[&str]) -> Ended {
    let args = ["drift", "manifest.yaml", "--from", "snapshots", "--as-of", AS_OF, "--max-age", "7d"];
    run_in(folder, &[&args, more].concat())
}

/// Judges the content of `folder` against its `site.yaml`, as of `AS_OF`.
fn drift_in(folder: &Path, more: &[&str]) -> Ended {
    run_in(folder, &[&["drift", "site.yaml", "--as-of", AS_OF], more].concat())
}

/// A manifest for Standard Edition servers with this name or range.
fn manifest_of(servers: &str) -> String {
    with_one_update(&format!("servers:\n  {servers}: {{ role: standard-edition, target: cu7 }}\n"))
}

/// The snapshot of a server of such a manifest, at its goal.
fn snapshot_of(name: &str) -> Value {
    let text = fs::read_to_string(fleet_folder().join("snapshots/se-01.berlin.contoso.example.json")).unwrap();
    let mut snapshot: Value = serde_json::from_str(&text).unwrap();
    snapshot["seen"]["host"] = name.into();
    snapshot
}
