//! The reports of unattended runs: events, a log, metrics, snapshots, and a note for the next run. Each can be switched
//! off.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
};

use reconcile_hosts::Lock;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Ended, command, folder, lab, listing, reconcile};

const SERVER: &str = "fe01.contoso.example";

/// A lab of one server with these faults, with every report switched on.
fn reporting(faults: &str) -> TempDir {
    let reports = "reports: { prometheus: metrics/reconcile.prom, snapshots: share }\n";
    let folder = folder(&format!("{}{reports}", lab(&format!(", faults: [{faults}]"))));
    fs::create_dir(folder.path().join("metrics")).unwrap();
    folder
}

fn apply(folder: &TempDir) -> Ended {
    reconcile(folder.path(), &["apply", "site.yaml", "--unattended"])
}

fn observe(folder: &TempDir) -> Ended {
    reconcile(folder.path(), &["observe", "site.yaml", "--unattended"])
}

/// The lines of a JSON lines file, or nothing if there is no file.
fn lines(path: PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The events so far, each as `level id key: text`.
fn events(folder: &TempDir) -> Vec<String> {
    let told = |line: Value| {
        let text = |field: &str| line[field].as_str().unwrap().to_owned();
        format!("{} {} {}: {}", text("level"), line["id"], text("event"), text("text"))
    };
    lines(folder.path().join("world.events.jsonl")).into_iter().map(told).collect()
}

fn last_run(folder: &TempDir) -> Value {
    let path = folder.path().join(format!("world.journal/{SERVER}.last-run.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The samples of a Prometheus text file with their values. Each must follow the introduction of its metric.
fn metrics(path: &Path) -> BTreeMap<String, i64> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "the collector reads whole lines");
    let mut samples = BTreeMap::new();
    let mut introduced = "";
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let [kind, name, rest] = comment.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
            match kind {
                "HELP" => assert!(rest.ends_with('.'), "{line}"),
                _ => assert_eq!((kind, name, rest), ("TYPE", introduced, "gauge")),
            }
            introduced = name;
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        assert_eq!(sample.split('{').next(), Some(introduced), "{line}");
        assert_eq!(samples.insert(sample.to_owned(), value.parse().unwrap()), None, "{line} occurs twice");
    }
    samples
}

fn measured(folder: &TempDir) -> BTreeMap<String, i64> {
    metrics(&folder.path().join("metrics/reconcile.prom"))
}

/// A metric of the server.
fn of(name: &str) -> String {
    format!("{name}{{server=\"{SERVER}\"}}")
}

#[test]
fn a_run_that_does_something_is_reported_and_an_idle_one_is_not() {
    let folder = reporting("");
    assert_eq!(apply(&folder).code, Some(0));
    let told = events(&folder);
    assert_eq!(
        told,
        [
            "info 101 run-began: a run begins, with staging the update: so that nobody changes the installer after its check",
            "info 100 at-goal: at its goal\n8 steps taken; the longest outage was 20 min 50 s",
        ]
    );
    let last = last_run(&folder);
    assert_eq!((&last["mode"], &last["state"], &last["exitCode"]), (&"apply".into(), &"at-goal".into(), &0.into()));
    assert_eq!((&last["steps"], &last["tookSeconds"]), (&8.into(), &(21 * 60 + 35).into()));

    assert_eq!(apply(&folder).code, Some(0));
    assert_eq!(events(&folder), told, "nothing new");
    assert_eq!(last_run(&folder)["steps"], 0);
    let journal = fs::read_to_string(folder.path().join(format!("world.journal/{SERVER}.jsonl"))).unwrap();
    assert!(journal.contains(" (scheduled task)\""), "{journal}");
}

#[test]
fn everything_can_be_switched_off() {
    let off = "reports: { eventLog: false, log: { keep: 0 } }\n";
    let folder = folder(&format!("{}{off}", lab(", faults: [installer-fails]")));
    assert_eq!(apply(&folder).code, Some(1));
    assert_eq!(
        listing(folder.path()),
        [
            "site.yaml",
            "world.journal",
            "world.lock",
            "world.lock.at-work",
            "world.unattended.json",
            "world.unattended.lock",
            "world.unattended.lock.at-work",
            "world.yaml"
        ]
    );
    assert_eq!(last_run(&folder)["event"], "failed", "`status` still finds the note of the run");
}

#[test]
fn a_run_that_a_person_starts_reports_to_nobody_else() {
    let folder = reporting("");
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml"]).code, Some(0));
    reconcile(folder.path(), &["observe", "site.yaml"]);
    assert_eq!(
        listing(folder.path()),
        ["metrics", "site.yaml", "world.journal", "world.lock", "world.lock.at-work", "world.yaml"]
    );
    assert_eq!(listing(&folder.path().join("world.journal")), [format!("{SERVER}.jsonl")]);
    assert!(listing(&folder.path().join("metrics")).is_empty());
}

#[test]
fn failures_are_reported_when_they_happen_and_when_the_run_ends() {
    let folder = reporting("installer-fails");
    assert_eq!(apply(&folder).code, Some(1));
    let told: Vec<_> = events(&folder).into_iter().skip(1).collect();
    let failed = "exit code 1603 (fatal error during installation)";
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("error 302 step-failed: ") && told[0].contains(failed), "{told:#?}");
    assert!(
        told[1].starts_with("error 301 failed: the installer ended with ") && told[1].contains(failed),
        "{told:#?}"
    );
    assert!(told[1].contains("\nnext: read the installer's log"), "{told:#?}");

    let measured = measured(&folder);
    assert_eq!(measured[&of("reconcile_last_run_exit_code")], 1);
    assert_eq!(measured[&of("reconcile_services_down")], 0);
    assert_eq!(measured[&format!("reconcile_state{{server=\"{SERVER}\",state=\"failed\"}}")], 1);
}

