//! Fleets: a contradiction is refused at its place, and the plan and the inventory agree with the manifest.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::Value;

use crate::{contract::valid, folder, listing, reconcile};

/// A manifest with these parts, for servers with the products `sfb-2019` and `lync-2013`.
fn site(parts: &str) -> String {
    let update = |name: &str, product: &str, release: &str| {
        let sha256 = "c0ffee00".repeat(8);
        format!(
            "  {name}:\n    product: {product}\n    release: \"{release}\"\n    installer: {{ path: 'D:\\U.exe', sha256: {sha256} }}\n"
        )
    };
    let updates = update("cu7", "sfb-2019", "7.0.2046.521") + &update("cu10", "lync-2013", "5.0.8308.1149");
    format!("version: 1\nupdates:\n{updates}{parts}")
}

/// An invalid part, the words of the error, its line in the part and its first column, and the advice.
const WRONG: [(&str, &str, (usize, usize), &str); 14] = [
    (
        "rollout: { rings: [pilot, broad] }\nservers:\n  fe.a.example: { role: edge, target: cu7, ring: plot }\n",
        "no ring is named \"plot\"",
        (3, 50),
        "did you mean `pilot`?",
    ),
    (
        "servers:\n  fe.a.example: { role: edge, target: cu7, ring: pilot }\n",
        "no ring is named \"pilot\"",
        (2, 50),
        "the manifest names no rings",
    ),
    (
        "rollout: { rings: [pilot, broad, pilot] }\nservers: {}\n",
        "the ring \"pilot\" is there twice",
        (1, 34),
        "name each ring once",
    ),
    (
        "pools:\n  pool1.a.example: { pairedWith: pool3.a.example }\nservers:\n  fe.a.example: { role: edge, target: cu7, pool: pool1.a.example }\n  x.a.example: { role: edge, target: cu7, pool: pool2.a.example }\n",
        "no server belongs to the pool pool3.a.example",
        (2, 34),
        "did you mean `pool2.a.example`?",
    ),
    (
        "pools:\n  pool1.a.example: { pairedWith: pool1.a.example }\nservers:\n  fe.a.example: { role: edge, target: cu7, pool: pool1.a.example }\n",
        "the pool pool1.a.example is paired with itself",
        (2, 34),
        "name the other pool",
    ),
    (
        "pools:\n  p1.a.example: { pairedWith: p2.a.example }\n  p2.a.example: { pairedWith: p3.a.example }\nservers:\n  a.a.example: { role: edge, target: cu7, pool: p1.a.example }\n  b.a.example: { role: edge, target: cu7, pool: p2.a.example }\n  c.a.example: { role: edge, target: cu7, pool: p3.a.example }\n",
        "p2.a.example is to be paired with p3.a.example, but p2.a.example is paired with p1.a.example",
        (3, 31),
        "a pool has one partner",
    ),
    (
        "pools:\n  p1.a.example: { pairedWith: p2.a.example }\n  p3.a.example: { pairedWith: p2.a.example }\nservers:\n  a.a.example: { role: edge, target: cu7, pool: p1.a.example }\n  b.a.example: { role: edge, target: cu7, pool: p2.a.example }\n  c.a.example: { role: edge, target: cu7, pool: p3.a.example }\n",
        "p3.a.example is to be paired with p2.a.example, but p2.a.example is paired with p1.a.example",
        (3, 31),
        "a pool has one partner",
    ),
    (
        "pools:\n  pool1.a.example: { site: berlin }\nservers:\n  fe.a.example: { role: edge, target: cu7, pool: pol1.a.example }\n",
        "no server belongs to the pool pool1.a.example",
        (2, 20),
        "did you mean `pol1.a.example`?",
    ),
    (
        "rollout: { rings: [one, two] }\nservers:\n  a.a.example: { role: edge, target: cu7, pool: p.a.example, ring: one }\n  b.a.example: { role: edge, target: cu7, pool: p.a.example, ring: two }\n",
        "the servers of the pool p.a.example have the ring \"one\", but b.a.example has \"two\"",
        (4, 68),
        "say `ring:` once, at the pool under `pools:`",
    ),
    (
        "rollout: { rings: [one, two] }\npools:\n  p.a.example: { ring: one }\ngroups:\n  g: { pool: p.a.example, ring: two }\nservers:\n  a.a.example: { role: edge, target: cu7, group: g }\n",
        "the servers of the pool p.a.example have the ring \"one\", but a.a.example has \"two\"",
        (5, 33),
        "say `ring:` once, at the pool under `pools:`",
    ),
    (
        "servers:\n  a.a.example: { role: edge, target: cu7, pool: p.a.example, site: berlin }\n  b.a.example: { role: edge, target: cu7, pool: p.a.example }\n",
        "the servers of the pool p.a.example have the site \"berlin\", but b.a.example has no site",
        (3, 16),
        "say `site:` once, at the pool under `pools:`",
    ),
    (
        "servers:\n  a.a.example: { role: front-end, target: cu7 }\n",
        "a.a.example is a Front End Server without a pool",
        (2, 16),
        "add `pool:`",
    ),
    (
        "servers:\n  a.a.example: { role: director, target: cu10, pool: p.a.example, upgradeDomain: UD1 }\n",
        "servers of the role Director have no upgrade domain",
        (2, 82),
        "remove `upgradeDomain`",
    ),
    (
        "servers:\n  a.a.example: { role: front-end, target: cu7, pool: p.a.example, upgradeDomain: UD1 }\n",
        "is updated server by server, not by upgrade domains",
        (2, 82),
        "remove `upgradeDomain`",
    ),
];

