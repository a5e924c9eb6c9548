//! Snapshots that are invalid, endless or foreign: each is reported with its place, the others are judged, and memory
//! use stays constant.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::{Ended, command, ended, folder, lab, reconcile};

const NAME: &str = "fe01.contoso.example";

/// A folder with a manifest, and the snapshot of its server on one line.
fn fleet() -> (TempDir, String) {
    let folder = folder(&lab(""));
    let observed = reconcile(folder.path(), &["observe", "site.yaml"]);
    assert_eq!(observed.code, Some(0), "{}", observed.err);
    assert_eq!(observed.out.lines().count(), 1);
    (folder, observed.out)
}

fn drift(folder: &TempDir, from: &str) -> Ended {
    reconcile(folder.path(), &["drift", "site.yaml", "--from", from])
}

#[test]
fn an_invalid_snapshot_is_reported_with_its_place_and_the_others_are_judged() {
    let (folder, good) = fleet();
    let line = good.trim_end();
    let changed = |from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        text
    };
    let cut = line.get(..line.len() / 2).unwrap();
    let long = format!("{{\"a\": \"{}\"}}", "a".repeat(5 << 20));
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, &str, &str); 16] = [
        ("version.json", changed("\"version\":1", "\"version\":2").into(), ":1", "found version 2, made by reconcile"),
        ("field.json", changed("\"host\"", "\"hast\"").into(), ":1", "missing field `host`"),
        ("missing.json", changed("\"services\"", "\"shells\"").into(), ":1", "expected a snapshot"),
        (
            "type.json",
            changed("\"attempts\":0", "\"attempts\":[]").into(),
            ":1",
            "at marks.attempts: invalid type: sequence",
        ),
        ("twice.json", changed("\"lab\":true", "\"lab\":true,\"lab\":true").into(), ":1", "duplicate field `lab`"),
        ("two.json", line.repeat(2).into(), ":1", "trailing characters"),
        ("deep.json", "[".repeat(1 << 20).into(), ":1", "expected a snapshot"),
        (
            "inside.json",
            changed("\"disk\":", &format!("\"disk\":{}", "[".repeat(1 << 20))).into(),
            ":1",
            "at seen.disk",
        ),
        ("name.json", format!("{{\"{}\":1}}", "a".repeat(1 << 20)).into(), ":1", "missing field `version`"),
        ("cut.ndjson", format!("{cut}\n{good}").into(), ":1", "EOF while parsing"),
        ("long.ndjson", format!("{long}\n{good}").into(), ":1", "at most 4 MiB"),
        ("end.ndjson", format!("{good}{cut}").into(), ":2", "EOF while parsing"),
        ("zeros.ndjson", format!("{good}{}", "\0".repeat(5000)).into(), ":2", "expected value"),
        ("latin.ndjson", [good.as_bytes(), b"\"M\xfcnchen\"\n"].concat(), ":2", "not UTF-8"),
        ("pretty.json", b"{\n  \"version\": 1,\n  \"made\": 1\n}\n".into(), "", "missing field `madeBy`"),
        ("powershell.json", [b"\xff\xfe", utf_16.as_slice()].concat(), "", "encoded as UTF-16"),
    ];
    for (name, bytes, line, why) in cases {
        fs::write(folder.path().join(name), bytes).unwrap();
        let said = drift(&folder, name);
        assert_eq!(said.code, Some(5), "{name}: {}{}", said.out, said.err);
        let place = format!("not read, {name}{line}\n");
        assert!(said.out.contains(&place) && said.out.contains(why), "{name}: {place}{why}\n{}", said.out);
        assert!(said.out.len() < 8000, "{name} is answered with {} bytes", said.out.len());
        // In NDJSON, valid lines are judged even if their neighbours are invalid.
        let judged = name.ends_with(".ndjson");
        assert_eq!(said.out.contains(&format!("{NAME}  drifted")), judged, "{name}: {}", said.out);
        assert_eq!(said.out.contains(&format!("{NAME}  no snapshot")), !judged, "{name}: {}", said.out);
    }
}

