//! Actions of an ordinary user. None of them prevents an update of the server, or keeps a service down.

use reconcile_doubles::{End, UpdaterRun};
use reconcile_schema::{State, Step};

use crate::crashes::installs;
use crate::machine::{Machine, POWERSHELL, Running, SHELL};
use crate::processes::until;
use crate::reconcile::PROGRAM;
use crate::refusals::refused;
use crate::server::{SFB_2019, Server};

/// A folder for a user's own programs.
const USERS: &str = r"C:\users\x";

fn outdated() -> Machine {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    machine.declare("{}");
    machine
}

/// The path of a user's program with the name of the product's installer.
fn lookalike() -> String {
    format!(r"{USERS}\{}", SFB_2019.installer)
}

/// Starts that program as an ordinary user or as an administrator. It does nothing until it is killed.
fn start_lookalike(machine: &Machine, ordinary: bool) -> Running<'_> {
    let path = lookalike();
    machine.put_program("doubles.exe", &path);
    let running = if ordinary {
        machine.start(r"C:\lab\bin\ordinary.exe", &[path.as_str(), "--stay"])
    } else {
        machine.start(&path, &["--stay"])
    };
    until("it runs", || machine.runs(SFB_2019.installer).then_some(()));
    running
}

#[test]
fn a_users_program_under_the_name_of_the_installer_blocks_nothing() {
    let machine = outdated();
    let _stranger = start_lookalike(&machine, true);
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    assert!(machine.runs(SFB_2019.installer), "and nobody ended it");
}

#[test]
fn an_administrators_program_under_that_name_blocks_and_is_named() {
    let machine = outdated();
    let _other = start_lookalike(&machine, false);
    let why = refused(&machine, 3, State::Blocked).why().to_owned();
    for part in ["SkypeServerUpdateInstaller.exe (process ", ", session ", r"\x\SkypeServerUpdateInstaller.exe) of "] {
        assert!(why.contains(part), "{part}: {why}");
    }
    assert!(!why.contains("cannot be read"), "{why}");
}

#[test]
fn nobody_keeps_the_services_down_after_run_and_installer_were_killed() {
    let mut server = Server::standard_edition(SFB_2019);
    let hangs = UpdaterRun { components: Some(1), end: End::Hang, ..UpdaterRun::default() };
    server.lab.updater = vec![hangs, UpdaterRun::default()];
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    until("it installs", || (installs(&machine) == 1).then_some(()));
    machine.kill_when(|_| true, std::time::Duration::ZERO, |process| process.program == PROGRAM);
    run.end();
    machine.kill(SFB_2019.installer);

    let _stranger = start_lookalike(&machine, true);
    let _sleeper = asleep(&machine, POWERSHELL);
    let again = machine.apply();
    again.is(0, State::AtGoal);
    machine.assert_converged();
    assert_eq!(installs(&machine), 2, "{again:#?}");
}

/// Starts a program that creates a process and never lets it run.
fn asleep<'a>(machine: &'a Machine, program: &str) -> Running<'a> {
    let running = machine.start(r"C:\lab\bin\asleep.exe", &[program]);
    running.until_said("it sleeps");
    running
}

#[test]
fn a_process_that_never_runs_is_no_shell() {
    let machine = outdated();
    let _sleeper = asleep(&machine, POWERSHELL);
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn a_library_that_is_named_like_the_products_makes_no_shell_and_costs_nobody_a_program() {
    let machine = outdated();
    machine.declare("{ shells: close }");
    let library = format!(r"{USERS}\Microsoft.Rtc.x.dll");
    machine.put_program("assembly.dll", &library);
    let _program = machine.start(SHELL, &[library]);
    machine.until_called("it runs", |call| call.program == "powershell_ise.exe");
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::CloseShells), 0, "{ran:#?}");
    machine.assert_converged();
    assert!(machine.runs("powershell_ise.exe"), "nobody ended it");
}

#[test]
fn any_program_that_holds_a_file_of_the_products_folder_is_a_shell() {
    let machine = outdated();
    let library = r"C:\Program Files\Skype for Business Server 2019\Server\Core\SipStack.dll";
    machine.put_program("assembly.dll", library);
    let _program = machine.start(SHELL, &[library]);
    machine.until_called("it runs", |call| call.program == "powershell_ise.exe");
    let why = refused(&machine, 3, State::Blocked).why().to_lowercase();
    for part in ["powershell_ise.exe (pid ", ", session ", r"\v1.0\powershell_ise.exe) of ", " holds sipstack.dll"] {
        assert!(why.contains(part), "{part}: {why}");
    }
}