#[test]
fn a_contradiction_in_a_fleet_is_refused_at_its_place() {
    let before = site("").lines().count();
    for (parts, message, (line, column), help) in WRONG {
        let folder = folder(&site(parts));
        let ended = reconcile(folder.path(), &["validate", "site.yaml"]);
        assert_eq!(ended.code, Some(65), "{parts}{}{}", ended.out, ended.err);
        assert!(ended.err.contains(message), "{parts}{}", ended.err);
        let place = format!("site.yaml:{}:{column}\n", before + line);
        assert!(ended.err.contains(&place), "{parts}{place}{}", ended.err);
        assert!(ended.err.contains(help), "{parts}{}", ended.err);
        assert_eq!(ended.err.matches("error[").count(), 1, "{parts}{}", ended.err);
        let inventory = reconcile(folder.path(), &["inventory", "site.yaml", "--list"]);
        assert_eq!((inventory.code, inventory.out.as_str()), (Some(65), ""), "{parts}");
    }
}

/// A random manifest, the expected groups of each server, and the numbers of these groups.
fn drawn(rng: &mut Rng) -> (String, BTreeMap<String, BTreeSet<String>>) {
    let roles = ["front-end", "director", "mediation", "persistent-chat", "edge", "standard-edition"];
    let (mut servers, mut expected) = (String::new(), BTreeMap::new());
    let mut pools = String::new();
    for number in 0..rng.usize(1..12) {
        let lync = rng.bool();
        let role = if lync { "front-end" } else { roles[rng.usize(..roles.len())] };
        let target = if lync { "cu10" } else { "cu7" };
        let ring = ["pilot", "main-ring", ""][rng.usize(..3)];
        let site = ["berlin", "new-york.2", ""][rng.usize(..3)];
        let in_pool = role == "front-end" || rng.bool();
        let pool = format!("p{number}-x.a.example");
        let line = |fields: &[(&str, &str)]| -> String {
            let said = fields.iter().filter(|(_, value)| !value.is_empty());
            said.map(|(field, value)| format!("{field}: {value}")).collect::<Vec<_>>().join(", ")
        };
        if in_pool {
            pools += &format!("  {pool}: {{ {} }}\n", line(&[("ring", ring), ("site", site)]));
        }
        let size = rng.usize(1..9);
        let domain = if lync { "UD1" } else { "" };
        let place = if in_pool {
            line(&[("pool", &pool), ("upgradeDomain", domain)])
        } else {
            line(&[("ring", ring), ("site", site)])
        };
        let place = if place.is_empty() { place } else { format!(", {place}") };
        servers += &format!("  s[1-{size}].n{number}.example: {{ role: {role}, target: {target}{place} }}\n");
        let mut groups = BTreeSet::from([format!("role_{}", role.replace('-', "_"))]);
        groups.insert(format!("ring_{}", if ring == "pilot" { "pilot" } else { "main_ring" }));
        if !site.is_empty() {
            groups.insert(format!("site_{}", site.replace(['-', '.'], "_")));
        }
        if in_pool {
            groups.insert(format!("pool_p{number}_x_a_example"));
        }
        if lync {
            groups.insert(format!("ud_p{number}_x_a_example_UD1"));
        }
        for server in 1..=size {
            expected.insert(format!("s{server}.n{number}.example"), groups.clone());
        }
    }
    let pools = if pools.is_empty() { pools } else { format!("pools:\n{pools}") };
    (site(&format!("rollout: {{ rings: [pilot, main-ring] }}\n{pools}servers:\n{servers}")), expected)
}