#[test]
fn the_formatting_of_a_valid_snapshot_does_not_matter() {
    let (folder, good) = fleet();
    let value: serde_json::Value = serde_json::from_str(&good).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    for (name, text) in [
        ("line.json", good.clone()),
        ("mark.json", format!("\u{feff}{good}")),
        ("windows.ndjson", format!("\r\n{}\r\n\r\n", good.trim_end())),
        ("pretty.json", pretty.clone()),
        ("pretty-windows.json", format!("\u{feff}{}", pretty.replace('\n', "\r\n"))),
        ("no-end.ndjson", good.trim_end().into()),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        let said = drift(&folder, name);
        assert_eq!(said.code, Some(2), "{name}: {}{}", said.out, said.err);
        assert!(said.out.contains("1 server: 1 drifted;"), "{name}: {}", said.out);
    }
}

#[test]
fn places_without_snapshots_are_refused() {
    let (folder, good) = fleet();
    fs::create_dir_all(folder.path().join("empty/inside")).unwrap();
    fs::write(folder.path().join("empty/readme.txt"), good).unwrap();
    for (from, why) in [
        ("empty", "expected files that end with .json"),
        ("nowhere.json", "expected a file, a folder, a pattern"),
        ("*.ndjson", "found no snapshots"),
        ("**/*.json", "name the folder"),
        ("[", "expected a pattern such as"),
    ] {
        let said = drift(&folder, from);
        assert_eq!((said.code, said.out.as_str()), (Some(65), ""), "{from}: {}", said.err);
        assert!(said.err.contains(why), "{from}: {}", said.err);
    }
}

/// The file is sparse, so its 10 GiB occupy neither the disk nor memory.
#[test]
fn a_huge_file_is_abandoned_whatever_its_name() {
    let (folder, _) = fleet();
    for (name, begin, why) in [
        ("fe02.ndjson", "", "a line is at most 4 MiB long, this one is longer; nothing behind it was read"),
        ("fe02.json", "{\"version\":", "a line is at most 4 MiB long"),
        ("fe02.reg", "", "expected at most 256 MiB, found 10737418240 bytes"),
        ("fe02.hiv", "", "expected at most 256 MiB, found 10737418240 bytes"),
        ("fe02.hive", "regf", "expected at most 256 MiB, found 10737418240 bytes"),
    ] {
        let mut file = fs::File::create(folder.path().join(name)).unwrap();
        file.write_all(begin.as_bytes()).unwrap();
        file.set_len(10 << 30).unwrap();
        let said = ended(frugal(&folder, name).output().unwrap());
        assert_eq!(said.code, Some(5), "{name}: {}{}", said.out, said.err);
        assert!(said.out.contains(why), "{name}: {}", said.out);
    }
}

#[test]
fn endless_input_is_abandoned() {
    let (folder, good) = fleet();
    for (begin, again, why) in [
        ("", "\0", "nothing behind it was read"),
        ("{\"a\":\"", "a", "nothing behind it was read"),
        ("", "\n", "nothing behind them was read"),
        ("", " \r\n", "nothing behind them was read"),
        (good.as_str(), "\n", "nothing behind them was read"),
    ] {
        let mut child = frugal(&folder, "-").stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let said = thread::scope(|scope| {
            scope.spawn(move || {
                input.write_all(begin.as_bytes()).unwrap();
                let block = again.repeat(100_000);
                while input.write_all(block.as_bytes()).is_ok() {}
            });
            ended(child.wait_with_output().unwrap())
        });
        assert_eq!(said.code, Some(5), "{again:?}: {}{}", said.out, said.err);
        assert!(said.out.contains(why), "{again:?}: {}", said.out);
        assert_eq!(said.out.contains("1 drifted"), begin == good, "{again:?}: {}", said.out);
    }
}

