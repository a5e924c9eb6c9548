//! A journal with unreadable lines. Every command of the server reports it, and nothing is taken down, until somebody
//! acknowledges the damage.

use std::{fs, path::Path};

use reconcile_hosts::lab::When;
use tempfile::TempDir;

use crate::rescue::{effect_of, killed, services};
use crate::{Ended, folder, lab, reconcile};

const SERVER: &str = "fe01.contoso.example";

/// A server on hold, with one flipped bit in the journal line of the hold.
fn damaged() -> TempDir {
    let reports = "reports: { prometheus: reconcile.prom, snapshots: share }\n";
    let folder = folder(&format!("{}{reports}", lab("")));
    let held = reconcile(folder.path(), &["hold", "site.yaml", "--reason", "an audit"]);
    assert_eq!(held.code, Some(0), "{}", held.err);
    change(&folder, |journal| {
        let place = journal.windows(8).position(|bytes| bytes == b"an audit").unwrap();
        journal[place] ^= 1;
    });
    folder
}

fn journal(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join(format!("world.journal/{SERVER}.jsonl"))
}

fn change(folder: &TempDir, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(journal(folder)).unwrap();
    how(&mut bytes);
    fs::write(journal(folder), bytes).unwrap();
}

fn acknowledge(folder: &TempDir) -> Ended {
    reconcile(folder.path(), &["acknowledge", "site.yaml", "journal", "--reason", "an old disk"])
}

fn running(folder: &TempDir) -> bool {
    let shown = reconcile(folder.path(), &["lab", "show", "site.yaml"]).out;
    shown.contains("components at 7.0.2046.123")
}

#[test]
fn every_command_of_the_server_reports_it_and_none_repairs_it() {
    let folder = damaged();
    let before = fs::read(journal(&folder)).unwrap();
    let said = "1 line cannot be read";
    for (args, code) in [
        (&["plan", "site.yaml"] as &[&str], 3),
        (&["plan", "site.yaml", "--output", "json"], 3),
        (&["apply", "site.yaml"], 3),
        (&["apply", "site.yaml", "--output", "json"], 3),
        (&["status", "site.yaml"], 0),
        (&["status", "site.yaml", "--output", "json"], 0),
        (&["history", "site.yaml"], 0),
        (&["drift", "site.yaml"], 2),
        (&["drift", "site.yaml", "--output", "json"], 2),
        (&["drift", "site.yaml", "--output", "sarif"], 2),
        (&["observe", "site.yaml"], 0),
        (&["unhold", "site.yaml"], 0),
    ] {
        let ended = reconcile(folder.path(), args);
        assert_eq!(ended.code, Some(code), "{args:?}: {}{}", ended.out, ended.err);
        assert!(ended.out.contains(said) || ended.err.contains(said), "{args:?}: {}{}", ended.out, ended.err);
        assert_eq!(fs::read(journal(&folder)).unwrap(), before, "{args:?} changes nothing");
    }
    let history = reconcile(folder.path(), &["history", "site.yaml", "--output", "json"]);
    assert!(history.out.contains("\"journalDamaged\": {\n        \"lines\": 1"), "{}", history.out);
    let plan = reconcile(folder.path(), &["plan", "site.yaml", "--output", "json"]);
    assert!(plan.out.contains("\"code\": \"journal-damaged\""), "{}", plan.out);
    assert!(running(&folder));
}

#[test]
fn an_unattended_run_reports_it_each_time_until_somebody_acknowledges_it() {
    let folder = damaged();
    let events = || fs::read_to_string(folder.path().join("world.events.jsonl")).unwrap_or_default();
    let count = || events().matches("\"event\":\"journal-damaged\"").count();
    for run in 1..=3 {
        let verb = if run == 2 { "observe" } else { "apply" };
        let ended = reconcile(folder.path(), &[verb, "site.yaml", "--unattended"]);
        assert_eq!(ended.code, Some(if run == 2 { 2 } else { 3 }), "{}", ended.err);
        assert_eq!(count(), run, "{}", events());
        let last = fs::read_to_string(folder.path().join(format!("world.journal/{SERVER}.last-run.json"))).unwrap();
        assert!(last.contains("\"journalDamaged\"") && last.contains("\"code\": \"journal-damaged\""), "{last}");
        let metrics = fs::read_to_string(folder.path().join("reconcile.prom")).unwrap();
        assert!(metrics.contains(&format!("reconcile_journal_damaged{{server=\"{SERVER}\"}} 1")), "{metrics}");
    }
    assert!(events().contains("\"id\":306,\"level\":\"error\",\"event\":\"journal-damaged\""), "{}", events());
    assert!(running(&folder));
    let ended = acknowledge(&folder);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(
        ended.out.contains("acknowledged: 1 line cannot be read") && ended.out.contains("it is not held"),
        "{}",
        ended.out
    );
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml", "--unattended"]).code, Some(0));
    assert_eq!(count(), 3);
    let last = fs::read_to_string(folder.path().join(format!("world.journal/{SERVER}.last-run.json"))).unwrap();
    assert!(!last.contains("journalDamaged"), "{last}");
    let history = reconcile(folder.path(), &["history", "site.yaml"]).out;
    assert!(
        history.contains("damage of the journal acknowledged by") && history.contains(": an old disk"),
        "{history}"
    );
}

