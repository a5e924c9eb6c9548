//! Failures during a run: the services come back, and the report names the next thing for a person to do.

use reconcile_doubles::{Call, End, ScriptRun, Start, Stop, UpdaterRun};
use reconcile_schema::{State, Step};

use crate::machine::{Machine, Output};
use crate::processes::until;
use crate::reconcile::{APPLY, MANIFEST, PROGRAM, Ran, with_all_components};
use crate::server::{LYNC_2013, SFB_2015, SFB_2019, Server};

/// Short timeouts, for tests that wait until they expire.
const SHORT: &str = "{ timeouts: { stop: 5s, start: 5s } }";

fn with_updater(run: UpdaterRun) -> Machine {
    let mut server = Server::standard_edition(LYNC_2013);
    server.lab.updater = vec![run, UpdaterRun::default()];
    let machine = Machine::new(server);
    machine.declare("{}");
    machine
}

#[test]
fn a_service_that_hangs_in_stop_is_named_and_the_others_run_again() {
    let mut server = Server::back_end(SFB_2019);
    server.service("RTCRGS").stop = Stop::Hang;
    let machine = Machine::new(server);
    // Two failed stops exceed the budget. The report must still name the service, because only a person can fix that.
    machine.declare("{ outage: { budget: 11s }, timeouts: { stop: 6s, start: 5s } }");
    let ran = machine.apply();
    ran.leaves(4, State::NeedsOperator, &["RTCRGS"]);
    assert!(ran.why().contains("stopping the services"), "{}", ran.why());
    assert!(ran.stderr.contains("RTCRGS is stopping"), "{}", ran.stderr);
    assert_eq!(ran.count(&Step::Install), 0);
    let states = machine.look().services;
    let down: Vec<_> = states.iter().filter(|(_, state)| *state != "Running").collect();
    assert_eq!(down, [(&"RTCRGS".to_owned(), &"StopPending".to_owned())]);
}

#[test]
fn a_service_that_does_not_start_is_named() {
    let mut machine = Machine::new(Server::back_end(SFB_2015));
    machine.declare(SHORT);
    machine.change(|lab| {
        lab.services.iter_mut().find(|service| service.name == "RTCATS").unwrap().start = Start::Fail(1067);
    });
    let ran = machine.apply();
    ran.leaves(4, State::NeedsOperator, &["RTCATS"]);
    assert!(ran.stderr.contains("RTCATS is stopped"), "{}", ran.stderr);
    assert!(ran.why().contains("RTCATS ended: ") && ran.why().contains("(Win32 error 1067)"), "{}", ran.why());

    machine.change(|lab| {
        lab.services.iter_mut().find(|service| service.name == "RTCATS").unwrap().start = Start::Prompt;
    });
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!(again.server.steps, [Step::StartServices]);
    machine.assert_converged();
}

/// Changes how a service of the machine starts.
fn starts(machine: &mut Machine, name: &str, start: Start) {
    machine.change(|lab| lab.services.iter_mut().find(|service| service.name == name).unwrap().start = start);
}

#[test]
fn a_service_that_starts_and_ends_by_itself_is_not_at_its_goal() {
    // The service ends at once while the others start, or shortly after, or when everything seems well.
    'ways: for milliseconds in [0, 300, 2_000] {
        let mut machine = Machine::new(Server::back_end(SFB_2019));
        machine.declare("{}");
        starts(&mut machine, "RTCATS", Start::Ends(milliseconds));
        // A service that ends at once can be gone before the service manager reports it as started. The start is then
        // refused.
        let is_refused = |ran: &Ran| {
            let refused = milliseconds == 0 && ran.code == 4;
            if refused {
                ran.leaves(4, State::NeedsOperator, &["RTCATS"]);
                assert!(ran.why().contains("(Win32 error 1053)"), "{}", ran.why());
            }
            refused
        };
        let ran = machine.apply();
        if is_refused(&ran) {
            continue;
        }
        ran.leaves(1, State::Failed, &["RTCATS"]);
        assert!(ran.why().contains("ended again by itself") && ran.why().contains("RTCATS"), "{}", ran.why());
        assert!(ran.server.started_again.is_empty(), "{ran:#?}");

        for runs in [2, 3] {
            let again = machine.apply();
            if is_refused(&again) {
                continue 'ways;
            }
            again.leaves(1, State::Failed, &["RTCATS"]);
            assert_eq!(again.server.steps, [Step::StartServices], "{again:#?}");
            let told: Vec<_> = again.server.started_again.iter().map(|one| (one.service.as_str(), one.runs)).collect();
            assert_eq!(told, [("RTCATS", runs)], "{again:#?}");
            assert!(again.why().contains(&format!("started by {runs} runs since ")), "{}", again.why());
        }

        starts(&mut machine, "RTCATS", Start::Prompt);
        let last = machine.apply();
        last.is(0, State::AtGoal);
        assert_eq!(
            last.server.started_again.first().map(|one| one.runs),
            Some(4),
            "it may still not stay up: {last:#?}"
        );
        machine.assert_converged();
    }
}