#[test]
fn each_of_many_broken_lines_is_named() {
    const LINES: usize = 3000;
    let (folder, _) = fleet();
    fs::write(folder.path().join("broken.ndjson"), "x\n".repeat(LINES)).unwrap();
    let mut child = frugal(&folder, "broken.ndjson").spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let places = out.filter_map(|line| line.split_once("not read, broken.ndjson:")?.1.parse::<usize>().ok());
    assert!(places.eq(1..=LINES));
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

/// Runs `reconcile drift`. On Linux the address space is limited to 512 MiB, most of which the threads reserve.
#[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
fn frugal(folder: &TempDir, from: &str) -> Command {
    let args = ["drift", "site.yaml", "--from", from];
    let mut drift = command(folder.path(), &args);
    if cfg!(target_os = "linux") {
        drift = Command::new("/bin/sh");
        drift.args(["-c", "ulimit -v 524288 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_reconcile")]).args(args);
        drift.current_dir(folder.path()).stdin(Stdio::null());
    }
    drift.stdout(Stdio::piped()).stderr(Stdio::piped());
    drift
}

/// Azure Pipelines and GitHub accept these commands anywhere in a line.
const COMMANDS: [&str; 2] = ["##vso[", "##["];

/// Checks that nothing of a text is a command, even to a runner that ignores white space before it.
fn assert_quiet(what: &str, said: &str) {
    assert!(!COMMANDS.iter().any(|command| said.contains(command)), "{what}: {said}");
    assert!(!said.lines().any(|line| line.trim_start().starts_with("::")), "{what}: {said}");
}

fn quiet(what: &str, ended: &Ended) {
    assert_quiet(what, &ended.out);
    assert_quiet(what, &ended.err);
}

#[test]
fn nothing_of_a_manifest_is_a_command_to_a_pipeline() {
    let evil = "##vso[task.setvariable variable=PATH]C:/evil ##[error]x";
    // The command hides in a quoted line, after a long text, in a comment, and as a key.
    for text in [
        format!("version: \"{evil}\"\n"),
        lab("").replace("version: 1", &format!("version: 2 # {evil}")),
        lab("").replace("CU7", &format!("'{}{evil}'", "x".repeat(60))),
        lab("").replace("release:", &format!("'{evil}':")),
        lab("").replace("version: 1", &format!("version: [ # {evil}")),
    ] {
        let folder = folder(&text);
        for command in [&["validate", "site.yaml"] as &[&str], &["plan", "site.yaml"], &["apply", "site.yaml"]] {
            let ended = reconcile(folder.path(), command);
            assert_eq!(ended.code, Some(65), "{text}");
            quiet(&text, &ended);
        }
    }
    // The name of the manifest file can be a command too.
    let names = folder(&lab(""));
    for name in ["::error x.yaml", " ::error title=a::x.yaml", "\u{a0}::error.yaml", "##vso[a].yaml", "##[b].yaml"] {
        fs::copy(names.path().join("site.yaml"), names.path().join(name)).unwrap();
        let ended = reconcile(names.path(), &["validate", name]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.err);
        quiet(name, &ended);
    }
    // The output for a valid manifest must be safe too.
    let evil = "##vso[task.setvariable variable=PATH]x ##[error]x";
    let named = lab("").replace("target: cu7", &format!("target: cu7, alsoStop: ['{evil}\u{fe0f}\u{e0100}\u{1d173}']"));
    let folder = folder(&named);
    for command in [
        &["plan", "site.yaml", "--output", "json"] as &[&str],
        &["observe", "site.yaml"],
        &["apply", "site.yaml", "--output", "json"],
        &["history", "site.yaml", "--output", "json"],
        &["status", "site.yaml", "--output", "json"],
        &["drift", "site.yaml", "--output", "json"],
        &["inventory", "site.yaml", "--list"],
        &["plan", "site.yaml"],
    ] {
        let ended = reconcile(folder.path(), command);
        assert!(matches!(ended.code, Some(0 | 2)), "{command:?}: {}", ended.err);
        quiet(&format!("{command:?}"), &ended);
        assert!(!ended.out.contains(['\u{fe0f}', '\u{e0100}', '\u{1d173}']), "{command:?}: {}", ended.out);
    }
    // So must the files that an unattended run writes.
    for command in [
        &["lab", "reset", "site.yaml"] as &[&str],
        &["hold", "site.yaml", "--reason", evil],
        &["apply", "site.yaml", "--unattended"],
    ] {
        quiet(&format!("{command:?}"), &reconcile(folder.path(), command));
    }
    for file in ["world.events.jsonl", &format!("world.journal/{NAME}.last-run.json")] {
        let written = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(written.contains("task.setvariable"), "{file}: {written}");
        assert!(!COMMANDS.iter().any(|command| written.contains(command)), "{file}: {written}");
    }
}

