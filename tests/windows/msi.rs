//! The package for Windows Installer: installed, repaired, replaced by a newer version, removed, and refused.
//!
//! `tests/windows/run` makes two versions of it. Their programs differ in the version that they name.

use std::fs;
use std::path::Path;

use reconcile_doubles::Stop;
use reconcile_schema::State;

use crate::machine::{Machine, RECONCILE, given};
use crate::processes::until;
use crate::reconcile::{PROGRAM, STATE, manifest};
use crate::server::{SFB_2019, Server};

const OLDER: &str = r"C:\setup\older.msi";
const NEWER: &str = r"C:\setup\newer.msi";

/// A path next to the program, for a manifest that only administrators can write.
const MANIFEST: &str = r"C:\Program Files\reconcile\manifest.yaml";

/// The double of the Task Scheduler stores the task here.
const TASK: &str = r"C:\Windows\System32\Tasks\reconcile\reconcile";

/// A machine with both packages and without an installed program.
fn machine(server: Server) -> Machine {
    let machine = Machine::new(server);
    fs::remove_file(machine.path(RECONCILE)).expect("the tests' own copy");
    machine.put_program("older.msi", OLDER);
    machine.put_program("newer.msi", NEWER);
    machine
}

/// Runs Windows Installer without its windows. Returns its exit code, and its output with the log.
fn msiexec(machine: &Machine, args: &[&str]) -> (u32, String) {
    const LOG: &str = r"C:\setup\log.txt";
    let ended = machine.run(r"C:\Windows\System32\msiexec.exe", &[args, &["/qn", "/l*v", LOG]].concat());
    let log = fs::read(machine.path(LOG)).unwrap_or_default();
    (ended.code, format!("{args:?}: {}{}{}", ended.stdout, ended.stderr, String::from_utf8_lossy(&log)))
}

#[track_caller]
fn succeeds(machine: &Machine, args: &[&str]) {
    let (code, said) = msiexec(machine, args);
    assert_eq!(code, 0, "{said}");
}

/// Windows ends with 1603 in this case, and Wine with other codes too. 3010 would be a success that requires a restart.
#[track_caller]
fn fails(machine: &Machine, args: &[&str]) {
    let (code, said) = msiexec(machine, args);
    assert!(!matches!(code, 0 | 3010), "{code}: {said}");
}

/// Whether the installed program is the one with this name.
fn is_installed(machine: &Machine, program: &str) -> bool {
    let expected = fs::read(Path::new(&given("WINDOWS_PROGRAMS")).join(program)).expect("a program of the tests");
    fs::read(machine.path(RECONCILE)).is_ok_and(|found| found == expected)
}

