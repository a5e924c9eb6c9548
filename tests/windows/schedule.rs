//! The scheduled task: registered, read back, changed by somebody else, shown as drift, corrected and removed.
//!
//! Wine's Task Scheduler forgets the actions of a task, so a double of `schtasks.exe` stores it. No task runs here.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use reconcile_doubles::{Call, Scheduler, ScriptRun};
use reconcile_schema::{Mode, Period, ScheduleReport, State, StatusReport, TaskDifference};

use crate::machine::{Machine, Output, RECONCILE};
use crate::reconcile::manifest;
use crate::server::{SFB_2019, Server};

/// A path that only administrators can write.
const MANIFEST: &str = r"C:\Program Files\reconcile\manifest.yaml";

/// The double stores the task here.
const TASK: &str = r"C:\Windows\System32\Tasks\reconcile\reconcile";

/// The commands that need the Task Scheduler.
const COMMANDS: [&[&str]; 4] =
    [&["schedule", "install", MANIFEST], &["schedule", "show"], &["schedule", "run"], &["schedule", "remove"]];

fn machine() -> Machine {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    machine.put(MANIFEST, manifest(&machine, "{}"));
    machine
}

/// Runs `reconcile schedule install MANIFEST`, which must end with this code.
#[track_caller]
fn install(machine: &Machine, options: &[&str], code: u32) -> Output {
    let ended = machine.reconcile(&[&["schedule", "install", MANIFEST], options].concat());
    assert_eq!(ended.code, code, "{}{}", ended.stdout, ended.stderr);
    ended
}

/// Runs `reconcile schedule show`, whose exit code must match its report.
#[track_caller]
fn show(machine: &Machine) -> ScheduleReport {
    let ended = machine.reconcile(&["schedule", "show", "--output", "json"]);
    let report: ScheduleReport = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{} and no report ({error}): {}{}", ended.code, ended.stdout, ended.stderr));
    assert_eq!(ended.code, if report.state == State::AtGoal { 0 } else { 2 }, "{report:#?}");
    report
}

/// The registered definition, as text.
fn registered(machine: &Machine) -> String {
    let bytes = std::fs::read(machine.path(TASK)).expect("a task");
    let units: Vec<u16> = bytes.as_chunks().0.iter().copied().map(u16::from_le_bytes).collect();
    String::from_utf16(&units).expect("UTF-16")
}

/// Changes the registered definition, as a person could with the tools of the Task Scheduler.
fn change(machine: &Machine, from: &str, to: &str) {
    let text = registered(machine);
    assert!(text.contains(from), "{from}: {text}");
    let bytes: Vec<u8> = text.replace(from, to).encode_utf16().flat_map(u16::to_le_bytes).collect();
    machine.put(TASK, bytes);
}

/// Lets everybody write a file or folder of the machine, or only its owner.
fn set_mode(path: &PathBuf, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("Linux lets us");
}

#[test]
fn a_task_is_registered_read_back_corrected_and_removed() {
    let machine = machine();
    let absent = show(&machine);
    assert_eq!((absent.installed, absent.state, absent.task), (false, State::Drift, None));

    let first = install(&machine, &[], 0);
    assert!(
        first.stdout.starts_with("\\reconcile\\reconcile was installed\n  mode      observe\n"),
        "{}",
        first.stdout
    );
    let definition = registered(&machine);
    assert!(definition.starts_with("\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"), "{definition}");
    assert!(definition.contains(&format!("<Command>{RECONCILE}</Command>")), "{definition}");

    let task = show(&machine);
    assert_eq!((task.state, task.problems.as_slice(), task.differences.as_slice()), (State::AtGoal, &[][..], &[][..]));
    let task = task.task.expect("it is read back");
    assert_eq!((task.mode, task.manifest.as_str(), task.program.as_str()), (Mode::Observe, MANIFEST, RECONCILE));
    assert_eq!((task.account.as_str(), task.every, task.jitter), ("SYSTEM", Period::hours(1), Period::minutes(10)));

    let known = machine.calls().len();
    let again = install(&machine, &[], 0);
    assert!(again.stdout.contains("is already as wanted, nothing was done"), "{}", again.stdout);
    let calls = machine.called_since(known);
    assert_eq!(calls, [r"schtasks.exe /query /tn \reconcile\reconcile /xml"]);

    change(&machine, "<StartWhenAvailable>true", "<StartWhenAvailable>false");
    change(&machine, "</Actions>", "<Exec><Command>C:\\evil.exe</Command></Exec></Actions>");
    let drifted = show(&machine);
    let expected = [
        TaskDifference {
            element: "Settings/StartWhenAvailable".into(),
            expected: Some("true".into()),
            found: Some("false".into()),
        },
        TaskDifference { element: "Actions/Exec".into(), expected: None, found: Some(r"Command C:\evil.exe".into()) },
    ];
    assert_eq!((drifted.state, drifted.differences.as_slice()), (State::Drift, &expected[..]));
    let text = machine.reconcile(&["schedule", "show"]);
    assert_eq!(text.code, 2);
    assert!(text.stdout.contains("  Settings/StartWhenAvailable: expected true, found false\n"), "{}", text.stdout);

    let fixed = install(&machine, &[], 0);
    assert!(
        fixed.stdout.contains("was different and is now corrected\n  Settings/StartWhenAvailable: "),
        "{}",
        fixed.stdout
    );
    assert_eq!(registered(&machine), definition);

    let removed = machine.reconcile(&["schedule", "remove"]);
    assert_eq!(
        (removed.code, removed.stdout.as_str()),
        (0, "\\reconcile\\reconcile was removed\n"),
        "{}",
        removed.stderr
    );
    assert!(!machine.path(TASK).exists());
    let none = machine.reconcile(&["schedule", "remove"]);
    assert_eq!(none.code, 0, "{}", none.stderr);
    assert!(none.stdout.contains("is not registered, nothing was done"), "{}", none.stdout);
    machine.assert_up();
}

