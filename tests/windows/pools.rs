//! A Front End Server and its pool. The run asks the pool before the first stop, the pool takes over, and it gives the
//! server back whatever happens on the way. Only one server of the pool is worked on at a time.

use reconcile_doubles::{Call, End, FRONT_END, Lab, Pool, ScriptRun, Start, StartType, Stop, UpdaterRun, WEB_SERVER};
use reconcile_schema::{PoolRecord, State, Step};
use serde_json::json;

use crate::crashes::{installs, without_power_half_way};
use crate::machine::Machine;
use crate::processes::until;
use crate::reconcile::{MANIFEST, PROGRAM, Ran, manifest};
use crate::refusals::refused;
use crate::server::{POOL, SFB_2015, SFB_2019, SFB_SE, Server};

const ASK: &str = "Test-Pool.ps1";
const MOVE: &str = "Move-Computer.ps1";

/// The folder with the claims of the pool's servers.
const CLAIMS: &str = r"C:\claims";

/// A machine with this server and that folder.
fn with_claims(server: Server) -> Machine {
    let machine = Machine::new(server);
    declare(&machine, &format!("{{ folder: '{CLAIMS}', writers: [{WINE}] }}"));
    std::fs::create_dir_all(machine.path(CLAIMS)).unwrap();
    machine
}

/// The account of the prefix. Wine treats everybody else as a second account.
const WINE: &str = "S-1-5-21-0-0-0-1000";

/// Declares this folder for claims.
fn declare(machine: &Machine, claims: &str) {
    let claims = format!("rollout: {{ claims: {claims} }}\npools: {{ {POOL}: {{}} }}\nservers:\n");
    machine.put(MANIFEST, manifest(machine, "{}").replace("servers:\n", &claims));
}

fn file_of(server: &str) -> String {
    format!(r"{CLAIMS}\{POOL}.{server}.json")
}

/// The record that a server has written for the others.
fn said_by(machine: &Machine, server: &str) -> PoolRecord {
    let text = std::fs::read(machine.path(&file_of(server)));
    text.map_or_else(|_| PoolRecord::default(), |text| serde_json::from_slice(&text).unwrap())
}

/// Whether a server's own record claims the pool.
fn has_claimed(machine: &Machine, server: &str) -> bool {
    said_by(machine, server).claims.iter().any(|claim| claim.server.as_str() == server)
}

/// The build that a server has reported.
fn told(machine: &Machine, server: &str) -> Option<String> {
    let reached = said_by(machine, server).reached;
    reached.into_iter().find(|(name, _)| name.as_str() == server).map(|(_, build)| build.to_string())
}

/// The directions of the computer's moves, in order.
fn moves(machine: &Machine) -> Vec<String> {
    let calls = machine.calls();
    let moves = calls.iter().filter(|call| call.script() == Some(MOVE));
    moves.map(|call| serde_json::from_str::<serde_json::Value>(&call.stdin).unwrap()["direction"].to_string()).collect()
}

/// The server's own services, sorted by name.
fn own(machine: &Machine) -> Vec<&str> {
    let services = machine.server().lab.services.iter().map(|service| service.name.as_str());
    let mut own: Vec<_> = services.filter(|name| *name != WEB_SERVER).collect();
    own.sort_unstable();
    own
}

fn fails(why: &str) -> ScriptRun {
    ScriptRun::Fails(why.into())
}

/// Changes the pool's report about itself.
fn the_pool_is(machine: &mut Machine, change: impl FnOnce(&mut Pool)) {
    machine.change(|lab| change(lab.pool.as_mut().expect("a Front End Server")));
}

/// Starts a run and kills it when the Front End service gets this order. Its shell must keep running.
fn killed_when_told(machine: &Machine, order: &str) {
    let known = machine.calls().len();
    let run = machine.start_apply();
    let told = |call: &Call| call.program == "service.exe" && call.args == [FRONT_END, order];
    until("the Front End service is told", || machine.calls().iter().skip(known).any(told).then_some(()));
    machine.kill(PROGRAM);
    run.end();
    assert!(machine.runs("powershell.exe"), "the shell that moves a server outlives its run");
}