#[test]
fn a_blocker_is_reported_once_and_again_when_it_changes() {
    let folder = reporting("shell-open");
    for _ in 0..2 {
        assert_eq!(apply(&folder).code, Some(3));
    }
    let told = events(&folder);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("warning 201 blocked: management shells are open: "), "{told:#?}");

    reconcile(folder.path(), &["hold", "site.yaml", "--reason", "the board meets"]);
    assert_eq!(apply(&folder).code, Some(3));
    let told = events(&folder);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[1].starts_with("warning 202 held: held by ") && told[1].contains("the board meets"), "{told:#?}");
    assert_eq!(measured(&folder)[&of("reconcile_held")], 1);
}

#[test]
fn a_requested_restart_is_reported_before_it_happens_or_as_not_allowed() {
    let folder = reporting("installer-asks-for-reboot");
    assert_eq!(apply(&folder).code, Some(3));
    let told = events(&folder);
    assert!(told.last().unwrap().starts_with("warning 203 restart-due: a restart is pending"), "{told:#?}");

    let manifest = fs::read_to_string(folder.path().join("site.yaml")).unwrap();
    let allowed = manifest.replace("target: cu7 }", "target: cu7, policy: { reboot: whenRequired } }");
    assert_ne!(manifest, allowed);
    fs::write(folder.path().join("site.yaml"), allowed).unwrap();
    assert_eq!(apply(&folder).code, Some(0));
    let told: Vec<_> = events(&folder).into_iter().skip(told.len()).collect();
    let all = ["info 101 run-began: ", "info 102 restarting: the machine is restarted, ", "info 100 at-goal: "];
    assert_eq!(told.len(), all.len(), "{told:#?}");
    assert!(told.iter().zip(all).all(|(told, all)| told.starts_with(all)), "{told:#?}");
}

