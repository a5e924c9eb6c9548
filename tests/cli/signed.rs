//! Manifests that must be signed, with `reconcile.pub` next to the program, and manifests without that key.
//! `signed/make` produced the test data.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use jiff::Timestamp;
use reconcile_hosts::{Journal, lab::When};
use reconcile_schema::{Mark, RunId};
use tempfile::TempDir;

use crate::{
    Ended, ended, listing, reconcile,
    rescue::{SERVER, assert_rescued, effect_of, killed, services},
};

/// The program in its own folder with this key. It is a hard link on the file system of the build: another test's child
/// could still hold a copy open for writing.
struct Program(TempDir);

impl Program {
    fn with(key: &[u8]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::hard_link(env!("CARGO_BIN_EXE_reconcile"), folder.path().join("reconcile")).unwrap();
        fs::write(folder.path().join("reconcile.pub"), key).unwrap();
        Self(folder)
    }

    #[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
    fn run(&self, folder: &Path, args: &[&str]) -> Ended {
        let mut command = Command::new(self.0.path().join("reconcile"));
        ended(command.args(args).current_dir(folder).env_remove("NO_COLOR").output().unwrap())
    }

    fn apply(&self, folder: &Path) -> Ended {
        self.run(folder, &["apply", "site.yaml"])
    }
}

static OURS: LazyLock<Program> = LazyLock::new(|| Program::with(&fs::read(data("ours.pub")).unwrap()));

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/signed").join(name)
}

/// Puts an edition of the manifest, with its signature, into a folder.
fn put(folder: &Path, edition: &str) {
    for name in ["site.yaml", "site.yaml.minisig"] {
        fs::copy(data(edition).join(name), folder.join(name)).unwrap();
    }
}

fn folder(edition: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), edition);
    folder
}

fn change(path: &Path, how: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    fs::write(path, how(fs::read(path).unwrap())).unwrap();
}

/// The command ended with 65, this code and these words, and changed nothing.
fn assert_refused(ended: &Ended, code: &str, why: &str) {
    assert_eq!(ended.code, Some(65), "{why}: {}{}", ended.out, ended.err);
    assert!(ended.err.contains(&format!("[{code}]")) && ended.err.contains(why), "{code}, {why}: {}", ended.err);
    assert!(ended.err.contains("help: "), "{}", ended.err);
}

#[test]
fn a_signed_manifest_is_followed_in_both_formats() {
    for edition in ["unnumbered", "serial-12", "serial-13-legacy", "last-day", "still-yesterday"] {
        let folder = folder(edition);
        for command in [&["plan", "site.yaml"] as &[&str], &["apply", "site.yaml"], &["status", "site.yaml"]] {
            let ended = OURS.run(folder.path(), command);
            assert!(matches!(ended.code, Some(0 | 2)), "{edition} {command:?}: {}{}", ended.out, ended.err);
        }
        assert_eq!(services(folder.path()).0, services(folder.path()).1);
    }
    // The manifest is read twice and applied once.
    let folder = folder("serial-12");
    assert_eq!(OURS.apply(folder.path()).code, Some(0));
    assert_eq!(OURS.apply(folder.path()).code, Some(0), "the same manifest is accepted again");
    let journal = fs::read_to_string(folder.path().join(format!("world.journal/{SERVER}.jsonl"))).unwrap();
    assert_eq!(journal.matches("\"accepted\"").count(), 1, "{journal}");
    let history = OURS.run(folder.path(), &["history", "site.yaml"]);
    assert!(history.out.contains("accepted serial 12 of site.yaml"), "{}", history.out);
}

