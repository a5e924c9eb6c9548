//! Services of the product without a published name. The run recognises them by their properties, and stops and starts
//! them with the others.

use reconcile_doubles::Stop;
use reconcile_schema::{State, Step};

use crate::machine::{Machine, Output};
use crate::reconcile::MANIFEST;
use crate::server::{LYNC_2013, Product, SFB_2015, SFB_2019, Server};

/// The JSON output of `reconcile`.
fn json(Output { code, stdout, stderr }: &Output) -> serde_json::Value {
    serde_json::from_str(stdout).unwrap_or_else(|error| panic!("exit code {code}, no JSON ({error}): {stdout}{stderr}"))
}

/// The orders to these services after the first `known` calls.
fn told(machine: &Machine, known: usize, names: &[&str]) -> Vec<String> {
    let calls = machine.calls();
    let calls =
        calls.iter().skip(known).filter(|call| names.iter().any(|name| call.args.first().is_some_and(|it| it == name)));
    let mut told: Vec<_> = calls.map(|call| call.args.join(" ")).collect();
    told.sort_unstable();
    told
}

fn stops_and_starts_all(server: Server) {
    let product: Product = server.product;
    let machine = Machine::new(server.with_unpublished_services());
    machine.declare("{}");

    let plan = json(&machine.reconcile(&["plan", MANIFEST, "--output", "json"]));
    let found = &plan["servers"][0]["unpublishedServices"];
    let program = found[0]["recognised"]["program"].as_str().unwrap_or_default();
    assert_eq!((&found[0]["name"], &found[1]["name"]), (&"RTCPDPAUTH".into(), &"RTCVIS".into()), "{plan:#}");
    assert!(program.contains(product.display) && program.ends_with("service.exe"), "{plan:#}");
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{plan:#}");
    let shown = machine.reconcile(&["plan", MANIFEST]).stdout;
    assert!(shown.contains("RTCPDPAUTH belongs to the product: ") && shown.contains("Video Interop Server"), "{shown}");
    let observed = json(&machine.reconcile(&["observe", MANIFEST]));
    let services = observed["seen"]["services"]["known"].as_array().expect("known services");
    let recognised: Vec<_> = services.iter().filter(|one| one.get("recognised").is_some()).collect();
    assert_eq!(recognised.len(), 2, "{observed:#}");

    let known = machine.calls().len();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    let names = ["RTCPDPAUTH", "RTCVIS", "Recorder"];
    let expected = ["RTCPDPAUTH start", "RTCPDPAUTH stop", "RTCVIS start", "RTCVIS stop"];
    assert_eq!(told(&machine, known, &names), expected, "the recorder is somebody else's");

    let known = machine.calls().len();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert!(again.server.steps.is_empty(), "{again:#?}");
    assert_eq!(machine.calls().len(), known);
}

#[test]
fn services_that_no_list_names_stop_and_start_with_the_rest() {
    stops_and_starts_all(Server::standard_edition(LYNC_2013));
    stops_and_starts_all(Server::back_end(SFB_2015));
    stops_and_starts_all(Server::front_end(SFB_2019));
}

#[test]
fn an_unpublished_service_that_does_not_stop_is_named_and_nothing_is_installed() {
    let mut server = Server::standard_edition(SFB_2019).with_unpublished_services();
    server.service("RTCPDPAUTH").stop = Stop::Hang;
    let machine = Machine::new(server);
    machine.declare("{ timeouts: { stop: 5s, start: 5s } }");
    let ran = machine.apply();
    ran.leaves(4, State::NeedsOperator, &["RTCPDPAUTH"]);
    assert!(ran.stderr.contains("RTCPDPAUTH is stopping"), "{}", ran.stderr);
    assert_eq!(ran.count(&Step::Install), 0, "{ran:#?}");
}

#[test]
fn an_unpublished_service_that_is_down_is_drift_and_comes_back() {
    let server = Server::back_end(SFB_2019).with_unpublished_services();
    let machine = Machine::new(server);
    machine.declare("{}");
    machine.apply().is(0, State::AtGoal);
    let stopped = machine.run(r"C:\Windows\System32\net.exe", &["stop", "RTCVIS"]);
    assert_eq!(stopped.code, 0, "{stopped:?}");
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert_eq!(ran.server.steps, [Step::StartServices]);
    machine.assert_up();
}