#[test]
fn another_request_corrects_the_task_and_a_changed_manifest_is_drift() {
    let machine = machine();
    install(&machine, &["--mode", "observe", "--every", "1d", "--jitter", "2h"], 0);
    let task = show(&machine).task.expect("it is read back");
    assert_eq!((task.mode, task.every, task.limit), (Mode::Observe, Period::hours(24), Period::hours(2)));
    let fixed = install(&machine, &[], 0);
    assert!(
        fixed.stdout.contains("Triggers/TimeTrigger/Repetition/Interval: expected PT1H, found P1D"),
        "{}",
        fixed.stdout
    );

    // Now an update of the databases can take longer than the limit of the task.
    machine.put(MANIFEST, manifest(&machine, "{ timeouts: { database: 6h } }"));
    let drifted = show(&machine);
    let elements: Vec<_> = drifted.differences.iter().map(|one| one.element.as_str()).collect();
    assert_eq!(elements, ["Settings/ExecutionTimeLimit"]);
    install(&machine, &[], 0);
    assert_eq!(show(&machine).state, State::AtGoal);
}

/// The test plays the Task Scheduler: asked to start the task, it starts what the task runs.
#[test]
fn a_task_is_started_and_the_run_that_begins_is_named() {
    const RUN: [&str; 4] = ["schedule", "run", "--output", "json"];
    let script = "Install-CsDatabase.ps1";
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.scripts.insert(script.into(), vec![ScriptRun::Slow(20_000)]);
    let machine = Machine::new(server);
    machine.put(MANIFEST, manifest(&machine, "{}"));
    let refused = |args: &[&str], code: u32, why: &str| {
        let ended = machine.reconcile(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    };
    refused(&RUN, 64, "is not registered");
    install(&machine, &[], 0);
    refused(&RUN, 64, "only observes and changes nothing");
    change(&machine, "<Arguments>observe ", "<Arguments>apply ");
    let other = format!("sha256:{}", "0a".repeat(32));
    refused(&["schedule", "run", "--fingerprint", &other], 65, "error[manifest-other]");
    let asked = |call: &Call| call.program == "schtasks.exe" && call.args.iter().any(|arg| arg == "/run");
    assert!(!machine.calls().iter().any(asked), "nothing was started");

    let waits = machine.start(RECONCILE, &RUN);
    machine.until_called("the task is started", asked);
    let task = machine.start(RECONCILE, &["apply", MANIFEST, "--unattended"]);
    let ended = waits.end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report: ScheduleReport = serde_json::from_str(&ended.stdout).expect("a report");
    let run = report.run.expect("the run is named");

    machine.until_called(script, |call| call.script() == Some(script));
    refused(&RUN, 3, &run.0);
    let status = || -> StatusReport {
        let ended = machine.reconcile(&["status", MANIFEST, "--output", "json"]);
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stderr))
    };
    let going = status().scheduled_run.expect("it is recorded");
    assert_eq!((&going.run, going.going, going.ended), (&run, true, None));
    task.end();
    let status = status();
    let over = status.scheduled_run.expect("it is recorded");
    assert_eq!((&over.run, over.going, over.exit_code), (&run, false, Some(0)), "{over:#?}");
    assert_eq!(status.servers[0].scheduled.as_ref().and_then(|last| last.run.as_ref()), Some(&run));
}