/// Every command that reads a manifest refuses it with the same words, and creates or changes nothing.
#[test]
fn a_manifest_without_a_matching_signature_is_refused() {
    type Attack = (&'static str, fn(&Path), &'static str);
    let attacks: [Attack; 11] = [
        ("no signature", |folder| fs::remove_file(folder.join("site.yaml.minisig")).unwrap(), "is not signed"),
        (
            "a blank behind it",
            |folder| change(&folder.join("site.yaml"), |text| [&text[..], b" "].concat()),
            "not the one of this file",
        ),
        (
            "Windows lines",
            |folder| change(&folder.join("site.yaml"), |text| edited(text, "\n", "\r\n")),
            "not the one of this file",
        ),
        (
            "a byte order mark",
            |folder| change(&folder.join("site.yaml"), |text| [b"\xef\xbb\xbf", &text[..]].concat()),
            "not the one of this file",
        ),
        (
            "the trusted comment",
            |folder| change(&folder.join("site.yaml.minisig"), |text| edited(text, "timestamp:", "timestamp:1")),
            "not the one of this file",
        ),
        (
            "no trusted comment",
            |folder| change(&folder.join("site.yaml.minisig"), |text| edited(text, "trusted comment: t", "comment: t")),
            "no signature of minisign",
        ),
        (
            "half a signature",
            |folder| change(&folder.join("site.yaml.minisig"), |text| text[..text.len() / 2].to_vec()),
            "no signature of minisign",
        ),
        (
            "an empty signature",
            |folder| fs::write(folder.join("site.yaml.minisig"), "").unwrap(),
            "no signature of minisign",
        ),
        (
            "a folder",
            |folder| {
                fs::remove_file(folder.join("site.yaml.minisig")).unwrap();
                fs::create_dir(folder.join("site.yaml.minisig")).unwrap();
            },
            "cannot be read",
        ),
        (
            "another edition's signature",
            |folder| {
                fs::copy(data("serial-11/site.yaml.minisig"), folder.join("site.yaml.minisig")).unwrap();
            },
            "not the one of this file",
        ),
        ("another name", |folder| put(folder, "renamed"), "signed under another name: lab.yaml"),
    ];
    for (what, attack, why) in attacks {
        let folder = folder("serial-12");
        attack(folder.path());
        let before = listing(folder.path());
        for command in [
            &["apply", "site.yaml"] as &[&str],
            &["apply", "site.yaml", "--unattended"],
            &["plan", "site.yaml"],
            &["observe", "site.yaml"],
            &["drift", "site.yaml"],
            &["status", "site.yaml"],
            &["lab", "reset", "site.yaml"],
            &["inventory", "site.yaml", "--list"],
            &["hold", "site.yaml", "--reason", "x"],
        ] {
            let ended = OURS.run(folder.path(), command);
            assert_refused(&ended, "manifest-untrusted", why);
            assert_eq!(ended.out, "", "{what}");
        }
        let checked = OURS.run(folder.path(), &["validate", "site.yaml"]);
        assert_refused(&checked, "manifest-untrusted", why);
        assert_eq!(listing(folder.path()), before, "{what}");
    }
    let folder = folder("theirs");
    assert_refused(&OURS.apply(folder.path()), "manifest-untrusted", "another key");
}

/// The bytes with every occurrence of one text replaced by another.
fn edited(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    String::from_utf8(bytes).unwrap().replace(from, to).into_bytes()
}

#[test]
fn each_byte_of_a_manifest_and_of_its_signature_counts() {
    let folder = folder("serial-12");
    let validate = || OURS.run(folder.path(), &["validate", "site.yaml"]);
    let good = validate();
    assert_eq!(good.code, Some(0), "{}", good.err);
    assert!(good.out.contains("1 update; signed with the key of this machine"), "{}", good.out);
    let lines: Vec<usize> = {
        let text = fs::read_to_string(folder.path().join("site.yaml.minisig")).unwrap();
        text.match_indices('\n').map(|(at, _)| at).collect()
    };
    for (name, places) in [
        ("site.yaml", vec![0, 9, 20, 100, 300]),
        // The places lie in the signature, in the trusted comment, and in the signature over both. The first line is
        // not signed.
        (
            "site.yaml.minisig",
            vec![lines[0] + 1, lines[0] + 30, lines[1] - 3, lines[1] + 20, lines[2] - 1, lines[2] + 5],
        ),
    ] {
        for place in places {
            let path = folder.path().join(name);
            let kept = fs::read(&path).unwrap();
            change(&path, |mut bytes| {
                bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
                bytes
            });
            let ended = validate();
            assert_eq!(ended.code, Some(65), "{name} at {place}: {}", ended.out);
            assert_eq!(OURS.apply(folder.path()).code, Some(65), "{name} at {place}");
            fs::write(path, kept).unwrap();
        }
    }
    assert_eq!(validate().code, Some(0));
}

