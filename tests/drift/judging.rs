//! The scope of the judgement: registry exports alone, snapshots of earlier and later versions, pools at two builds.

use std::{collections::BTreeMap, fs, path::Path};

use reconcile_schema::{DriftCode, DriftReport, DriftState, Snapshot};
use serde_json::{Value, json};

use crate::{AS_OF, drift_in, fleet_copy, judge, manifest_of, registry::export, run_in, snapshot_of};

/// A folder with a manifest for one server for each of these builds. Their registry exports come from the fleet's
/// healthy server.
fn exports(builds: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.yaml"), manifest_of("fe[1-3].contoso.example")).unwrap();
    fs::create_dir(folder.path().join("exports")).unwrap();
    let healthy: Snapshot = serde_json::from_value(snapshot_of("fe1.contoso.example")).unwrap();
    let components = healthy.seen.components.known().unwrap();
    for (number, build) in (1..).zip(builds) {
        let mut own = components.to_vec();
        own.iter_mut().for_each(|component| component.build = build.parse().unwrap());
        let file = folder.path().join(format!("exports/fe{number}.contoso.example.reg"));
        fs::write(file, export(&own)).unwrap();
    }
    folder
}

/// The exit code, and the report on the folder in JSON.
fn report(folder: &Path, more: &[&str]) -> (Option<i32>, DriftReport) {
    let ended = run_in(folder, &[&["drift", "site.yaml", "--from", "exports", "--output", "json"], more].concat());
    (ended.code, serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}{}", ended.out, ended.err)))
}

fn states(report: &DriftReport) -> Vec<DriftState> {
    report.servers.iter().map(|server| server.state).collect()
}

#[test]
fn registry_exports_are_enough_if_only_builds_are_judged() {
    let (good, behind, other) = ("7.0.2046.521", "7.0.2046.385", "6.0.9319.619");
    use DriftState::{AtGoal, BuildsOnly, Drift, WrongProduct};
    for (builds, judged, code, unasked, worst) in [
        ([good, good, good], [AtGoal, AtGoal, AtGoal], 0, [BuildsOnly, BuildsOnly, BuildsOnly], 5),
        ([good, behind, good], [AtGoal, Drift, AtGoal], 2, [BuildsOnly, Drift, BuildsOnly], 5),
        ([behind, behind, behind], [Drift, Drift, Drift], 2, [Drift, Drift, Drift], 2),
        (
            [good, behind, "7.0.2046.530"],
            [AtGoal, Drift, DriftState::Ahead],
            4,
            [BuildsOnly, Drift, DriftState::Ahead],
            4,
        ),
    ] {
        let folder = exports(&builds);
        let (ended, alone) = report(folder.path(), &["--judge", "builds"]);
        assert_eq!((states(&alone), ended), (judged.to_vec(), Some(code)), "{alone:#?}");
        assert_eq!(alone.summary.not_judged, ["services", "databases"]);
        let (ended, whole) = report(folder.path(), &[]);
        assert_eq!((states(&whole), ended), (unasked.to_vec(), Some(worst)), "{whole:#?}");
        assert!(whole.summary.not_judged.is_empty());
    }
    // Another product with the same installer name is a different product, whatever is judged.
    let folder = exports(&[good]);
    let path = folder.path().join("exports/fe1.contoso.example.reg");
    let text = fs::read_to_string(&path).unwrap().replace("Server 2019", "Server 2015").replace(good, other);
    fs::write(&path, text).unwrap();
    let (code, alone) = report(folder.path(), &["--judge", "builds", "--server", "fe1.contoso.example"]);
    assert_eq!((code, states(&alone)), (Some(4), vec![WrongProduct]));
}

