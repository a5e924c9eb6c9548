//! Work at the same time: services that stop and start together, and a shell that loads its module in the meantime.

use reconcile_doubles::{Call, ScriptRun, Start, Stop, UpdaterRun, WEB_SERVER};
use reconcile_schema::{State, Step};

use crate::machine::{Machine, RECONCILE};
use crate::processes::until;
use crate::reconcile::{MANIFEST, PROGRAM, Ran};
use crate::server::{SFB_2015, SFB_2019, Server};

/// Services that are slow and depend on no other.
const SLOW: [&str; 3] = ["REPLICA", "RTCSRV", "RTCMEDSRV"];

/// The length of a start or stop, in milliseconds. In less time, even a busy computer has given all three their order.
const WHILE: u64 = 20_000;

/// The position of the first call in which a service gets or reports this.
fn place(calls: &[Call], service: &str, what: &str) -> usize {
    let found = calls.iter().position(|call| call.program == "service.exe" && call.args == [service, what]);
    found.unwrap_or_else(|| panic!("{service} never: {what}"))
}

#[test]
fn services_that_do_not_need_each_other_stop_and_start_together() {
    let mut server = Server::standard_edition(SFB_2019);
    for name in SLOW {
        (server.service(name).stop, server.service(name).start) = (Stop::Slow(WHILE), Start::Slow(WHILE));
    }
    let machine = Machine::new(server);
    machine.declare("{}");
    let known = machine.calls().len();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    let calls = machine.calls().split_off(known);
    for (order, done) in [("stop", "stopped"), ("start", "running")] {
        let told = SLOW.map(|name| place(&calls, name, order));
        let followed = SLOW.map(|name| place(&calls, name, done));
        assert!(told.iter().max() < followed.iter().min(), "{order}: ordered at {told:?}, {done} at {followed:?}");
    }
    let installs = calls.iter().position(|call| call.program.ends_with("installer.exe")).unwrap();
    assert!(SLOW.iter().all(|name| place(&calls, name, "stopped") < installs), "all of them before the installer");
}

/// A server with a long second stop: its installer takes time and then starts the services, and one of them stops
/// slowly.
fn second_stop_lasts() -> Machine {
    let mut server = Server::standard_edition(SFB_2015);
    server.lab.updater = vec![UpdaterRun { pace: 200, starts_services: true, ..UpdaterRun::default() }];
    server.service("RTCSRV").stop = Stop::Slow(15_000);
    let machine = Machine::new(server);
    machine.declare("{}");
    machine
}

/// The calls that test databases.
fn asked(calls: &[Call]) -> Vec<&Call> {
    calls.iter().filter(|call| call.script() == Some("Test-CsDatabase.ps1")).collect()
}

/// The time of the last call in which a service gets or reports this.
fn at(calls: &[Call], service: &str, what: &str) -> u64 {
    calls.iter().rfind(|call| call.args == [service, what]).unwrap_or_else(|| panic!("never: {what}")).at
}

#[test]
fn the_shell_loads_its_module_while_the_services_stop_again() {
    let machine = second_stop_lasts();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    let calls = machine.calls();
    let [before, warm, after] = asked(&calls)[..] else { panic!("three questions: {calls:#?}") };
    let installer = calls.iter().find(|call| call.program.ends_with("installer.exe")).unwrap();
    assert!(before.at < installer.began);
    assert!(warm.began >= installer.began + 4 * 200, "not before the installer has patched four components");
    assert!(warm.began < at(&calls, "RTCSRV", "stopped"), "before the second stop was over");
    assert!(warm.at >= at(&calls, "RTCSRV", "stopped"), "asked when the services had stopped");
    assert!(after.began > warm.at, "the next one is started when it is needed");
    assert!(!machine.runs("powershell.exe"));
}

#[test]
fn a_shell_that_dies_while_it_waits_is_replaced() {
    let machine = second_stop_lasts();
    let known = machine.calls().len();
    let run = machine.start_apply();
    let stops = || machine.calls().iter().skip(known).filter(|call| call.args == ["RTCSRV", "stop"]).count();
    until("the services stop again", || (stops() == 2).then_some(()));
    machine.kill("powershell.exe");
    Ran::of(run.end()).is(0, State::AtGoal);
    machine.assert_converged();
    let calls = machine.calls();
    let [_, cold, _] = asked(&calls)[..] else { panic!("the one that died was never asked: {calls:#?}") };
    assert!(cold.began >= at(&calls, "RTCSRV", "stopped"));
}