#[test]
fn an_outage_is_reported_near_its_budget_and_above_it() {
    let folder = reporting("");
    let manifest = fs::read_to_string(folder.path().join("site.yaml")).unwrap();
    let short = manifest.replace("target: cu7 }", "target: cu7, policy: { outage: { budget: 15m } } }");
    fs::write(folder.path().join("site.yaml"), short).unwrap();
    assert_eq!(apply(&folder).code, Some(0));
    let told = events(&folder);
    let outage = [
        "warning 205 outage-near: down for 13 min 35 s, near the budget of 15 min: users may lose functions",
        "error 303 outage-over: down for 16 min 50 s, above the budget of 15 min: users may lose functions",
    ];
    assert_eq!(told[1..3], outage, "{told:#?}");
    assert_eq!(told.len(), 4, "each once: {told:#?}");
}

#[test]
fn services_that_are_left_down_are_reported_each_time() {
    let folder = reporting("service-hangs-in-start");
    for _ in 0..2 {
        assert_ne!(apply(&folder).code, Some(0));
        let told = events(&folder);
        let down = told.iter().rev().take(2).any(|told| told.starts_with("error 304 services-down: not running: "));
        assert!(down, "{told:#?}");
        assert_eq!(measured(&folder)[&of("reconcile_services_down")], 1);
    }
    assert_eq!(events(&folder).iter().filter(|told| told.contains(" 304 ")).count(), 2);
}

#[test]
fn observe_mode_compares_and_changes_nothing() {
    let folder = reporting("");
    let looked = observe(&folder);
    assert_eq!(looked.code, Some(2), "{}", looked.err);
    assert!(looked.out.starts_with("fe01.contoso.example: drifted; core-components 7.0.2046.123"), "{}", looked.out);
    let drifted = reconcile(folder.path(), &["drift", "site.yaml", "--from", "share"]);
    assert_eq!(drifted.code, Some(2), "the share holds what drift reads: {}", drifted.err);
    assert_eq!(listing(&folder.path().join("share")), [format!("{SERVER}.json")]);
    assert_eq!(listing(&folder.path().join("world.journal")), [format!("{SERVER}.last-run.json")], "no journal");
    assert!(!folder.path().join("world.yaml").exists(), "nothing was done");
    assert_eq!(last_run(&folder)["mode"], "observe");
    let told = events(&folder);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("warning 200 drift: core-components 7.0.2046.123"), "{told:#?}");
    assert!(told[0].ends_with("8 steps to run"), "{told:#?}");
    assert_eq!(measured(&folder)[&of("reconcile_steps_remaining")], 8);

    assert_eq!(observe(&folder).code, Some(2));
    assert_eq!(events(&folder).len(), 1, "as before");
    assert_eq!(apply(&folder).code, Some(0));
    assert_eq!(observe(&folder).code, Some(0));
    let told = events(&folder);
    assert_eq!(told.len(), 3, "only the run is reported: {told:#?}");
    let drifted = reconcile(folder.path(), &["drift", "site.yaml", "--from", "share"]);
    assert_eq!(drifted.code, Some(0), "{}", drifted.out);
}

/// What it read before a run had ended would be reported as the state of the lab.
#[test]
fn observe_mode_takes_the_lock_before_it_reads_the_lab() {
    let folder = reporting("");
    let (world, lock) = (folder.path().join("world.yaml"), folder.path().join("world.lock"));
    let held = Lock::take(&lock, "run 7").unwrap();
    fs::write(&world, "half of a wor").unwrap();
    let looked = observe(&folder);
    assert_eq!(looked.code, Some(3), "{}", looked.err);
    assert!(looked.err.contains("run 7"), "{}", looked.err);
    drop(held);
    assert_eq!(observe(&folder).code, Some(65));
    fs::remove_file(&world).unwrap();
    fs::remove_file(&lock).unwrap();
    assert_eq!(observe(&folder).code, Some(2));
    assert!(lock.exists(), "taken, not only asked for");
}