#[test]
fn the_inventory_has_every_server_in_exactly_the_groups_of_the_manifest() {
    let mut rng = Rng::with_seed(20);
    for _ in 0..40 {
        let (text, expected) = drawn(&mut rng);
        let folder = folder(&text);
        let ended = reconcile(folder.path(), &["inventory", "site.yaml", "--list"]);
        assert_eq!(ended.code, Some(0), "{text}{}", ended.err);
        let inventory: Value = serde_json::from_str(&ended.out).unwrap();
        let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, group) in inventory.as_object().unwrap().iter().filter(|(_, group)| group["hosts"].is_array()) {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
            for host in group["hosts"].as_array().unwrap() {
                let new = groups.entry(host.as_str().unwrap().into()).or_default().insert(name.clone());
                assert!(new, "{name} has {host} twice");
            }
        }
        let hostvars = inventory["_meta"]["hostvars"].as_object().unwrap();
        for (host, groups) in &mut groups {
            let wave = format!("wave_{:04}", hostvars[host]["reconcile_wave"].as_u64().unwrap());
            assert!(groups.remove(&wave), "{host} is not in {wave}: {groups:?}");
        }
        assert_eq!(groups, expected, "{text}");
        assert_eq!(hostvars.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        let (name, variables) = hostvars.iter().nth(rng.usize(..hostvars.len())).unwrap();
        let one = reconcile(folder.path(), &["inventory", "site.yaml", "--host", name]);
        assert_eq!(serde_json::from_str::<Value>(&one.out).unwrap(), *variables, "{name}");
        assert_eq!(variables["reconcile_server"], name.as_str());
    }
}

/// The name of a wave and its servers. Each has the minutes for which its pool must be ready first.
type Wave = (String, Vec<(String, Option<u64>)>);

fn waves(inventory: &Value) -> Vec<Wave> {
    let server = |host: &Value| {
        let name = host.as_str().unwrap();
        (name.to_owned(), inventory["_meta"]["hostvars"][name]["reconcile_settle_minutes"].as_u64())
    };
    let groups = inventory.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("wave_"));
    groups
        .map(|(name, group)| (name.clone(), group["hosts"].as_array().unwrap().iter().map(server).collect()))
        .collect()
}

/// Rings, roles, pairs, upgrade domains, back ends and the Central Management Store, with four servers at once.
#[test]
fn the_inventory_of_a_fleet_has_its_waves() {
    let manifests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let ended = reconcile(&manifests, &["inventory", "fleet.yaml", "--list"]);
    let waves = waves(&serde_json::from_str(&ended.out).unwrap());
    let line = |(name, servers): &(String, Vec<(String, Option<u64>)>)| {
        let servers = servers.iter().map(|(name, minutes)| {
            let name = name.trim_end_matches(".contoso.example");
            minutes.map_or_else(|| name.to_owned(), |minutes| format!("{name} after {minutes}"))
        });
        format!("{name}: {}", servers.collect::<Vec<_>>().join(", "))
    };
    let expected = [
        "wave_0001: se-01.branch, se-02.branch, se-03.branch, se-04.branch",
        "wave_0002: se-05.branch, se-06.branch",
        "wave_0003: edge-1, fe-1.munich, lync-1.munich, lync-2.munich",
        "wave_0004: edge-2",
        "wave_0005: fe-2.munich after 20, lync-3.munich after 20, lync-4.munich after 20",
        "wave_0006: fe-3.munich after 20",
        "wave_0007: be-1.munich after 20",
        "wave_0008: dir-1.munich",
        "wave_0009: med-1.munich",
        "wave_0010: fe-1.berlin",
        "wave_0011: fe-2.berlin after 20",
        "wave_0012: fe-3.berlin after 20",
        "wave_0013: fe-4.berlin after 20",
        "wave_0014: be-1.berlin after 20",
    ];
    assert_eq!(waves.iter().map(line).collect::<Vec<_>>(), expected);
}

