//! The run, its children or the machine ends at any point. The next run does the rest, and only the rest.

use std::fs;
use std::time::Duration;

use reconcile_doubles::{Call, End, ScriptRun, Start, Stop, UpdaterRun};
use reconcile_schema::{State, Step, Store};

use crate::machine::Machine;
use crate::processes::{Process, until, within};
use crate::reconcile::{APPLY, MANIFEST, PROGRAM, with_all_components};
use crate::server::{LYNC_2013, SFB_2015, SFB_2019, Server};

/// How often the installer was started.
pub fn installs(machine: &Machine) -> usize {
    machine.calls().iter().filter(|call| call.program.ends_with("installer.exe")).count()
}

fn scripts(machine: &Machine, name: &str) -> usize {
    machine.calls().iter().filter(|call| call.script() == Some(name)).count()
}

/// Starts a run, kills it after this call, and runs it again. The second run waits for commands of the first that still
/// work.
fn killed_in(machine: Machine, what: &str, called: impl Fn(&Call) -> bool) -> (Machine, Vec<Step>) {
    machine.declare("{}");
    let known = machine.calls().len();
    let run = machine.start_apply();
    until(what, || machine.calls().iter().skip(known).any(&called).then_some(()));
    machine.kill(PROGRAM);
    run.end();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    machine.assert_converged();
    assert_eq!(installs(&machine), 1, "{again:#?}");
    let known = machine.calls().len();
    machine.apply().is(0, State::AtGoal);
    assert_eq!(machine.calls().len(), known);
    (machine, again.server.steps)
}

/// Whether a service got this order.
fn told(call: &Call, service: &str, order: &str) -> bool {
    call.program == "service.exe" && call.args == [service, order]
}

#[test]
fn killed_while_the_services_stop() {
    let mut server = Server::standard_edition(LYNC_2013);
    server.service("RTCSRV").stop = Stop::Slow(10_000);
    let (machine, steps) = killed_in(Machine::new(server), "it stops", |call| told(call, "RTCSRV", "stop"));
    assert_eq!(steps.first(), Some(&Step::StopServices), "{steps:?}");
    let orders = machine.calls().iter().filter(|call| told(call, "RTCSRV", "stop")).count();
    assert_eq!(orders, 1, "a service that is already stopping gets no second order");
}

#[test]
fn killed_while_the_databases_are_updated() {
    let script = "Install-CsDatabase.ps1";
    let mut server = Server::back_end(SFB_2019);
    server.lab.scripts.insert(script.to_owned(), vec![ScriptRun::Slow(8_000)]);
    let (machine, steps) = killed_in(Machine::new(server), script, |call| call.script() == Some(script));
    assert_eq!(steps, [Step::StartServices], "the update went on and is waited for");
    assert_eq!(scripts(&machine, script), 1);
}

#[test]
fn a_database_update_whose_run_was_killed_still_ends_at_its_time_limit() {
    let script = "Install-CsDatabase.ps1";
    let mut server = Server::back_end(SFB_2019);
    server.lab.scripts.insert(script.to_owned(), vec![ScriptRun::Hangs, ScriptRun::Works]);
    let machine = Machine::new(server);
    machine.declare("{ timeouts: { database: 10s } }");
    let run = machine.start_apply();
    machine.until_called(script, |call| call.script() == Some(script));
    machine.kill(PROGRAM);
    run.end();
    assert!(machine.runs("powershell.exe"), "it outlives its run");
    let again = machine.apply();
    again.is(0, State::AtGoal);
    machine.assert_converged();
    assert!(matches!(again.server.steps[..], [Step::UpdateDatabases(_), Step::StartServices]), "{again:#?}");
    assert_eq!(scripts(&machine, script), 2);
}