#[test]
fn a_pool_that_cannot_spare_the_server_keeps_it() {
    let mut machine = Machine::new(Server::front_end(SFB_2019));
    machine.declare("{}");
    let cannot = format!("the pool {POOL} cannot spare this server");

    // The run would ask the pool twice more, ten minutes apart, and somebody interrupts that wait.
    the_pool_is(&mut machine, |pool| pool.readiness = "Busy".into());
    for steps in [&[Step::Stage][..], &[]] {
        let known = machine.calls().len();
        let run = machine.start_apply();
        run.until_said(&format!("{cannot}: it is busy (PoolUpgradeState is Busy)"));
        machine.interrupt(PROGRAM);
        let ran = Ran::of(run.end());
        ran.is(3, State::Blocked);
        assert_eq!(ran.why(), "the run was interrupted");
        assert_eq!(ran.server.steps, steps, "the update is made ready once");
        machine.assert_untouched(known);
    }
    machine.assert_up();

    the_pool_is(&mut machine, |pool| (pool.readiness, pool.others) = ("InsufficientActiveFrontEnds".into(), 0));
    let ran = refused(&machine, 4, State::NeedsOperator);
    let why = "1 of its 3 servers are active (PoolUpgradeState is InsufficientActiveFrontEnds)";
    assert_eq!(ran.why(), format!("{cannot}: {why}"));

    the_pool_is(&mut machine, |pool| (pool.readiness, pool.others) = ("Ready".into(), 1));
    let ran = refused(&machine, 3, State::Blocked);
    assert_eq!(ran.why(), format!("{cannot}: 2 of its 3 servers are active, and 2 must stay"));

    let lost = ["Missing Secondary of routing group 7", "Missing Primary of routing group 9"];
    let verbose = lost.map(|line| ("verbose".to_owned(), line.to_owned()));
    the_pool_is(&mut machine, |pool| (pool.others, pool.fabric) = (2, Some(verbose.to_vec())));
    let ran = refused(&machine, 4, State::NeedsOperator);
    assert_eq!(ran.why(), format!("{cannot}: replicas are missing: {}", lost.join("; ")));
}

