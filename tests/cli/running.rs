//! Runs that meet another run, or a person who presses Ctrl-C.

use std::{fs, fs::File, process::Stdio};

use reconcile_core::{Act, Goal, Observe, Run, Seen};
use reconcile_hosts::lab::{Fault, Lab, LabError};
use reconcile_schema::{Manifest, Releases, RunId, Step};
use reconcile_support::manifest::with_one_update;

use crate::{command, folder, lab, listing, reconcile};

#[test]
fn a_second_run_is_told_who_holds_the_lock_and_changes_nothing() {
    let folder = folder(&lab(""));
    let lock = File::create(folder.path().join("world.lock")).unwrap();
    lock.try_lock().unwrap();
    fs::write(folder.path().join("world.lock.holder"), "CONTOSO\\alex").unwrap();
    let before = listing(folder.path());

    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--lock-wait", "0s"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
    assert!(ended.err.contains("CONTOSO\\alex") && ended.err.contains("as soon as that run ends"), "{}", ended.err);
    assert_eq!(listing(folder.path()), before);
    assert_eq!(reconcile(folder.path(), &["plan", "site.yaml"]).code, Some(2), "looking needs no lock");

    drop(lock);
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml"]).code, Some(0));
    assert!(!listing(folder.path()).contains(&"world.lock.holder".to_owned()));
}

