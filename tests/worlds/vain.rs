//! A web server that does not stop: the services are taken down for it once, and come back, and the reason is the
//! command's own words.

use std::cell::Cell;

use reconcile_core::{Account, Act, Acted, Blocker, End, Event, Goal, Request, Seen, apply};
use reconcile_hosts::lab::{Fault, Lab, LabHost, Simulated, start};
use reconcile_schema::{Code, Manifest, Period, Releases, RunId, ServiceState, Step};

use crate::beside::Beside;

/// The end of a run on a server whose web server accepts no order, with this account of the command; and the number of
/// stops.
fn refused(name: &str, build: &str, account: &Account) -> (Blocker, usize) {
    let manifest: Manifest = serde_yaml::from_str(include_str!("../../manifests/lab.yaml")).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    let goal = Goal::of(&manifest, &releases, &name.parse().unwrap()).unwrap();
    let mut lab = Lab::in_memory(start([(&goal, &build.parse().unwrap(), Vec::new())]));
    let request = Request {
        goal: &goal,
        run: RunId("run".into()),
        version: "0.1.0",
        by: "a test",
        approved: None,
        forgive: false,
        interrupted: &|| None,
    };
    let mut stops = 0;
    let mut on = |event: Event<'_>| {
        if let Event::Began(Step::StopServices, ..) = event {
            stops += 1;
        }
    };
    let act = |host: &mut LabHost<'_>, goal: &Goal, seen: &Seen, step: &Step| {
        if *step == Step::StopWeb {
            return Ok(Acted::Ended(account.clone()));
        }
        host.act(goal, seen, step, &mut |_| {})
    };
    let mut host = Beside { host: lab.host(&goal.server).unwrap(), act, pause: Act::pause };
    let outcome = apply(&mut host, &request, &mut on).unwrap();
    assert_eq!(outcome.left_down, Vec::<String>::new(), "{name}");
    let server = &lab.world().servers[&goal.server];
    assert!(server.services.iter().all(|service| service.is_running()), "{name}");
    let reason = outcome.reason.unwrap();
    assert_eq!((&reason.step, reason.in_the_way), (&Step::StopWeb, vec!["W3SVC is running".to_owned()]), "{name}");
    let blocker = match outcome.end {
        End::Blocked(blocker) => Some(blocker),
        End::AtGoal | End::GoingDown => None,
    };
    (blocker.unwrap(), stops)
}

const SERVERS: [(&str, &str); 2] = [("sfb19-be1.lab.example", "7.0.2046.123"), ("lync-se.lab.example", "5.0.8308.556")];

#[test]
fn a_web_server_that_does_not_stop_costs_one_outage() {
    for (name, build) in SERVERS {
        let (blocker, stops) = refused(name, build, &Account::success("reported success"));
        assert_eq!((blocker.code(), stops), (Code::NoEffect, 1), "{name}");
        assert!(blocker.to_string().contains("reported success, but W3SVC is running"), "{blocker}");
    }
}

#[test]
fn a_command_that_failed_is_not_said_to_have_reported_success() {
    let words = "ended with exit code 2 (System error 5 has occurred. Access is denied.)";
    for (name, build) in SERVERS {
        let (blocker, stops) = refused(name, build, &Account::failure(words));
        assert_eq!((blocker.code(), stops), (Code::NoEffect, 1), "{name}");
        let said = blocker.to_string();
        assert!(said.contains(words) && said.contains("W3SVC is running") && !said.contains("success"), "{said}");
    }
}

/// The services stop twice in a run. A service that hangs the second time has not hung since the first.
#[test]
fn a_hang_counts_from_the_request_that_it_belongs_to() {
    let manifest: Manifest = serde_yaml::from_str(include_str!("../../manifests/lab.yaml")).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    let goal = Goal::of(&manifest, &releases, &"sfb19-be1.lab.example".parse().unwrap()).unwrap();
    let faults = vec![Fault::InstallerStartsServices];
    let mut lab = Lab::in_memory(start([(&goal, &"7.0.2046.123".parse().unwrap(), faults)]));
    let request = Request {
        goal: &goal,
        run: RunId("run".into()),
        version: "0.1.0",
        by: "a test",
        approved: None,
        forgive: false,
        interrupted: &|| None,
    };
    let (installed, hangs_since) = (Cell::new(false), Cell::new(None));
    let act = |host: &mut LabHost<'_>, goal: &Goal, seen: &Seen, step: &Step| {
        installed.set(installed.get() || *step == Step::Install);
        let acted = host.act(goal, seen, step, &mut |_| {});
        if installed.get() && matches!(step, Step::StopServices | Step::StartServices) {
            hangs_since.set(hangs_since.get().or(Some(seen.host.at)));
            let hang = |server: &mut Simulated| {
                let service = server.services.iter_mut().find(|service| service.name == "RTCSRV").unwrap();
                service.state = ServiceState::StopPending;
            };
            host.lab().change(&goal.server, hang).unwrap();
        }
        acted
    };
    let mut host = Beside { host: lab.host(&goal.server).unwrap(), act, pause: Act::pause };
    let outcome = apply(&mut host, &request, &mut |_| {}).unwrap();
    let End::Blocked(Blocker::Stuck { hanging: Some(hanging), .. }) = outcome.end else { panic!("{:?}", outcome.end) };
    assert_eq!(hanging.services, ["RTCSRV"]);
    let since = hangs_since.get().unwrap();
    let now = lab.world().servers[&goal.server].clock;
    assert!(
        hanging.lasted <= Period::between(since, now),
        "{hanging}, and the second stop began at {since}; now {now}"
    );
    assert!(hanging.lasted > Period::default(), "{hanging}");
}
