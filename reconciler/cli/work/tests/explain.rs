use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, json};

use super::*;

/// The explained values, written out as a manifest in which the server's own entry says everything.
fn spelt_out(report: &ExplainReport) -> Value {
    let mut server = Value::Object(Map::new());
    let mut update = Value::Object(Map::new());
    for ResolvedValue { field, value, source } in report.values.iter().filter(|value| !value.value.is_null()) {
        let path: Vec<&str> = field.split('.').collect();
        match path.as_slice() {
            // By default they may be taken down at any time, and no scheduled task does so: that cannot be said.
            ["policy", "maintenance"] if source.kind == ValueKind::Default => {}
            // What the catalogue knows, and what only other servers decide.
            ["components", ..] if source.kind == ValueKind::Catalogue => {}
            ["components", "core-components"] | ["databases", "command"] => {}
            ["peers" | "pairedWith" | "together" | "group" | "rollout" | "poolDatabases", ..] => {}
            ["product" | "release" | "components" | "installer", ..] => put(&mut update, &path, value.clone()),
            [
                "role" | "target" | "pool" | "site" | "ring" | "upgradeDomain" | "databases" | "alsoStop" | "policy",
                ..,
            ] => {
                put(&mut server, &path, value.clone());
            }
            _ => panic!("{field} is new here"),
        }
    }
    let target = server["target"].as_str().unwrap().to_owned();
    let ring = server.get("ring").into_iter().collect::<Vec<_>>();
    json!({
        "version": 1,
        "updates": { target: update },
        "rollout": { "rings": ring },
        "servers": { report.server.as_str(): server },
    })
}

/// Puts a value at a path; one that comes again there is the next item of a list.
fn put(into: &mut Value, path: &[&str], value: Value) {
    const LISTS: [&[&str]; 4] = [
        &["alsoStop"],
        &["policy", "renames", "count"],
        &["policy", "renames", "ignore"],
        &["policy", "doctor", "require"],
    ];
    let spot = path.iter().fold(into, |inside, name| {
        if !inside.is_object() {
            *inside = Value::Object(Map::new());
        }
        inside.as_object_mut().unwrap().entry(*name).or_insert(Value::Null)
    });
    if !LISTS.contains(&path) {
        *spot = value;
    } else if let Value::Array(items) = spot {
        items.push(value);
    } else {
        *spot = Value::Array(vec![value]);
    }
}

/// What of a goal does not depend on other servers, nor on the file that declares it.
fn alone(goal: &Goal) -> Goal {
    Goal {
        peers: 0,
        pool_servers: std::sync::Arc::default(),
        claims: None,
        pool_stores: None,
        manifest: None,
        ..goal.clone()
    }
}

/// Holds the first server of each entry of a manifest to its explanation: a manifest that says all of it in one place makes the same goal.
fn hold(path: &Path) -> usize {
    let input = Input::read(path).unwrap_or_else(|problem| panic!("{}: {}", path.display(), problem.text()));
    let roster = Roster::of(&input.manifest);
    let goal = |entry| input.goal_of(&roster, entry);
    let goals = roster.entries().iter().map(goal).collect::<Result<Vec<_>, _>>();
    let goals = goals.unwrap_or_else(|problem| panic!("{}: {}", path.display(), problem.text()));
    let folder = tempfile::tempdir().unwrap();
    for goal in &goals {
        let report = report(&input, &goal.server).unwrap_or_else(|problem| panic!("{}", problem.text()));
        let shown = report.values.iter().all(|value| section(&value.field).0 < SECTIONS.len());
        assert!(shown, "{}: {}: a value belongs to no section", path.display(), goal.server);
        let again = folder.path().join("again.yaml");
        fs::write(&again, spelt_out(&report).to_string()).unwrap();
        let again = Input::read(&again).and_then(|input| input.goals(&[]));
        let again = again.unwrap_or_else(|problem| panic!("{}: {}: {}", path.display(), goal.server, problem.text()));
        let again: Vec<_> = again.iter().map(alone).collect();
        assert_eq!(again, [alone(goal)], "{}: {}", path.display(), goal.server);
    }
    goals.len()
}

#[test]
fn the_values_of_every_example_make_the_goals_that_they_explain() {
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let names = fs::read_dir(&manifests).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // Labs store their worlds next to their manifests.
    let is_manifest = |name: &String| name.ends_with(".yaml") && !name.contains(".world.") && name != "releases.yaml";
    let entries: usize = names.filter(is_manifest).map(|name| hold(&manifests.join(name))).sum();
    assert!(entries > 35, "{entries}: too few to say anything");
}