/// The run prints more than a pipe holds, and the test reads on only after the signal, so the run cannot end before it.
#[cfg(unix)]
#[test]
fn an_interrupted_run_brings_the_services_back_and_says_what_remains() {
    let (folder, code, rest) = stopped_by("INT");
    assert_eq!(code, Some(3));
    assert!(rest.contains("ending after the current step, then bringing the services back"), "{rest}");
    let shown = reconcile(folder.path(), &["lab", "show", "site.yaml"]).out;
    assert_eq!(shown.matches("15 of 15 services run").count(), 14, "{shown}");
    assert!(shown.matches("at 7.0.2046.123\n").count() > 0, "the run was over before the signal came");

    let again = reconcile(folder.path(), &["apply", "site.yaml"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(again.out.contains("14 servers: 14 at goal; "), "{}", again.out);
}

/// The terminal closes, or the system ends the run. On Windows these are the close of the console, logoff, shutdown and
/// Ctrl-Break.
#[cfg(unix)]
#[test]
fn a_run_that_is_ended_at_once_leaves_its_mark_and_the_next_one_brings_the_services_back() {
    for (signal, why) in [("HUP", "its console was closed"), ("TERM", "the system told it to end")] {
        let (folder, code, rest) = stopped_by(signal);
        assert_eq!(code, Some(3), "{rest}");
        assert!(rest.contains(&format!("leaving at once ({why}); down or stopping: ")), "{rest}");
        let shown = reconcile(folder.path(), &["lab", "show", "site.yaml"]).out;
        assert!(shown.matches("15 of 15 services run").count() < 14, "services stay as they are: {shown}");
        let status = reconcile(folder.path(), &["status", "site.yaml"]).out;
        assert!(status.contains("a run took the services down "), "{status}");
        assert!(status.contains(&format!("the run was interrupted: {why}")), "{status}");

        let again = reconcile(folder.path(), &["apply", "site.yaml"]);
        assert_eq!(again.code, Some(0), "{}", again.err);
        assert!(again.out.contains("14 servers: 14 at goal; "), "{}", again.out);
    }
}

/// Sends a signal to a run that has taken a server down. Returns its folder, its exit code, and its output from then
/// on.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "sends the signal")]
fn stopped_by(signal: &str) -> (tempfile::TempDir, Option<i32>, String) {
    use std::{
        io::{BufRead, BufReader, Read},
        process::Command,
    };

    let servers = "fe[01-14].a-name-that-fills-the-pipe-the-sooner-because-it-is-so-long.contoso.example";
    let start = format!("lab:\n  world: world.yaml\n  servers:\n    {servers}: {{ build: \"7.0.2046.123\" }}\n");
    let folder = folder(&crate::manifest(servers, &start));
    let (said, both) = std::io::pipe().unwrap();
    let mut run = {
        let mut command = crate::command(folder.path(), &["apply", "site.yaml", "--verbose"]);
        command.stdout(both.try_clone().unwrap()).stderr(both);
        command.spawn().unwrap()
    };
    let mut said = BufReader::new(said);
    let mut line = String::new();
    while !line.contains("√  Stop-CsWindowsService") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "nothing was stopped");
    }
    let signal = format!("kill -{signal} {}", run.id());
    assert!(Command::new("/bin/sh").args(["-c", &signal]).status().unwrap().success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let code = run.wait().unwrap().code();
    (folder, code, rest)
}

/// With a pace set, a person can interrupt the night of a lab as on a real server.
#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "sends the signal")]
fn at_a_pace_a_run_of_a_lab_can_be_interrupted_between_two_steps() {
    use std::io::{BufRead, BufReader, Read};

    let folder = folder(&lab(""));
    let set = reconcile(folder.path(), &["lab", "pace", "site.yaml", "300x"]);
    assert_eq!(set.code, Some(0), "{}", set.err);
    let mut run = command(folder.path(), &["apply", "site.yaml"]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(run.stdout.take().unwrap());
    let mut line = String::new();
    // Only a run that has stopped the services has to start them; one that is interrupted before stops nothing.
    while !line.contains("√  Stop-CsWindowsService") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "nothing was stopped");
    }
    // The installer works for two seconds.
    let signal = format!("kill -INT {}", run.id());
    assert!(std::process::Command::new("/bin/sh").args(["-c", &signal]).status().unwrap().success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(3), "{rest}");
    assert!(rest.contains("ending after the current step"), "{rest}");
    let last = rest.lines().rfind(|line| line.contains('√')).unwrap();
    assert!(last.contains("√  Start-CsWindowsService"), "{rest}");
    assert!(rest.contains("all services run"), "{rest}");

    assert_eq!(reconcile(folder.path(), &["lab", "pace", "site.yaml", "none"]).code, Some(0));
    assert_eq!(reconcile(folder.path(), &["apply", "site.yaml"]).code, Some(0));
    for wrong in ["0x", "4000x", "fast", "1.5x"] {
        let refused = reconcile(folder.path(), &["lab", "pace", "site.yaml", wrong]);
        assert_eq!(refused.code, Some(64), "{wrong}");
        assert!(refused.err.contains("such as 60x"), "{}", refused.err);
    }
}

/// A rollout can be resumed like each of its runs, and continues from the finished work.
#[test]
fn a_rehearsed_rollout_leaves_the_lab_as_its_runs_left_it() {
    let folder = folder(&lab(""));
    let played = reconcile(folder.path(), &["lab", "rollout", "site.yaml", "--fail", "fe01"]);
    assert_eq!(played.code, Some(1), "{}{}", played.out, played.err);
    let shown = reconcile(folder.path(), &["lab", "show", "site.yaml"]).out;
    assert!(shown.contains("15 of 15 services run") && shown.contains("broken: installer-fails"), "{shown}");
    let history = reconcile(folder.path(), &["history", "site.yaml"]).out;
    assert!(history.contains("1603"), "{history}");

    assert_eq!(reconcile(folder.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    let played = reconcile(folder.path(), &["lab", "rollout", "site.yaml"]);
    assert_eq!((played.code, played.err.as_str()), (Some(0), ""));
    assert_eq!(reconcile(folder.path(), &["drift", "site.yaml"]).code, Some(0));
    let early = reconcile(folder.path(), &["lab", "rollout", "site.yaml", "--as-of", "2020-01-01T00:00:00Z"]);
    assert_eq!(early.code, Some(64));
    assert!(early.err.contains("is before the lab's clock") && early.err.contains("lab reset"), "{}", early.err);
    let again = reconcile(folder.path(), &["lab", "rollout", "site.yaml"]).out;
    assert!(again.contains("Rehearsal: 1 at goal.") && !again.contains('√'), "{again}");
}

/// Many runs start on one lab: one works at a time, and each sees the results of the runs before it.
#[test]
fn only_one_of_many_runs_on_a_lab_installs() {
    for _ in 0..20 {
        let folder = folder(&lab(""));
        let start = |_| {
            let mut run = command(folder.path(), &["apply", "site.yaml"]);
            run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let crowd: Vec<_> = (0..8).map(start).collect();
        let codes: Vec<_> = crowd.into_iter().map(|mut run| run.wait().unwrap().code()).collect();
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 3))), "{codes:?}");
        let history = reconcile(folder.path(), &["history", "site.yaml", "--output", "json"]).out;
        assert_eq!(history.matches("\"step\": \"install\"").count(), 1, "{codes:?}\n{history}");
    }
}