#[test]
fn observe_mode_on_an_unreadable_server_ends_as_unknown() {
    let folder = reporting("components-unreadable");
    assert_eq!(observe(&folder).code, Some(5));
    let told = events(&folder);
    assert!(told.len() == 1 && told[0].starts_with("warning 204 unknown: "), "{told:#?}");
    assert!(!measured(&folder).is_empty());
}

#[test]
fn the_metrics_say_how_the_server_stands() {
    let folder = reporting("");
    apply(&folder);
    let measured = measured(&folder);
    for (name, value) in [
        ("reconcile_last_run_exit_code", 0),
        ("reconcile_last_run_steps", 8),
        ("reconcile_last_run_duration_seconds", 21 * 60 + 35),
        ("reconcile_steps_remaining", 0),
        ("reconcile_outage_seconds", 0),
        ("reconcile_services_down", 0),
        ("reconcile_held", 0),
        ("reconcile_restart_pending", 0),
    ] {
        assert_eq!(measured[&of(name)], value, "{name}");
    }
    assert!(!measured.contains_key(&of("reconcile_window_open")), "the manifest has no windows");
    assert_eq!(measured["reconcile_reports_failed"], 0);
    let states: Vec<_> = measured.iter().filter(|(name, _)| name.starts_with("reconcile_state{")).collect();
    assert_eq!(states.len(), 6);
    assert_eq!(states.iter().map(|(_, value)| **value).sum::<i64>(), 1, "in one state at a time: {states:?}");
    assert_eq!(listing(&folder.path().join("metrics")), ["reconcile.prom"], "nothing half-written stays");
}

#[test]
fn the_log_is_lines_of_json_and_of_its_files_the_newest_are_kept() {
    let folder = reporting("");
    let manifest = fs::read_to_string(folder.path().join("site.yaml")).unwrap();
    fs::write(folder.path().join("site.yaml"), manifest.replace("snapshots: share", "log: { keep: 3 }")).unwrap();
    let logs = folder.path().join("world.logs");
    fs::create_dir(&logs).unwrap();
    for old in ["2019-12-31", "2020-01-01", "2020-01-02"] {
        fs::write(logs.join(format!("reconcile-{old}.jsonl")), "").unwrap();
    }
    let strangers = ["reconcile-2019-1-1.jsonl", "reconcile-2019-01-01.jsonl.zip", "somebody-2019-01-01.jsonl"];
    for stranger in strangers {
        fs::write(logs.join(stranger), "").unwrap();
    }
    apply(&folder);
    let mut kept = listing(&logs);
    kept.retain(|name| !strangers.contains(&name.as_str()));
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(listing(&logs).len(), 6, "files of others stay");
    assert_eq!(kept[..2], ["reconcile-2020-01-01.jsonl", "reconcile-2020-01-02.jsonl"]);

    let lines = lines(logs.join(&kept[2]));
    let steps = lines.iter().filter(|line| line["message"] == "step ended").count();
    assert_eq!(steps, 8, "{lines:#?}");
    let event = lines.iter().find(|line| line["event"] == "at-goal").unwrap();
    assert_eq!((&event["level"], &event["id"], &event["server"]), (&"INFO".into(), &100.into(), &SERVER.into()));
    let ended = lines.last().unwrap();
    assert_eq!((&ended["message"], &ended["outcome"]), (&"run ended".into(), &"at its goal".into()));
}

#[test]
fn hostile_text_stays_within_its_line() {
    let folder = reporting("");
    let reason = "\u{1b}[2J\"}\n{\"id\":100,\"event\":\"at-goal\"}\r\n# TYPE x gauge\nx 1 \u{202e}";
    reconcile(folder.path(), &["hold", "site.yaml", "--reason", reason]);
    assert_eq!(apply(&folder).code, Some(3));
    let told = events(&folder);
    assert!(told.len() == 1 && told[0].contains("\u{1b}[2J\"}\n{\"id\":100"), "unchanged, on one line: {told:#?}");
    assert!(!fs::read_to_string(folder.path().join("world.events.jsonl")).unwrap().contains('\u{1b}'));
    let logs = folder.path().join("world.logs");
    for name in listing(&logs) {
        assert!(!fs::read_to_string(logs.join(&name)).unwrap().contains('\u{1b}'));
        assert!(lines(logs.join(name)).iter().any(|line| line["event"] == "held"));
    }
    assert_eq!(measured(&folder)[&of("reconcile_held")], 1);
    let status = reconcile(folder.path(), &["status", "site.yaml"]).out;
    assert!(!status.contains("\u{1b}[2J") && !status.contains('\u{202e}'), "{status}");
}