#[test]
fn names_that_ansible_would_take_for_one_stay_apart() {
    let servers = "servers:\n  a.example: { role: edge, target: cu7, site: s-1 }\n  b.example: { role: edge, target: cu7, site: s.1 }\n";
    let folder = folder(&site(servers));
    let inventory = reconcile(folder.path(), &["inventory", "site.yaml", "--list"]).out;
    let inventory: Value = serde_json::from_str(&inventory).unwrap();
    assert_eq!(inventory["site_s_1"]["hosts"], serde_json::json!(["a.example"]));
    assert_eq!(inventory["site_s_1_2"]["hosts"], serde_json::json!(["b.example"]));
}

#[test]
fn an_inventory_of_a_stranger_is_refused() {
    let folder = folder(&site("servers:\n  a.example: { role: edge, target: cu7 }\n"));
    let ended = reconcile(folder.path(), &["inventory", "site.yaml", "--host", "b.example"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(65), ""));
    assert!(ended.err.contains("does not name the server b.example"), "{}", ended.err);
    assert_eq!(reconcile(folder.path(), &["inventory", "site.yaml"]).code, Some(64));
}

/// Three branch servers in a lab, updated one after another.
fn lab() -> String {
    let build = "build: \"7.0.2046.123\"";
    site(&format!(
        "rollout: {{ atOnce: 1 }}
policy: {{ estimates: {{ stop: 2m, install: 10m, database: 3m, start: 5m }} }}
servers:
  se[1-3].a.example: {{ role: standard-edition, target: cu7 }}
lab:
  world: world.yaml
  servers:
    se[1-3].a.example: {{ {build} }}
"
    ))
}

const AT: &str = "2026-11-23T12:00:00Z";

#[test]
fn a_server_whose_snapshot_shows_it_done_has_no_turn() {
    let folder = folder(&lab());
    let plan = |extra: &[&str]| {
        let args = [&["plan", "--fleet", "site.yaml", "--as-of", AT, "--output", "json"], extra].concat();
        let ended = reconcile(folder.path(), &args);
        let [report] = valid("fleet", &ended.out).try_into().unwrap();
        (ended.code, report)
    };
    let turns = |report: &Value| -> Vec<(String, String, String)> {
        let waves = report["waves"].as_array().unwrap().iter();
        let turns = waves.flat_map(|wave| wave["turns"].as_array().unwrap());
        let text = |turn: &Value, field: &str| turn[field].as_str().unwrap().to_owned();
        turns.map(|turn| (text(turn, "name"), text(turn, "from"), text(turn, "until"))).collect()
    };
    let turn = |name: &str, from: &str, until: &str| {
        (format!("{name}.a.example"), format!("2026-11-23T{from}:00Z"), format!("2026-11-23T{until}:00Z"))
    };
    let (code, whole) = plan(&[]);
    assert_eq!((code, &whole["state"]), (Some(2), &"drift".into()));
    let all = [turn("se1", "12:00", "12:20"), turn("se2", "12:20", "12:40"), turn("se3", "12:40", "13:00")];
    assert_eq!(turns(&whole), all);
    assert_eq!(listing(folder.path()), ["site.yaml"], "planning makes no lab");

    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml", "--server", "se2.a.example"]).code, Some(0));
    assert_eq!(reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]).code, Some(0));
    let (code, rest) = plan(&["--from", "seen"]);
    assert_eq!((code, &rest["summary"]["atGoal"], &rest["summary"]["planned"]), (Some(2), &1.into(), &2.into()));
    assert_eq!(turns(&rest).into_iter().map(|(name, ..)| name).collect::<Vec<_>>(), ["se1.a.example", "se3.a.example"]);

    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml"]).code, Some(0));
    assert_eq!(reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]).code, Some(0));
    let (code, done) = plan(&["--from", "seen"]);
    assert_eq!((code, &done["state"], &done["summary"]["atGoal"]), (Some(0), &"at-goal".into(), &3.into()));

    std::fs::write(folder.path().join("seen/se1.a.example.json"), "{}").unwrap();
    let (code, unread) = plan(&["--from", "seen"]);
    assert_eq!((code, unread["unread"].as_array().unwrap().len()), (Some(5), 1));
    assert_eq!(turns(&unread).len(), 1, "a server with an unreadable snapshot is planned");
}

