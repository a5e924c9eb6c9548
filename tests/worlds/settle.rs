//! The pause between two turns in a pool: the pool must have been ready for twenty minutes since its last server was
//! back.

use std::sync::Arc;

use reconcile_core::{Act, Blocker, Claims, End, Outcome, Unready};
use reconcile_hosts::lab::{Fault, Lab, Simulated};
use reconcile_schema::{Period, Step, UpdateName};

use crate::{
    beside::{Beside, acts},
    run::{How, Scene, run},
    space::{Case, Kind, Record, SMOOTH},
    watch::Watched,
};

/// Another server has been back for five minutes.
const FRESH: Case = Case { kind: Kind::FrontEndThatClaims, record: Record::Fresh, ..SMOOTH };

/// A run of a server whose pool is busy for this many pauses: its end, and its pauses.
fn waits(scene: &mut Scene, busy: usize) -> (Outcome, Vec<u32>) {
    let goal = scene.goal.clone();
    let fault = |server: &mut Simulated| server.faults.extend((busy > 0).then_some(Fault::PoolBusy));
    scene.lab.change(&goal.server, fault).unwrap();
    let mut pauses = Vec::new();
    let pause = |host: &mut Watched<'_>, period: Period| {
        if period < Period::minutes(1) {
            return host.pause(period); // The started services are checked a second time.
        }
        pauses.push(period.as_seconds() / 60);
        if pauses.len() >= busy {
            let ready = |server: &mut Simulated| server.faults.retain(|fault| *fault != Fault::PoolBusy);
            host.lab.lab().change(&goal.server, ready).unwrap();
        }
        host.pause(period);
    };
    let mut host = Beside { host: scene.host(), act: acts, pause };
    let outcome = run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {}).unwrap();
    (outcome, pauses)
}

/// The update is staged first, which takes almost a minute.
#[test]
fn a_server_waits_until_the_pool_has_been_ready_for_long_enough() {
    let (outcome, pauses) = waits(&mut Scene::of(&FRESH), 0);
    assert_eq!((outcome.end, pauses), (End::AtGoal, vec![10, 4]));
}

#[test]
fn the_wait_starts_again_if_the_pool_becomes_unready() {
    let mut scene = Scene::of(&FRESH);
    let (outcome, pauses) = waits(&mut scene, 1);
    let settling = |why: &Blocker| matches!(why, Blocker::Pool { why: Unready::Settling { again: Some(_), .. }, .. });
    assert!(matches!(&outcome.end, End::Blocked(why) if settling(why)), "{outcome:?}");
    assert_eq!((outcome.steps, pauses), (vec![Step::Stage], vec![10, 10]), "ten minutes busy, ten ready");
    let (outcome, pauses) = waits(&mut scene, 0);
    assert_eq!((outcome.end, pauses), (End::AtGoal, vec![]), "the next run finds a pool that was ready meanwhile");
}

/// Nobody knows when that was, so the pool must be ready while the run waits. The wait ends, and the reason names the
/// clock to check.
#[test]
fn a_server_that_is_back_in_a_year_is_not_waited_for_until_then() {
    let mut scene = Scene::of(&Case { record: Record::Future, ..FRESH });
    let (outcome, pauses) = waits(&mut scene, 0);
    assert_eq!((outcome.end, pauses), (End::AtGoal, vec![10, 10]));

    let mut scene = Scene::of(&Case { record: Record::Future, ..FRESH });
    let (outcome, pauses) = waits(&mut scene, 1);
    let End::Blocked(why) = &outcome.end else { panic!("{outcome:?}") };
    assert!(why.to_string().ends_with("is ahead, or that of this server behind, by 365 days"), "{why}");
    assert_eq!((outcome.steps, pauses), (vec![Step::Stage], vec![10, 10]), "ten minutes busy, ten ready");
}

/// Somebody else uses the record for longer than the server tries: this is not a failure, and nothing is taken down.
#[test]
fn a_record_that_stays_in_use_is_a_reason_to_come_back_later() {
    let busy = Some(Fault::ShareBusy);
    for record in [Record::Free, Record::Own] {
        let mut scene = Scene::of(&Case { record, fault: busy, ..FRESH });
        let outcome = scene.run(&How { name: "run 1", ..How::default() }).unwrap();
        let End::Blocked(why) = &outcome.end else { panic!("{outcome:?}") };
        assert_eq!(
            (why.class(), why.code()),
            (reconcile_core::Class::Later, reconcile_schema::Code::ClaimsBusy),
            "{why}"
        );
        let server = scene.goal.server.clone();
        scene.lab.change(&server, |server| server.faults.clear()).unwrap();
        assert_eq!(scene.run(&How { name: "run 2", ..How::default() }).unwrap().end, End::AtGoal);
    }
}

/// The file of a Front End Server with another owner opens no gate for the back end, and the report names the owner.
#[test]
fn a_strangers_word_keeps_the_pool_as_it_is_and_is_named() {
    for kind in [Kind::FrontEndThatClaims, Kind::BackEndThatClaims] {
        for (record, named) in [(Record::Stranger, r"CONTOSO\mallory"), (Record::Unread, "access is denied")] {
            let mut scene = Scene::of(&Case { kind, record, ..SMOOTH });
            let outcome = scene.run(&How { name: "run 1", ..How::default() }).unwrap();
            let End::Blocked(why) = &outcome.end else { panic!("{outcome:?}") };
            assert_eq!(why.code(), reconcile_schema::Code::ClaimsUntrusted);
            assert!(
                why.to_string().contains(named) && why.to_string().contains("front2.contoso.example.json"),
                "{why}"
            );
            assert!(!outcome.steps.iter().any(Step::takes_down), "{outcome:?}");
        }
    }
}

#[test]
fn servers_of_one_upgrade_domain_do_not_wait_for_each_other() {
    let domain: UpdateName = "ud1".parse().unwrap();
    let pauses = |theirs: &UpdateName| {
        let mut scene = Scene::of(&FRESH);
        let claims = Claims { domain: Some(domain.clone()), ..Claims::clone(scene.goal.claims.as_ref().unwrap()) };
        let mut world = scene.lab.world().clone();
        let record = world.pools.get_mut(&claims.name).unwrap();
        record.released.get_mut(&claims.pool).unwrap().domain = Some(theirs.clone());
        scene.lab = Lab::in_memory(world);
        scene.goal.claims = Some(Arc::new(claims));
        waits(&mut scene, 0).1
    };
    assert_eq!((pauses(&domain), pauses(&"ud2".parse().unwrap())), (vec![], vec![10, 4]));
}
