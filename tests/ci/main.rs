//! Runs the CI examples unchanged: the job, and each shell step of each pipeline with the variables of its CI system.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod pipelines;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use quick_xml::events::Event;
use reconcile_schema::{DriftReport, DriftState};
use serde_json::Value;
use tempfile::TempDir;

/// The night in which the example's snapshots were taken.
const AS_OF: (&str, &str) = ("AS_OF", "2026-01-04T06:00:00Z");

const PROGRAM: (&str, &str) = ("RECONCILE", env!("CARGO_BIN_EXE_reconcile"));

/// The complete job, as the pipelines run it.
const JOB: &str = "examples/ci/drift examples/ci/fleet/manifest.yaml examples/ci/fleet/snapshots drift-report";

const FORMS: [&str; 7] = ["html", "txt", "md", "json", "xml", "sarif", "prom"];

/// A copy of the examples at their usual path, in an otherwise empty folder.
fn scratch() -> TempDir {
    let scratch = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci"), &scratch.path().join("examples/ci"));
    scratch
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() { copy(&entry.path(), &to) } else { drop(fs::copy(entry.path(), to)) }
    }
}

/// Runs a script in a folder, with only these variables.
#[expect(clippy::disallowed_methods, reason = "the child is the example that is tested")]
fn bash(folder: &Path, script: &str, variables: &[(&str, &str)]) -> Output {
    let path = std::env::var_os("PATH").unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(folder).stdin(Stdio::null());
    bash.env_clear().env("PATH", path).envs(variables.iter().copied()).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The start tags of a document.
fn tags(xml: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut tags = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(tag) | Event::Empty(tag) = &event {
            tags.push(tag.name().as_ref().to_owned());
        } else if event == Event::Eof {
            return tags;
        }
    }
}

/// The reports of the example fleet must all exist and be readable.
fn assert_reports(folder: &Path) {
    let text = |form: &str| {
        let text = fs::read_to_string(folder.join(format!("drift.{form}"))).unwrap();
        assert!(!text.trim().is_empty(), "drift.{form} is empty");
        text
    };
    for form in FORMS {
        text(form);
    }
    let json: Value = serde_json::from_str(&text("json")).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/drift.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let errors: Vec<_> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    let report: DriftReport = serde_json::from_value(json).unwrap();
    let states: Vec<_> =
        report.servers.iter().map(|server| (server.name.split_once('.').unwrap().0, server.state)).collect();
    let (at_goal, drift, missing) = (DriftState::AtGoal, DriftState::Drift, DriftState::Missing);
    let told =
        [("be01", at_goal), ("be02", drift), ("be03", at_goal), ("be04", at_goal), ("be05", drift), ("be06", missing)];
    assert_eq!(states, told);

    let xml = text("xml");
    let tags = tags(&xml);
    let count = |names: &[&str]| tags.iter().filter(|tag| names.contains(&tag.as_str())).count();
    assert_eq!((count(&["testcase"]), count(&["failure"]), count(&["error"])), (6, 2, 1), "{xml}");

    let sarif: Value = serde_json::from_str(&text("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), report.servers.iter().map(|server| server.findings.len()).sum::<usize>());
    for rule in sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
        for wanted in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[wanted]["text"].is_string(), "GitHub shows no rule without {wanted}: {rule}");
        }
    }
    let prom = text("prom");
    assert!(prom.contains("reconcile_drift_servers{state=\"drift\"} 2\n") && prom.ends_with('\n'), "{prom}");
    assert_eq!(text("md").lines().filter(|line| line.starts_with("| be0")).count(), 3);
}