#[test]
fn a_task_that_needs_a_domain_group_cannot_run_as_system() {
    let machine = machine();
    machine.put(MANIFEST, manifest(&machine, "{ maintenance: always }"));
    let refused = install(&machine, &["--mode", "apply"], 64);
    assert!(refused.stderr.contains("SYSTEM belongs to no group of the domain"), "{}", refused.stderr);
    let asks = install(&machine, &["--mode", "apply", "--account", r"LAB\svc", "--password"], 64);
    assert!(asks.stderr.contains("the Task Scheduler asks for the password on a console"), "{}", asks.stderr);
    assert!(!machine.path(TASK).exists());
}

#[test]
fn a_task_that_runs_something_else_is_drift_and_is_taken_back() {
    let machine = machine();
    install(&machine, &[], 0);
    change(&machine, RECONCILE, r"C:\Windows\System32\cmd.exe");
    change(&machine, "<Arguments>observe ", "<Arguments>/c ");
    let drifted = show(&machine);
    assert_eq!((drifted.state, drifted.task), (State::Drift, None));
    assert!(drifted.differences[0].found.as_ref().is_some_and(|found| found.contains("cmd.exe /c ")));
    install(&machine, &[], 0);
    assert_eq!(show(&machine).state, State::AtGoal);
}

#[test]
fn a_program_that_others_can_change_is_not_run_with_high_rights() {
    let machine = machine();
    let (file, program) = (machine.path(MANIFEST), machine.path(RECONCILE));
    let folder = file.parent().expect("a folder").to_path_buf();
    for (path, loose, tight) in [(&file, 0o666, 0o644), (&folder, 0o777, 0o755), (&program, 0o777, 0o755)] {
        set_mode(path, loose);
        let refused = install(&machine, &[], 4);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(refused.stderr.contains(&name) && refused.stderr.contains("can be changed by "), "{}", refused.stderr);
        assert!(refused.stderr.contains("Everyone"), "{}", refused.stderr);
        assert!(!machine.path(TASK).exists(), "nothing was registered");
        set_mode(path, tight);
    }
    install(&machine, &[], 0);
    set_mode(&file, 0o666);
    let report = show(&machine);
    assert_eq!((report.state, report.differences.as_slice()), (State::Drift, &[][..]));
    assert!(report.problems[0].why.contains("can be changed by Everyone"), "{report:#?}");
}

#[test]
fn only_an_administrator_registers_a_task() {
    let machine = machine();
    for command in COMMANDS {
        let ended = machine.run(r"C:\lab\bin\ordinary.exe", &[&[RECONCILE], command].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("is for administrators of this server"), "{}", ended.stderr);
    }
    assert!(!machine.path(TASK).exists());
}

#[test]
fn a_refusal_or_an_alteration_by_the_task_scheduler_is_reported() {
    let mut machine = machine();
    machine.change(|lab| lab.scheduler = Scheduler::Refuses("Zugriff verweigert".into()));
    for command in COMMANDS {
        let ended = machine.reconcile(command);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("FEHLER: Zugriff verweigert"), "{}", ended.stderr);
    }
    machine.change(|lab| lab.scheduler = Scheduler::Alters { from: "<Priority>4".into(), to: "<Priority>9".into() });
    let altered = install(&machine, &[], 1);
    assert!(altered.stderr.contains("was registered, and is not as it was given"), "{}", altered.stderr);
    assert!(altered.stderr.contains("Settings/Priority: expected 4, found 9"), "{}", altered.stderr);
}

#[test]
fn an_account_must_be_known_and_reach_what_it_needs() {
    let machine = machine();
    let unknown = install(&machine, &["--account", r"NOWHERE\gmsa$"], 64);
    assert!(unknown.stderr.contains(r"cannot find the account NOWHERE\gmsa$"), "{}", unknown.stderr);
    machine.put(MANIFEST, manifest(&machine, "{}").replace(r"'C:\updates\", r"'\\files.lab.example\updates\"));
    let far = install(&machine, &["--account", r"NOWHERE\svc"], 64);
    assert!(far.stderr.contains("has no access to the network in a task"), "{}", far.stderr);
    assert!(!machine.path(TASK).exists());
}
