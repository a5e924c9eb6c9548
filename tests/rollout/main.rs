//! Rollouts of random small fleets in virtual time. Independent arithmetic checks that none of them breaks a rule.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod lab;

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use reconcile_core::{Blocker, Left, Unready, batches, schedule, topology_errors};
use reconcile_schema::Role;
use reconcile_support::rollout::{Broken, Kind, Plain, Trouble, WINDOW, Work, drive, judge, start};

/// A random small fleet. Half of these fleets have windows.
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
    assert!(topology_errors(&manifest).is_empty(), "{seed}: {:?}", topology_errors(&manifest));
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

/// If every length is as estimated, the rollout follows its schedule.
#[test]
fn the_schedule_is_what_happens() {
    for seed in 0..300 {
        let (plain, done) = played(seed, Trouble::default());
        let manifest = plain.manifest();
        let planned = schedule(&plain.fleet(&manifest), start());
        let told: Vec<_> = planned.turns.iter().map(|turn| (turn.server, turn.from.as_second())).collect();
        let from = start().as_second();
        let happened: Vec<_> = done.iter().map(|work| (work.host, from + i64::try_from(work.from).unwrap())).collect();
        assert_eq!(told, happened, "seed {seed}");
        assert!(planned.left.is_empty(), "seed {seed}: {:?}", planned.left);
    }
}

/// Runs the batches in order. Each begins when the previous one is done and the pools of its servers are ready.
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
        // Neither the time of day nor windows may change the batches.
        let with_windows = plain.with_windows(&mut Rng::with_seed(seed));
        let order = |done: &[Work]| done.iter().map(|work| work.host).collect::<Vec<_>>();
        assert_eq!(order(&by_batches(&with_windows)), order(&done), "seed {seed}");
        most = most.max(done.iter().filter(|work| work.from == 0).count());
    }
    assert!(most > 5, "at most {most} began together");
}

/// A fleet of 60 pools and about 400 servers with every role.
fn documented(seed: u64) -> Plain {
    let kind = Kind { pools: (60, 60), largest: 12 };
    let mut drawn = (seed * 100..).map(|seed| Plain::draw(&mut Rng::with_seed(seed), kind));
    drawn.find(|plain| (395..=405).contains(&plain.hosts.len()) && plain.rings == 3).unwrap()
}

#[test]
fn a_lab_of_four_hundred_servers_is_brought_to_its_goal_by_the_waves() {
    let plain = documented(0);
    let manifest = lab::manifest(&plain);
    assert_eq!(topology_errors(&manifest), []);
    let trouble = Trouble { failures: 0, restarts: 100 };
    let mut servers = lab::Servers::of(&plain, &manifest, &mut Rng::with_seed(1), trouble);
    let (done, short) = lab::rolled(&plain, &manifest, &mut servers);
    assert_eq!(short, []);
    assert_eq!(judge(&plain, &done), Broken::default());
    let roles: BTreeSet<_> = plain.hosts.iter().map(|host| host.role).collect();
    assert_eq!(roles.len(), 7, "{roles:?}");
    assert!(servers.lab.world().servers.values().any(|server| server.boot > 1), "none has restarted");
    for goal in &servers.goals {
        let server = &servers.lab.world().servers[&goal.server];
        let core = server.components.iter().find(|(name, _)| name.is_core()).map(|(_, build)| build);
        assert_eq!(core, Some(&goal.core), "{}", goal.server);
        assert!(server.services.iter().all(|service| service.is_running()), "{}", goal.server);
        let Some(claims) = &goal.claims else {
            assert_eq!(goal.role, Role::Edge, "{}", goal.server);
            continue;
        };
        let record = &servers.lab.world().pools[&claims.name];
        assert_eq!((record.claims.len(), record.reached.get(&goal.server)), (0, Some(&goal.core)), "{}", goal.server);
    }
}

#[test]
fn in_a_lab_nothing_of_a_pool_begins_after_a_failure_and_no_pool_falls_below_its_quorum() {
    let mut failures = 0;
    for seed in 0..8 {
        let plain = Plain { go_on: seed % 2 == 0, ..documented(seed) };
        let manifest = lab::manifest(&plain);
        let trouble = Trouble { failures: 10, restarts: 100 };
        let mut servers = lab::Servers::of(&plain, &manifest, &mut Rng::with_seed(seed), trouble);
        let (done, short) = lab::rolled(&plain, &manifest, &mut servers);
        assert_eq!(judge(&plain, &done), Broken::default(), "seed {seed}");
        // A server may miss its goal because of its installer, but never because its pool cannot spare it.
        for (host, why) in &short {
            assert!(matches!(why, Blocker::InstallFailed { .. }), "seed {seed}, {}: {why}", plain.hosts[*host].name);
        }
        failures += short.len();
    }
    assert!(failures > 8, "only {failures} failures");
}

/// No engine keeps an order here: every server begins in the same minute.
#[test]
fn without_an_engine_the_servers_of_a_lab_keep_their_pools_by_themselves() {
    let plain = documented(0);
    let manifest = lab::manifest(&plain);
    let mut servers = lab::Servers::of(&plain, &manifest, &mut Rng::with_seed(1), Trouble::default());
    let (done, short) = lab::all_at_once(&plain, &mut servers);
    assert_eq!(judge(&plain, &done).quorum, 0);
    // The pool has too few servers left, or reports that one of them is down.
    let quorum =
        |why: &Blocker| matches!(why, Blocker::Pool { why: Unready::Quorum { .. } | Unready::Warned { .. }, .. });
    let early = |why: &Blocker| matches!(why, Blocker::ComesAfter { .. });
    let others: Vec<_> = short.iter().filter(|(_, why)| !quorum(why) && !early(why)).collect();
    assert!(others.is_empty(), "{others:?}");
    let count = |kind: &dyn Fn(&Blocker) -> bool| short.iter().filter(|(_, why)| kind(why)).count();
    let (quorum, early) = (count(&quorum), count(&early));
    assert!(quorum > 30 && early > 10, "{quorum} kept for their pools, {early} back ends waited");
}

/// A server whose outage is longer than every window gets no turn. Its pool stops there, and later work waits.
#[test]
fn a_server_that_fits_no_window_is_left_with_all_that_come_after_it() {
    let mut left_behind = 0;
    for seed in 0..300 {
        let (plain, mut rng) = drawn(seed);
        let mut plain = plain.with_windows(&mut rng);
        let long = rng.usize(..plain.hosts.len());
        plain.hosts[long].length = WINDOW + 1;
        let manifest = plain.manifest();
        let planned = schedule(&plain.fleet(&manifest), start());
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

/// Proves that the judge finds violations: it gets invalid rollouts and must name the broken rules.
#[test]
fn the_judge_finds_every_kind_of_violation() {
    let (mut quorum, mut pairs, mut windows, mut order, mut domains) = (0, 0, 0, 0, 0);
    for seed in 0..300 {
        let (plain, mut done) = played(seed, Trouble::default());
        // Every server begins at the first moment.
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