#[test]
fn a_shell_that_only_looks_ends_with_its_run() {
    let script = "Test-CsDatabase.ps1";
    let mut server = Server::back_end(SFB_2019);
    server.lab.scripts.insert(script.to_owned(), vec![ScriptRun::Hangs, ScriptRun::Works]);
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called(script, |call| call.script() == Some(script));
    machine.kill(PROGRAM);
    run.end();
    until("the shell ends with us", || (!machine.runs("powershell.exe")).then_some(()));
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn killed_within_milliseconds_of_the_installers_start() {
    for round in 0..6_u64 {
        let mut server = Server::standard_edition(SFB_2015);
        // On a busy computer, an installer that ends at once would come and go between two checks.
        server.lab.updater = vec![UpdaterRun { pace: 400, ..UpdaterRun::default() }];
        let machine = Machine::new(server);
        machine.declare("{}");
        let run = machine.start_apply();
        // The rounds alternate between killing the watcher too and sparing it. In some, the kill comes as soon as the
        // watcher appears.
        let (with_watcher, early) = (round % 2 == 0, round % 3 == 0);
        let seen = |process: &Process| process.watches && early || process.program == "skypeserverupdateinstaller.exe";
        // Wine's console host inherits the open files of the program that needs it, including the record. It can
        // outlive a program that is killed while it starts. On Windows the system owns that process.
        let whom = |process: &Process| {
            process.program == PROGRAM && (with_watcher || !process.watches)
                || with_watcher && process.program == "conhost.exe"
        };
        machine.kill_when(seen, Duration::from_millis(round * 3), whom);
        run.end();
        let mut last = None;
        let came_back = within(Duration::from_secs(120), || {
            let ran = machine.apply();
            let is_done = ran.code == 0;
            last = Some(ran);
            is_done.then_some(())
        });
        assert!(came_back.is_some(), "round {round}: later runs are blocked for ever: {last:#?}");
        machine.assert_converged();
    }
}

#[test]
fn killed_within_milliseconds_of_a_shells_start() {
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.scripts.insert("Test-Membership.ps1".to_owned(), vec![ScriptRun::Slow(2_000)]);
    let machine = Machine::new(server);
    machine.declare("{}");
    for round in 0..8 {
        let run = machine.start_apply();
        let shell = |process: &Process| process.program == "powershell.exe";
        let whom = |process: &Process| process.program == PROGRAM && !process.watches;
        machine.kill_when(shell, Duration::from_millis(round * 2), whom);
        run.end();
        until("the shell ends with us", || (!machine.runs("powershell.exe")).then_some(()));
    }
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn killed_while_the_services_start() {
    let mut machine = Machine::new(Server::back_end(SFB_2015));
    machine.change(|lab| {
        lab.services.iter_mut().find(|service| service.name == "RTCSRV").unwrap().start = Start::Slow(10_000);
    });
    let (machine, steps) = killed_in(machine, "it starts", |call| told(call, "RTCSRV", "start"));
    assert_eq!(steps, [Step::StartServices]);
    let orders = machine.calls().iter().filter(|call| told(call, "RTCSRV", "start")).count();
    assert_eq!(orders, 2, "one by the boot, one by the first run; the second run only waits");
}

#[test]
fn killed_while_the_installer_runs_which_lives_on() {
    let mut server = Server::standard_edition(SFB_2015);
    server.lab.updater = vec![UpdaterRun { pace: 2_000, ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    until("it installs", || (installs(&machine) == 1).then_some(()));
    machine.kill(PROGRAM);
    run.end();

    let meanwhile = machine.apply();
    assert_eq!((meanwhile.code, meanwhile.server.state), (3, State::Blocked), "{meanwhile:#?}");
    assert!(meanwhile.why().contains("SkypeServerUpdateInstaller.exe (process "), "{}", meanwhile.why());
    assert_eq!(meanwhile.server.steps, [], "services that start now would make the installer fail");
    assert!(meanwhile.server.left_down.contains(&"RTCSRV".to_owned()), "{meanwhile:#?}");

    until("it ends by itself", || (!machine.runs(SFB_2015.installer)).then_some(()));
    let rest = machine.apply();
    rest.is(0, State::AtGoal);
    let databases = Step::UpdateDatabases(Store::Local);
    assert_eq!(rest.server.steps, [Step::StopServices, Step::StartWeb, databases, Step::StartServices], "{rest:#?}");
    machine.assert_converged();
    assert_eq!(installs(&machine), 1);
    let seen = machine.journal().iter().filter(|mark| *mark == "installed").count();
    assert_eq!(seen, 1, "its watcher saw how it ended");
}

/// A machine with this server, after a power cut when half of the components were installed.
pub fn without_power_half_way(mut server: Server) -> Machine {
    let product = server.product;
    server.lab.updater =
        vec![UpdaterRun { components: Some(2), end: End::Hang, ..UpdaterRun::default() }, UpdaterRun::default()];
    let machine = Machine::new(server);
    machine.put(MANIFEST, with_all_components(&machine));
    let run = machine.start_apply();
    let patched = product.component("Administrative Tools");
    machine.until_seen("half of it is installed", |sight| sight.components[&patched] == product.after);
    machine.cut_power();
    run.cut_short();
    machine
}

#[test]
fn the_power_goes_while_the_installer_runs() {
    let machine = without_power_half_way(Server::back_end(SFB_2019));
    let again = machine.apply();
    again.is(0, State::AtGoal);
    machine.assert_converged();
    // It is random whether that half was on the disk when the power was cut. The rest must be installed in both cases.
    assert_eq!(installs(&machine), 2);
}

#[test]
fn the_machine_is_restarted_while_the_databases_are_updated() {
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.scripts.insert("Install-CsDatabase.ps1".into(), vec![ScriptRun::Hangs, ScriptRun::Works]);
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called("databases", |call| call.script() == Some("Install-CsDatabase.ps1"));
    machine.reboot();
    run.cut_short();

    let again = machine.apply();
    again.is(0, State::AtGoal);
    // The restart has started the services, so the run stops them again. No service holds old assemblies, so no second
    // stop follows.
    let steps = [Step::StopServices, Step::UpdateDatabases(Store::Local), Step::StartServices];
    assert_eq!(again.server.steps, steps, "{again:#?}");
    machine.assert_converged();
    assert_eq!(installs(&machine), 1);
}

#[test]
fn a_restart_that_is_not_allowed_is_left_to_people() {
    let mut server = Server::standard_edition(SFB_2015);
    server.lab.updater = vec![UpdaterRun { end: End::Exit(3010), leaves_rename: true, ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{}");
    let first = machine.apply();
    first.is(3, State::Blocked);
    assert!(first.why().contains("the installer (exit code 3010)"), "{}", first.why());
    assert!(!first.server.restarting);
    machine.assert_up();
    assert_eq!(scripts(&machine, "Install-CsDatabase.ps1"), 0, "the databases come after the restart");

    let known = machine.calls().len();
    machine.apply().is(3, State::Blocked);
    machine.assert_untouched(known);

    machine.reboot();
    let rest = machine.apply();
    rest.is(0, State::AtGoal);
    let steps = [Step::StopServices, Step::UpdateDatabases(Store::Local), Step::StartServices];
    assert_eq!(rest.server.steps, steps, "{rest:#?}");
    machine.assert_converged();
}

#[test]
fn a_restart_that_is_allowed_is_asked_for() {
    let mut server = Server::back_end(SFB_2019);
    server.lab.updater = vec![UpdaterRun { end: End::Exit(3010), ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{ reboot: whenRequired }");
    let first = machine.apply();
    assert_eq!((first.code, first.server.state), (3, State::Blocked), "{first:#?}");
    assert!(first.server.restarting, "{first:#?}");
    let lasts = first.server.restart_at.zip(first.server.booted_at);
    assert!(lasts.is_some_and(|(down, booted)| booted < down), "announced in this boot: {first:#?}");
    assert_eq!(machine.journal().iter().filter(|mark| *mark == "rebootAsked").count(), 1);

    machine.reboot();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert!(again.server.boot.is_some() && again.server.boot != first.server.boot, "{again:#?}");
    machine.assert_converged();
    assert_eq!(installs(&machine), 1);
}

#[test]
fn a_manifest_with_an_error_keeps_no_service_down() {
    keeps_no_service_down(|machine| machine.put(MANIFEST, "version: 1\nupdats: {}\n"));
}

#[test]
fn a_manifest_that_cannot_be_read_keeps_no_service_down() {
    keeps_no_service_down(|machine| fs::remove_file(machine.path(MANIFEST)).expect("removed"));
}

/// Kills a run that stops services, spoils the manifest, and runs again.
fn keeps_no_service_down(spoil: impl Fn(&Machine)) {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Slow(10_000);
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called("it stops", |call| told(call, "RTCSRV", "stop"));
    machine.kill(PROGRAM);
    run.end();

    spoil(&machine);
    let ended = machine.reconcile(&APPLY);
    assert_eq!((ended.code, ended.stdout.as_str()), (65, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("the services that an earlier run had stopped run again"), "{}", ended.stderr);
    machine.assert_up();
    assert_eq!(installs(&machine), 0);

    machine.declare("{}");
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}
