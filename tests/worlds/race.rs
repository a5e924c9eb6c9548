//! The race for a pool: another server claims it between the observation and the claim.

use reconcile_core::{Act, Blocker, End, Goal, Seen};
use reconcile_schema::{ServerName, Step};

use crate::{
    beside::Beside,
    run::{How, Scene, run},
    space::{Case, Kind, SMOOTH},
    watch::Watched,
};

#[test]
fn the_slower_server_waits_and_nothing_has_failed() {
    let mut scene = Scene::of(&Case { kind: Kind::FrontEndThatClaims, ..SMOOTH });
    let (goal, other) = (scene.goal.clone(), "server2.contoso.example".parse::<ServerName>().unwrap());
    let theirs = Goal { server: other.clone(), ..goal.clone() };
    let act = |host: &mut Watched<'_>, goal: &Goal, seen: &Seen, step: &Step| {
        if *step == Step::Claim {
            host.lab.lab().host(&theirs.server)?.act(&theirs, seen, step, &mut |_| {})?;
        }
        host.lab.act(goal, seen, step, &mut |_| {})
    };
    let mut host = Beside { host: scene.host(), act, pause: Act::pause };
    let outcome = run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {}).unwrap();
    assert!(
        matches!(&outcome.end, End::Blocked(Blocker::Claimed { claim, .. }) if claim.server == other),
        "{outcome:?}"
    );
    assert_eq!(outcome.steps, [Step::Stage, Step::Claim, Step::Release], "nothing is taken down");
    let pool = &scene.lab.world().pools[&goal.claims.as_ref().unwrap().name];
    assert!(pool.is_claimed_by(&other) && !pool.is_claimed_by(&goal.server), "{pool:?}");
}

/// The record was moved away, together with the reports of the servers.
#[test]
fn a_server_at_its_goal_reports_again_after_its_record_was_lost() {
    let mut scene = Scene::of(&Case { kind: Kind::FrontEndThatClaims, ..SMOOTH });
    let retry = How { name: "run 2", forgive: true, ..How::default() };
    assert_eq!(scene.run(&How { name: "run 1", ..How::default() }).unwrap().end, End::AtGoal);
    assert_eq!(scene.run(&How { name: "run 2", ..How::default() }).unwrap().steps, []);
    assert_eq!(scene.run(&retry).unwrap().steps, [Step::Release]);
}