#[test]
fn a_shell_that_fails_when_it_is_asked_is_replaced() {
    let mut machine = second_stop_lasts();
    let fails = ScriptRun::Fails("an assembly changed".into());
    machine.change(|lab| {
        lab.scripts.insert("Test-CsDatabase.ps1".into(), vec![ScriptRun::Works, fails, ScriptRun::Works]);
    });
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    assert_eq!(asked(&machine.calls()).len(), 4);
}

#[test]
fn a_shell_that_is_never_asked_ends_with_the_run() {
    let machine = second_stop_lasts();
    let known = machine.calls().len();
    let run = machine.start_apply();
    let stops = || machine.calls().iter().skip(known).filter(|call| call.args == ["RTCSRV", "stop"]).count();
    until("the services stop again", || (stops() == 2).then_some(()));
    assert!(machine.runs("powershell.exe"));
    machine.interrupt(PROGRAM);
    Ran::of(run.end()).is(3, State::Blocked);
    until("the shell has ended", || (!machine.runs("powershell.exe")).then_some(()));
    machine.assert_up();
    assert_eq!(asked(&machine.calls()).len(), 1);
}

/// A server whose web server starts slowly.
fn web_start_lasts() -> Machine {
    let mut server = Server::back_end(SFB_2019);
    server.service(WEB_SERVER).start = Start::Slow(15_000);
    let machine = Machine::new(server);
    machine.declare("{}");
    machine
}

#[test]
fn the_shell_loads_its_module_while_the_web_server_starts() {
    let machine = web_start_lasts();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    let calls = machine.calls();
    let [_, warm, _] = asked(&calls)[..] else { panic!("three questions: {calls:#?}") };
    assert!(warm.began < at(&calls, WEB_SERVER, "running"), "before the web server had started");
    assert!(warm.at >= at(&calls, WEB_SERVER, "running"), "asked when it had");
}

#[test]
fn a_shell_that_waits_is_no_open_shell_for_another_installation() {
    let machine = web_start_lasts();
    let known = machine.calls().len();
    let run = machine.start_apply();
    let starts = |call: &Call| call.args == [WEB_SERVER, "start"];
    until("the web server starts again", || machine.calls().iter().skip(known).any(starts).then_some(()));
    // In the meantime, somebody reverts Core Components.
    let key = format!(r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\{}", SFB_2019.code(0));
    let back = ["add", &key, "/v", "DisplayVersion", "/d", SFB_2019.before, "/f"];
    assert_eq!(machine.run(r"C:\Windows\System32\reg.exe", &back).code, 0);
    assert!(machine.runs("powershell.exe"));
    let ran = Ran::of(run.end());
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::Install), 2, "{ran:#?}");
    machine.assert_converged();
}

/// A person runs reading commands while the installer of a run works.
#[test]
fn reading_commands_open_no_shell_while_a_run_acts() {
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.updater = vec![UpdaterRun { pace: 4_000, ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{}");
    let known = machine.calls().len();
    let run = machine.start_apply();
    until("the installer works", || {
        machine.calls().iter().skip(known).any(|call| call.program.ends_with("installer.exe")).then_some(())
    });
    let before = asked(&machine.calls()).len();
    for command in [&["plan", MANIFEST][..], &["observe", MANIFEST], &["drift", MANIFEST]] {
        let looked = machine.reconcile(command);
        assert_ne!(looked.code, 0xC000_0005, "{looked:?}");
    }
    assert_eq!(asked(&machine.calls()).len(), before, "none of them asked for the databases");
    let observed = machine.reconcile(&["observe", MANIFEST]);
    assert!(observed.stdout.contains("no management shell is opened next to it"), "{observed:?}");
    Ran::of(run.end()).is(0, State::AtGoal);
    machine.assert_converged();
}

/// The cmdlet of a reading command hangs. A run that begins in the meantime must neither wait for it nor fail.
#[test]
fn a_run_that_begins_during_a_reading_command_goes_on() {
    let mut machine = Machine::new(Server::standard_edition(SFB_2019));
    machine.declare("{}");
    machine.change(|lab| {
        lab.scripts.insert("Test-CsDatabase.ps1".into(), vec![ScriptRun::Hangs, ScriptRun::Works]);
    });
    let looks = machine.start(RECONCILE, &["observe", MANIFEST]);
    until("it asks for the databases", || (asked(&machine.calls()).len() == 1).then_some(()));
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    let looked = looks.end();
    assert!(looked.stdout.contains("no management shell is opened next to it"), "{looked:?}");
}