/// The fields that several parts of a manifest can have, each with two values, and whether a pool can have it.
const FIELDS: [(&str, [&str; 2], bool); 22] = [
    ("target", ["old", "new"], false),
    ("site", ["berlin", "munich"], true),
    ("ring", ["pilot", "broad"], true),
    (
        "policy.maintenance",
        ["always", "{timeZone: UTC, windows: {night: {days: sat, from: '22:00', to: '04:00'}}}"],
        false,
    ),
    ("policy.outage.budget", ["40m", "50m"], false),
    ("policy.outage.onExceed", ["stopBefore", "warn"], false),
    ("policy.estimates.stop", ["4m", "5m"], false),
    ("policy.estimates.restart", ["6m", "7m"], false),
    ("policy.reboot", ["never", "whenRequired"], false),
    ("policy.pendingRestart", ["report", "restart"], false),
    ("policy.shells", ["wait", "close"], false),
    ("policy.foreign", ["block", "warn"], false),
    ("policy.pool.fabric", ["block", "ignore"], false),
    ("policy.attempts", ["4", "5"], false),
    ("policy.databaseCheck", ["2d", "3d"], false),
    ("policy.quiet", ["30m", "40m"], false),
    ("policy.timeouts.stop", ["16m", "17m"], false),
    ("policy.timeouts.install", ["91m", "92m"], false),
    ("policy.timeouts.start", ["61m", "62m"], false),
    ("policy.timeouts.database", ["63m", "64m"], false),
    ("policy.timeouts.shells", ["11m", "12m"], false),
    ("alsoStop", ["A", "B"], false),
];

/// Each field in each combination of server, group and top level (or pool): the nearest part that has it counts, and it is
/// the one that is named.
#[test]
fn the_nearest_part_counts_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for turn in 0..8_usize {
        let (mut parts, mut expected) = (BTreeMap::<&str, Value>::new(), BTreeMap::new());
        for (number, (field, values, is_of_pool)) in FIELDS.iter().enumerate() {
            let has = (turn + number) % 8;
            let wide = match *field {
                _ if *is_of_pool => Some("pool"),
                "target" | "alsoStop" => None,
                _ => Some("top"),
            };
            let path: Vec<_> = field.split('.').collect();
            let holders = [Some("server"), Some("group"), wide].into_iter().enumerate();
            let holders: Vec<_> = holders.filter(|(bit, _)| has >> bit & 1 == 1).filter_map(|(_, it)| it).collect();
            for (nth, holder) in holders.iter().enumerate() {
                // What a pool says, all its servers say.
                let value = if *is_of_pool { values[0] } else { values[nth % 2] };
                let value: Value = serde_yaml::from_str(value).unwrap();
                put(parts.entry(holder).or_insert(json!({})), &path, value);
            }
            expected.insert(*field, holders.first().copied());
        }
        if expected["target"].is_none() {
            put(parts.entry("pool").or_insert(json!({})), &["target"], json!("old"));
            expected.insert("target", Some("pool"));
        }
        let of = |part: &str| parts.get(part).cloned().unwrap_or(json!({}));
        let with = |mut part: Value, more: Value| {
            part.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            part
        };
        let update = |release: &str, digit: &str| {
            json!({
                "product": "sfb-2019", "release": release, "installer": { "path": r"D:\x.exe", "sha256": digit.repeat(64) },
            })
        };
        let manifest = with(
            of("top"),
            json!({
                "version": 1,
                "updates": { "old": update("CU6", "a"), "new": update("CU7", "b") },
                "rollout": { "rings": ["pilot", "broad"] },
                "groups": { "all": of("group") },
                "pools": { "pool.example": of("pool") },
                "servers": { "fe[1-3].example":
                    with(of("server"), json!({ "role": "front-end", "group": "all", "pool": "pool.example" })) },
            }),
        );
        let path = folder.path().join(format!("{turn}.yaml"));
        fs::write(&path, manifest.to_string()).unwrap();
        hold(&path);
        let input = Input::read(&path).unwrap_or_else(|problem| panic!("{}", problem.text()));
        let report =
            report(&input, &"fe2.example".parse().unwrap()).unwrap_or_else(|problem| panic!("{}", problem.text()));
        for (field, part) in expected {
            let values: Vec<_> = report
                .values
                .iter()
                .filter(|value| value.field == field || value.field.starts_with(&format!("{field}.")))
                .collect();
            for ResolvedValue { source, .. } in &values {
                let named = source.part.map(|part| match part {
                    ManifestPart::Server => "server",
                    ManifestPart::Group => "group",
                    ManifestPart::Pool => "pool",
                    ManifestPart::Top | ManifestPart::Update => "top",
                });
                // Lists add up, the group's first; a ring that nobody names is the last one of the rollout.
                let all = |parts: &[Option<&str>]| parts.contains(&named);
                match (field, part) {
                    ("alsoStop", _) => assert!(all(&[Some("server"), Some("group")]), "{turn}: {field}: {source:?}"),
                    ("ring", None) => assert_eq!(source.kind, ValueKind::Derived, "{turn}"),
                    (_, part) => assert_eq!(named, part, "{turn}: {field}: {source:?}"),
                }
            }
            assert!(!values.is_empty() || part.is_none(), "{turn}: {field}");
        }
    }
}
