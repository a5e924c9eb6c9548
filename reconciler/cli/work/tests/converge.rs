use reconcile_core::{Act, Acted, Ask, Observe};
use reconcile_hosts::lab::{LabError, LabHost};
use reconcile_schema::{Mark, Observed, Step};

use super::*;

/// A host whose machine goes down instead of being back at once.
struct GoesDown<'a> {
    host: LabHost<'a>,
    at: Option<Timestamp>,
}

impl Observe for GoesDown<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        self.host.observe(goal)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.host.marks()
    }
}

impl Act for GoesDown<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        if *step == Step::Reboot { Ok(Acted::GoingDown(self.at)) } else { self.host.act(goal, seen, step, quiet) }
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        self.host.mark(run, mark)
    }

    fn pause(&mut self, period: Period) {
        self.host.pause(period);
    }
}

/// The report of a run on a server that must be restarted, and may be.
fn ran(at: Option<Timestamp>) -> ServerRun {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.yaml");
    let sha256 = "c0ffee00".repeat(8);
    let manifest = format!(
        "version: 1
policy: {{ reboot: whenRequired }}
updates:
  cu7: {{ product: sfb-2019, release: CU7, installer: {{ path: 'D:\\x.exe', sha256: {sha256} }} }}
servers:
  fe01.contoso.example: {{ role: standard-edition, target: cu7 }}
lab:
  world: world.yaml
  servers:
    fe01.contoso.example: {{ build: \"7.0.2046.123\", faults: [reboot-pending] }}
"
    );
    std::fs::write(&path, manifest).unwrap();
    let (mut site, goals) = Site::open(&Input::read(&path).unwrap(), &[]).unwrap();
    let goal = goals.first().unwrap();
    let Site::Lab(lab) = &mut site;
    let mut host = GoesDown { host: lab.host(&goal.server).unwrap(), at };
    let run = RunId("a run".into());
    let request =
        Request { goal, run, version: "0", by: "a test", approved: None, forgive: false, interrupted: &|| None };
    let outcome = apply(&mut host, &request, &mut |_| {}).unwrap();
    server_run(goal, &outcome, heading(goal, None, true), Waiter::Lab)
}

#[test]
fn a_run_that_ends_in_a_restart_says_when_the_machine_goes_down() {
    let at = "2026-11-30T18:10:00Z".parse().unwrap();
    let run = ran(Some(at));
    assert_eq!((run.code, run.state, run.restarting), (Code::Restarting, State::Blocked, true), "{run:#?}");
    assert_eq!((run.restart_at, run.reboot_required, run.waits), (Some(at), false, false), "{run:#?}");
    let unknown = ran(None);
    assert_eq!((unknown.restarting, unknown.restart_at), (true, None), "somebody else's restart");
}