#[test]
fn a_hold_next_to_a_damaged_line_survives_the_acknowledgement() {
    for (cut, place) in [(0, 0), (1, 0), (0, 2), (2, 0)] {
        let folder = folder(&lab(""));
        for reason in ["first", "an audit", "an audit for sure"] {
            assert_eq!(reconcile(folder.path(), &["hold", "site.yaml", "--reason", reason]).code, Some(0));
        }
        change(&folder, |journal| {
            let mut lines: Vec<Vec<u8>> = journal.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            assert_eq!(lines.len(), 3);
            match cut {
                0 => lines[place][20] ^= 4,                // One bit flips.
                1 => drop(lines.remove(1)),                // A line disappears.
                _ => lines.insert(1, b"by hand\n".into()), // Somebody edits the file.
            }
            *journal = lines.concat();
        });
        let blocked = reconcile(folder.path(), &["apply", "site.yaml"]);
        assert_eq!(blocked.code, Some(3), "{}", blocked.out);
        assert_eq!(acknowledge(&folder).code, Some(0));
        let held = reconcile(folder.path(), &["apply", "site.yaml"]);
        assert_eq!(held.code, Some(3), "{}", held.out);
        let reason = if place == 2 { "an audit\n" } else { "an audit for sure" };
        assert!(held.out.contains(reason), "{}", held.out);
        assert!(running(&folder));
    }
}

#[test]
fn an_append_that_was_cut_off_is_no_damage() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["hold", "site.yaml", "--reason", "an audit"]).code, Some(0));
    assert_eq!(reconcile(folder.path(), &["unhold", "site.yaml"]).code, Some(0));
    // The last line is cut off, or continues with zeros.
    for tail in [&b"{\"seq\":3,\"at\":\"20"[..], &[0; 300]] {
        change(&folder, |journal| journal.extend_from_slice(tail));
        for command in ["status", "history", "drift"] {
            let said = reconcile(folder.path(), &[command, "site.yaml"]);
            assert!(!said.out.contains("damaged") && !said.out.contains("cannot be read"), "{}", said.out);
        }
    }
    let applied = reconcile(folder.path(), &["apply", "site.yaml"]);
    assert_eq!(applied.code, Some(0), "{}", applied.out);
}

#[test]
fn an_acknowledgement_needs_a_reason_and_damage() {
    let folder = damaged();
    let empty = reconcile(folder.path(), &["acknowledge", "site.yaml", "journal", "--reason", " "]);
    assert_eq!(empty.code, Some(64), "{}", empty.err);
    assert_eq!(acknowledge(&folder).code, Some(0));
    let before = fs::read(journal(&folder)).unwrap();
    let again = acknowledge(&folder);
    assert!(again.out.contains("its journal is not damaged: nothing was written"), "{}", again.out);
    assert_eq!(fs::read(journal(&folder)).unwrap(), before);
}

/// Nothing is known of a hold, so nothing is taken down; and what an earlier run stopped must not stay down for it.
#[test]
fn a_journal_whose_file_cannot_be_used_keeps_no_service_down() {
    let spoil = |path: &Path, said: &str| match said {
        "larger than 64 MiB" => fs::File::options().write(true).open(path).unwrap().set_len((64 << 20) + 1).unwrap(),
        ".jsonl.old: " => fs::create_dir(path.with_added_extension("old")).unwrap(),
        _ => {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }
    };
    let installs = effect_of("install");
    for said in ["larger than 64 MiB", ".jsonl.old: ", ".jsonl: "] {
        for how in [&[] as &[&str], &["--unattended"]] {
            let folder = killed(installs, When::Before, &[]);
            assert_eq!(services(folder.path()).0, 0);
            spoil(&journal(&folder), said);
            let ended = reconcile(folder.path(), &[&["apply", "site.yaml"], how].concat());
            let told = ended.out.clone() + &ended.err + &fs::read_to_string(events(&folder)).unwrap_or_default();
            assert_eq!(ended.code, Some(3), "{told}");
            assert!(told.contains(said) && told.contains("a hold, or the serial of a manifest, may be lost"), "{told}");
            let (up, all) = services(folder.path());
            assert_eq!(up, all, "{told}");
            assert!(running(&folder), "{told}");
            let held = reconcile(folder.path(), &["hold", "site.yaml", "--reason", "an audit"]);
            assert!(held.code == Some(1) && held.err.contains(said), "{}", held.err);
        }
    }
}

fn events(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("world.events.jsonl")
}