#[test]
fn a_service_that_stops_slowly_is_waited_for() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Slow(3_000);
    let machine = Machine::new(server);
    machine.declare("{}");
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::StopServices), 2, "one stop before the installer is enough: {ran:#?}");
    machine.assert_converged();
}

#[test]
fn the_installer_fails_and_moves_nothing() {
    let machine = with_updater(UpdaterRun { components: Some(0), end: End::Exit(1603), ..UpdaterRun::default() });
    let ran = machine.apply();
    ran.is(1, State::Failed);
    assert!(ran.why().contains("exit code 1603 (fatal error during installation)"), "{}", ran.why());
    machine.assert_up();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn the_installer_fails_half_way_and_is_run_again() {
    let machine = with_updater(UpdaterRun { components: Some(1), end: End::Exit(1603), ..UpdaterRun::default() });
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::Install), 2, "{ran:#?}");
    machine.assert_converged();
}

#[test]
fn core_components_alone_are_no_update_where_the_manifest_says_more() {
    let machine = with_updater(UpdaterRun { components: Some(2), end: End::Exit(1603), ..UpdaterRun::default() });
    machine.put(MANIFEST, with_all_components(&machine));
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::Install), 2, "{ran:#?}");
    machine.assert_converged();
}

#[test]
fn the_installer_crashes_half_way_and_is_run_again() {
    let machine = with_updater(UpdaterRun { components: Some(1), end: End::Crash, ..UpdaterRun::default() });
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::Install), 2, "{ran:#?}");
    machine.assert_converged();
}

/// The updater patches the Administrative Tools and Core Components first, in the order of their names. The manifest
/// declares only Core Components.
#[test]
fn an_installer_that_fails_or_crashes_after_core_components_is_run_again() {
    for end in [End::Exit(1603), End::Crash] {
        let machine = with_updater(UpdaterRun { components: Some(2), end, ..UpdaterRun::default() });
        let ran = machine.apply();
        ran.is(0, State::AtGoal);
        assert_eq!(ran.count(&Step::Install), 2, "{ran:#?}");
        assert!(ran.stderr.contains("other components may be missing"), "{}", ran.stderr);
        machine.assert_converged();
    }
}

#[test]
fn until_an_installation_was_seen_to_end_well_the_server_is_not_at_its_goal() {
    let mut server = Server::standard_edition(SFB_2019);
    let fails = UpdaterRun { components: Some(2), end: End::Exit(1603), ..UpdaterRun::default() };
    server.lab.updater = vec![fails, UpdaterRun::default()];
    let machine = Machine::new(server);
    machine.declare("{ attempts: 1 }");
    let ran = machine.apply();
    ran.is(4, State::NeedsOperator);
    assert!(ran.why().contains("the last exit code was 1603"), "{}", ran.why());
    machine.assert_up();
    machine.apply().is(4, State::NeedsOperator);
    let drift = machine.reconcile(&["drift", MANIFEST, "--output", "json"]);
    assert_eq!(drift.code, 2, "{}", drift.stderr);
    assert!(drift.stdout.contains("installation-unproven"), "{}", drift.stdout);
    let again = machine.reconcile(&[&APPLY[..], &["--retry"]].concat());
    assert_eq!(again.code, 0, "{}", again.stderr);
    machine.assert_converged();
}

