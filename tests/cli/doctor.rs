//! `doctor` and `why` on a lab: each fault that can be planted is found, before the first stop; a sound server has none.

use std::fs;

use reconcile_hosts::lab::Fault;
use reconcile_schema::{CheckClass, CheckId};
use serde_json::Value;

use crate::{contract::valid, folder, listing, reconcile};

/// A Front End Server of a pool whose servers agree on a share, and a Standard Edition server.
fn site(fault: &str) -> String {
    format!(
        r"version: 1
updates:
  cu7:
    product: sfb-2019
    release: CU7
    installer: {{ path: 'D:\update.exe', sha256: {} }}
policy: {{ estimates: {{ failOver: 1m }} }}
rollout: {{ claims: '\\files.contoso.example\claims' }}
servers:
  fe[1-3].contoso.example: {{ role: front-end, target: cu7, pool: pool.contoso.example }}
  se1.contoso.example: {{ role: standard-edition, target: cu7 }}
lab:
  world: world.yaml
  servers:
    fe1.contoso.example: {{ build: '7.0.2046.123', faults: [{fault}] }}
    fe[2-3].contoso.example: {{ build: '7.0.2046.123' }}
    se1.contoso.example: {{ build: '7.0.2046.123', faults: [{fault}] }}
",
        "c0ffee00".repeat(8)
    )
}

const SERVERS: [&str; 2] = ["fe1.contoso.example", "se1.contoso.example"];

/// The checks of one server, by `doctor --output json`, and the exit code.
fn doctor(folder: &std::path::Path, server: &str) -> (Option<i32>, Vec<Value>) {
    let ended = reconcile(folder, &["doctor", "site.yaml", "--server", server, "--output", "json"]);
    let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}{}", ended.out, ended.err));
    valid("doctor", &ended.out);
    (ended.code, report["servers"][0]["checks"].as_array().unwrap().clone())
}

fn not_well(checks: &[Value]) -> Vec<(String, String)> {
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    let well = |check: &&Value| ["ok", "not-asked"].contains(&check["verdict"].as_str().unwrap());
    checks.iter().filter(|check| !well(check)).map(|check| (text(check, "id"), text(check, "verdict"))).collect()
}

/// Every product in every role, each documented form of the databases among them.
#[test]
fn a_sound_server_has_neither_fault_nor_warning() {
    let products = [
        ("lync-2013", "5.0.8308.556", "5.0.8308.1149"),
        ("sfb-2015", "6.0.9319.281", "6.0.9319.619"),
        ("sfb-2019", "7.0.2046.123", "7.0.2046.521"),
        ("sfb-se", "7.0.2046.123", "7.0.2046.849"),
    ];
    let roles = [
        "role: standard-edition",
        "role: back-end, pool: POOL, databases: { sqlServer: sql.contoso.example }",
        "role: back-end, databases: { sqlServer: sql2.contoso.example, collocated: true }",
        "role: front-end, pool: POOL",
        "role: edge",
        "role: mediation",
        "role: director",
    ];
    let (mut updates, mut servers, mut labs) = (String::new(), String::new(), String::new());
    for (product, before, target) in products {
        let sha256 = "c0ffee00".repeat(8);
        updates += &format!(
            "  {product}: {{ product: {product}, release: '{target}', installer: {{ path: 'D:\\{product}.exe', sha256: {sha256} }} }}\n"
        );
        for (number, role) in roles.iter().enumerate() {
            let name = format!("s{number}-{product}.contoso.example");
            let role = role.replace("POOL", &format!("pool-{product}.contoso.example"));
            servers += &format!("  {name}: {{ {role}, target: {product} }}\n");
            labs += &format!("    {name}: {{ build: '{before}' }}\n");
        }
    }
    let site = format!(
        "version: 1\nupdates:\n{updates}policy: {{ estimates: {{ failOver: 1m }} }}\nrollout: {{ claims: '\\\\files\\claims' }}\nservers:\n{servers}lab:\n  world: world.yaml\n  servers:\n{labs}"
    );
    let folder = folder(&site);
    let ended = reconcile(folder.path(), &["doctor", "site.yaml", "--output", "json"]);
    let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.err));
    let servers = report["servers"].as_array().unwrap();
    assert_eq!(servers.len(), products.len() * roles.len());
    for server in servers {
        let checks = server["checks"].as_array().unwrap();
        assert!(not_well(checks).is_empty(), "{}: {:?}", server["name"], not_well(checks));
        assert_eq!(checks.len(), CheckId::ALL.len());
    }
    assert_eq!(ended.code, Some(0));
    assert_eq!(listing(folder.path()), ["site.yaml"], "doctor writes nothing");
}