#[test]
fn facts_that_are_not_judged_are_mentioned_in_each_form() {
    let folder = exports(&["7.0.2046.521"]);
    for form in ["text", "markdown", "github", "html", "json"] {
        let args = ["--judge", "builds", "--server", "fe1.contoso.example", "--output", form];
        let ended = run_in(folder.path(), &[&["drift", "site.yaml", "--from", "exports"], &args[..]].concat());
        assert_eq!(ended.code, Some(0), "{form}: {}{}", ended.out, ended.err);
        let said = if form == "json" { "\"notJudged\":[\"services\",\"databases\"]" } else { "services, databases" };
        assert!(ended.out.contains(said), "{form}: {}", ended.out);
    }
}

/// If only builds are judged, unreadable databases must not spoil the result.
#[test]
fn services_and_databases_do_not_count_if_only_builds_are_judged() {
    let folder = fleet_copy();
    let judged = |server: &str, more: &[&str]| {
        let snapshot = format!("snapshots/{server}.json");
        let args = ["drift", "manifest.yaml", "--as-of", AS_OF, "--server", server, "--from", &snapshot];
        run_in(folder.path(), &[&args, more].concat())
    };
    for (server, whole) in [
        ("be-02.berlin.contoso.example", 2),
        ("be-03.berlin.contoso.example", 2),
        ("be-04.berlin.contoso.example", 5),
        ("branch-05.contoso.example", 5),
        ("sfb-04.madrid.contoso.example", 5),
    ] {
        assert_eq!(judged(server, &[]).code, Some(whole), "{server}");
        let alone = judged(server, &["--judge", "builds"]);
        assert_eq!(alone.code, Some(0), "{server}: {}", alone.out);
    }
    // An unfinished installation, and a restart that the installer requests, concern builds.
    for server in ["se-06.berlin.contoso.example", "sfb-01.madrid.contoso.example"] {
        let alone = judged(server, &["--judge", "builds"]);
        assert_eq!(alone.code, Some(2), "{server}: {}", alone.out);
    }
}

/// Adds an unknown field to every object that has fields.
fn grown(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            // An enum variant is an object whose only field is its name.
            let choice = fields.len() == 1;
            let mut all: serde_json::Map<_, _> =
                fields.iter().map(|(name, value)| (name.clone(), grown(value))).collect();
            if !choice {
                all.insert("later".into(), json!({ "components": { "known": [] }, "since": 3 }));
            }
            Value::Object(all)
        }
        Value::Array(items) => items.iter().map(grown).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Snapshots of the first 0.1, of today's program, and of an invented later version must get one verdict.
#[test]
fn snapshots_of_several_versions_get_one_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let servers = ["fe1.contoso.example", "fe2.contoso.example", "fe3.contoso.example"];
    fs::write(folder.path().join("site.yaml"), manifest_of("fe[1-3].contoso.example")).unwrap();
    fs::create_dir(folder.path().join("snapshots")).unwrap();
    let first: Value = serde_json::from_str(include_str!("versions/first.json")).unwrap();
    for behind in [false, true] {
        let [mut old, now, mut later] = [first.clone(), snapshot_of(servers[1]), grown(&snapshot_of(servers[2]))];
        old["seen"]["host"] = servers[0].into();
        later["madeBy"] = "0.9.0".into();
        for (name, snapshot) in servers.iter().zip([old, now, later]) {
            let mut text = snapshot.to_string();
            if behind {
                text = text.replace("7.0.2046.521", "7.0.2046.385");
            }
            fs::write(folder.path().join(format!("snapshots/{name}.json")), text).unwrap();
        }
        let ended = drift_in(folder.path(), &["--from", "snapshots", "--output", "json"]);
        let report: DriftReport = serde_json::from_str(&ended.out).unwrap();
        let state = if behind { DriftState::Drift } else { DriftState::AtGoal };
        assert_eq!(states(&report), [state; 3], "{}", ended.out);
        assert_eq!(ended.code, Some(if behind { 2 } else { 0 }));
        assert_eq!(report.servers[1].findings, report.servers[2].findings);
        // An older program must be able to read the report too.
        let servers: Value = serde_json::from_str::<Value>(&ended.out).unwrap()["servers"].take();
        let later: Vec<reconcile_schema::ServerDrift> = serde_json::from_value(grown(&servers)).unwrap();
        assert_eq!(later, report.servers);
    }
}

