//! A rollout in virtual time: the real decision, with lengths, failures and restarts that were not foreseen.

use std::{cmp::Reverse, collections::BinaryHeap};

use fastrand::Rng;
use jiff::Timestamp;
use reconcile_core::{Fleet, Waves};

use super::draw::Plain;

/// The start of every rollout: a Monday noon, in UTC.
pub fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// The work on one server, in seconds from the start.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    pub host: usize,
    /// When it began.
    pub from: u64,
    /// When it was done or failed.
    pub until: u64,
    /// Whether it reached its goal.
    pub reached: bool,
}

/// How the world differs from the forecast.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trouble {
    /// How many of a thousand servers fail.
    pub failures: u32,
    /// How many of a thousand need a restart, which takes ten more minutes.
    pub restarts: u32,
}

/// Runs a rollout.
pub fn drive(plain: &Plain, fleet: &Fleet<'_>, rng: &mut Rng, trouble: Trouble) -> Vec<Work> {
    let seconds = |at: Timestamp| u64::try_from(at.duration_since(start()).as_secs()).unwrap();
    let mut waves = Waves::new(fleet, start());
    let mut ends: BinaryHeap<Reverse<(Timestamp, usize, bool)>> = BinaryHeap::new();
    let (mut now, mut done) = (start(), Vec::new());
    loop {
        for host in waves.begin(now) {
            let reached = rng.u32(..1000) >= trouble.failures;
            let restart = if rng.u32(..1000) < trouble.restarts { 600 } else { 0 };
            let length = i64::from(plain.hosts[host].length + restart);
            let until = now + jiff::SignedDuration::from_secs(length);
            ends.push(Reverse((until, host, reached)));
            done.push(Work { host, from: seconds(now), until: seconds(until), reached });
        }
        let end = ends.peek().map(|Reverse((until, ..))| *until);
        let Some(next) = [end, waves.wakes()].into_iter().flatten().min() else { return done };
        assert!(next > now || end == Some(now), "the time stands still");
        now = next;
        while let Some(Reverse((_, host, reached))) = ends.peek().copied().filter(|Reverse((until, ..))| *until <= now)
        {
            ends.pop();
            waves.end(host, now, reached);
        }
    }
}
