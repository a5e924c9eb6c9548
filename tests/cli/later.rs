//! What a play asks of a report: whether to try later, whether to restart the server, and in which boot it is.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::{command, contract::valid, folder, lab, reconcile};

/// The report of a command on the only server of a lab.
fn server(folder: &std::path::Path, command: &str) -> (Option<i32>, Value) {
    let ended = reconcile(folder, &[command, "site.yaml", "--output", "json"]);
    let format = if command == "apply" { "run" } else { command };
    let [mut report] = valid(format, &ended.out).try_into().unwrap();
    (ended.code, report["servers"][0].take())
}

#[test]
fn a_pending_restart_that_nobody_may_make_is_named() {
    let folder = folder(&lab(", faults: [reboot-pending]"));
    for command in ["plan", "apply"] {
        let (code, server) = server(folder.path(), command);
        assert_eq!((code, &server["code"]), (Some(3), &"restart-due".into()), "{server}");
        assert_eq!((&server["rebootRequired"], &server["waits"]), (&true.into(), &Value::Null), "{command}: {server}");
    }
}

#[test]
fn a_server_that_waits_for_its_turn_says_so() {
    let window =
        "policy: { maintenance: { timeZone: UTC, windows: { w: { days: sat, from: \"01:00\", to: \"05:00\" } } } }\n";
    let closed = folder(&format!("{window}{}", lab("")));
    let (code, server_) = server(closed.path(), "apply");
    assert_eq!(
        (code, &server_["code"], &server_["waits"]),
        (Some(3), &"window-closed".into(), &true.into()),
        "{server_}"
    );
    assert!(server_["opens"]["from"].is_string(), "{server_}");

    let held = folder(&lab(""));
    assert_eq!(reconcile(held.path(), &["hold", "site.yaml", "--reason", "a demo"]).code, Some(0));
    for command in ["plan", "apply"] {
        let (code, server) = server(held.path(), command);
        assert_eq!((code, &server["code"], &server["waits"]), (Some(3), &"held".into(), &true.into()), "{server}");
        assert_eq!(server["rebootRequired"], Value::Null, "{server}");
    }
    assert_eq!(reconcile(held.path(), &["apply", "site.yaml", "--unattended"]).code, Some(3));
    assert_eq!(server(held.path(), "status").1["scheduled"]["waits"], true);

    let open = folder(&lab(", faults: [shell-open]"));
    let (code, server) = server(open.path(), "apply");
    assert_eq!((code, &server["code"], &server["waits"]), (Some(3), &"shells-open".into(), &Value::Null), "{server}");
}

#[test]
fn the_boot_of_a_server_is_another_one_after_a_restart() {
    let folder = folder(&format!("policy: {{ reboot: whenRequired }}\n{}", lab(", faults: [reboot-pending]")));
    let (_, before) = server(folder.path(), "status");
    let (code, ran) = server(folder.path(), "apply");
    let (_, after) = server(folder.path(), "status");
    assert_eq!(code, Some(0), "{ran}");
    assert!(before["boot"].is_string() && before["boot"] != ran["boot"], "{before} {ran}");
    assert_eq!((&ran["boot"], &ran["bootedAt"]), (&after["boot"], &after["bootedAt"]));
    let at = |server: &Value| server["bootedAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(at(&before) < at(&after), "{before} {after}");
}

/// Holds the lock of the lab in this folder, as a run does.
fn held(folder: &std::path::Path) -> [fs::File; 2] {
    fs::write(folder.join("world.lock.holder"), "run 7 of CONTOSO\\admin, process 1").unwrap();
    ["world.lock", "world.lock.at-work"].map(|name| {
        let file = fs::File::create(folder.join(name)).unwrap();
        file.try_lock().unwrap();
        file
    })
}

#[test]
fn a_run_waits_until_another_one_has_ended() {
    let folder = folder(&lab(""));
    let lock = held(folder.path());
    let mut child = command(folder.path(), &["apply", "site.yaml"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let waits = lines.find(|line| line.contains("waiting up to 2 min for another run to end")).unwrap();
    assert!(waits.contains("run 7 of CONTOSO\\admin"), "{waits}");
    drop(lock);
    let rest: Vec<_> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest:#?}");
}

#[test]
fn a_run_that_must_not_wait_is_refused_at_once() {
    let folder = folder(&lab(""));
    let _lock = held(folder.path());
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--lock-wait", "0s", "--output", "json"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
    assert!(ended.err.contains("another run holds the lock") && !ended.err.contains("waiting"), "{}", ended.err);
}