/// Nobody can change a lab by hand while a run works on it.
#[test]
fn a_lab_is_not_changed_beneath_a_run() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    let lock = File::create(folder.path().join("world.lock")).unwrap();
    lock.try_lock().unwrap();
    let before = fs::read(folder.path().join("world.yaml")).unwrap();
    for change in [
        &["lab", "reset", "site.yaml"] as &[&str],
        &["lab", "wait", "site.yaml", "1h"],
        &["lab", "break", "site.yaml", "fe01.contoso.example", "shell-open"],
    ] {
        let ended = reconcile(folder.path(), change);
        assert_eq!(ended.code, Some(3), "{change:?}: {}{}", ended.out, ended.err);
    }
    assert_eq!(fs::read(folder.path().join("world.yaml")).unwrap(), before);
    assert_eq!(reconcile(folder.path(), &["lab", "show", "site.yaml"]).code, Some(0), "looking needs no lock");
}

/// If the file of the lab cannot be written, the step must not count. Otherwise the run would report a goal that no
/// later run can see.
#[test]
fn what_a_lab_cannot_write_has_not_happened() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    let server = "fe01.contoso.example".parse().unwrap();
    let mut lab = Lab::open(&folder.path().join("world.yaml"), || unreachable!()).unwrap();
    let before = lab.world().clone();
    drop(folder);
    let refused = lab.change(&server, |server| server.faults.extend([Fault::ShellOpen]));
    assert!(matches!(refused, Err(LabError::File { .. })), "{refused:?}");
    assert!(*lab.world() == before, "{:?}", lab.world());
}

/// A claim that could not be written to the share does not exist, so the run must not take the server down.
#[test]
fn a_claim_that_a_lab_cannot_write_is_not_seen() {
    let site = with_one_update(
        "rollout: { claims: '\\\\files.contoso.example\\claims' }
servers:
  fe01.contoso.example: { role: front-end, target: cu7, pool: pool01.contoso.example }
lab:
  world: world.yaml
  servers:
    fe01.contoso.example: { build: \"7.0.2046.123\" }
",
    );
    let folder = folder(&site);
    assert_eq!(reconcile(folder.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    let manifest: Manifest = serde_yaml::from_str(&site).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    let goal = &Goal::of_all(&manifest, &releases).unwrap()[0];
    let mut lab = Lab::open(&folder.path().join("world.yaml"), || unreachable!()).unwrap();
    drop(folder);
    let mut host = lab.host(&goal.server).unwrap();
    let run = Run::new(RunId("a run".into()));
    let seen = Seen { host: host.observe(goal).unwrap(), marks: host.marks().unwrap(), run };
    let claimed = host.act(goal, &seen, &Step::Claim, &mut |_| {});
    assert!(matches!(claimed, Err(LabError::File { .. })), "{claimed:?}");
    let claim = host.observe(goal).unwrap().claim;
    assert!(claim.known().is_none(), "{claim:?}");
}
