use std::sync::mpsc::RecvError;

use reconcile_core::{Request, apply};
use reconcile_hosts::lab::{Fault, Lab, start};
use reconcile_schema::{Build, Manifest, Releases, RunId};

use super::*;

const MANIFEST: &str = "
version: 1
updates:
  cu7:
    product: sfb-2019
    release: 7.0.2046.521
    installer:
      path: D:/SkypeServerUpdateInstaller.exe
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
servers:
  fe01.contoso.example: { role: standard-edition, target: cu7, policy: { outage: { onExceed: warn } } }
";

#[test]
fn a_run_tells_each_alarm_once_and_knows_before_a_step_when_it_will_be_due() {
    let manifest: Manifest = serde_yaml::from_str(MANIFEST).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../../../manifests/releases.yaml")).unwrap();
    let goal = Goal::of(&manifest, &releases, &"fe01.contoso.example".parse().unwrap()).unwrap();
    let before: Build = "7.0.2046.123".parse().unwrap();
    let mut lab = Lab::in_memory(start([(&goal, &before, vec![Fault::InstallerIsSlow])]));
    let request = Request {
        goal: &goal,
        run: RunId("test".into()),
        version: "0.1.0",
        by: "a test",
        approved: None,
        forgive: false,
        interrupted: &|| None,
    };
    let told = Mutex::new(Vec::new());
    let tell = |alarm, lasted, at: Option<_>| told.lock().unwrap().push((alarm, lasted, at.is_some()));
    let mut ahead = Vec::new();
    watched(&goal, &tell, |on| {
        let mut listen = |event: Event<'_>| {
            if let Event::Began(step, _, seen) = &event {
                ahead.push(((*step).clone(), coming(&goal, step, seen)));
            }
            on(&event);
        };
        apply(&mut lab.host(&goal.server).unwrap(), &request, &mut listen).unwrap();
    });

    let of = |step: &Step| ahead.iter().find(|(taken, _)| taken == step).unwrap().1.clone();
    assert_eq!(of(&Step::Stage), [], "no outage has begun");
    let whole = [(20, Alarm::Near, 20), (10, Alarm::Over, 30)].map(minutes);
    assert_eq!(of(&Step::StopServices), whole, "the outage begins with the step");
    let stopping = Period::seconds(2 * 60 + 35);
    let near = (Duration::from(Period::minutes(20)) - Duration::from(stopping), Alarm::Near, Period::minutes(20));
    assert_eq!(of(&Step::Install), [near, minutes((10, Alarm::Over, 30))]);
    assert_eq!(of(&Step::StartServices), [], "both are past");

    // The installer took 40 minutes while no time passed here: only its end shows that.
    assert_eq!(*told.lock().unwrap(), [(Alarm::Over, Period::minutes(40) + stopping, true)]);
}

#[test]
fn what_becomes_due_in_the_middle_of_a_step_is_told() {
    let (steps, clock) = channel();
    let (raised, told) = channel();
    thread::scope(|scope| {
        scope.spawn(move || tick(clock, &|alarm, lasted| raised.send((alarm, lasted)).unwrap()));
        let due = [(0, Alarm::Near, 20), (0, Alarm::Over, 30)].map(minutes);
        steps.send(due.into()).unwrap();
        assert_eq!(told.recv(), Ok((Alarm::Near, Period::minutes(20))));
        assert_eq!(told.recv(), Ok((Alarm::Over, Period::minutes(30))));

        // The end of a step cancels its alarms.
        steps.send(vec![minutes((1_000_000, Alarm::Near, 20))]).unwrap();
        steps.send(Vec::new()).unwrap();
        steps.send(vec![minutes((0, Alarm::Over, 31))]).unwrap();
        assert_eq!(told.recv(), Ok((Alarm::Over, Period::minutes(31))));
        drop(steps);
    });
    assert_eq!(told.recv(), Err(RecvError), "and nothing more");
}

fn minutes((after, alarm, lasted): (u32, Alarm, u32)) -> Coming {
    (Period::minutes(after).into(), alarm, Period::minutes(lasted))
}
