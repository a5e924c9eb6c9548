//! Services of others that use the product: the manifest names some, and others hold its modules unnamed.

use reconcile_doubles::Stop;
use reconcile_schema::{State, Step};

use crate::machine::Machine;
use crate::reconcile::{MANIFEST, manifest};
use crate::server::{SFB_2015, SFB_2019, Server};

/// A server with the recorder of another vendor, which holds an assembly of the product.
fn recorded(server: Server) -> Server {
    let mut server = server.with_unpublished_services();
    let assembly = server.product.assembly.to_owned();
    let recorder = server.lab.bystanders.iter_mut().find(|service| service.name == "Recorder").expect("a recorder");
    recorder.loads = Some(assembly);
    server
}

/// Declares the server, with these services under `alsoStop`.
fn declare(machine: &Machine, also_stop: &str, policy: &str) {
    let also = format!("    target: update\n    alsoStop: [{also_stop}]\n");
    machine.put(MANIFEST, manifest(machine, policy).replace("    target: update\n", &also));
}

/// The positions of this order to a service, among the calls after the first `known`. Without a service name, all
/// services of the product count.
fn told(machine: &Machine, known: usize, service: Option<&str>, what: &str) -> Vec<usize> {
    let calls = machine.calls();
    let of = |name: &str| match service {
        Some(service) => name == service,
        None => name.starts_with("RTC"),
    };
    let calls = calls.iter().enumerate().skip(known).filter(|(_, call)| call.program == "service.exe");
    calls.filter(|(_, call)| of(&call.args[0]) && call.args[1] == what).map(|(at, _)| at).collect()
}

fn stops_before_and_starts_after(server: Server) {
    let machine = Machine::new(recorded(server));
    declare(&machine, "recorder, NotThere", "{}");
    let plan = machine.reconcile(&["plan", MANIFEST]);
    assert_eq!(plan.code, 2, "{plan:?}");
    assert!(plan.stdout.contains("NotThere is named under alsoStop and is not installed here"), "{}", plan.stdout);
    let stops = plan.stdout.find("Stop-Service -Name 'recorder', 'NotThere'").expect("the recorder stops");
    let starts = plan.stdout.find("Start-Service -Name 'recorder', 'NotThere'").expect("the recorder starts");
    assert!(stops < plan.stdout.find("/silentmode").expect("an installation") && stops < starts, "{}", plan.stdout);

    let known = machine.calls().len();
    machine.apply().is(0, State::AtGoal);
    machine.assert_converged();
    let (stop, start) =
        (told(&machine, known, Some("Recorder"), "stop"), told(&machine, known, Some("Recorder"), "start"));
    let (first, last) = (told(&machine, known, None, "stop")[0], *told(&machine, known, None, "start").last().unwrap());
    assert_eq!((stop.len(), start.len()), (1, 1));
    assert!(stop[0] < first && start[0] > last, "{stop:?} {first} {last} {start:?}");

    let known = machine.calls().len();
    machine.apply().is(0, State::AtGoal);
    assert_eq!(machine.calls().len(), known);
}

#[test]
fn services_that_the_manifest_names_stop_before_ours_and_start_after_them() {
    stops_before_and_starts_after(Server::standard_edition(SFB_2015));
    stops_before_and_starts_after(Server::front_end(SFB_2019));
}

#[test]
fn a_service_of_others_that_does_not_stop_keeps_ours_running() {
    let mut server = recorded(Server::back_end(SFB_2019));
    server.lab.bystanders.iter_mut().filter(|one| one.name == "Recorder").for_each(|one| one.stop = Stop::Hang);
    let machine = Machine::new(server);
    declare(&machine, "Recorder", "{ timeouts: { stop: 3s, start: 3s } }");
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.leaves(4, State::NeedsOperator, &["Recorder"]);
    assert!(ran.stderr.contains("Recorder is stopping"), "{}", ran.stderr);
    assert_eq!(ran.count(&Step::Install) + ran.count(&Step::StopServices) + ran.count(&Step::StopWeb), 0, "{ran:#?}");
    assert_eq!(told(&machine, known, None, "stop"), [0; 0]);
}

#[test]
fn an_unnamed_service_that_holds_a_module_keeps_everything_running() {
    let machine = Machine::new(recorded(Server::back_end(SFB_2019)));
    machine.declare("{}");
    let plan = machine.reconcile(&["plan", MANIFEST]);
    assert_eq!(plan.code, 3, "{plan:?}");
    // Windows and Wine report the name of a module in different case.
    let names = |text: &str| {
        let text = text.to_lowercase();
        text.contains("recorder (process ") && text.contains(" holds microsoft.rtc.management.dll")
    };
    assert!(names(&plan.stdout) && plan.stdout.contains("alsoStop"), "{}", plan.stdout);
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(3, State::Blocked);
    assert!(names(ran.why()), "{}", ran.why());
    machine.assert_untouched(known);

    machine.declare("{ foreign: warn }");
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert!(names(&ran.stderr), "{}", ran.stderr);
    assert_eq!(told(&machine, known, Some("Recorder"), "stop"), [0; 0]);
    machine.assert_converged();
}
