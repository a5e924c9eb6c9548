//! `claims` shows the claims on a share, and a person can break one with a reason.

use std::fs;

use crate::{folder, manifest, reconcile};

/// A server of a paired pool, with its share in a folder next to the manifest.
fn site(share: &str) -> String {
    let pools = "pools:\n  b.contoso.example: { pairedWith: a.contoso.example }\n  a.contoso.example: {}\n";
    manifest("fe01.contoso.example", &format!("rollout: {{ claims: '{share}' }}\n{pools}"))
        .replace("target: cu7 }", "target: cu7, pool: b.contoso.example }\n  fe02.contoso.example: { role: standard-edition, target: cu7, pool: a.contoso.example }")
}

#[test]
fn a_claim_is_shown_and_broken_with_a_reason() {
    let folder = folder("");
    let share = folder.path().join("claims");
    fs::create_dir(&share).unwrap();
    fs::write(folder.path().join("site.yaml"), site(share.to_str().unwrap())).unwrap();
    // Paired pools share one claim, under the name that sorts first.
    let claims = |args: &[&str]| reconcile(folder.path(), &[&["claims", "site.yaml"], args].concat());
    assert_eq!(claims(&[]).out, "a.contoso.example\n  =  no server is worked on\n");
    let claim = r#"{ "server": "fe01.contoso.example", "pool": "b.contoso.example", "run": "a run", "at": "2026-11-02T02:00:00Z", "boot": "boot 7" }"#;
    fs::write(share.join("a.contoso.example.fe01.contoso.example.json"), format!("{{ \"claims\": [{claim}] }}"))
        .unwrap();
    let worked =
        "a.contoso.example\n  …  fe01.contoso.example is worked on since Mon 2026-11-02 02:00 (UTC), in boot 7\n";
    assert_eq!(claims(&[]).out, worked);
    let other = format!("sha256:{}", "0a".repeat(32));
    let followed = claim.replace("\"boot\"", &format!("\"manifestFingerprint\": \"{other}\", \"boot\""));
    let file = share.join("a.contoso.example.fe01.contoso.example.json");
    fs::write(&file, format!("{{ \"claims\": [{followed}] }}")).unwrap();
    let named = worked.replace("in boot 7", "in boot 7, by another manifest (sha256:0a0a0a0a0a0a)");
    assert_eq!(claims(&[]).out, named);
    fs::write(&file, format!("{{ \"claims\": [{claim}] }}")).unwrap();
    for (args, code, said) in [
        (&["--break", "fe02.contoso.example", "--reason", "x"][..], 65, "these have: fe01.contoso.example"),
        (&["--break", "fe01.contoso.example"], 64, "--reason <TEXT>"),
        (&["--break", "fe01.contoso.example", "--reason", " "], 64, "needs a --reason"),
    ] {
        let ended = claims(args);
        assert_eq!(ended.code, Some(code), "{}", ended.err);
        assert!(ended.err.contains(said), "{}", ended.err);
        assert_eq!(claims(&[]).out, worked);
    }
    let broken = claims(&["--break", "fe01.contoso.example", "--reason", "its disk is gone"]);
    assert_eq!(broken.code, Some(0), "{}", broken.err);
    assert!(broken.out.contains("the claim of fe01.contoso.example is broken"), "{}", broken.out);
    let shown = claims(&[]).out;
    assert!(shown.contains("no server is worked on") && shown.ends_with(": its disk is gone\n"), "{shown}");
    let files = ["fe01.contoso.example.json", "fe01.contoso.example.broken.json", "lock"];
    for file in files.map(|file| share.join(format!("a.contoso.example.{file}"))) {
        assert!(file.exists(), "{}", file.display());
    }
}