/// What acts on a pipeline or a terminal, in one text.
const EVIL: &str = "eve\n::error title=pwn::x ##vso[task.complete result=Failed]x\u{1b}]0;t\u{7}";

/// Any account may have written the note next to a lock.
#[test]
fn what_the_holder_of_a_lock_wrote_is_escaped() {
    let folder = folder(&lab(""));
    fs::write(folder.path().join("world.lock.holder"), EVIL).unwrap();
    let _held = ["world.lock", "world.lock.at-work"].map(|name| {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        file.try_lock().unwrap();
        file
    });
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--lock-wait", "1s"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    let waits = ended.out.lines().find(|line| line.contains("waiting up to 1 s")).unwrap();
    assert!(waits.contains(r"eve\u{a}\u{3a}:error title=pwn::x #\u{23}vso[task"), "{waits}");
    assert!(waits.ends_with(r"\u{1b}]0;t\u{7}"), "{waits}");
    quiet("the holder", &ended);
}

#[test]
fn what_an_error_quotes_of_the_command_line_is_escaped() {
    let folder = folder(&lab(""));
    let (option, text) = (format!("--{EVIL}"), format!("  {}", &EVIL[4..]));
    for evil in [EVIL, &text] {
        for args in [
            &[evil] as &[&str],
            &["lab", evil],
            &["help", evil],
            &["apply", "site.yaml", evil],
            &["apply", "site.yaml", &option],
            &["apply", "site.yaml", "--server", evil],
            &["apply", "site.yaml", "--output", evil],
            &["apply", "site.yaml", "--lock-wait", evil],
            &["lab", "wait", "site.yaml", evil],
            &["schedule", "install", "site.yaml", "--account", evil],
        ] {
            let ended = reconcile(folder.path(), args);
            assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{args:?}: {}", ended.err);
            assert!(ended.err.contains(r"\u{3a}:error title"), "{args:?}: {}", ended.err);
            assert!(!ended.err.contains(|c: char| c != '\n' && c.is_control()), "{args:?}: {}", ended.err);
            quiet(&format!("{args:?}"), &ended);
        }
    }
}

/// No call that traces a text has to know where it comes from.
#[test]
fn what_is_traced_is_escaped() {
    let folder = folder(&lab(""));
    let evil = format!("{EVIL}\u{202e}\u{2028}\u{fe0f}");
    let hidden = |c: char| c != '\n' && (c.is_control() || ['\u{202e}', '\u{2028}', '\u{fe0f}'].contains(&c));
    let traced = |what: &str, said: &str| {
        assert!(said.contains("task.complete"), "{what}: {said}");
        assert!(!said.contains(hidden), "{what}: {said}");
        assert_quiet(what, said);
    };
    let held = reconcile(folder.path(), &["hold", "site.yaml", "--reason", &evil]);
    assert_eq!(held.code, Some(0), "{}", held.err);
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--unattended", "-v"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    traced("-v, unattended", &ended.err);
    // A line end in a text does not begin an event.
    assert!(ended.err.lines().all(|line| line.starts_with(['2', ' '])), "{}", ended.err);
    let logs = folder.path().join("world.logs");
    for name in crate::listing(&logs) {
        let log = fs::read_to_string(logs.join(name)).unwrap();
        traced("the log", &log);
        let events = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let told: Vec<_> = events.filter(|event| event["event"] == "held").collect();
        assert!(told.iter().any(|event| event["message"].as_str().unwrap().contains(&evil)), "unchanged: {told:#?}");
    }
    fs::write(folder.path().join("world.lock.holder"), &evil).unwrap();
    let lock = fs::File::create(folder.path().join("world.lock")).unwrap();
    lock.try_lock().unwrap();
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "-v", "--lock-wait", "1s"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    traced("-v", &ended.err);
}