#[test]
fn a_report_that_cannot_be_written_is_mentioned_in_the_others_and_the_run_goes_on() {
    let folder = reporting("");
    fs::write(folder.path().join("share"), "a file where the folder should be").unwrap();
    fs::write(folder.path().join("world.logs"), "another").unwrap();
    let ended = apply(&folder);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("warning: the snapshot could not be written: "), "{}", ended.err);
    assert!(ended.err.contains("warning: the log could not be written: "), "{}", ended.err);
    let told: Vec<_> = events(&folder).into_iter().filter(|told| told.contains("206 report-not-written")).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(measured(&folder)["reconcile_reports_failed"], 2);

    fs::remove_dir_all(folder.path().join("metrics")).unwrap();
    fs::remove_file(folder.path().join("world.events.jsonl")).unwrap();
    fs::create_dir(folder.path().join("world.events.jsonl")).unwrap();
    let ended = apply(&folder);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("warning: the metrics could not be written: "), "{}", ended.err);
    assert!(ended.err.contains("warning: the event could not be written: "), "{}", ended.err);
}

#[test]
fn an_installer_without_a_sign_of_life_is_reported_once_and_goes_on() {
    let folder = reporting("installer-goes-quiet");
    assert_eq!(apply(&folder).code, Some(0));
    let told = events(&folder);
    let quiet: Vec<_> = told.iter().filter(|told| told.starts_with("warning 207 quiet: ")).collect();
    assert!(matches!(quiet[..], [one] if one.contains("no CPU time for 25 min")), "{told:#?}");
    let end = told.iter().find(|told| told.starts_with("info 100 at-goal")).unwrap();
    assert!(end.contains("no CPU time for 25 min"), "the outcome says it too: {end}");
}

/// By this a person or a play follows a run that the Task Scheduler began.
#[test]
fn status_names_the_last_run_and_how_it_ended() {
    let folder = reporting("");
    let status = || -> Value {
        let ended = reconcile(folder.path(), &["status", "site.yaml", "--output", "json"]);
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}{}", ended.out, ended.err))
    };
    assert_eq!(status()["scheduledRun"], Value::Null);
    assert_eq!(apply(&folder).code, Some(0));
    let first = status();
    let run = &first["scheduledRun"];
    assert_eq!((&run["mode"], &run["exitCode"], &run["going"]), (&"apply".into(), &0.into(), &Value::Null), "{run}");
    assert!(run["run"].is_string() && run["ended"].is_string(), "{run}");
    assert_eq!(first["servers"][0]["scheduled"]["run"], run["run"]);
    assert_eq!(first["servers"][0]["last"]["run"], run["run"], "the journal has the same name");

    let held = ["world.lock", "world.lock.at-work"].map(|name| {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        file.try_lock().unwrap();
        file
    });
    let blocked = reconcile(folder.path(), &["apply", "site.yaml", "--unattended", "--lock-wait", "0s"]);
    assert_eq!(blocked.code, Some(3), "{}", blocked.err);
    drop(held);
    let second = status();
    let run = &second["scheduledRun"];
    assert_ne!(run["run"], first["scheduledRun"]["run"]);
    assert_eq!((&run["exitCode"], &run["code"]), (&3.into(), &"another-run".into()), "{run}");
    assert!(run["outcome"].as_str().unwrap().contains("another run holds the lock"), "{run}");
    assert_ne!(second["servers"][0]["scheduled"]["run"], run["run"], "it had no result for the server");
}

