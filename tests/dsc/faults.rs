//! Everything that the lab can break: `set` does what `apply` does, and the engine hears what came of it.

use std::fs;

use reconcile_hosts::lab::Fault;
use serde_json::{Value, json};

use crate::{
    SERVER, before,
    engine::{Engine, Search, asks},
    files, reconcile, site,
};

/// With each fault, compared with `apply` on a twin of the server: the same end by the same acts, as the engine understands it.
#[test]
fn set_does_what_apply_does_whatever_is_broken() {
    let (mut reached, mut restarts, mut failures, mut informed) = (0, 0, 0, 0);
    for fault in Fault::ALL {
        let fault = fault.to_string();
        let twin = site(&[(SERVER, &fault)]);
        let (code, answer) = reconcile(twin.path(), &["apply", "site.yaml", "--yes", "--output", "json"]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let run = &answer["servers"][0];
        let restart = run["code"] == "restart-due";

        let (folder, engine) = before(&fault);
        let engine = engine.trace("trace");
        let asked = asks("site.yaml", SERVER);
        let untouched = files(folder.path());
        let what_if = engine.set(&asked, true).unwrap();
        assert_eq!(files(folder.path()), untouched, "{fault}");
        match engine.set(&asked, false) {
            Ok(set) if restart => {
                restarts += 1;
                assert_eq!(set.after["_restartRequired"], json!([{ "system": SERVER }]), "{fault}");
                assert_eq!(set.after["_inDesiredState"], false, "{fault}");
                assert_eq!(code, Some(3), "{fault}");
            }
            Ok(set) => {
                reached += 1;
                assert_eq!((code, &run["state"], &set.after["state"]), (Some(0), &"at-goal".into(), &"at-goal".into()));
                assert_eq!((&set.after, &set.changed), (&what_if.after, &what_if.changed), "{fault}");
                assert_eq!(set.changed.is_some_and(|changed| !changed.is_empty()), run["changed"] == true, "{fault}");
            }
            Err(failed) => {
                failures += 1;
                assert!(!restart, "{fault}: {failed:?}");
                assert_eq!(Some(failed.code), code, "{fault}: {failed:?}");
                let [error] = failed.errors.as_slice() else { panic!("{fault}: {failed:?}") };
                let (why, help) = (run["blockedBy"].as_str().unwrap(), run["help"].as_str().unwrap());
                assert!(error.starts_with(&format!("{SERVER}: ")) && error.contains(why), "{fault}: {error}");
                assert!(error.ends_with(&format!("; next: {help}")), "{fault}: {error}");
                let meaning = error.strip_prefix(&format!("{SERVER}: ")).unwrap().split(": ").next().unwrap();
                assert!(failed.meaning.starts_with(meaning), "{fault}: {failed:?}");
            }
        }
        let world = |folder: &std::path::Path| fs::read_to_string(folder.join("world.yaml")).ok();
        assert_eq!(world(folder.path()), world(twin.path()), "{fault}");
        informed += engine.logged.borrow().iter().filter(|(level, _)| level == "info").count();
    }
    assert_eq!(reached + restarts + failures, Fault::ALL.len());
    assert!(reached > 3 && restarts == 5 && failures > 10, "{reached} {restarts} {failures}");
    assert!(informed > 100, "{informed}");
}

#[test]
fn a_restart_that_the_installer_asks_for_is_told_to_the_engine_and_the_next_set_goes_on() {
    for (fault, code) in [("installer-asks-for-reboot", 3010), ("installer-begins-reboot", 1641)] {
        let (folder, engine) = before(fault);
        let asked = asks("site.yaml", SERVER);
        let set = engine.set(&asked, false).unwrap();
        assert_eq!(set.after["_restartRequired"], json!([{ "system": SERVER }]), "{fault}");
        assert_eq!([&set.after["found"], &set.after["state"]], ["7.0.2046.521", "drift"]);
        assert_eq!(set.after["findings"][0]["code"], "restart-due", "{}", set.after);
        let logged = engine.logged.take();
        let said = logged.iter().find(|(level, text)| level == "warn" && text.contains("a restart is pending"));
        let (_, text) = said.unwrap_or_else(|| panic!("{logged:?}"));
        assert!(text.contains(&code.to_string()) && text.contains("; next: restart the server"), "{text}");

        let world = folder.path().join("world.yaml");
        let before = fs::read_to_string(&world).unwrap();
        let after = before.replace("boot: 1\n", "boot: 2\n").replace(&format!("    rebootAsked: {code}\n"), "");
        assert_eq!(before.lines().count(), after.lines().count() + 1, "{before}");
        fs::write(&world, after).unwrap();
        let set = engine.set(&asked, false).unwrap();
        assert_eq!([&set.after["state"], &set.after["_inDesiredState"]], [&json!("at-goal"), &json!(true)]);
        assert_eq!(set.after.get("_restartRequired"), None);
    }
}

/// Somebody else's restart is pending before the first stop: nothing is done, and the engine is still asked to restart.
#[test]
fn a_restart_that_pends_already_is_told_before_anything_is_done() {
    let (folder, engine) = before("reboot-pending");
    let asked = asks("site.yaml", SERVER);
    let what_if = engine.set(&asked, true).unwrap();
    let set = engine.set(&asked, false).unwrap();
    assert_eq!(set.after, what_if.after);
    assert_eq!(set.after["_restartRequired"], json!([{ "system": SERVER }]));
    assert_eq!([&set.after["found"], &set.after["state"]], ["7.0.2046.123", "drift"]);
    let told = what_if.metadata["whatIf"].to_string();
    assert!(told.contains("blocked: a restart is pending (requested by Windows Update)"), "{told}");
    assert!(!reconcile(folder.path(), &["lab", "show", "site.yaml"]).1.contains("7.0.2046.521"));
}

#[test]
fn a_failing_step_is_told_with_host_step_state_and_what_to_do() {
    let (_folder, engine) = before("installer-fails");
    let failed = engine.set(&asks("site.yaml", SERVER), false).err().unwrap();
    assert_eq!((failed.code, failed.meaning.as_str()), (1, "failed"));
    assert_eq!(
        failed.errors,
        [
            "fe01.contoso.example: failed: the installer ended with exit code 1603 (fatal error during installation) and \
          updated no component; 6 steps taken, the last was starting the services; all services run; the longest outage was \
          17 min 40 s; Core Components is at 7.0.2046.123; code install-failed; next: read the installer's log and fix the cause; the next run of apply tries again"
        ]
    );
    let logged = engine.logged.take();
    let step = "fe01.contoso.example: SkypeServerUpdateInstaller.exe /silentmode: exit code 1603 (fatal error during \
                installation); not updated: core-components";
    assert!(logged.contains(&("warn".into(), step.into())), "{logged:?}");
}

#[test]
fn the_engine_hears_as_much_as_it_asked_for() {
    for (level, heard) in [
        (None, ["warn", "error"].as_slice()),
        (Some("error"), &["error"]),
        (Some("warn"), &["warn", "error"]),
        (Some("info"), &["info", "warn", "error"]),
        (Some("trace"), &["info", "warn", "error"]),
        (Some("loud"), &["warn", "error"]),
    ] {
        let folder = site(&[(SERVER, "installer-fails")]);
        let engine = Engine::find(folder.path(), Search::Beside);
        let engine = level.into_iter().fold(engine, Engine::trace);
        assert_eq!(engine.set(&asks("site.yaml", SERVER), false).err().unwrap().code, 1);
        let logged = engine.logged.take();
        for one in ["debug", "info", "warn", "error"] {
            assert_eq!(logged.iter().any(|(level, _)| level == one), heard.contains(&one), "{level:?}: {logged:?}");
        }
    }
}
