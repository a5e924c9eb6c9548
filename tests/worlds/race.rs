//! The race for a pool: another server claims it between the look and the claim.

use reconcile_core::{Act, Acted, Ask, Blocker, End, Goal, Observe, Seen};
use reconcile_hosts::lab::LabError;
use reconcile_schema::{Mark, Marks, Observed, Period, RunId, ServerName, Step};

use crate::{
    run::{How, Scene, run},
    space::{Case, Kind, SMOOTH},
    watch::Watched,
};

/// A host beside which another server is quicker.
struct Slow<'a> {
    host: Watched<'a>,
    other: ServerName,
}

impl Observe for Slow<'_> {
    type Error = LabError;

    fn observe(&mut self) -> Result<Observed, LabError> {
        self.host.observe()
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.host.marks()
    }
}

impl Act for Slow<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step) -> Result<Acted, LabError> {
        if *step == Step::Claim {
            let theirs = Goal { server: self.other.clone(), ..goal.clone() };
            self.host.lab.lab().host(&self.other)?.act(&theirs, seen, step)?;
        }
        self.host.lab.act(goal, seen, step)
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        self.host.mark(run, mark)
    }

    fn pause(&mut self, period: Period) {
        self.host.pause(period);
    }
}

#[test]
fn who_is_slower_waits_and_nothing_has_failed() {
    let mut scene = Scene::of(&Case { kind: Kind::FrontEndThatClaims, ..SMOOTH });
    let (goal, other) = (scene.goal.clone(), "server2.contoso.example".parse::<ServerName>().unwrap());
    let mut host = Slow { host: scene.host(), other: other.clone() };
    let outcome = run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {}).unwrap();
    assert!(
        matches!(&outcome.end, End::Blocked(Blocker::Claimed { claim, .. }) if claim.server == other),
        "{outcome:?}"
    );
    assert_eq!(outcome.steps, [Step::Stage, Step::Claim, Step::Release], "nothing is taken down");
    let pool = &scene.lab.world().pools[&goal.claims.as_ref().unwrap().name];
    assert!(pool.is_claimed_by(&other) && !pool.is_claimed_by(&goal.server), "{pool:?}");
}

/// The record was moved away, and with it what the servers had told.
#[test]
fn a_server_at_its_goal_tells_again_when_it_is_asked_to() {
    let mut scene = Scene::of(&Case { kind: Kind::FrontEndThatClaims, ..SMOOTH });
    let retry = How { name: "run 2", forgive: true, ..How::default() };
    assert_eq!(scene.run(&How { name: "run 1", ..How::default() }).unwrap().end, End::AtGoal);
    assert_eq!(scene.run(&How { name: "run 2", ..How::default() }).unwrap().steps, []);
    assert_eq!(scene.run(&retry).unwrap().steps, [Step::Release]);
}