/// A key that exists but is unusable must not count as missing.
#[test]
fn a_broken_key_refuses_everything() {
    let key = fs::read_to_string(data("ours.pub")).unwrap();
    let cases: [(&str, Vec<u8>); 5] = [
        ("nothing", Vec::new()),
        ("half of it", key.as_bytes()[..key.len() - 9].to_vec()),
        ("no key", b"the wine list\nof last year\n".to_vec()),
        ("UTF-16", key.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("too much", vec![b'x'; 1 << 20]),
    ];
    for (what, key) in cases {
        let (program, folder) = (Program::with(&key), folder("serial-12"));
        for command in ["apply", "plan", "validate"] {
            let ended = program.run(folder.path(), &[command, "site.yaml"]);
            assert_refused(&ended, "manifest-untrusted", "the key cannot be used");
            assert!(ended.err.contains("reconcile.pub"), "{what}: {}", ended.err);
        }
    }
    let program = Program::with(b"");
    let place = program.0.path().join("reconcile.pub");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    assert_refused(&program.apply(folder("serial-12").path()), "manifest-untrusted", "the key cannot be used");
    fs::remove_dir(&place).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", &place).unwrap();
        assert_refused(&program.apply(folder("serial-12").path()), "manifest-untrusted", "the key cannot be used");
        fs::remove_file(&place).unwrap();
    }
    // An editor can save the key with Windows line ends.
    fs::write(&place, key.replace('\n', "\r\n")).unwrap();
    assert_eq!(program.apply(folder("serial-12").path()).code, Some(0));
}

#[test]
fn an_older_manifest_is_refused_where_somebody_signs() {
    let folder = folder("serial-12");
    assert_eq!(OURS.apply(folder.path()).code, Some(0));
    for (edition, why) in [
        ("serial-11", "the manifest has serial 11, and serial 12 was accepted here on Sun 2026-01-04 02:00 (UTC)"),
        ("unnumbered", "the manifest has no serial, and serial 12 was accepted"),
        ("serial-12-changed", "serial 12 was accepted here on Sun 2026-01-04 02:00 (UTC) with other content"),
    ] {
        put(folder.path(), edition);
        for command in ["apply", "plan"] {
            assert_refused(&OURS.run(folder.path(), &[command, "site.yaml"]), "manifest-older", why);
        }
        let looked = OURS.run(folder.path(), &["status", "site.yaml"]);
        assert_eq!(looked.code, Some(0), "{}", looked.err);
        assert!(looked.out.contains(why), "{}", looked.out);
    }
    for edition in ["serial-12", "serial-13-legacy"] {
        put(folder.path(), edition);
        assert_eq!(OURS.apply(folder.path()).code, Some(0), "{edition}");
    }
    put(folder.path(), "serial-12");
    assert_refused(&OURS.apply(folder.path()), "manifest-older", "and serial 13 was accepted");
}

/// A pipeline has no key, and most labs have none. There nothing is refused, and an older manifest is reported.
#[test]
fn an_older_manifest_is_reported_where_nobody_signs() {
    let folder = folder("serial-12");
    fs::remove_file(folder.path().join("site.yaml.minisig")).unwrap();
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml"]).code, Some(0));
    fs::copy(data("serial-12-changed/site.yaml"), folder.path().join("site.yaml")).unwrap();
    let edited = reconcile(folder.path(), &["apply", "site.yaml"]);
    assert!(edited.code == Some(0) && !edited.out.contains("serial"), "no serial is mentioned: {}", edited.out);

    fs::copy(data("serial-11/site.yaml"), folder.path().join("site.yaml")).unwrap();
    for command in ["apply", "plan", "status", "apply"] {
        let ended = reconcile(folder.path(), &[command, "site.yaml"]);
        assert_eq!(ended.code, Some(0), "{command}: {}{}", ended.out, ended.err);
        assert!(
            ended.out.contains("the manifest has serial 11, and serial 12 was accepted"),
            "{command}: {}",
            ended.out
        );
    }
    for _ in 0..3 {
        assert_eq!(reconcile(folder.path(), &["apply", "site.yaml", "--unattended"]).code, Some(0));
    }
    let events = fs::read_to_string(folder.path().join("world.events.jsonl")).unwrap();
    let told = events.lines().filter(|line| line.contains("\"id\":208") && line.contains("manifest-older")).count();
    assert_eq!(told, 1, "an unchanged state is reported once: {events}");
    fs::copy(data("expired/site.yaml"), folder.path().join("site.yaml")).unwrap();
    let expired = reconcile(folder.path(), &["apply", "site.yaml"]);
    assert_eq!(expired.code, Some(0), "{}", expired.err);
    assert!(expired.out.contains("the manifest expired at the end of 2026-01-03 (UTC)"), "{}", expired.out);
}

