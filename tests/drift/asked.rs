//! Options and wrong usage of `drift`: exit codes, and no leftovers.

use std::fs;

use serde_json::{Value, json};

use crate::{Ended, drift_in, fleet_copy, judge, manifest_of, run_in, snapshot_of};

/// A folder with a manifest of three servers and these snapshots as lines.
fn folder(lines: &[Value]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.yaml"), manifest_of("fe[1-3].contoso.example")).unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.path().join("fleet.ndjson"), lines).unwrap();
    folder
}

fn server(number: u32) -> Value {
    snapshot_of(&format!("fe{number}.contoso.example"))
}

fn with(number: u32, pointer: &str, value: Value) -> Value {
    let mut snapshot = server(number);
    *snapshot.pointer_mut(pointer).unwrap() = value;
    snapshot
}

/// The exit code shows the worst state in the fleet: 4 outranks 5, and 5 outranks 2.
#[test]
fn the_exit_code_is_the_worst_state() {
    let behind = with(1, "/seen/components/known/0/build", json!("7.0.2046.385"));
    let ahead = with(2, "/seen/components/known/2/build", json!("7.0.2046.999"));
    let unread = with(3, "/seen/services", json!({ "unknown": "no answer" }));
    let core = |snapshot: &Value| snapshot["seen"]["components"]["known"][2]["name"] == "core-components";
    assert!(core(&ahead), "{ahead}");
    let core_behind = with(1, "/seen/components/known/2/build", json!("7.0.2046.385"));
    let cases = [
        (vec![server(1), server(2), server(3)], 0),
        (vec![core_behind.clone(), server(2), server(3)], 2),
        (vec![server(1), server(2), server(3), snapshot_of("other.contoso.example")], 2),
        (vec![core_behind.clone(), server(2)], 5),
        (vec![core_behind.clone(), server(2), unread.clone()], 5),
        (vec![core_behind, ahead, unread], 4),
        (vec![behind, server(2), server(3)], 0), // No release declares a build for this component.
    ];
    for (lines, code) in cases {
        let ended = drift_in(folder(&lines).path(), &["--from", "fleet.ndjson"]);
        assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
    }
}

#[test]
fn a_snapshot_that_is_too_old_or_from_the_future_proves_nothing() {
    let folder = folder(&[server(1), server(2), server(3)]);
    let states = |as_of: &str, max_age: &[&str]| {
        let args =
            [&["drift", "site.yaml", "--from", "fleet.ndjson", "--output", "json", "--as-of", as_of], max_age].concat();
        let Ended { code, out, err } = run_in(folder.path(), &args);
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
        (code.unwrap(), report["summary"]["states"].clone())
    };
    // The snapshots were taken at 04:00.
    assert_eq!(states("2026-11-22T04:30:00Z", &["--max-age", "1h"]), (0, json!({ "at-goal": 3 })));
    assert_eq!(states("2026-11-22T05:00:01Z", &["--max-age", "1h"]), (5, json!({ "stale": 3 })));
    assert_eq!(states("2027-11-22T05:00:01Z", &[]), (0, json!({ "at-goal": 3 })));
    assert_eq!(states("2026-11-22T03:56:00Z", &[]), (0, json!({ "at-goal": 3 })), "clocks may differ a little");
    assert_eq!(states("2026-11-22T03:00:00Z", &[]), (5, json!({ "stale": 3 })));
}

#[test]
fn only_the_servers_that_are_asked_for_count() {
    let folder = folder(&[server(1), with(2, "/seen/components", json!({ "unknown": "no answer" }))]);
    let code = |servers: &[&str]| {
        let servers: Vec<&str> = servers.iter().flat_map(|name| ["--server", name]).collect();
        drift_in(folder.path(), &[&["--from", "fleet.ndjson"], servers.as_slice()].concat()).code
    };
    assert_eq!(code(&["fe1.contoso.example"]), Some(0));
    assert_eq!(code(&["fe2.contoso.example"]), Some(5));
    assert_eq!(code(&["fe1.contoso.example", "fe3.contoso.example"]), Some(5), "fe3 did not report");
    assert_eq!(code(&["fe9.contoso.example"]), Some(65), "the manifest does not name it");
}