#[test]
fn a_service_that_was_up_only_while_the_installer_looked_costs_no_operator() {
    let mut server = Server::standard_edition(LYNC_2013);
    let meets = UpdaterRun { components: Some(0), end: End::Exit(2), ..UpdaterRun::default() };
    server.lab.updater = vec![meets.clone(), meets, UpdaterRun::default()];
    let machine = Machine::new(server);
    machine.declare("{}");
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!((ran.count(&Step::Install), ran.count(&Step::StopServices)), (3, 2), "{ran:#?}");
    machine.assert_converged();
}

#[test]
fn the_installer_finds_a_service_and_is_run_again() {
    let machine = with_updater(UpdaterRun { meets: Some("REPLICA".into()), ..UpdaterRun::default() });
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!((ran.count(&Step::Install), ran.count(&Step::StopServices)), (2, 3), "{ran:#?}");
    machine.assert_converged();
}

#[test]
fn an_installer_that_does_nothing_and_reports_success_needs_a_person() {
    let mut server = Server::back_end(SFB_2015);
    server.lab.updater = vec![UpdaterRun { components: Some(0), ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{}");
    let ran = machine.apply();
    ran.is(4, State::NeedsOperator);
    assert!(ran.why().contains("the installation reported success, but core-components is at "), "{}", ran.why());
    machine.assert_up();
}

#[test]
fn an_installer_that_starts_the_services_is_followed_by_the_second_stop() {
    let machine = with_updater(UpdaterRun { starts_services: true, ..UpdaterRun::default() });
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.count(&Step::StopServices), 2, "{ran:#?}");
    assert_eq!(ran.count(&Step::Install), 1, "{ran:#?}");
    machine.assert_converged();
}

#[test]
fn an_installer_that_outlasts_its_time_is_left_to_finish() {
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.updater = vec![UpdaterRun { pace: 2_000, ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{ timeouts: { install: 1s } }");
    let ran = machine.apply();
    assert!(machine.runs(SFB_2019.installer), "nobody ended it");
    assert_eq!((ran.code, ran.server.state), (1, State::Failed), "{ran:#?}");
    assert!(ran.why().contains("leave it to finish, then run again"), "{}", ran.why());
    assert!(ran.server.left_down.contains(&"RTCSRV".to_owned()), "{ran:#?}");
    until("it ends by itself", || (!machine.runs(SFB_2019.installer)).then_some(()));
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn databases_that_an_update_skips_need_a_person() {
    let machine = Machine::new({
        let mut server = Server::back_end(SFB_2019);
        server.databases[0].stuck = true;
        server
    });
    machine.declare("{}");
    let ran = machine.apply();
    ran.is(4, State::NeedsOperator);
    assert!(ran.why().contains("reported success"), "{}", ran.why());
    machine.assert_up();
}

#[test]
fn a_database_update_that_fails_says_why() {
    let mut server = Server::back_end(SFB_2019);
    let fails = ScriptRun::Fails("the login failed".into());
    server.lab.scripts.insert("Install-CsDatabase.ps1".into(), vec![fails, ScriptRun::Works]);
    let machine = Machine::new(server);
    machine.declare("{}");
    let ran = machine.apply();
    ran.is(1, State::Failed);
    assert!(ran.why().contains("the login failed"), "{}", ran.why());
    machine.assert_up();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn a_second_run_is_refused_while_the_first_holds_the_lock_which_dies_with_its_holder() {
    let mut server = Server::back_end(LYNC_2013);
    let script = "Install-CsDatabase.ps1";
    server.lab.scripts.insert(script.into(), vec![ScriptRun::Slow(20_000)]);
    let machine = Machine::new(server);
    machine.declare("{}");
    let first = machine.start_apply();
    machine.until_called(script, |call| call.script() == Some(script));
    let second = machine.reconcile(&[&APPLY as &[&str], &["--lock-wait", "0s"]].concat());
    assert_eq!((second.code, second.stdout.as_str()), (3, ""), "{}", second.stderr);
    assert!(second.stderr.contains("another run holds the lock"), "{}", second.stderr);
    assert!(second.stderr.contains(", process "), "the holder is named: {}", second.stderr);
    machine.kill(PROGRAM);
    first.end();
    machine.apply().is(0, State::AtGoal);
}

/// Presses Ctrl-C after this call; returns the result of that run.
fn interrupted_in(server: Server, what: &str, called: impl Fn(&Call) -> bool) -> (Machine, Output) {
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called(what, called);
    machine.interrupt(PROGRAM);
    let ended = run.end();
    (machine, ended)
}

#[test]
fn ctrl_c_while_the_services_stop_brings_them_back() {
    let mut server = Server::standard_edition(SFB_2019);
    server.service("RTCSRV").stop = Stop::Slow(5_000);
    let (machine, ended) = interrupted_in(server, "it stops", |call| call.args == ["RTCSRV", "stop"]);
    let ran = Ran::of(ended);
    ran.is(3, State::Blocked);
    assert_eq!(ran.why(), "the run was interrupted");
    assert_eq!(ran.count(&Step::Install), 0);
    machine.assert_up();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn ctrl_c_while_the_installer_runs_waits_for_it_and_brings_the_services_back() {
    let mut server = Server::standard_edition(SFB_2015);
    server.lab.updater = vec![UpdaterRun { pace: 1_000, ..UpdaterRun::default() }];
    let (machine, ended) =
        interrupted_in(server, "it installs", |call| call.program == "skypeserverupdateinstaller.exe");
    let ran = Ran::of(ended);
    ran.is(3, State::Blocked);
    assert_eq!(ran.count(&Step::Install), 1);
    machine.assert_up();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn an_answer_is_found_behind_3_mb_of_warnings() {
    let mut server = Server::back_end(SFB_2019);
    for script in ["Test-CsDatabase.ps1", "Test-Membership.ps1", "Install-CsDatabase.ps1"] {
        server.lab.scripts.insert(script.into(), vec![ScriptRun::Chatty]);
    }
    let machine = Machine::new(server);
    machine.declare("{}");
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn ctrl_c_while_the_databases_are_updated_waits_for_it_and_ends_as_interrupted() {
    let script = "Install-CsDatabase.ps1";
    let mut server = Server::back_end(SFB_2015);
    server.lab.scripts.insert(script.into(), vec![ScriptRun::Slow(5_000)]);
    let (machine, ended) = interrupted_in(server, script, |call| call.script() == Some(script));
    let ran = Ran::of(ended);
    ran.is(3, State::Blocked);
    assert_eq!(ran.why(), "the run was interrupted");
    machine.assert_up();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    let updates = machine.calls().iter().filter(|call| call.script() == Some(script)).count();
    assert_eq!(updates, 1, "it was not interrupted");
}

#[test]
fn an_installer_that_hangs_is_reported_long_before_its_time_limit_and_not_ended() {
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.updater = vec![UpdaterRun { components: Some(1), end: End::Hang, ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{ quiet: 3s, timeouts: { install: 20s } }");
    let run = machine.start_apply();
    run.until_said("no output, no growth of a log and no CPU time for 3 s");
    assert!(machine.runs(SFB_2019.installer), "nobody ended it");
    let ran = Ran::of(run.end());
    assert_eq!((ran.code, ran.server.state), (1, State::Failed), "{ran:#?}");
    assert!(ran.server.quiet_seconds.is_some_and(|seconds| seconds >= 10), "{ran:#?}");
    assert!(machine.runs(SFB_2019.installer), "nobody ended it");
}

#[test]
fn an_installer_that_makes_progress_is_not_called_quiet() {
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.updater = vec![UpdaterRun { pace: 2_000, ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{ quiet: 6s }");
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.server.quiet_seconds, None, "{ran:#?}");
}

#[test]
fn a_second_ctrl_c_leaves_the_update_of_the_databases_running_and_the_next_run_waits_for_it() {
    let script = "Install-CsDatabase.ps1";
    let mut server = Server::back_end(SFB_2019);
    server.lab.scripts.insert(script.into(), vec![ScriptRun::Slow(10_000)]);
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called(script, |call| call.script() == Some(script));
    machine.interrupt(PROGRAM);
    run.until_said("ending after the current step");
    machine.interrupt(PROGRAM);
    let ran = Ran::of(run.end());
    assert_eq!((ran.code, ran.server.state), (3, State::Blocked), "{ran:#?}");
    assert!(ran.why().contains("the run was interrupted: Ctrl-C was pressed twice"), "{}", ran.why());
    assert!(machine.runs("powershell.exe"), "it was not interrupted");

    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    assert_eq!(machine.calls().iter().filter(|call| call.script() == Some(script)).count(), 1);
}
