//! The reports of an unattended run on a machine: events, a log, metrics, a snapshot, and a note for the next run.
//!
//! Wine accepts events and stores none. With its channel `eventlog` switched on, it prints the beginning of their
//! texts.

use reconcile_schema::{EventKind, LastRun, Mode, Snapshot, State};

use crate::machine::{Machine, Output, RECONCILE};
use crate::reconcile::{MANIFEST, STATE, manifest};
use crate::server::{SFB_2019, Server};

fn reporting() -> Machine {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    let reports = "reports: { prometheus: 'C:\\reports\\reconcile.prom', snapshots: 'C:\\share' }\n";
    machine.put(MANIFEST, format!("{}{reports}", manifest(&machine, "{}")));
    machine.put(r"C:\reports\there", "");
    machine
}

impl Machine {
    /// Runs a command like the scheduled task does, with Wine's output about events.
    fn unattended(&self, command: &str) -> Output {
        let args = [command, MANIFEST, "--unattended"];
        self.start_with(RECONCILE, &args, &[("WINEDEBUG", "-all,+eventlog")]).end()
    }

    /// A file in the private folder.
    fn private(&self, name: &str) -> std::path::PathBuf {
        self.path(&format!(r"C{}\{name}", &STATE[1..]))
    }

    fn last_run(&self) -> LastRun {
        let text = std::fs::read(self.private("last-run.json")).expect("the run wrote a note");
        serde_json::from_slice(&text).expect("the note of a run")
    }
}

/// Our events in Wine's output: the kind of each, and the beginning of its text.
fn events(said: &str) -> Vec<(&str, &str)> {
    let lines: Vec<_> = said.lines().filter(|line| line.contains("ReportEventW L\"")).collect();
    lines.chunks_exact(2).map(|event| (event[0], event[1].rsplit('"').nth(1).unwrap_or_default())).collect()
}

#[test]
fn a_run_that_a_person_starts_leaves_a_log_and_says_where() {
    let machine = reporting();
    let ran = machine.reconcile(&["apply", MANIFEST, "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let log = ran.stdout.lines().rev().find_map(|line| line.strip_prefix("log: ")).expect("the path of the log");
    let said = std::fs::read_to_string(machine.path(log)).expect("the log");
    assert!(said.lines().any(|line| line.contains("step begins") && line.contains("Install")), "{said}");
}

#[test]
fn an_observation_and_a_run_are_reported_and_an_idle_run_is_not() {
    let machine = reporting();
    let server = machine.server().lab.fqdn.clone();

    let looked = machine.unattended("observe");
    assert_eq!(looked.code, 2, "{looked:#?}");
    let told = events(&looked.stderr);
    assert_eq!(told.len(), 1, "{}", looked.stderr);
    let (text, code) = told[0];
    assert!(text.starts_with("warn:") || text.contains(":warn:"), "{told:#?}");
    assert!(text.contains(&format!("{server}: core-components")) && code == "drift", "{told:#?}");
    let last = machine.last_run();
    assert_eq!((last.mode, last.event, last.state, last.exit_code), (Mode::Observe, EventKind::Drift, State::Drift, 2));
    assert!(machine.journal_path().symlink_metadata().is_err(), "a reading command writes no journal");
    let snapshot = std::fs::read(machine.path(&format!(r"C:\share\{server}.json"))).expect("the share has a snapshot");
    let snapshot: Snapshot = serde_json::from_slice(&snapshot).expect("a snapshot");
    assert_eq!(snapshot.seen.host.as_str(), server);

    let applied = machine.unattended("apply");
    assert_eq!(applied.code, 0, "{applied:#?}");
    machine.assert_converged();
    let told = events(&applied.stderr);
    let tells = |what: &str| told.iter().any(|(text, _)| text.contains(&format!("{server}: {what}")));
    assert!(tells("a run begins") && tells("at its goal"), "{told:#?}");
    assert_eq!(told.last().map(|(_, code)| *code), Some("at-goal"), "{told:#?}");
    let journal = std::fs::read_to_string(machine.journal_path()).expect("the run has written its journal");
    assert!(journal.contains(" (scheduled task)\""), "{journal}");
    assert_eq!(machine.last_run().event, EventKind::AtGoal);

    let known = machine.calls().len();
    let again = machine.unattended("apply");
    assert_eq!((again.code, events(&again.stderr)), (0, Vec::new()), "{}", again.stderr);
    machine.assert_untouched(known);
    let last = machine.last_run();
    assert_eq!((last.mode, last.event, last.steps), (Mode::Apply, EventKind::AtGoal, 0));
    let metrics = std::fs::read_to_string(machine.path(r"C:\reports\reconcile.prom")).expect("the metrics");
    for sample in [
        format!("reconcile_last_run_exit_code{{server=\"{server}\"}} 0\n"),
        format!("reconcile_last_run_steps{{server=\"{server}\"}} 0\n"),
        format!("reconcile_state{{server=\"{server}\",state=\"at-goal\"}} 1\n"),
        format!("reconcile_last_run_timestamp_seconds{{server=\"{server}\"}} {}\n", last.ended.as_second()),
    ] {
        assert!(metrics.contains(&sample), "{sample}{metrics}");
    }
    let logs = std::fs::read_dir(machine.private("logs")).expect("the log is there");
    let logs: Vec<_> = logs.map(|log| log.expect("Linux says").path()).filter(|log| log.is_file()).collect();
    assert!((1..=2).contains(&logs.len()), "two if midnight passed during the test: {logs:?}");
    let log: String = logs.iter().map(|log| std::fs::read_to_string(log).expect("text")).collect();
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON");
    }
    assert!(log.contains("\"event\":\"at-goal\""), "{log}");
}

#[test]
fn a_manifest_that_cannot_be_read_is_reported_in_the_event_log() {
    let machine = reporting();
    machine.put(MANIFEST, "version: 7\n");
    let ended = machine.unattended("apply");
    assert_eq!(ended.code, 65, "{ended:#?}");
    let told = events(&ended.stderr);
    assert_eq!(told.len(), 1, "{}", ended.stderr);
    assert!(told[0].0.contains("err:") && told[0].1 == "input-wrong", "{told:#?}");
}