#[test]
fn an_unreadable_source_is_an_error_with_its_name() {
    let folder = folder(&[server(1)]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (place, said) in [
        ("no-such-file.json", "no-such-file.json"),
        ("empty", "found no snapshots"),
        ("no*where", "found no snapshots"),
    ] {
        let ended = run_in(folder.path(), &["drift", "site.yaml", "--from", place]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(65), ""), "{place}: {}", ended.err);
        assert!(ended.err.contains(said), "{place}: {}", ended.err);
    }
}

#[test]
fn a_report_appears_whole_or_not_at_all() {
    let folder = folder(&[server(1), server(2), server(3)]);
    for (report, code, said) in [
        ("report.pdf", 64, "ends with one of"),
        ("no/such/report.html", 1, "no/such/report.html"),
        ("report", 64, "ends with one of"),
    ] {
        let ended = run_in(
            folder.path(),
            &["drift", "site.yaml", "--from", "fleet.ndjson", "--report", "good.json", "--report", report],
        );
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{report}: {}", ended.err);
        assert!(ended.err.contains(said), "{report}: {}", ended.err);
        let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, ["fleet.ndjson", "site.yaml"], "{report} left something behind");
    }
}

/// `drift` must read the output of `observe`: one file for each server, lines, and a pipe.
#[test]
fn a_lab_observed_is_a_lab_judged() {
    let folder = tempfile::tempdir().unwrap();
    let lab = "lab:\n  world: world.yaml\n  servers:\n    fe[1-3].contoso.example: { build: \"7.0.2046.385\" }\n";
    fs::write(folder.path().join("site.yaml"), manifest_of("fe[1-3].contoso.example") + lab).unwrap();
    let run = |args: &[&str]| run_in(folder.path(), args);
    let lines = run(&["observe", "site.yaml"]).out;
    fs::write(folder.path().join("fleet.ndjson"), &lines).unwrap();
    assert_eq!(lines.lines().count(), 3);
    assert_eq!(run(&["observe", "site.yaml", "--to", "snapshots"]).out, "");
    let live = run(&["drift", "site.yaml", "--output", "json"]);
    assert_eq!(live.code, Some(2));
    let servers = |text: &str| -> Vec<Value> {
        let report: Value = serde_json::from_str(text).unwrap();
        let servers = report["servers"].as_array().unwrap().iter().cloned();
        servers
            .map(|mut server| {
                server.as_object_mut().unwrap().remove("snapshot");
                server
            })
            .collect()
    };
    for place in ["snapshots", "fleet.ndjson", "snapshots/*.json"] {
        let read = run(&["drift", "site.yaml", "--from", place, "--output", "json"]);
        assert_eq!(servers(&read.out), servers(&live.out), "{place}: {}", read.err);
    }
    assert_eq!(run(&["apply", "site.yaml"]).code, Some(0));
    assert_eq!(run(&["drift", "site.yaml"]).code, Some(0));
    assert_eq!(run(&["drift", "site.yaml", "--from", "snapshots"]).code, Some(2), "the snapshots are older");
    // A server that fell back from its goal differs from one that never reached it.
    run(&["observe", "site.yaml", "--to", "snapshots"]);
    let path = folder.path().join("snapshots/fe1.contoso.example.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replacen("7.0.2046.521\"", "7.0.2046.385\"", 3)).unwrap();
    let fell = run(&["drift", "site.yaml", "--from", "snapshots"]);
    assert!(fell.out.contains("fell back: the server was at its goal on"), "{}", fell.out);
}

#[test]
fn a_fleet_without_any_snapshot_is_missing_and_not_at_its_goal() {
    let fleet = fleet_copy();
    fs::remove_dir_all(fleet.path().join("snapshots")).unwrap();
    fs::create_dir(fleet.path().join("snapshots")).unwrap();
    assert_eq!(judge(fleet.path(), &[]).code, Some(65));
    fs::write(fleet.path().join("snapshots/none.ndjson"), "").unwrap();
    let ended = judge(fleet.path(), &[]);
    assert_eq!(ended.code, Some(5));
    assert!(ended.out.ends_with("32 servers: 32 no snapshot; 0 steps remain.\n"), "{}", ended.out);
}
