//! The snapshots of the fleet. `WRITE_FLEET=1 cargo test --test drift` creates them again.
//!
//! If you do that, move `AS_OF` to the next day, because a hive contains the date of its creation.
//!
//! They are committed and stay as they are, because the files of an older version must remain readable.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use reconcile_core::{Ask, Goal, Observe};
use reconcile_hosts::lab::{Lab, Simulated, World};
use reconcile_schema::{
    Aim, Attempt, BootId, Build, Component, Damage, Examined, Fact, Fingerprint, Manifest, MisplacedCertificate,
    Pending, Product, Reached, Releases, Rights, RunId, ServiceState, Shared, Snapshot, TrustedRoots,
};

use crate::{AS_OF, hostile::CORPUS};

/// Writes the snapshots of the fleet into `folder`.
pub fn write(folder: &Path) {
    let manifest: Manifest = serde_yaml::from_str(&fs::read_to_string(folder.join("manifest.yaml")).unwrap()).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    let goals = Goal::of_all(&manifest, &releases).unwrap();
    let goal = |name: &str| goals.iter().find(|goal| goal.server.as_str().starts_with(name)).unwrap();
    let snapshots = folder.join("snapshots");
    let _ = fs::remove_dir_all(&snapshots);
    fs::create_dir_all(&snapshots).unwrap();
    let put = |name: &str, change: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = healthy(goal(name));
        change(&mut snapshot);
        let text = serde_json::to_string_pretty(&snapshot).unwrap();
        fs::write(snapshots.join(format!("{}.json", snapshot.seen.host)), text + "\n").unwrap();
    };
    let current: &dyn Fn(&mut Snapshot) = &|_| {};
    // These sites collect one file for each server.
    put("se-01", current);
    put("se-02", &|it| {
        it.marks.damaged = Some(Damage { lines: 3, after: it.marks.latest, why: None });
        let misplaced = MisplacedCertificate {
            thumbprint: "09A1C5B8E37F4D2266AA5910BC3E7D0F48C2B1E5".into(),
            subject: CORPUS[1].into(),
            issuer: "CN=Contoso Root CA".into(),
        };
        let roots = TrustedRoots { count: 104, misplaced: vec![misplaced], unreadable: Vec::new() };
        it.seen.examined = Fact::Known(Examined { trusted_roots: Fact::Known(roots), ..Examined::default() }.into());
    });
    put("se-03", &|it| it.seen.components = below("7.0.2046.521", &["web-components-server"], "7.0.2046.530")); // Newer than declared.
    put("se-04", &|it| behind(it, "7.0.2046.385", None));
    put("se-05", &|it| behind(it, "7.0.2046.455", Some("7.0.2046.521")));
    put("se-06", &|it| {
        behind(it, "7.0.2046.455", Some("7.0.2046.455"));
        installed(it, true);
        let attempt = it.marks.attempt.as_mut().unwrap();
        (attempt.target, attempt.code) = (goal("se-06").core.clone(), Some(1603));
    });
    put("be-01", current);
    put("be-02", &|it| {
        let databases = it.seen.databases.values_mut().find_map(known).unwrap();
        databases.iter_mut().filter(|database| database.name == "rtcxds").for_each(|behind| {
            behind.expected = Some("15.13.23".parse().unwrap());
        });
    });
    put("be-03", &|it| service(it, "RTCSRV").state = ServiceState::Stopped);
    put("be-04", &|it| {
        for databases in it.seen.databases.values_mut() {
            *databases = Fact::Unknown(CORPUS[0].into());
        }
    });
    // The two builds of this pool match the manifest; one component is at its original release.
    put("be-05", current);
    put("be-06", &|it| {
        let Fact::Known(components) = &mut it.seen.components else { unreachable!() };
        components.last_mut().unwrap().build = build("7.0.2046.0");
    });
    put("lync-01", current);
    put("lync-02", &|it| behind(it, "5.0.8308.1182", None));
    put("lync-03", &|it| {
        let Fact::Known(components) = &mut it.seen.components else { unreachable!() };
        for component in components.iter_mut() {
            (component.product, component.build) = (Product::Sfb2015, build("6.0.9319.619"));
        }
    });
    put("lync-04", &|it| it.seen.components = Fact::Known(Shared::default()));
    put("sfb-01", &|it| {
        installed(it, true);
        it.seen.reboot = Fact::Known(vec![Pending {
            who: CORPUS[1].into(),
            source: "a key".into(),
            of_windows: false,
            files: Vec::new(),
        }]);
    });
    put("sfb-02", &|it| installed(it, false));
    put("sfb-03", &|it| it.seen.components = Fact::Unknown(CORPUS[2].into()));
    put("sfb-04", &|it| it.seen.services = Fact::Unknown(CORPUS[3].into()));
    // This site appends its snapshots to one file, with one line for each server.
    let mut lines = String::new();
    for (name, hours) in [("oslo-01", 2), ("oslo-02", 24 * 30), ("oslo-03", -3)] {
        let mut snapshot = healthy(goal(name));
        snapshot.seen.at = as_of() - SignedDuration::from_hours(hours);
        lines += &(serde_json::to_string(&snapshot).unwrap() + "\n");
    }
    let mut stranger = healthy(goal("se-01"));
    stranger.seen.host = "stranger.contoso.example".parse().unwrap();
    let hostile = lines.lines().next().unwrap().replace("oslo-01.contoso.example", &CORPUS[4].replace(['\\', '"'], ""));
    lines += &(serde_json::to_string(&stranger).unwrap() + "\n");
    lines += &(serde_json::to_string(&healthy(goal("se-01"))).unwrap() + "\n"); // The second snapshot of this server.
    lines += "{\"version\":1,\"madeBy\":\"0.1.0\",\"seen\":{\"host\":\"cut-off.contoso.ex\n";
    lines += &hostile.replace(|c: char| c.is_ascii_control(), " ");
    lines += "\n{\"version\":2,\"madeBy\":\"0.9.0\",\"anything\":[]}\n";
    fs::write(snapshots.join("oslo.ndjson"), lines).unwrap();
    // Branches: two are current, one cannot be read by its account, two have only a registry, and the rest have hostile
    // names.
    put("branch-01", &|it| it.manifest_fingerprint = Some(Fingerprint::of([7; 32]))); // It has another manifest.
    put("branch-02", current);
    put("branch-03", &|it| {
        it.made_by = CORPUS[5].into();
        it.seen.boot = Fact::Known(BootId(CORPUS[6].into()));
        let named = service(it, "RTCCAA");
        (named.name, named.state) = (CORPUS[7].into(), ServiceState::StopPending);
    });
    put("branch-04", &|it| {
        let databases = it.seen.databases.values_mut().find_map(known).unwrap();
        databases[0].name = CORPUS[8].into();
        databases[0].installed = None;
    });
    put("branch-05", &|it| {
        it.seen.rights = Fact::Known(Rights { administrator: true, server_admin: Some(false), confined: false });
        for databases in it.seen.databases.values_mut() {
            *databases = Fact::Unknown("not readable by this account: login failed".into());
        }
    });
    let export = |name: &str, build: &str| {
        let text = crate::registry::export(&components(goal(name), build));
        let bytes = text.encode_utf16().flat_map(u16::to_le_bytes);
        let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(bytes).collect();
        fs::write(snapshots.join(format!("{}.reg", goal(name).server)), bytes).unwrap();
    };
    export("branch-06", "7.0.2046.521");
    export("branch-07", "7.0.2046.455");
    let hive = crate::registry::hive(&components(goal("branch-08"), "6.0.9319.281"));
    fs::write(snapshots.join("branch-08.contoso.example.hiv"), hive).unwrap();
}