/// A few kilobytes of ranges stand for ten million servers.
#[test]
fn a_manifest_for_too_many_servers_is_refused_before_they_are_counted_through() {
    let ranges: String = (0..100)
        .map(|number| format!("  s{number}-[00001-99999].contoso.example: {{ role: standard-edition, target: cu7 }}\n"))
        .collect();
    let text = lab("").replacen("servers:\n", &format!("servers:\n{ranges}"), 1);
    let folder = folder(&text);
    for command in
        [&["validate", "site.yaml"] as &[&str], &["plan", "site.yaml"], &["drift", "site.yaml", "--from", "."]]
    {
        let ended = reconcile(folder.path(), command);
        assert_eq!(ended.code, Some(65), "{command:?}");
        assert!(ended.err.contains("9999901 servers, at most 100000 are allowed"), "{}", ended.err);
    }
}

/// Nothing endless is read as a plan, a lab or a snapshot.
#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "no library makes a pipe")]
fn devices_and_pipes_are_not_read() {
    let (folder, good) = fleet();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("all")).unwrap();
    fs::write(at("all/good.json"), good).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("all/zero.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
    let made = Command::new("mkfifo").args([at("all/pipe.json"), at("pipe")]).status();
    assert!(made.is_ok_and(|made| made.success()));
    std::os::unix::fs::symlink(at("pipe"), at("all/link.json")).unwrap();
    for place in ["all", "all/*.json"] {
        let judged = drift(&folder, place);
        assert_eq!(judged.code, Some(2), "{}{}", judged.out, judged.err);
        assert!(judged.out.contains("1 server: 1 drifted"), "{}", judged.out);
    }
    for endless in ["zero", "pipe"] {
        let held = reconcile(folder.path(), &["apply", "site.yaml", "--plan", endless]);
        assert_eq!(held.code, Some(65), "{}", held.err);
        assert!(held.err.contains("expected a plain file"), "{}", held.err);
    }
    fs::remove_file(at("world.yaml")).ok();
    std::os::unix::fs::symlink("/dev/zero", at("world.yaml")).unwrap();
    let shown = reconcile(folder.path(), &["lab", "show", "site.yaml"]);
    assert_eq!(shown.code, Some(65), "{}", shown.err);
    assert!(shown.err.contains("expected a plain file"), "{}", shown.err);
}