#[test]
fn each_planted_fault_is_found_and_forbids_the_first_stop_if_it_is_one() {
    let (mut faults, mut warnings) = (0, 0);
    for (fault, check) in Fault::ALL.iter().filter_map(|fault| Some((fault, fault.only_found_by()?))) {
        let folder = folder(&site(&fault.to_string()));
        let mut found = Vec::new();
        for server in SERVERS {
            let (code, checks) = doctor(folder.path(), server);
            let not_well = not_well(&checks);
            let [(id, verdict)] = not_well.as_slice() else {
                assert!(not_well.is_empty() && code == Some(0), "{fault} on {server}: {not_well:?}");
                continue;
            };
            assert_eq!(id, check.key(), "{fault} on {server}");
            let is_fault = verdict == "fault";
            assert_eq!(code, Some(if is_fault { 3 } else { 0 }), "{fault} on {server}");
            found.push(is_fault);
            let one = checks.iter().find(|check| check["id"] == *id).unwrap();
            for key in ["assumed", "source", "found", "help"] {
                assert!(one[key].as_str().is_some_and(|text| text.len() > 8), "{fault}: {one}");
            }
            // A fault stops the run before anything else does.
            let ran = reconcile(folder.path(), &["apply", "site.yaml", "--server", server, "--output", "json"]);
            let run: Value = serde_json::from_str(&ran.out).unwrap();
            let run = &run["servers"][0];
            if is_fault {
                faults += 1;
                assert_eq!((ran.code, &run["code"]), (Some(3), &"doctor-forbids".into()), "{fault} on {server}: {run}");
                let why = run["blockedBy"].as_str().unwrap();
                assert!(why.starts_with(&format!("doctor: {check}: ")), "{fault} on {server}: {why}");
                let steps = run["steps"].as_array().map_or(0, Vec::len);
                assert_eq!((steps, run["outageSeconds"].as_u64()), (0, Some(0)), "{fault} on {server}: {run}");
            } else {
                warnings += 1;
                assert_eq!(ran.code, Some(0), "{fault} on {server}: {}", ran.out);
            }
        }
        assert!(!found.is_empty(), "{fault} is not found");
        assert!(found.iter().all(|one| *one == found[0]), "{fault}");
    }
    assert!(faults > 20 && warnings > 8, "{faults} {warnings}");
}

