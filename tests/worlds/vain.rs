//! A web server that does not stop, whatever was said of it: the services are taken down once for that, and come back.

use reconcile_core::{Act, Acted, Blocker, End, Event, Goal, Request, Seen, apply};
use reconcile_hosts::lab::{Lab, LabHost, start};
use reconcile_schema::{Manifest, Releases, RunId, Step};

use crate::beside::Beside;

#[test]
fn a_web_server_that_does_not_stop_costs_one_outage() {
    let manifest: Manifest = serde_yaml::from_str(include_str!("../../manifests/lab.yaml")).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    for (name, build) in [("sfb19-be1.lab.example", "7.0.2046.123"), ("lync-se.lab.example", "5.0.8308.556")] {
        let goal = Goal::of(&manifest, &releases, &name.parse().unwrap()).unwrap();
        let mut lab = Lab::in_memory(start([(&goal, &build.parse().unwrap(), Vec::new())]));
        let request = Request {
            goal: &goal,
            run: RunId("run".into()),
            version: "0.1.0",
            by: "a test",
            approved: None,
            forgive: false,
            interrupted: &|| false,
        };
        let mut begun = Vec::new();
        let mut on = |event: Event<'_>| {
            if let Event::Began(step, ..) = event {
                begun.push(step.clone());
            }
        };
        // Its web server takes no order.
        let act = |host: &mut LabHost<'_>, goal: &Goal, seen: &Seen, step: &Step| {
            if *step == Step::StopWeb {
                return Ok(Acted::Ended("reported success".into()));
            }
            host.act(goal, seen, step)
        };
        let mut host = Beside { host: lab.host(&goal.server).unwrap(), act, pause: Act::pause };
        let outcome = apply(&mut host, &request, &mut on).unwrap();

        assert_eq!(outcome.end, End::Blocked(Blocker::Stuck { step: Step::StopWeb }), "{name}");
        let stops = begun.iter().filter(|step| **step == Step::StopServices).count();
        assert_eq!((stops, outcome.left_down.len()), (1, 0), "{name}: {begun:?}");
        let server = &lab.world().servers[&goal.server];
        assert!(server.services.iter().all(|service| service.is_running()), "{name}");
    }
}