/// The versions of reconcile that Windows lists as installed.
fn listed(machine: &Machine) -> Vec<String> {
    let hive = registry(machine, r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall");
    let blocks = hive.split("\n\n").filter(|block| block.contains("REG_SZ    reconcile"));
    let version = |block: &str| {
        let line = block.lines().find(|line| line.trim_start().starts_with("DisplayVersion"))?;
        Some(line.split_whitespace().last()?.to_owned())
    };
    blocks.filter_map(version).collect()
}

/// A key of the registry and everything below it, as text.
fn registry(machine: &Machine, key: &str) -> String {
    let ended = machine.run(r"C:\Windows\System32\reg.exe", &["query", key, "/s"]);
    ended.stdout.replace("\r\n", "\n")
}

fn is_on_the_path(machine: &Machine) -> bool {
    let key = r"HKLM\System\CurrentControlSet\Control\Session Manager\Environment";
    registry(machine, key).contains(r"C:\Program Files\reconcile")
}

/// The reason why a package refused.
fn refusal(machine: &Machine) -> String {
    fs::read_to_string(private(machine, r"logs\msi-refused.txt")).expect("a reason")
}

fn private(machine: &Machine, name: &str) -> std::path::PathBuf {
    machine.path(&format!(r"C{}\{name}", &STATE[1..]))
}

#[test]
fn installed_repaired_and_removed_without_a_trace_but_what_people_need() {
    let machine = machine(Server::standard_edition(SFB_2019));
    succeeds(&machine, &["/i", NEWER]);
    assert!(is_installed(&machine, "reconcile.exe"));
    assert!(private(&machine, "private.txt").exists(), "the private folder is made");
    assert!(is_on_the_path(&machine));
    assert_eq!(listed(&machine), [env!("CARGO_PKG_VERSION")]);
    let said = machine.reconcile(&["--version"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, concat!("reconcile ", env!("CARGO_PKG_VERSION"), "\n")));

    fs::remove_file(machine.path(RECONCILE)).expect("somebody removes the program");
    fs::remove_dir_all(private(&machine, "")).expect("somebody removes the private folder");
    succeeds(&machine, &["/i", NEWER, "REINSTALL=ALL", "REINSTALLMODE=amus"]);
    assert!(is_installed(&machine, "reconcile.exe"), "repaired");
    assert!(!private(&machine, "").exists(), "any user may repair, so nothing is started as SYSTEM");

    machine.put(MANIFEST, manifest(&machine, "{}"));
    let task = machine.reconcile(&["schedule", "install", MANIFEST]);
    assert_eq!(task.code, 0, "{}", task.stderr);
    let ran = machine.reconcile(&["apply", MANIFEST, "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let logs = || fs::read_dir(private(&machine, "logs")).expect("logs").count();
    let (journal, before) = (fs::read(machine.journal_path()).expect("a journal"), logs());

    succeeds(&machine, &["/x", NEWER]);
    assert!(!machine.path(RECONCILE).exists());
    assert!(!machine.path(TASK).exists(), "the task is removed");
    assert!(!is_on_the_path(&machine));
    assert!(listed(&machine).is_empty());
    assert_eq!(fs::read(machine.journal_path()).expect("the journal is kept"), journal);
    assert!(machine.path(MANIFEST).exists(), "the manifest is kept");
    assert!(logs() >= before, "the logs are kept");
    machine.assert_converged();
}

#[test]
fn a_newer_version_takes_over_task_and_journal_and_an_older_one_is_refused() {
    let machine = machine(Server::standard_edition(SFB_2019));
    succeeds(&machine, &["/i", OLDER]);
    assert!(is_installed(&machine, "older.exe"));
    machine.put(MANIFEST, manifest(&machine, "{}"));
    assert_eq!(machine.reconcile(&["schedule", "install", MANIFEST]).code, 0);
    let ran = machine.reconcile(&["hold", MANIFEST, "--reason", "a migration"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (task, journal) =
        (fs::read(machine.path(TASK)).expect("a task"), fs::read(machine.journal_path()).expect("a journal"));

    succeeds(&machine, &["/i", NEWER]);
    assert!(is_installed(&machine, "reconcile.exe"));
    assert_eq!(listed(&machine), [env!("CARGO_PKG_VERSION")], "the older one is gone");
    assert!(is_on_the_path(&machine));
    assert_eq!(fs::read(machine.path(TASK)).expect("the task is kept"), task);
    assert_eq!(fs::read(machine.journal_path()).expect("the journal is kept"), journal);

    fails(&machine, &["/i", OLDER]);
    assert!(is_installed(&machine, "reconcile.exe"));
    assert_eq!(listed(&machine), [env!("CARGO_PKG_VERSION")]);
}

#[test]
fn while_a_run_is_at_work_the_program_is_neither_replaced_nor_removed() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Slow(20_000);
    let machine = machine(server);
    succeeds(&machine, &["/i", OLDER]);
    machine.put(MANIFEST, manifest(&machine, "{}"));
    let run = machine.start(RECONCILE, &["apply", MANIFEST, "--yes"]);
    machine.until_called("it stops", |call| call.program == "service.exe" && call.args == ["RTCSRV", "stop"]);

    for (verb, package) in [("/i", NEWER), ("/x", OLDER)] {
        fails(&machine, &[verb, package]);
        assert!(refusal(&machine).starts_with("a run is at work: "), "{}", refusal(&machine));
        assert!(is_installed(&machine, "older.exe"), "{verb}");
        assert_eq!(listed(&machine), ["0.0.9"], "{verb}");
    }
    let ended = run.end();
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    machine.assert_converged();

    succeeds(&machine, &["/i", NEWER]);
    assert!(is_installed(&machine, "reconcile.exe"));
    assert!(!private(&machine, r"logs\msi-refused.txt").exists(), "the reason is gone with its cause");
}

#[test]
fn it_is_not_removed_while_it_keeps_services_down_and_a_newer_version_starts_them() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Slow(3_000);
    let machine = machine(server);
    succeeds(&machine, &["/i", OLDER]);
    machine.put(MANIFEST, manifest(&machine, "{}"));
    assert_eq!(machine.reconcile(&["schedule", "install", MANIFEST]).code, 0);
    let run = machine.start(RECONCILE, &["apply", MANIFEST, "--yes"]);
    machine.until_called("it stops", |call| call.program == "service.exe" && call.args == ["RTCSRV", "stop"]);
    machine.kill(PROGRAM);
    run.end();
    until("nothing of the run is left", || (!machine.runs(PROGRAM)).then_some(()));

    fails(&machine, &["/x", OLDER]);
    assert!(refusal(&machine).starts_with("a run has stopped services at "), "{}", refusal(&machine));
    assert!(refusal(&machine).contains("RTCSRV"), "{}", refusal(&machine));
    assert!(is_installed(&machine, "older.exe") && machine.path(TASK).exists());

    succeeds(&machine, &["/i", NEWER]);
    assert!(is_installed(&machine, "reconcile.exe") && machine.path(TASK).exists());
    fails(&machine, &["/x", NEWER]);
    assert!(is_installed(&machine, "reconcile.exe") && machine.path(TASK).exists());
    let ended = machine.reconcile(&["apply", MANIFEST, "--yes", "--output", "json"]);
    crate::reconcile::Ran::of(ended).is(0, State::AtGoal);
    machine.assert_converged();
    succeeds(&machine, &["/x", NEWER]);
    assert!(!machine.path(RECONCILE).exists() && !machine.path(TASK).exists());
}