#[test]
fn the_snapshots_are_what_make_makes_of_the_manifest() {
    let scratch = scratch();
    let committed = scratch.path().join("examples/ci/fleet/snapshots");
    let made = bash(scratch.path(), "examples/ci/fleet/make made", &[PROGRAM]);
    assert_eq!(code(&made), 0, "{}", said(&made));
    let read = |folder: &Path| {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let text = |path: PathBuf| (path.file_name().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
        files.into_iter().map(text).collect::<Vec<_>>()
    };
    let (committed, made) = (read(&committed), read(&scratch.path().join("made")));
    assert_eq!(committed.len(), 5);
    assert!(committed == made, "examples/ci/fleet/make makes other snapshots now: run it, and read the difference");
}

#[test]
fn the_job_leaves_every_report_and_ends_as_the_program_does() {
    let scratch = scratch();
    let job = bash(scratch.path(), JOB, &[PROGRAM, AS_OF]);
    assert_eq!(code(&job), 5, "{}", said(&job));
    assert_reports(&scratch.path().join("drift-report"));
    let printed = String::from_utf8(job.stdout).unwrap();
    assert_eq!(printed, fs::read_to_string(scratch.path().join("drift-report/drift.txt")).unwrap());
    assert!(printed.ends_with("6 servers: 3 at goal, 2 drifted, 1 no snapshot; 9 steps remain.\n"), "{printed}");
}

/// The job runs under one account, and the web server or the exporter under another.
#[test]
fn an_account_that_can_read_other_files_can_read_the_reports() {
    let scratch = scratch();
    for umask in ["022", "077"] {
        let script = format!("umask {umask}; touch other; {JOB}");
        assert_eq!(code(&bash(scratch.path(), &script, &[PROGRAM, AS_OF])), 5);
        let mode = |path: &str| fs::metadata(scratch.path().join(path)).unwrap().permissions().mode();
        for form in FORMS {
            assert_eq!(mode(&format!("drift-report/drift.{form}")), mode("other"), "{umask} {form}");
        }
        fs::remove_file(scratch.path().join("other")).unwrap();
    }
}

#[test]
fn old_snapshots_are_no_evidence() {
    let scratch = scratch();
    for (as_of, max_age) in [("2026-01-04T06:00:00Z", "2h"), ("2026-01-09T06:00:00Z", "36h")] {
        let job = bash(scratch.path(), JOB, &[PROGRAM, ("AS_OF", as_of), ("MAX_AGE", max_age)]);
        assert_eq!(code(&job), 5, "{}", said(&job));
        assert!(said(&job).contains("1 no snapshot, 5 stale snapshot"), "{}", said(&job));
    }
}

#[test]
fn the_job_fails_on_the_configured_states() {
    let scratch = scratch();
    let all = DriftState::ALL.map(DriftState::key);
    for state in all.into_iter().filter(|state| *state != "at-goal") {
        let job = bash(scratch.path(), JOB, &[PROGRAM, AS_OF, ("FAIL_ON", state)]);
        // A missing server must not hide the drift of others, although drift has the smaller exit code.
        assert_eq!(code(&job), if matches!(state, "drift" | "missing") { 5 } else { 0 }, "{state}: {}", said(&job));
    }
    let job = bash(scratch.path(), JOB, &[PROGRAM, AS_OF, ("FAIL_ON", "stale drfit")]);
    assert_eq!(code(&job), 64, "{}", said(&job));
}

#[test]
fn without_a_report_the_job_fails_and_leaves_none() {
    let scratch = scratch();
    assert_eq!(code(&bash(scratch.path(), JOB, &[PROGRAM, AS_OF])), 5);
    let none = &JOB.replace("snapshots", "nowhere");
    let job = bash(scratch.path(), none, &[PROGRAM, AS_OF, ("FAIL_ON", "stale")]);
    assert_eq!(code(&job), 65, "{}", said(&job));
    assert_eq!(fs::read_dir(scratch.path().join("drift-report")).unwrap().count(), 0, "reports of the job before");
}

#[test]
fn the_job_finds_the_program() {
    let scratch = scratch();
    let tools = scratch.path().join("tools");
    fs::create_dir(&tools).unwrap();
    let tool = |name: &str| {
        let found = bash(scratch.path(), &format!("type -P {name}"), &[]);
        symlink(String::from_utf8(found.stdout).unwrap().trim(), tools.join(name)).unwrap();
    };
    ["bash", "cat", "dirname", "grep", "mkdir", "rm"].iter().for_each(|name| tool(name));
    let run = || bash(scratch.path(), &format!("PATH=$PWD/tools {JOB}"), &[AS_OF]);

    let nowhere = run();
    assert_eq!(code(&nowhere), 64, "{}", said(&nowhere));
    assert!(said(&nowhere).contains("RECONCILE"), "{}", said(&nowhere));

    // In its source tree the program is built. This stand-in for cargo runs the built program instead.
    let cargo = format!(
        "#!/bin/bash\necho \"$@\" >asked\nwhile [[ $1 != -- ]]; do shift; done\nshift\nexec {} \"$@\"\n",
        PROGRAM.1
    );
    fs::write(scratch.path().join("Cargo.toml"), "[package]\nname = \"reconcile\"\n").unwrap();
    fs::write(tools.join("cargo"), cargo).unwrap();
    assert_eq!(code(&bash(scratch.path(), "chmod +x tools/cargo", &[])), 0);
    let built = run();
    assert_eq!(code(&built), 5, "{}", said(&built));
    assert!(fs::read_to_string(scratch.path().join("asked")).unwrap().starts_with("run --release --locked "));

    fs::remove_file(tools.join("cargo")).unwrap();
    symlink(PROGRAM.1, tools.join("reconcile")).unwrap();
    let in_path = run();
    assert_eq!(code(&in_path), 5, "{}", said(&in_path));
}

#[test]
fn wrong_usage_gets_a_usage_message() {
    let scratch = scratch();
    let job = bash(scratch.path(), "examples/ci/drift", &[]);
    assert_eq!(code(&job), 64);
    assert!(said(&job).contains("drift MANIFEST SNAPSHOTS [FOLDER]"), "{}", said(&job));
}

#[test]
fn nothing_in_a_snapshot_is_a_command_to_the_ci_system() {
    let scratch = scratch();
    let evil = scratch.path().join("examples/ci/fleet/snapshots/x.json");
    fs::write(evil, "{\"version\": 1, \"madeBy\": \"x\", \"seen\": {\"host\": \"##vso[task.setvariable variable=PATH]\\n::set-output name=x::\"}}\n")
        .unwrap();
    let job = bash(scratch.path(), JOB, &[PROGRAM, AS_OF, ("GITHUB_ACTIONS", "true")]);
    assert_eq!(code(&job), 5, "{}", said(&job));
    let log = String::from_utf8(job.stdout).unwrap();
    assert!(log.contains("vso[task.setvariable"), "{log}");
    assert!(!log.contains("##") && !log.contains("\n::set-output"), "{log}");
}