/// `lab reset` overwrites a lab, and nothing else.
#[test]
fn a_lab_is_not_made_where_something_else_lies() {
    let folder = folder(&lab(""));
    let at = |name: &str| folder.path().join(name);
    let reset = || reconcile(folder.path(), &["lab", "reset", "site.yaml"]);
    assert_eq!(reset().code, Some(0));
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml"]).code, Some(0));
    let broken = fs::read_to_string(at("world.yaml")).unwrap().replace("\nservers:", "\nservants:");
    fs::write(at("world.yaml"), broken).unwrap();
    fs::write(at("world.journal/.reconcile-a1B2c3"), "{\n  \"version\": 1,\n").unwrap();
    let repaired = reset();
    assert_eq!(repaired.code, Some(0), "a lab that somebody broke is replaced: {}", repaired.err);
    for text in ["the wine list\n", "\u{0}\u{1}\u{2}", "version: 1\nupdates: {}\n"] {
        fs::write(at("world.yaml"), text).unwrap();
        let refused = reset();
        assert_eq!(refused.code, Some(1), "{}", refused.err);
        assert!(refused.err.contains("expected the file of a lab"), "{}", refused.err);
        assert_eq!(fs::read_to_string(at("world.yaml")).unwrap(), text);
    }
    fs::remove_file(at("world.yaml")).unwrap();
    fs::create_dir_all(at("world.journal")).unwrap();
    for (name, text) in [
        ("thesis.txt", "years of work"),
        ("thesis.jsonl.txt", "{\"seq\":1}"),
        ("thesis.jsonl", "years of work"),
        ("a_b.jsonl", "{\"seq\":1}"),
        ("fe01.jsonl.damaged-x", ""),
        ("fe01.contoso.example.jsonl.damaged-x", ""),
        ("notes.jsonl", "a thought\n{\"seq\":1, which is not what a lab wrote\n"),
        ("diary.jsonl.damaged-7", "years of work"),
        ("photo.last-run.json", "{\"years\":\"of work\"}"),
        (".reconcile-mydata", "years of work"),
        (".reconcile-my-own-data", "{"),
    ] {
        let path = at("world.journal").join(name);
        fs::write(&path, text).unwrap();
        let refused = reset();
        assert_eq!(refused.code, Some(1), "{name}: {}", refused.err);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::remove_file(path).unwrap();
    }
    fs::create_dir(at("world.journal/fe01.jsonl")).unwrap();
    fs::write(at("world.journal/fe01.jsonl/thesis.txt"), "years of work").unwrap();
    assert_eq!(reset().code, Some(1));
    assert!(at("world.journal/fe01.jsonl/thesis.txt").exists());
    fs::remove_dir_all(at("world.journal/fe01.jsonl")).unwrap();
    // A lab can leave these files, complete or truncated.
    for (name, text) in [
        ("fe01.contoso.example.jsonl", "torn\n{\"seq\":1"),
        ("fe01.contoso.example.jsonl.old", ""),
        ("fe01.contoso.example.jsonl.damaged-7", "torn"),
        ("fe01.contoso.example.last-run.json", "{"),
        (".reconcile-x7Y8z9", ""),
    ] {
        fs::write(at("world.journal").join(name), text).unwrap();
    }
    let made = reset();
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(!at("world.journal").exists());
    // What a server left that the manifest no longer names, and no world remembers.
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml", "--unattended"]).code, Some(0));
    fs::write(at("world.journal/fe01.contoso.example.jsonl.damaged-1"), "torn").unwrap();
    assert_eq!(crate::listing(&at("world.journal")).len(), 3);
    fs::remove_file(at("world.yaml")).unwrap();
    fs::write(at("site.yaml"), lab("").replace("fe01", "fe02")).unwrap();
    let made = reset();
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(!at("world.journal").exists());
}

/// Through a link, a lab would write and remove files in another place.
#[cfg(unix)]
#[test]
fn no_link_leads_out_of_a_lab() {
    use std::os::unix::fs::symlink;

    let elsewhere = folder(&lab(""));
    assert_eq!(reconcile(elsewhere.path(), &["apply", "site.yaml"]).code, Some(0));
    let world = fs::read(elsewhere.path().join("world.yaml")).unwrap();
    for (link, to, manifest) in [
        ("world.yaml", "world.yaml", lab("")),
        ("world.journal", "world.journal", lab("")),
        ("world.lock", "world.lock", lab("")),
        ("world.lock.holder", "world.lock", lab("")),
        ("world.lock.at-work", "world.lock", lab("")),
        ("world.unattended.json", "site.yaml", lab("")),
        ("world.unattended.lock", "world.lock", lab("")),
        ("world.events.jsonl", "site.yaml", lab("")),
        ("below", "", lab("").replace("world.yaml", "below/world.yaml")),
    ] {
        let folder = folder(&manifest);
        symlink(elsewhere.path().join(to), folder.path().join(link)).unwrap();
        for command in [
            &["lab", "reset", "site.yaml"] as &[&str],
            &["lab", "wait", "site.yaml", "1h"],
            &["lab", "break", "site.yaml", "fe01.contoso.example", "shell-open"],
            &["apply", "site.yaml"],
            &["apply", "site.yaml", "--unattended"],
        ] {
            let ended = reconcile(folder.path(), command);
            assert_eq!(ended.code, Some(65), "{link} {command:?}: {}{}", ended.out, ended.err);
            assert!(ended.err.contains("is a link: expected a plain file"), "{}", ended.err);
        }
        assert!(folder.path().join(link).symlink_metadata().unwrap().is_symlink());
    }
    assert_eq!(fs::read(elsewhere.path().join("world.yaml")).unwrap(), world);
    assert!(crate::listing(&elsewhere.path().join("world.journal")).len() == 1);
}

