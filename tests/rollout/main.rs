//! Rollouts of small fleets over virtual time: whatever is drawn, no rule is broken, by an arithmetic of its own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "../../examples/rollout/draw.rs"]
mod draw;
#[path = "../../examples/rollout/drive.rs"]
mod drive;
#[path = "../../examples/rollout/judge.rs"]
mod judge;

use std::collections::BTreeMap;

use draw::{Kind, Plain};
use drive::{Trouble, Work, drive};
use fastrand::Rng;
use judge::{Broken, judge};
use reconcile_core::{Left, batches, misplaced, schedule};

/// A small fleet, with windows in every other case.
fn drawn(seed: u64) -> (Plain, Rng) {
    let mut rng = Rng::with_seed(seed);
    let plain = Plain::draw(&mut rng, Kind { pools: (1, 14), largest: 12 });
    let plain = Plain { at_once: rng.usize(1..12), go_on: rng.bool(), ..plain };
    let plain = if rng.bool() { plain.with_windows(&mut rng) } else { plain };
    (plain, rng)
}

fn played(seed: u64, trouble: Trouble) -> (Plain, Vec<Work>) {
    let (plain, mut rng) = drawn(seed);
    let manifest = plain.manifest();
    assert!(misplaced(&manifest).is_empty(), "{seed}: {:?}", misplaced(&manifest));
    let done = drive(&plain, &plain.fleet(&manifest), &mut rng, trouble);
    (plain, done)
}

#[test]
fn every_server_has_one_turn_and_no_rule_is_broken() {
    for seed in 0..1500 {
        let (plain, done) = played(seed, Trouble::default());
        assert_eq!(judge(&plain, &done), Broken::default(), "seed {seed}: {plain:#?}\n{done:#?}");
    }
}

#[test]
fn failures_and_restarts_break_no_rule() {
    let mut failed = 0;
    for seed in 0..1500 {
        let (plain, done) = played(seed, Trouble { failures: 50, restarts: 200 });
        assert_eq!(judge(&plain, &done), Broken::default(), "seed {seed}: {plain:#?}\n{done:#?}");
        failed += usize::from(done.iter().any(|work| !work.reached));
    }
    assert!(failed > 500, "only {failed} rollouts had a failure");
}

/// The plan is what happens when everything takes as long as foreseen.
#[test]
fn the_schedule_is_what_happens() {
    for seed in 0..300 {
        let (plain, done) = played(seed, Trouble::default());
        let manifest = plain.manifest();
        let planned = schedule(&plain.fleet(&manifest), drive::start());
        let told: Vec<_> = planned.turns.iter().map(|turn| (turn.server, turn.from.as_second())).collect();
        let from = drive::start().as_second();
        let happened: Vec<_> = done.iter().map(|work| (work.host, from + i64::try_from(work.from).unwrap())).collect();
        assert_eq!(told, happened, "seed {seed}");
        assert!(planned.left.is_empty(), "seed {seed}: {:?}", planned.left);
    }
}

/// Batch after batch, each begun when all of the one before are done and the pools of its servers are ready.
fn by_batches(plain: &Plain) -> Vec<Work> {
    let manifest = plain.manifest();
    let placed = batches(&manifest, plain.members(&manifest));
    let mut by_number: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (host, batch) in placed.iter().enumerate() {
        by_number.entry(batch.unwrap().number).or_default().push(host);
    }
    assert!(by_number.keys().copied().eq(0..by_number.len()), "{:?}", by_number.keys());
    let (mut now, mut done): (u64, Vec<Work>) = (0, Vec::new());
    for hosts in by_number.into_values() {
        let pool_ready = |host: &usize| {
            let ready = u64::from(placed[*host].unwrap().ready.as_seconds());
            let of_pool = done.iter().filter(|work| plain.hosts[work.host].pool == plain.hosts[*host].pool);
            of_pool.map(|work| work.until + ready).max()
        };
        let from = hosts.iter().filter_map(pool_ready).max().unwrap_or_default().max(now);
        let work = |host| Work { host, from, until: from + u64::from(plain.hosts[host].length), reached: true };
        done.extend(hosts.into_iter().map(work));
        now = done.iter().map(|work| work.until).max().unwrap_or_default();
    }
    done
}

#[test]
fn batches_break_no_rule_however_long_each_server_takes() {
    let mut most = 0;
    for seed in 0..1500 {
        let (plain, _) = drawn(seed);
        let plain = Plain { windows: None, soak: 0, ..plain };
        let done = by_batches(&plain);
        assert_eq!(judge(&plain, &done), Broken::default(), "seed {seed}: {plain:#?}\n{done:#?}");
        // The same whenever it is asked, and with windows.
        let with_windows = plain.with_windows(&mut Rng::with_seed(seed));
        let order = |done: &[Work]| done.iter().map(|work| work.host).collect::<Vec<_>>();
        assert_eq!(order(&by_batches(&with_windows)), order(&done), "seed {seed}");
        most = most.max(done.iter().filter(|work| work.from == 0).count());
    }
    assert!(most > 5, "at most {most} began together");
}

/// A server that needs longer than any window has no turn; its pool stops there, and what comes after it waits.
#[test]
fn a_server_that_fits_no_window_is_left_with_all_that_come_after_it() {
    let mut left_behind = 0;
    for seed in 0..300 {
        let (plain, mut rng) = drawn(seed);
        let mut plain = plain.with_windows(&mut rng);
        let long = rng.usize(..plain.hosts.len());
        plain.hosts[long].length = draw::WINDOW + 1;
        let manifest = plain.manifest();
        let planned = schedule(&plain.fleet(&manifest), drive::start());
        assert_eq!(planned.turns.len() + planned.left.len(), plain.hosts.len(), "seed {seed}");
        for (server, why) in &planned.left {
            match why {
                Left::NoWindow => assert_eq!(*server, long, "seed {seed}"),
                Left::Behind(other) => assert_eq!(*other, long, "seed {seed}"),
            }
        }
        assert!(planned.left.contains(&(long, Left::NoWindow)), "seed {seed}");
        left_behind += planned.left.len() - 1;
    }
    assert!(left_behind > 300, "only {left_behind} were left behind");
}

/// The judge would notice: what it is given is spoilt, and it says which rule is broken.
#[test]
fn the_judge_sees_what_is_wrong() {
    let (mut quorum, mut pairs, mut windows, mut order, mut domains) = (0, 0, 0, 0, 0);
    for seed in 0..300 {
        let (plain, mut done) = played(seed, Trouble::default());
        // All at once, at the first moment.
        for work in &mut done {
            (work.from, work.until) = (0, u64::from(plain.hosts[work.host].length));
        }
        let broken = judge(&plain, &done);
        quorum += broken.quorum;
        pairs += broken.pairs;
        windows += broken.windows;
        order += broken.order;
        domains += broken.domains;
        assert!(done.len() <= plain.at_once || broken.at_once > 0, "seed {seed}");
    }
    assert!(
        [quorum, pairs, windows, order, domains].iter().all(|count| *count > 100),
        "{quorum} {pairs} {windows} {order} {domains}"
    );
}