#[test]
fn an_expired_manifest_takes_nothing_down_and_does_not_stop_a_run_in_progress() {
    let early = folder("expired");
    assert_refused(&OURS.apply(early.path()), "manifest-expired", "expired at the end of 2026-01-03 (UTC)");
    assert_refused(&OURS.run(early.path(), &["plan", "site.yaml"]), "manifest-expired", "--> site.yaml:3:10");
    assert_refused(&OURS.run(early.path(), &["validate", "site.yaml"]), "manifest-expired", "expired");
    assert!(!early.path().join("world.yaml").exists());
    assert_eq!(OURS.run(early.path(), &["status", "site.yaml"]).code, Some(0), "a reading command is not refused");

    // The manifest expires at midnight. This run begins ten minutes before, and ends on the next day.
    let late = folder("last-day");
    assert_eq!(OURS.run(late.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    assert_eq!(OURS.run(late.path(), &["lab", "wait", "site.yaml", "1310m"]).code, Some(0));
    let ended = OURS.apply(late.path());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    let shown = OURS.run(late.path(), &["lab", "show", "site.yaml"]).out;
    assert!(shown.contains("2026-01-05 00:"), "{shown}");
    assert_refused(&OURS.apply(late.path()), "manifest-expired", "expired at the end of 2026-01-04 (UTC)");
}

#[test]
fn stopped_services_come_back_whatever_the_manifest_is_refused_for() {
    let stop = effect_of("stopServices");
    for (edition, code) in
        [("expired", "manifest-expired"), ("theirs", "manifest-untrusted"), ("renamed", "manifest-untrusted")]
    {
        for args in [&["apply", "site.yaml"] as &[&str], &["apply", "site.yaml", "--unattended"]] {
            let folder = killed(stop, When::After, &[]);
            assert!(services(folder.path()).0 < 2, "all but the web server are down");
            put(folder.path(), edition);
            let ended = OURS.run(folder.path(), args);
            assert!(ended.err.contains(code), "{}", ended.err);
            assert_rescued(folder.path(), &ended);
        }
    }
    // The journal alone is enough: with an unreadable key, and with a manifest that is older than the last one.
    let folder = killed(stop, When::After, &[]);
    put(folder.path(), "serial-12");
    assert_rescued(folder.path(), &Program::with(b"no key").apply(folder.path()));
    let folder = killed(stop, When::After, &[]);
    let journal = folder.path().join(format!("world.journal/{SERVER}.jsonl"));
    let sha256 = "c0ffee00".repeat(8).parse().unwrap();
    let accepted = Mark::Accepted { serial: 15, sha256, manifest: "site.yaml".into() };
    Journal::open(&journal).unwrap().append(&RunId("r".into()), Timestamp::UNIX_EPOCH, &accepted).unwrap();
    put(folder.path(), "serial-12");
    let ended = OURS.apply(folder.path());
    assert!(ended.err.contains("manifest-older"), "{}", ended.err);
    assert_rescued(folder.path(), &ended);
}

/// DSC has no `apply`, so its `set` must bring the services back.
#[test]
fn a_set_of_dsc_brings_back_what_was_stopped() {
    let folder = killed(effect_of("stopServices"), When::After, &[]);
    put(folder.path(), "expired");
    let asked = folder.path().join("asked.json");
    fs::write(&asked, r#"{"manifest": "site.yaml"}"#).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
    let mut set = Command::new(OURS.0.path().join("reconcile"));
    set.args(["dsc", "set"]).current_dir(folder.path()).stdin(fs::File::open(&asked).unwrap());
    let ended = ended(set.output().unwrap());
    assert_rescued(folder.path(), &ended);
    assert!(ended.err.contains("expired at the end of"), "{}", ended.err);
}

/// The program accepts exactly what minisign accepts.
#[test]
#[expect(clippy::disallowed_methods, reason = "asks minisign itself")]
fn minisign_says_the_same() {
    let key = data("ours.pub");
    let verifies = |folder: &Path| {
        let verify =
            Command::new("minisign").args(["-V", "-q", "-m", "site.yaml", "-p"]).arg(&key).current_dir(folder).output();
        verify.ok().map(|ended| ended.status.success())
    };
    let mut seen = [0, 0];
    for edition in listing(&data("")).iter().filter(|name| data(name).is_dir()) {
        for place in [None, Some(0), Some(30), Some(200), Some(300)] {
            let folder = folder(edition);
            if let Some(place) = place {
                let name = if place < 100 { "site.yaml" } else { "site.yaml.minisig" };
                change(&folder.path().join(name), |mut bytes| {
                    let place = place.min(bytes.len() - 10);
                    bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
                    bytes
                });
            }
            let Some(theirs) = verifies(folder.path()) else {
                println!("not run: minisign is not installed");
                return;
            };
            let ours = !OURS.run(folder.path(), &["plan", "site.yaml"]).err.contains("manifest-untrusted");
            let is_renamed = edition == "renamed"; // Minisign does not check the file name.
            assert!(ours == theirs || is_renamed && !ours, "{edition} changed at {place:?}: {ours}, minisign {theirs}");
            seen[usize::from(theirs)] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
}