/// A run that is at work is shown as such, and one that was cut off is not taken for it.
#[test]
fn status_tells_a_run_that_goes_on_from_one_that_was_cut_off() {
    let folder = reporting("");
    assert_eq!(reconcile(folder.path(), &["lab", "pace", "site.yaml", "60x"]).code, Some(0));
    let mut child = command(folder.path(), &["apply", "site.yaml", "--unattended"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    assert_ne!(out.read_line(&mut String::new()).unwrap(), 0, "it says that it works");
    let status = |output: &str| reconcile(folder.path(), &["status", "site.yaml", "--output", output]).out;
    let going: Value = serde_json::from_str(&status("json")).unwrap();
    assert_eq!(going["scheduledRun"]["going"], true, "{going}");
    assert!(status("text").contains("the scheduled task is at work since "), "{}", status("text"));
    child.kill().unwrap();
    child.wait().unwrap();
    let cut: Value = serde_json::from_str(&status("json")).unwrap();
    assert_eq!(cut["scheduledRun"]["run"], going["scheduledRun"]["run"]);
    assert_eq!((&cut["scheduledRun"]["going"], &cut["scheduledRun"]["ended"]), (&Value::Null, &Value::Null), "{cut}");
    assert!(status("text").contains("the last run of the scheduled task was cut off: run "), "{}", status("text"));
}

#[test]
fn an_error_before_a_run_begins_is_reported() {
    let folder = reporting("");
    let lock = fs::File::create(folder.path().join("world.lock")).unwrap();
    lock.try_lock().unwrap();
    let at_work = fs::File::create(folder.path().join("world.lock.at-work")).unwrap();
    at_work.try_lock().unwrap();
    let at_once = ["apply", "site.yaml", "--unattended", "--lock-wait", "0s"];
    for ended in [reconcile(folder.path(), &at_once), observe(&folder)] {
        assert_eq!(ended.code, Some(3), "{}", ended.err);
    }
    drop((lock, at_work));
    let told = events(&folder);
    assert!(told.iter().all(|told| told.starts_with("warning 201 blocked: another run holds the lock")), "{told:#?}");
    assert_eq!(told.len(), 2);
    assert!(!folder.path().join("world.journal").exists(), "only the run with the lock writes a note");

    fs::write(folder.path().join("world.yaml"), "servers: 7").unwrap();
    assert_eq!(apply(&folder).code, Some(65));
    let told = events(&folder);
    assert!(told[2].starts_with("error 305 not-run: ") && told[2].contains("fix the file"), "{told:#?}");
}

#[test]
fn an_unreadable_note_of_the_last_run_hides_nothing() {
    let folder = reporting("");
    apply(&folder);
    let told = events(&folder).len();
    fs::write(folder.path().join(format!("world.journal/{SERVER}.last-run.json")), "{ half a").unwrap();
    let status = reconcile(folder.path(), &["status", "site.yaml"]);
    assert_eq!(status.code, Some(0), "{}", status.err);
    assert!(status.err.contains("the last unattended run cannot be told"), "{}", status.err);
    assert_eq!(apply(&folder).code, Some(0));
    assert_eq!(events(&folder).len(), told + 1, "reaching the goal is reported again");
    assert_eq!(last_run(&folder)["state"], "at-goal");
}

#[test]
fn a_metrics_file_that_no_collector_would_read_is_refused() {
    let folder = folder(&format!("{}reports: {{ prometheus: reconcile.txt }}\n", lab("")));
    let ended = reconcile(folder.path(), &["validate", "site.yaml"]);
    assert_eq!(ended.code, Some(65));
    assert!(ended.err.contains("a file whose name ends in .prom"), "{}", ended.err);
    assert_eq!(apply(&folder).code, Some(65), "and nothing is run");
}
