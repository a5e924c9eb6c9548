//! A web server that does not stop: the services are taken down for it once, and come back, and the reason is the
//! command's own words.

use reconcile_core::{Account, Act, Acted, Blocker, End, Event, Goal, Request, Seen, apply};
use reconcile_hosts::lab::{Lab, LabHost, start};
use reconcile_schema::{Code, Manifest, Releases, RunId, Step};

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