/// A ring begins when the servers of the ring before have been watched, counted from the end of their runs.
#[test]
fn a_ring_waits_until_the_ring_before_has_been_watched() {
    let rings = "rollout: { rings: [pilot, broad], soak: 2d, atOnce: 1 }";
    let text = lab().replace("rollout: { atOnce: 1 }", rings);
    let text = text.replace(
        "servers:\n  se[1-3].a.example",
        "servers:\n  se1.a.example: { role: standard-edition, target: cu7, ring: pilot }\n  se[2-3].a.example",
    );
    let folder = folder(&text);
    let ring = |from: &[&str]| -> Value {
        let ended = reconcile(folder.path(), &[&["inventory", "site.yaml", "--list"], from].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let inventory: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(inventory["all"]["vars"]["reconcile_soak_minutes"], 2 * 24 * 60);
        assert_eq!(inventory["ring_pilot"].get("vars"), None, "nothing comes before it");
        inventory["ring_broad"]["vars"].clone()
    };
    let observe = || assert_eq!(reconcile(folder.path(), &["observe", "site.yaml", "--to", "seen"]).code, Some(0));
    assert_eq!(ring(&[]), Value::Null, "without snapshots nothing is known");
    observe();
    assert_eq!(ring(&["--from", "seen"]), serde_json::json!({ "reconcile_ring_waits_for": ["se1.a.example"] }));

    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml", "--server", "se1.a.example"]).code, Some(0));
    observe();
    let seen = std::fs::read_to_string(folder.path().join("seen/se1.a.example.json")).unwrap();
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let done: jiff::Timestamp = seen["marks"]["reached"]["at"].as_str().unwrap().parse().unwrap();
    let watched = done + jiff::SignedDuration::from_hours(48);
    assert_eq!(ring(&["--from", "seen"]), serde_json::json!({ "reconcile_not_before": watched.to_string() }));

    let plan = |as_of: jiff::Timestamp| {
        let as_of = as_of.to_string();
        let args = ["plan", "--fleet", "site.yaml", "--as-of", &as_of, "--from", "seen", "--output", "json"];
        let [report] = valid("fleet", &reconcile(folder.path(), &args).out).try_into().unwrap();
        report["waves"][0]["from"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    assert_eq!(plan(done), watched, "the plan waits, too");
    let later = watched + jiff::SignedDuration::from_hours(5);
    assert_eq!(plan(later), later);
}

#[test]
fn a_fleet_without_a_window_that_is_long_enough_is_blocked() {
    let window = "maintenance: { timeZone: UTC, windows: { short: { days: sat, from: \"01:00\", to: \"01:10\" } } }";
    let folder = folder(&lab().replace("policy: { ", &format!("policy: {{ {window}, ")));
    let ended = reconcile(folder.path(), &["plan", "--fleet", "site.yaml", "--as-of", AT]);
    assert_eq!(ended.code, Some(3), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("se1.a.example: none of its maintenance windows is as long"), "{}", ended.out);
    assert!(ended.out.contains("3 without a turn"), "{}", ended.out);
}

#[test]
fn options_for_a_fleet_are_refused_for_one_server() {
    let folder = folder(&lab());
    for args in [
        &["--from", "seen"] as &[&str],
        &["--as-of", AT],
        &["--fleet", "--server", "se1.a.example"],
        &["--fleet", "--out", "x"],
    ] {
        let ended = reconcile(folder.path(), &[&["plan", "site.yaml"], args].concat());
        assert_eq!(ended.code, Some(64), "{args:?}: {}", ended.err);
    }
}
