//! Files that somebody else put into the private folder, next to the installer, or next to the program. Either they
//! have no effect, or nothing is started and the services come back.
//!
//! Wine stores no owners. Here, a file that everybody can write stands for a stranger's file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use reconcile_doubles::Stop;
use reconcile_schema::{State, Step};

use crate::crashes::installs;
use crate::machine::{Machine, Output, RECONCILE};
use crate::reconcile::{APPLY, MANIFEST, PROGRAM, Ran, STATE, manifest};
use crate::server::{SFB_2019, Server};

fn outdated() -> Machine {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    machine.declare("{}");
    machine
}

fn private(machine: &Machine, name: &str) -> PathBuf {
    machine.path(&format!(r"C{}\{name}", &STATE[1..]))
}

fn set_mode(path: &PathBuf, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("Linux lets us");
}

/// Plants a file that everybody can write, with the folders above it.
fn plant(machine: &Machine, name: &str, content: &str) -> PathBuf {
    let path = private(machine, name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("the machine takes a folder");
    fs::write(&path, content).expect("the machine takes a file");
    set_mode(&path, 0o666);
    path
}

/// The names of the foreign files that were moved into folders next to the private one.
fn aside(machine: &Machine) -> Vec<String> {
    let beside =
        private(machine, "x").parent().and_then(|private| private.parent().map(PathBuf::from)).expect("a folder");
    let folders = fs::read_dir(beside).expect("readable").flatten().map(|entry| entry.path());
    let foreign = folders.filter(|path| path.to_string_lossy().contains("reconcile.foreign-"));
    let inside = foreign.flat_map(|folder| fs::read_dir(folder).expect("readable").flatten());
    let mut names: Vec<_> = inside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The folders of packages, with the content of each.
fn packages(machine: &Machine) -> Vec<(PathBuf, Vec<String>)> {
    let folders = fs::read_dir(private(machine, "packages")).into_iter().flatten().flatten();
    let names = |folder: &PathBuf| {
        let inside = fs::read_dir(folder).expect("readable").flatten();
        inside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    folders.map(|folder| (folder.path(), names(&folder.path()))).collect()
}

#[test]
fn files_planted_before_the_first_run_have_no_effect_and_are_reported() {
    let machine = outdated();
    let declared = manifest(&machine, "{}");
    let sha256 = declared.lines().find_map(|line| line.trim().strip_prefix("sha256: ")).expect("declared");
    let library = plant(&machine, &format!(r"packages\{sha256}\version.dll"), "foreign");
    plant(&machine, r"logs\hosts.log", "foreign");
    // A run that believed this hold would do nothing.
    let hold = r#"{"seq":1,"at":"2026-03-01T21:00:00Z","run":"r","mark":"held","reason":"planted","by":"eve","sum":"6e950e80"}"#;
    let journal = plant(&machine, "journal.jsonl", &format!("{hold}\n"));
    set_mode(&private(&machine, "packages"), 0o777);

    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    machine.assert_converged();
    assert!(!library.exists());
    // The journal, the log, the library, and the folder that it lay in.
    assert_eq!(aside(&machine).len(), 4, "{:?}", aside(&machine));
    assert!(!fs::read_to_string(&journal).expect("our own").contains("planted"));
    for said in ["packages is not reconcile's (Everyone can change it)", "if a hold stood in it, set it again"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let alone = packages(&machine);
    assert!(alone.iter().all(|(_, names)| names.len() == 1) && alone.len() == 1, "{alone:?}");

    // It is reported once, because nothing foreign is left.
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert!(!again.stderr.contains("is not reconcile's"), "{}", again.stderr);
}

#[test]
fn a_file_in_the_place_of_the_private_folder_is_moved_aside() {
    let machine = outdated();
    let folder = private(&machine, "x").parent().map(PathBuf::from).expect("a folder");
    fs::write(&folder, "foreign").expect("the machine takes a file");
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert!(ran.stderr.contains("it is a file where a folder belongs"), "{}", ran.stderr);
    machine.assert_converged();
}

#[test]
fn a_library_next_to_the_installer_keeps_it_from_being_started_and_the_services_come_back() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Slow(5_000);
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called("it stops", |call| call.program == "service.exe" && call.args == ["RTCSRV", "stop"]);
    let [(folder, names)] = &packages(&machine)[..] else { panic!("one package") };
    assert_eq!(names.len(), 1, "{names:?}");
    fs::write(folder.join("version.dll"), "foreign").expect("the machine takes a file");
    let ran = Ran::of(run.end());
    assert_ne!(ran.code, 0, "{ran:#?}");
    assert!(ran.server.left_down.is_empty(), "{ran:#?}");
    assert!(ran.why().contains("holds version.dll next to the installer"), "{}", ran.why());
    assert_eq!(installs(&machine), 0);
    machine.assert_up();

    // The next run copies the package again into another folder, and removes the old one.
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!(again.count(&Step::Stage), 1, "{again:#?}");
    machine.assert_converged();
    let [(fresh, names)] = &packages(&machine)[..] else { panic!("one package: {:?}", packages(&machine)) };
    assert!(fresh != folder && names.len() == 1, "{names:?}");
}

#[test]
fn a_copy_that_is_as_it_was_made_is_used_again_and_one_that_others_can_change_is_not() {
    for (planted, copies) in [(false, 1), (true, 2)] {
        let mut server = Server::standard_edition(SFB_2019);
        server.service("RTCSRV").stop = Stop::Slow(5_000);
        let machine = Machine::new(server);
        machine.declare("{}");
        let run = machine.start_apply();
        machine.until_called("it stops", |call| call.program == "service.exe" && call.args == ["RTCSRV", "stop"]);
        machine.kill(PROGRAM);
        run.end();
        if planted {
            set_mode(&packages(&machine)[0].0, 0o777);
        }
        machine.apply().is(0, State::AtGoal);
        machine.assert_converged();
        let staged = machine.journal().iter().filter(|mark| *mark == "staged").count();
        assert_eq!(staged, copies, "{:?}", machine.journal());
    }
}

#[test]
fn a_program_that_others_can_change_works_on_no_server_and_brings_back_what_is_down() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Slow(5_000);
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called("it stops", |call| call.program == "service.exe" && call.args == ["RTCSRV", "stop"]);
    machine.kill(PROGRAM);
    run.end();

    let folder = machine.path(RECONCILE).parent().map(PathBuf::from).expect("a folder");
    set_mode(&folder, 0o777);
    for command in [&APPLY as &[&str], &["observe", MANIFEST], &["schedule", "install", MANIFEST]] {
        let Output { code, stderr, .. } = machine.reconcile(command);
        assert_eq!(code, 4, "{command:?}: {stderr}");
        assert!(stderr.contains("can be changed by Everyone") && stderr.contains("Program Files"), "{stderr}");
        let came_back = stderr.contains("the services that an earlier run had stopped run again");
        assert_eq!(came_back, command == APPLY, "{command:?}: {stderr}");
    }
    machine.assert_up();
    assert_eq!(installs(&machine), 0);
    set_mode(&folder, 0o755);
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}
