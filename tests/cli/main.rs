//! The command line, tested from outside: exit codes, where each text is printed, and what stays untouched.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod claims;
mod contract;
mod damage;
mod databases;
mod doctor;
mod explain;
mod fingerprint;
mod fleet;
mod help;
mod hostile;
mod init;
mod input;
mod later;
mod opens;
mod pull;
mod rescue;
mod running;
mod signed;
mod support;
mod unattended;
mod usage;

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use reconcile_support::{
    manifest::with_one_update,
    program::{self, Ended, ended},
};

/// A lab of one server, with `extra` at the end of its line.
fn lab(extra: &str) -> String {
    manifest(
        "fe01.contoso.example",
        &format!(
            "lab:\n  world: world.yaml\n  servers:\n    fe01.contoso.example: {{ build: \"7.0.2046.123\"{extra} }}\n"
        ),
    )
}

/// A manifest for Standard Edition servers with this name or range.
fn manifest(servers: &str, rest: &str) -> String {
    with_one_update(&format!("servers:\n  {servers}: {{ role: standard-edition, target: cu7 }}\n{rest}"))
}

/// A folder with one file, `site.yaml`.
fn folder(site: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.yaml"), site).unwrap();
    folder
}

fn listing(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn command(folder: &Path, args: &[&str]) -> Command {
    program::command(env!("CARGO_BIN_EXE_reconcile"), folder, args)
}

fn reconcile(folder: &Path, args: &[&str]) -> Ended {
    ended(command(folder, args).output().unwrap())
}