/// The same, of the files in its folders: a link there is not followed, and whatever it leads to stays as it is.
#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "the log of a run has the name of its day")]
fn no_link_in_a_folder_of_a_lab_is_followed() {
    for link in ["fe01.contoso.example.jsonl", "fe01.contoso.example.jsonl.old"] {
        for there in [true, false] {
            let folder = folder(&lab(""));
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("world.journal")).unwrap();
            if there {
                fs::write(at("precious"), "").unwrap();
            }
            std::os::unix::fs::symlink(at("precious"), at("world.journal").join(link)).unwrap();
            let ended = reconcile(folder.path(), &["apply", "site.yaml"]);
            assert_eq!(ended.code, Some(3), "{link}: {}{}", ended.out, ended.err);
            assert!(ended.out.contains("expected a plain file, found a link"), "{link}: {}", ended.out);
            assert_eq!(fs::read_to_string(at("precious")).ok(), there.then(String::new), "{link}");
        }
    }
    let folder = folder(&lab(""));
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("world.logs")).unwrap();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    for day in [today, today.tomorrow().unwrap()] {
        std::os::unix::fs::symlink(at("precious"), at("world.logs").join(format!("reconcile-{day}.jsonl"))).unwrap();
    }
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--unattended"]);
    assert!(ended.err.contains("expected a plain file, found a link"), "{}", ended.err);
    assert!(!at("precious").exists());
}

/// A pipe in the place of a file of a lab keeps its opener waiting for the other end.
#[cfg(target_os = "linux")] // It has `timeout`.
#[test]
#[expect(clippy::disallowed_methods, reason = "makes the pipe, and ends a program that waits")]
fn no_pipe_in_a_lab_is_waited_for() {
    for pipe in [
        "world.lock",
        "world.lock.at-work",
        "world.lock.holder",
        "world.events.jsonl",
        "world.journal/fe01.contoso.example.jsonl",
        "world.journal/fe01.contoso.example.jsonl.old",
    ] {
        let folder = folder(&lab(""));
        let at = folder.path().join(pipe);
        fs::create_dir(folder.path().join("world.journal")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&at).status().unwrap().success());
        for args in [&["status", "site.yaml"] as &[&str], &["apply", "site.yaml", "--unattended"]] {
            let mut command = std::process::Command::new("timeout");
            let program = crate::command(folder.path(), args);
            command.arg("60").arg(program.get_program()).args(program.get_args()).current_dir(folder.path());
            let ended = command.output().unwrap();
            assert_ne!(ended.status.code(), Some(124), "{pipe} {args:?}");
            let works = pipe.ends_with("holder") || pipe.ends_with("events.jsonl") || args[0] == "status";
            let events = folder.path().join("world.events.jsonl");
            let events = if events.is_file() { fs::read_to_string(events).unwrap() } else { String::new() };
            let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned() + &events;
            assert!(works || said.contains("expected a plain file"), "{pipe} {args:?}: {said}");
        }
    }
}

/// libFuzzer found it: serde quotes a value of the plan, and the form feed in it.
#[test]
fn what_an_error_quotes_of_a_plan_is_escaped() {
    let folder = folder(&lab(""));
    let path = folder.path().join("plan.json");
    let planned = reconcile(folder.path(), &["plan", "site.yaml", "--out", "plan.json"]);
    assert!(path.is_file(), "{}", planned.err);
    let text = std::fs::read_to_string(&path).unwrap();
    let hostile = text.replace("UpdateInstaller.exe\"", r#"\f##vso[x]\u202e.exe""#);
    assert_ne!(text, hostile);
    std::fs::write(&path, hostile).unwrap();
    let ran = reconcile(folder.path(), &["apply", "site.yaml", "--plan", "plan.json"]);
    assert_eq!(ran.code, Some(65), "{}", ran.err);
    let said = format!("{}{}", ran.out, ran.err);
    assert!(said.contains(r"\u{c}#\u{23}vso[x]\u{202e}.exe"), "{said}");
    assert!(!said.contains('\u{c}') && !said.contains('\u{202e}') && !said.contains("##vso["), "{said}");
}