#[test]
fn the_record_of_an_earlier_version_and_a_time_in_the_future_are_reported() {
    let folder = folder("");
    let share = folder.path().join("claims");
    fs::create_dir(&share).unwrap();
    fs::write(folder.path().join("site.yaml"), site(share.to_str().unwrap())).unwrap();
    let claim = r#"{ "server": "fe01.contoso.example", "pool": "b.contoso.example", "run": "a run", "at": "2126-11-02T02:00:00Z" }"#;
    fs::write(share.join("a.contoso.example.json"), format!("{{ \"claims\": [{claim}] }}")).unwrap();
    let shown = reconcile(folder.path(), &["claims", "site.yaml"]).out;
    assert!(shown.contains("a.contoso.example.json is the record of an earlier version, last written by "), "{shown}");
    let ahead =
        "fe01.contoso.example is worked on since Sat 2126-11-02 02:00 (UTC) (the clock of fe01.contoso.example was ";
    assert!(shown.contains(ahead) && shown.contains(" ahead of the share's)"), "{shown}");
}

/// The command waits for five seconds, as a server would.
#[test]
fn a_record_that_stays_in_use_is_blocked() {
    let folder = folder("");
    let share = folder.path().join("claims");
    fs::create_dir(&share).unwrap();
    fs::write(folder.path().join("site.yaml"), site(share.to_str().unwrap())).unwrap();
    let claim = r#"{ "server": "fe01.contoso.example", "pool": "b.contoso.example", "run": "a run", "at": "2026-11-02T02:00:00Z" }"#;
    fs::write(share.join("a.contoso.example.fe01.contoso.example.json"), format!("{{ \"claims\": [{claim}] }}"))
        .unwrap();
    let lock = fs::File::create(share.join("a.contoso.example.lock")).unwrap();
    lock.lock().unwrap();
    let ended = reconcile(folder.path(), &["claims", "site.yaml", "--break", "fe01.contoso.example", "--reason", "x"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert!(ended.err.contains("has been using this record for 5 s"), "{}", ended.err);
}

#[test]
fn a_missing_share_and_a_manifest_without_one_are_reported() {
    let folder = folder("");
    let gone = folder.path().join("gone");
    fs::write(folder.path().join("site.yaml"), site(gone.to_str().unwrap())).unwrap();
    let ended = reconcile(folder.path(), &["claims", "site.yaml"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("gone: ") && ended.err.contains("make sure that the share is there"), "{}", ended.err);
    fs::write(folder.path().join("site.yaml"), manifest("fe01.contoso.example", "")).unwrap();
    let ended = reconcile(folder.path(), &["claims", "site.yaml"]);
    assert_eq!(ended.code, Some(65));
    assert!(ended.err.contains("`rollout: { claims }`"), "{}", ended.err);
}

/// A run that waits for a claim learns that its holder follows another manifest: one of the two servers has an old copy.
#[test]
fn a_claim_of_a_run_that_follows_another_manifest_says_so() {
    let folder = folder("");
    let share = folder.path().join("claims");
    fs::create_dir(&share).unwrap();
    let lab = "lab:\n  world: world.yaml\n  servers:\n    fe01.contoso.example: { build: \"7.0.2046.123\", faults: [installer-fails] }\n    fe02.contoso.example: { build: \"7.0.2046.123\" }\n";
    let text = site(share.to_str().unwrap()) + lab;
    let path = folder.path().join("site.yaml");
    fs::write(&path, &text).unwrap();
    let apply = |server: &str| reconcile(folder.path(), &["apply", "site.yaml", "--server", server]);
    assert_eq!(apply("fe01").code, Some(1), "a server whose update failed keeps its claim");
    let same = apply("fe02");
    assert_eq!(same.code, Some(3), "{}", same.out);
    assert!(same.out.contains("fe01.contoso.example has held the claim"), "{}", same.out);
    assert!(!same.out.contains("another manifest"), "{}", same.out);

    let inventory: serde_json::Value =
        serde_json::from_str(&reconcile(folder.path(), &["inventory", "site.yaml", "--list"]).out).unwrap();
    let own = inventory["all"]["vars"]["reconcile_manifest_fingerprint"].as_str().unwrap();
    fs::write(&path, format!("serial: 2\n{text}")).unwrap();
    let other = apply("fe02");
    let named = format!("its run follows another manifest ({})", &own[..19]);
    assert!(other.code == Some(3) && other.out.contains(&named), "{named}: {}", other.out);
}