/// The readiness of the server's upgrade domain decides; the report on the fabric comes second.
#[test]
fn a_pool_is_taken_at_its_word_and_not_at_its_silence() {
    let mut server = Server::front_end(SFB_2019);
    server.lab.pool.as_mut().unwrap().counts = false;
    let mut machine = Machine::new(server);
    machine.declare("{}");
    let cannot = format!("the pool {POOL} cannot spare this server");
    let own = machine.server().lab.fqdn.clone();
    let domain = |names: &str, ready: &str| (names.to_owned(), ready.to_owned());
    let line = |stream: &str, text: &str| (stream.to_owned(), text.to_owned());

    assert!(refused(&machine, 5, State::Unknown).why().starts_with(&format!("{cannot}: it reports neither")));
    the_pool_is(&mut machine, |pool| pool.domains = vec![domain("UD1 other-1", "True"), domain(&own, "False")]);
    let ran = refused(&machine, 3, State::Blocked);
    assert_eq!(
        ran.why(),
        format!("{cannot}: the upgrade domain of this server is not ready (IsReadyForUpgrade is False)")
    );
    the_pool_is(&mut machine, |pool| pool.domains = vec![domain("UD1", "True"), domain("UD2", "False")]);
    assert!(refused(&machine, 3, State::Blocked).why().ends_with("which of them holds this server is not known"));

    the_pool_is(&mut machine, |pool| pool.domains = vec![domain("UD1 other-1", "False"), domain(&own, "True")]);
    let warned = vec![line("output", &format!("{own} OK UP")), line("warning", "other-1 does not answer")];
    the_pool_is(&mut machine, |pool| pool.fabric = Some(warned));
    let ran = refused(&machine, 3, State::Blocked);
    assert_eq!(ran.why(), format!("{cannot}: Get-CsPoolFabricState warns: other-1 does not answer"));
    for said in [vec![], vec![line("output", "Todo est\u{e1} en orden")], vec![line("verbose", "other-1 OK UP")]] {
        the_pool_is(&mut machine, |pool| pool.fabric = Some(said));
        let ran = refused(&machine, 5, State::Unknown);
        assert!(ran.why().starts_with(&format!("{cannot}: the answer of Get-CsPoolFabricState is not understood")));
    }
    let planned = machine.reconcile(&["plan", MANIFEST]);
    assert!(planned.stdout.contains("Get-CsPoolFabricState says"), "{}{}", planned.stdout, planned.stderr);

    // Somebody has read the report, and the manifest says so.
    machine.declare("{ pool: { fabric: ignore } }");
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn a_pool_that_gives_no_answer_keeps_the_server() {
    let mut machine = Machine::new(Server::front_end(SFB_2015));
    machine.declare("{}");
    machine.change(|lab| drop(lab.scripts.insert(ASK.into(), vec![fails("the fabric does not answer")])));
    let ran = refused(&machine, 5, State::Unknown);
    let why = "the readiness of the pool: Test-Pool.ps1 ended with exit code 1: the fabric does not answer";
    assert!(ran.why().starts_with(why), "{}", ran.why());
    let half = r#"{"readiness":"Ready","domains":[],"servers":"3","active":"3"}"#;
    let whole = half.replace("\"3\"}", "\"3\",\"fabric\":[]}");
    for answer in ["WARNING: something else", "[]", half, &whole.replace("Ready", "Bereit")] {
        machine.change(|lab| drop(lab.scripts.insert(ASK.into(), vec![ScriptRun::Answers(answer.into())])));
        let ran = refused(&machine, 5, State::Unknown);
        assert!(ran.why().contains("Test-Pool.ps1 was expected to answer how the pool stands"), "{}", ran.why());
    }
    machine.change(|lab| drop(lab.scripts.insert(ASK.into(), vec![ScriptRun::DoesNothing])));
    assert!(refused(&machine, 5, State::Unknown).why().contains("found nothing"));
}

#[test]
fn a_fail_over_that_fails_takes_nothing_down() {
    let mut server = Server::front_end(SFB_2019);
    server.lab.scripts.insert(MOVE.into(), vec![fails("the wait time is over"), ScriptRun::Works]);
    let machine = Machine::new(server);
    machine.declare("{}");
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(1, State::Failed);
    let why = "the failover failed: Move-Computer.ps1 ended with exit code 1: the wait time is over";
    assert!(ran.why().starts_with(why), "{}", ran.why());
    assert_eq!(ran.server.steps, [Step::Stage, Step::FailOver]);
    let calls = machine.called_since(known);
    assert!(calls.last().is_some_and(|call| call.starts_with(MOVE)), "{calls:#?}");
    machine.assert_up();

    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn a_server_whose_fail_back_fails_stays_out_of_its_pool_until_the_next_run() {
    let mut server = Server::front_end(SFB_2019);
    server.lab.scripts.insert(MOVE.into(), vec![ScriptRun::Works, fails("the wait time is over"), ScriptRun::Works]);
    let machine = Machine::new(server);
    machine.declare("{}");
    let own = own(&machine);
    let ran = machine.apply();
    ran.leaves(1, State::Failed, &own);
    let why = "the failback failed: Move-Computer.ps1 ended with exit code 1: the wait time is over";
    assert!(ran.why().starts_with(why), "{}", ran.why());

    // Somebody hopes that a restart helps.
    machine.reboot();
    let down = machine.look().services;
    let down: Vec<_> = down.iter().filter(|(_, state)| *state == "Stopped").map(|(name, _)| name).collect();
    assert_eq!(down, own);

    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!(again.server.steps, [Step::FailBack], "{again:#?}");
    machine.assert_converged();
    assert_eq!(installs(&machine), 1);
}

#[test]
fn a_run_that_is_killed_while_the_pool_takes_over_keeps_its_claim_and_the_next_one_goes_on() {
    let mut server = Server::front_end(SFB_2019);
    server.service(FRONT_END).stop = Stop::Slow(10_000);
    let machine = with_claims(server);
    let name = machine.server().lab.fqdn.as_str();
    killed_when_told(&machine, "stop");
    assert!(has_claimed(&machine, name), "claimed before the first stop");
    assert_eq!(told(&machine, name), None);

    let again = machine.apply();
    again.is(0, State::AtGoal);
    machine.assert_converged();
    assert_eq!(moves(&machine), [r#""out""#, r#""back""#], "the failover went on and was waited for");
    assert_eq!(installs(&machine), 1);
    assert_eq!(again.count(&Step::Claim), 0, "{again:#?}");
    assert_eq!((has_claimed(&machine, name), told(&machine, name).as_deref()), (false, Some(SFB_2019.after)));
}

#[test]
fn a_run_that_is_killed_while_the_pool_gives_back_keeps_its_claim_and_the_next_one_goes_on() {
    let mut machine = with_claims(Server::front_end(SFB_SE));
    let slow = |lab: &mut Lab| {
        lab.services.iter_mut().find(|service| service.name == FRONT_END).unwrap().start = Start::Slow(10_000)
    };
    machine.change(slow);
    let name = machine.server().lab.fqdn.as_str();
    killed_when_told(&machine, "start");
    assert!(has_claimed(&machine, name), "released when the services run, and not before");

    let again = machine.apply();
    again.is(0, State::AtGoal);
    machine.assert_converged();
    assert_eq!(again.server.steps, [Step::Release], "the failback went on and was waited for: {again:#?}");
    assert_eq!((has_claimed(&machine, name), told(&machine, name).as_deref()), (false, Some(SFB_SE.after)));
}

#[test]
fn the_power_goes_while_the_server_is_out_of_its_pool() {
    let machine = without_power_half_way(Server::front_end(SFB_2015));
    // It is random whether the services were still disabled on the disk when the power was cut.
    let again = machine.apply();
    again.is(0, State::AtGoal);
    machine.assert_converged();
    assert_eq!(installs(&machine), 2);
    assert_eq!(moves(&machine).last().map(String::as_str), Some(r#""back""#));
}

#[test]
fn ctrl_c_while_the_pool_takes_over_waits_for_it_and_gives_the_server_back() {
    let mut server = Server::front_end(SFB_2015);
    server.service(FRONT_END).stop = Stop::Slow(5_000);
    let machine = Machine::new(server);
    machine.declare("{}");
    let run = machine.start_apply();
    machine.until_called("it leaves its pool", |call| call.args == [FRONT_END, "stop"]);
    machine.interrupt(PROGRAM);
    let ran = Ran::of(run.end());
    ran.is(3, State::Blocked);
    assert_eq!(ran.why(), "the run was interrupted");
    assert_eq!(ran.server.steps, [Step::Stage, Step::FailOver, Step::FailBack]);
    machine.assert_up();

    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}

#[test]
fn a_restart_that_the_installer_asks_for_finds_the_server_out_of_its_pool() {
    let mut server = Server::front_end(SFB_2019);
    server.lab.updater = vec![UpdaterRun { end: End::Exit(3010), ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{ reboot: whenRequired }");
    let first = machine.apply();
    assert_eq!((first.code, first.server.state), (3, State::Blocked), "{first:#?}");
    assert!(first.server.restarting && first.count(&Step::FailBack) == 0, "{first:#?}");

    machine.reboot();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!(again.server.steps, [Step::FailBack], "{again:#?}");
    machine.assert_converged();
}

#[test]
fn a_server_that_somebody_else_failed_over_is_left_alone() {
    let mut server = Server::front_end(SFB_2015);
    for service in server.lab.services.iter_mut().filter(|service| service.name != WEB_SERVER) {
        service.start_type = StartType::Disabled;
    }
    let machine = Machine::new(server);
    machine.declare("{}");
    let (known, before) = (machine.calls().len(), machine.look());
    let ran = machine.apply();
    ran.is(4, State::NeedsOperator);
    let why = "the server is failed over (RTCSRV is disabled), and the journal records no run that did it";
    assert_eq!((ran.why(), ran.server.steps.len()), (why, 0), "{ran:#?}");
    assert_eq!(machine.calls().len(), known);
    assert_eq!(machine.look(), before);
}

#[test]
fn while_another_server_of_the_pool_is_worked_on_this_one_waits() {
    let machine = with_claims(Server::front_end(SFB_2019));
    let (name, other) = (machine.server().lab.fqdn.as_str(), "other.lab.example");
    machine.put(&file_of(other), "one of us is worked on");
    let ran = refused(&machine, 5, State::Unknown);
    assert!(ran.why().contains("move it away and run apply --retry"), "{}", ran.why());
    std::fs::remove_dir_all(machine.path(CLAIMS)).unwrap();
    let ran = refused(&machine, 5, State::Unknown);
    assert!(ran.why().contains("make sure that the share is there"), "{}", ran.why());

    let at = "2026-01-01T02:00:00Z";
    let claim = json!({ "server": other, "pool": POOL, "run": "20260101T020000Z-1", "at": at });
    machine.put(&file_of(other), json!({ "claims": [claim], "reached": { other: SFB_2019.before } }).to_string());
    let ran = refused(&machine, 3, State::Blocked);
    let since = "Thu 2026-01-01 02:00 (UTC)";
    let why = format!(
        "{other} has held the claim of the pool {POOL} since {since}; one server of a pool is updated at a time"
    );
    assert_eq!(ran.why(), why);
    let planned = machine.reconcile(&["plan", MANIFEST]);
    assert!(planned.stdout.contains(&why), "{}{}", planned.stdout, planned.stderr);
    let shown = machine.reconcile(&["claims", MANIFEST]);
    assert!(shown.stdout.contains(&format!("{other} is worked on since {since}")), "{}{}", shown.stdout, shown.stderr);

    // This server was taken out of the rack, so it will never report that it is done.
    let broken = machine.reconcile(&["claims", MANIFEST, "--break", other, "--reason", "scrapped"]);
    assert_eq!(broken.code, 0, "{}{}", broken.stdout, broken.stderr);
    assert!(has_claimed(&machine, other), "its own file is unchanged, and another file breaks the claim");
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    machine.assert_converged();
    let (first, last) = (ran.server.steps.first(), ran.server.steps.last());
    assert_eq!((first, last), (Some(&Step::Claim), Some(&Step::Release)), "{ran:#?}");
    let asked = machine.calls().iter().skip(known).filter(|call| call.script() == Some(ASK)).count();
    assert_eq!(asked, 2, "the pool is asked again after the claim");
    assert!(!has_claimed(&machine, name));
    assert_eq!(told(&machine, name).as_deref(), Some(SFB_2019.after));
    assert_eq!(told(&machine, other).as_deref(), Some(SFB_2019.before), "the records of the others stay");

    let known = machine.calls().len();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!((again.server.steps.len(), machine.calls().len()), (0, known));
}

/// Wine knows two accounts: the owner of the prefix, and everybody else.
#[test]
fn a_file_of_somebody_else_keeps_the_pool_as_it_is_and_is_named() {
    let machine = with_claims(Server::front_end(SFB_2019));
    let other = "other.lab.example";
    machine.put(&file_of(other), "{}");
    declare(&machine, &format!("'{CLAIMS}'"));
    let ran = refused(&machine, 4, State::NeedsOperator);
    let why = format!(r"{} speaks for {other} and belongs to ", file_of(other));
    assert!(ran.why().contains(&why), "{}", ran.why());
    let shown = machine.reconcile(&["claims", MANIFEST]);
    assert!(shown.stdout.contains(&why) && !shown.stdout.contains("no server is worked on"), "{}", shown.stdout);

    // The other servers would not believe our own file either. The run reports that before it stops anything.
    std::fs::remove_file(machine.path(&file_of(other))).unwrap();
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(1, State::Failed);
    assert!(ran.why().contains("no server would believe it"), "{}", ran.why());
    assert!(!ran.server.steps.iter().any(Step::takes_down), "{ran:#?}");
    machine.assert_untouched(known);
    declare(&machine, &format!("{{ folder: '{CLAIMS}', writers: [{WINE}] }}"));
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
}
