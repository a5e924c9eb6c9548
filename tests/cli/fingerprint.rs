//! The fingerprint of a manifest: every report has it, and a caller can insist on one.

use std::fs;

use reconcile_hosts::lab::When;
use serde_json::Value;

use crate::{
    folder, lab, listing, reconcile,
    rescue::{assert_rescued, effect_of, killed},
};

const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn every_report_has_it_and_layout_does_not_change_it() {
    let folder = folder(&lab(""));
    let of = |text: &str, pointer: &str| {
        let report: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        report.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {text}")).to_owned()
    };
    let asked = |args: &[&str]| of(&reconcile(folder.path(), args).out, "/manifestFingerprint");
    let inventory = ["inventory", "site.yaml", "--list"];
    let listed = || of(&reconcile(folder.path(), &inventory).out, "/all/vars/reconcile_manifest_fingerprint");
    let first = listed();
    for args in [
        &["plan", "site.yaml", "--output", "json"] as &[&str],
        &["plan", "--fleet", "site.yaml", "--output", "json"],
        &["apply", "site.yaml", "--output", "json"],
        &["status", "site.yaml", "--output", "json"],
        &["drift", "site.yaml", "--output", "json"],
        &["observe", "site.yaml"],
    ] {
        assert_eq!(asked(args), first, "{args:?}");
    }
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml", "--unattended"]).code, Some(0));
    let status = reconcile(folder.path(), &["status", "site.yaml", "--output", "json"]);
    assert_eq!(of(&status.out, "/servers/0/scheduled/manifestFingerprint"), first);

    let laid_out = format!("# reviewed\n{}", lab("")).replace('\n', "\r\n");
    fs::write(folder.path().join("site.yaml"), laid_out).unwrap();
    assert_eq!(listed(), first);
    fs::write(folder.path().join("site.yaml"), format!("serial: 2\n{}", lab(""))).unwrap();
    assert_ne!(listed(), first);
}

#[test]
fn another_manifest_than_the_caller_means_is_refused() {
    let folder = folder(&lab(""));
    let inventory: Value =
        serde_json::from_str(&reconcile(folder.path(), &["inventory", "site.yaml", "--list"]).out).unwrap();
    let own = inventory["all"]["vars"]["reconcile_manifest_fingerprint"].as_str().unwrap();
    for command in [&["plan", "site.yaml"] as &[&str], &["plan", "--fleet", "site.yaml"], &["apply", "site.yaml"]] {
        let refused = reconcile(folder.path(), &[command, &["--fingerprint", OTHER, "--output", "json"]].concat());
        assert_eq!((refused.code, refused.out.as_str()), (Some(65), ""), "{command:?}: {}", refused.err);
        for said in ["error[manifest-other]", own, OTHER, "help: "] {
            assert!(refused.err.contains(said), "{command:?}: {said}: {}", refused.err);
        }
        let malformed = reconcile(folder.path(), &[command, &["--fingerprint", "0a0b"]].concat());
        assert_eq!(malformed.code, Some(64), "{}", malformed.err);
        assert!(malformed.err.contains("a fingerprint such as sha256:"), "{}", malformed.err);
    }
    assert_eq!(listing(folder.path()), ["site.yaml"], "nothing was begun");
    let plan = reconcile(folder.path(), &["plan", "site.yaml", "--fingerprint", own]);
    assert_eq!(plan.code, Some(2), "{}", plan.err);
    let apply = reconcile(folder.path(), &["apply", "site.yaml", "--fingerprint", own]);
    assert_eq!(apply.code, Some(0), "{}", apply.err);
}

/// A refusal never keeps services down that a run has stopped.
#[test]
fn services_that_a_run_stopped_come_back_all_the_same() {
    let folder = killed(effect_of("stopServices"), When::After, &[]);
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--fingerprint", OTHER]);
    assert_eq!(ended.code, Some(65), "{}", ended.err);
    assert!(ended.err.contains("error[manifest-other]"), "{}", ended.err);
    assert_rescued(folder.path(), &ended);
}