/// A snapshot that was made with another manifest is judged all the same, and a note says so. One of an earlier version, which
/// does not name its manifest, gets none.
#[test]
fn a_snapshot_that_was_made_with_another_manifest_gets_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let servers = ["fe1.contoso.example", "fe2.contoso.example", "fe3.contoso.example"];
    fs::write(folder.path().join("site.yaml"), manifest_of("fe[1-3].contoso.example")).unwrap();
    fs::create_dir(folder.path().join("exports")).unwrap();
    let judged = || report(folder.path(), &[]);
    let write = |name: &str, fingerprint: Option<&str>| {
        let mut snapshot = snapshot_of(name);
        if let Some(fingerprint) = fingerprint {
            snapshot["manifestFingerprint"] = fingerprint.into();
        }
        fs::write(folder.path().join(format!("exports/{name}.json")), snapshot.to_string()).unwrap();
    };
    servers.iter().for_each(|name| write(name, None));
    let own = judged().1.manifest_fingerprint.unwrap();
    let other = format!("sha256:{}", "0a".repeat(32));
    write(servers[1], Some(&own.to_string()));
    write(servers[2], Some(&other));
    let (code, report) = judged();
    assert_eq!((code, states(&report)), (Some(0), vec![DriftState::AtGoal; 3]));
    let found: Vec<_> = report.servers.iter().map(|server| server.findings.len()).collect();
    assert_eq!(found, [0, 0, 1]);
    let note = &report.servers[2].findings[0];
    assert_eq!((note.code, note.note), (DriftCode::OtherManifest, true));
    assert_eq!((&*note.desired, &*note.observed), (&*own.short(), "sha256:0a0a0a0a0a0a"));
    let evidence = report.servers[2].snapshot.as_ref().unwrap();
    assert_eq!(evidence.manifest_fingerprint.unwrap().to_string(), other);
}

/// Unknown fields in the snapshots of the fleet must not change a verdict.
#[test]
fn fields_of_a_later_version_change_no_verdict() {
    let (today, later) = (fleet_copy(), fleet_copy());
    let mut grew = 0;
    for entry in fs::read_dir(later.path().join("snapshots")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") {
            let snapshot = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            fs::write(&path, serde_json::to_string_pretty(&grown(&snapshot)).unwrap()).unwrap();
            grew += 1;
        }
    }
    assert!(grew > 20);
    for form in ["text", "json"] {
        assert_eq!(judge(later.path(), &["--output", form]).out, judge(today.path(), &["--output", form]).out);
    }
}

/// Each server is at its declared build, but the pool is at two builds.
#[test]
fn a_pool_at_two_builds_is_drift() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("snapshots")).unwrap();
    let manifest = |second: &str, pool: &str| {
        let update = |name: &str, release: &str| {
            let sha256 = "c0ffee00".repeat(8);
            let installer = format!("{{ path: 'D:\\{name}\\SkypeServerUpdateInstaller.exe', sha256: {sha256} }}");
            format!("  {name}: {{ product: sfb-2019, release: \"{release}\", installer: {installer} }}\n")
        };
        let fronts = format!(
            "  fe1.contoso.example: {{ role: front-end, target: cu7, pool: pool01.contoso.example }}\n  \
             fe2.contoso.example: {{ role: front-end, target: {second}, pool: {pool} }}\n"
        );
        let updates = update("cu7", "7.0.2046.521") + &update("hotfix", "7.0.2046.530");
        fs::write(folder.path().join("site.yaml"), format!("version: 1\nupdates:\n{updates}servers:\n{fronts}"))
            .unwrap();
    };
    let put = |name: &str, build: &str| {
        let text = snapshot_of(name).to_string().replace("7.0.2046.521", build);
        fs::write(folder.path().join(format!("snapshots/{name}.json")), text).unwrap();
    };
    let judged = || {
        let ended = drift_in(folder.path(), &["--from", "snapshots", "--output", "json"]);
        let report: DriftReport = serde_json::from_str(&ended.out).unwrap();
        let of = |server: reconcile_schema::ServerDrift| {
            (
                server.name.chars().take(3).collect::<String>(),
                (server.state, server.findings.first().map(|found| found.code)),
            )
        };
        (ended.code, report.servers.into_iter().map(of).collect::<BTreeMap<_, _>>())
    };
    let good = (DriftState::AtGoal, None);
    let behind = (DriftState::Drift, Some(DriftCode::ComponentBehind));
    let unequal = (DriftState::Drift, Some(DriftCode::PoolUnequal));
    for (second, pool, build, expected, code) in [
        ("hotfix", "pool01.contoso.example", "7.0.2046.530", [unequal, good], 2),
        // The second server has not reached its build yet, and that alone is the drift.
        ("hotfix", "pool01.contoso.example", "7.0.2046.521", [good, behind], 2),
        // Different pools can be at different builds.
        ("hotfix", "pool02.contoso.example", "7.0.2046.530", [good, good], 0),
        ("cu7", "pool01.contoso.example", "7.0.2046.521", [good, good], 0),
    ] {
        manifest(second, pool);
        put("fe1.contoso.example", "7.0.2046.521");
        put("fe2.contoso.example", build);
        let names = ["fe1", "fe2"].map(str::to_owned);
        assert_eq!(
            judged(),
            (Some(code), BTreeMap::from_iter(names.into_iter().zip(expected))),
            "{second} {pool} {build}"
        );
    }
}