/// Every check of the class *advice* can be planted, or is shown by changing the world itself.
#[test]
fn every_check_of_doctor_alone_can_be_planted() {
    let planted: Vec<_> = Fault::ALL.iter().filter_map(|fault| fault.only_found_by()).collect();
    let by_the_world = [CheckId::OriginalRelease, CheckId::Services, CheckId::PoolBuilds];
    for check in CheckId::ALL.into_iter().filter(|check| check.class() == CheckClass::Advice) {
        assert!(planted.contains(&check) != by_the_world.contains(&check), "{check}");
    }
    let folder = folder(&site(""));
    assert_eq!(reconcile(folder.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    let path = folder.path().join("world.yaml");
    let world = fs::read_to_string(&path).unwrap();
    let (before, fe1) = world.split_once("fe1.contoso.example").unwrap();
    // A component at its original release next to patched Core Components, a service that no list names, and a server
    // of the pool that is at a build of its own.
    let fe1 = fe1
        .replacen("response-group-service: 7.0.2046.123", "response-group-service: 7.0.2046.0", 1)
        .replacen("- name: RTCSRV", "- name: RTCNEW\n      state: running\n      start: automatic\n    - name: RTCSRV", 1)
        .replacen(
            "    databases: []",
            "    registered:\n      RTCNEW:\n        displayName: Skype for Business Server New\n        imagePath: C:\\new.exe\n    databases: []",
            1,
        );
    let pools = "pools:\n  pool.contoso.example:\n    reached:\n      fe3.contoso.example: 7.0.2046.386\n";
    fs::write(&path, format!("{before}fe1.contoso.example{fe1}{pools}")).unwrap();
    let (code, checks) = doctor(folder.path(), "fe1.contoso.example");
    let warned = |id: &str| (id.to_owned(), "warning".to_owned());
    assert_eq!(not_well(&checks), [warned("original-release"), warned("services"), warned("pool-builds")]);
    assert_eq!(code, Some(0));
}

#[test]
fn the_manifest_ignores_a_fault_with_a_reason_and_requires_what_is_unknown() {
    let ignoring =
        |more: &str| site("root-misplaced").replace("policy: {", &format!("policy: {{ doctor: {{ {more} }},"));
    let ignored = folder(&ignoring("ignore: { trusted-roots: 'a test CA' }"));
    let (code, checks) = doctor(ignored.path(), SERVERS[1]);
    assert_eq!((code, not_well(&checks)), (Some(0), vec![("trusted-roots".into(), "fault".into())]));
    let one = checks.iter().find(|check| check["id"] == "trusted-roots").unwrap();
    assert_eq!((&one["ignored"], &one["forbids"]), (&"a test CA".into(), &false.into()));
    assert!(reconcile(ignored.path(), &["doctor", "site.yaml"]).out.contains("ignored: a test CA"));
    assert_eq!(reconcile(ignored.path(), &["apply", "site.yaml", "--server", SERVERS[1]]).code, Some(0));

    let required = folder(&site("examination-fails").replace("policy: {", "policy: { doctor: { require: [backups] },"));
    let (code, _) = doctor(required.path(), SERVERS[1]);
    assert_eq!(code, Some(5));
    let ran = reconcile(required.path(), &["apply", "site.yaml", "--server", SERVERS[1]]);
    assert_eq!(ran.code, Some(3), "{}", ran.out);
    assert!(
        ran.out.contains("doctor: backups is required and unknown: it could not be read (simulated)"),
        "{}",
        ran.out
    );
    let unknown = folder(&site("examination-fails"));
    assert_eq!(doctor(unknown.path(), SERVERS[1]).0, Some(0));
    assert_eq!(reconcile(unknown.path(), &["apply", "site.yaml", "--server", SERVERS[1]]).code, Some(0));

    for (wrong, place) in [
        ("ignore: { rights: 'no' }", "site.yaml:7:31"),
        ("ignore: { trusted-roots: '' }", "site.yaml:7:"),
        ("ignore: { trusted-root: 'a slip' }", "reconcile help checks"),
        ("require: [trusted-root]", "trusted-roots"),
    ] {
        let ended = reconcile(folder(&ignoring(wrong)).path(), &["validate", "site.yaml"]);
        assert!(ended.code == Some(65) && ended.err.contains(place), "{wrong}: {}", ended.err);
    }
}

/// A name in a certificate can be anything that somebody wrote into it.
#[test]
fn a_ticket_shows_foreign_text_as_text() {
    let folder = folder(&site("root-misplaced"));
    let ended = reconcile(folder.path(), &["doctor", "site.yaml", "--server", SERVERS[1], "--output", "markdown"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.out.starts_with("## Doctor\n\n1 server, 1 fault, "), "{}", ended.out);
    assert!(ended.out.contains(
        "| `trusted-roots` | fault | CN&#61;Contoso Issuing CA 2 &#40;09A1C5B8E37F4D2266AA5910BC3E7D0F48C2B1E5&#41; was issued"
    ));
}

#[test]
fn observe_takes_along_what_doctor_reads_and_drift_shows_it() {
    let folder = folder(&site("root-misplaced"));
    let seen = |args: &[&str]| {
        let ended = reconcile(folder.path(), &[&["observe", "site.yaml", "--server", SERVERS[1]], args].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    };
    let drift = || reconcile(folder.path(), &["drift", "site.yaml", "--from", "seen", "--server", SERVERS[1]]);
    seen(&["--to", "seen"]);
    assert!(!drift().out.contains("doctor"), "{}", drift().out);
    seen(&["--to", "seen", "--doctor"]);
    let shown = drift();
    assert!(shown.out.contains("note: trusted-roots: doctor finds a fault: CN=Contoso Issuing CA 2"), "{}", shown.out);
    assert_eq!(shown.code, Some(2), "its builds differ");
}

#[test]
fn why_names_what_must_be_true_and_who_can_make_it_so() {
    let folder = folder(&site("shell-open").replace(
        "policy: {",
        "policy: { maintenance: { timeZone: UTC, windows: { w: { days: sat, from: '22:00', to: '23:00' } } },",
    ));
    let ended = reconcile(folder.path(), &["why", "site.yaml", "--server", SERVERS[1], "--output", "json"]);
    valid("why", &ended.out);
    assert_eq!(ended.code, Some(3), "{}", ended.out);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let server = &report["servers"][0];
    assert_eq!(server["command"], "Stop-CsWindowsService");
    let unmet: Vec<_> = server["conditions"].as_array().unwrap().iter().filter(|one| one["met"] == false).collect();
    let told: Vec<_> = unmet.iter().map(|one| (one["who"].as_str().unwrap(), one["now"].as_str().unwrap())).collect();
    assert!(
        matches!(told.as_slice(), [("time", window), ("administrator", shell)]
        if window.starts_with("no maintenance window is open") && shell.contains("management shells are open")),
        "{told:?}"
    );

    let text = reconcile(folder.path(), &["why", "site.yaml", "--server", SERVERS[1]]).out;
    assert!(
        text.contains("   next step: Stop-CsWindowsService\n") && text.contains("2 conditions are not met"),
        "{text}"
    );
    assert!(listing(folder.path()).iter().all(|name| name == "site.yaml"), "why writes nothing");

    let done = self::folder(&site(""));
    assert_eq!(reconcile(done.path(), &["apply", "site.yaml", "--server", SERVERS[1]]).code, Some(0));
    let ended = reconcile(done.path(), &["why", "site.yaml", "--server", SERVERS[1]]);
    assert!(ended.code == Some(0) && ended.out.contains("at its goal, no step is wanted"), "{}", ended.out);
}