/// A server of a lab, at its goal since a week ago.
pub fn healthy(goal: &Goal) -> Snapshot {
    let server = Simulated::healthy(goal, &goal.core);
    let mut lab =
        Lab::in_memory(World { servers: BTreeMap::from([(goal.server.clone(), server)]), ..World::default() });
    let mut host = lab.host(&goal.server).unwrap();
    for ask in [Ask::Rights, Ask::Package, Ask::Disk, Ask::Shells, Ask::Foreign] {
        host.look(goal, &ask).unwrap();
    }
    for store in &goal.stores {
        host.look(goal, &Ask::Databases(store.clone())).unwrap();
    }
    let mut seen = host.observe(goal).unwrap();
    seen.at = as_of() - SignedDuration::from_hours(2);
    seen.boot = Fact::Known(BootId("2026-11-14T21:12:45Z".into()));
    let marks = reached(&goal.core);
    Snapshot {
        version: 1,
        made_by: "0.1.0".into(),
        lab: false,
        builds_only: false,
        manifest_fingerprint: None,
        seen,
        marks,
    }
}

fn reached(core: &Build) -> reconcile_schema::Marks {
    let aim = Aim { core: core.clone(), components: BTreeMap::new() };
    let at = as_of() - SignedDuration::from_hours(24 * 7);
    reconcile_schema::Marks { reached: Some(Reached { at, aim }), ..Default::default() }
}

fn as_of() -> Timestamp {
    AS_OF.parse().unwrap()
}

fn build(text: &str) -> Build {
    text.parse().unwrap()
}

fn components(goal: &Goal, core: &str) -> Vec<Component> {
    let Fact::Known(mut components) = healthy(goal).seen.components else { unreachable!() };
    components.iter_mut().for_each(|component| component.build = build(core));
    components.to_vec()
}

fn below(core: &str, others: &[&str], other: &str) -> Fact<Shared<Vec<Component>>> {
    let name = |name: &str| reconcile_schema::ComponentName::from_title(name).unwrap();
    let core = Component { product: Product::Sfb2019, name: name("core-components"), build: build(core) };
    let others = others.iter().map(|it| Component { product: Product::Sfb2019, name: name(it), build: build(other) });
    Fact::Known(std::iter::once(core).chain(others).collect::<Vec<_>>().into())
}

fn behind(it: &mut Snapshot, to: &str, then: Option<&str>) {
    let Fact::Known(components) = &mut it.seen.components else { unreachable!() };
    components.iter_mut().for_each(|component| component.build = build(to));
    it.marks = then.map(|then| reached(&build(then))).unwrap_or_default();
}

fn service<'a>(it: &'a mut Snapshot, name: &str) -> &'a mut reconcile_schema::Service {
    let Fact::Known(services) = &mut it.seen.services else { unreachable!() };
    services.iter_mut().find(|service| service.name == name).unwrap()
}

fn known(fact: &mut Fact<Vec<reconcile_schema::Database>>) -> Option<&mut Vec<reconcile_schema::Database>> {
    match fact {
        Fact::Known(databases) => Some(databases),
        Fact::Unknown(_) | Fact::NotLooked => None,
    }
}

/// An installer has run since the last boot.
fn installed(it: &mut Snapshot, stopped_since: bool) {
    it.marks.attempt = Some(Attempt {
        run: RunId("20261120T020000Z".into()),
        target: build("6.0.9319.619"),
        boot: it.seen.boot.known().cloned(),
        code: Some(if stopped_since { 3010 } else { 0 }),
        moved: true,
        queued: None,
        log: None,
        stopped_since,
    });
}