/// Core Components are patched, but a role that was added later is still at its original release.
#[test]
fn a_component_at_its_original_release_is_drift_or_is_mentioned() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("snapshots")).unwrap();
    let original = |snapshot: &mut Value, original: &str| {
        let components = snapshot["seen"]["components"]["known"].as_array_mut().unwrap();
        components.iter_mut().find(|it| it["name"] == "web-components-server").unwrap()["build"] = original.into();
    };
    let judged = |release: &str, line: &str, product: &str| {
        let text = manifest_of("fe1.contoso.example").replace("CU7", release).replace("sfb-2019", product);
        fs::write(folder.path().join("site.yaml"), text).unwrap();
        let target = fs::read_to_string(folder.path().join("build")).unwrap();
        let mut snapshot: Value = serde_json::from_str(
            &snapshot_of("fe1.contoso.example")
                .to_string()
                .replace("7.0.2046.521", &target)
                .replace("sfb-2019", product),
        )
        .unwrap();
        original(&mut snapshot, line);
        fs::write(folder.path().join("snapshots/fe1.json"), snapshot.to_string()).unwrap();
        let ended = drift_in(folder.path(), &["--from", "snapshots", "--output", "json"]);
        let mut report: DriftReport = serde_json::from_str(&ended.out).unwrap();
        (ended.code, report.servers.remove(0))
    };
    // CU2 of 2015 declares a build for Web Components Server.
    fs::write(folder.path().join("build"), "6.0.9319.235").unwrap();
    let (code, named) = judged("CU2", "6.0.9319.0", "sfb-2015");
    assert_eq!((code, named.state), (Some(2), DriftState::Drift), "{named:#?}");
    assert!(named.steps.iter().any(|step| step.command.contains("SkypeServerUpdateInstaller.exe")), "{named:#?}");
    // CU7 of 2019 declares none, so the report only mentions it.
    fs::write(folder.path().join("build"), "7.0.2046.521").unwrap();
    let (code, silent) = judged("CU7", "7.0.2046.0", "sfb-2019");
    assert_eq!((code, silent.state), (Some(0), DriftState::AtGoal), "{silent:#?}");
    let said: Vec<_> = silent.findings.iter().map(|found| (found.code, found.subject.as_str())).collect();
    assert_eq!(said, [(DriftCode::OriginalRelease, "web-components-server")]);
    // A build in between is neither, because several updates can have skipped this component.
    let (code, between) = judged("CU7", "7.0.2046.385", "sfb-2019");
    assert_eq!((code, between.findings.len()), (Some(0), 0), "{between:#?}");
}
