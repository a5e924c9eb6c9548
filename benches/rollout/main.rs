//! How long the update of a fleet takes, in simulation: `cargo bench --bench rollout [-- FLEETS]`.
//!
//! Each fleet is random, from a seed. The real decision determines which server begins, in virtual time. Independent
//! arithmetic counts the broken rules (`judge`) and computes the limit for any order (`bound`). `tests/rollout` checks
//! small fleets against the same rules.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on ends, and it reads a clock"
)]

mod bound;

use std::time::Instant;

use fastrand::Rng;
use reconcile_core::schedule;
use reconcile_support::{
    figures::{Estimate, median},
    rollout::{Broken, Kind, Plain, Trouble, Work, drive, judge, start},
};

/// The default number of fleets.
const FLEETS: u64 = 1000;
/// How many servers are worked on at once.
const AT_ONCE: [usize; 5] = [2, 5, 10, 25, 100];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fleets = std::env::args().skip(1).find(|arg| arg != "--bench").map_or(Ok(FLEETS), |fleets| fleets.parse())?;
    println!("{ASSUMPTIONS}");
    documented();
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let parts: Vec<Found> = std::thread::scope(|scope| {
        let part = |first: u64| (first..fleets).step_by(threads as usize).fold(Found::default(), Found::with_fleet);
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    });
    parts.into_iter().fold(Found::default(), Found::plus).judge(fleets);
    Ok(())
}

fn makespan(done: &[Work]) -> f64 {
    done.iter().map(|work| work.until).max().unwrap_or_default() as f64
}

/// One fleet of 60 pools and about 400 servers.
fn documented() {
    let kind = Kind { pools: (60, 60), largest: 12 };
    let seeds = 0..;
    let mut drawn = seeds.map(|seed| Plain::draw(&mut Rng::with_seed(seed), kind));
    let Some(plain) = drawn.find(|plain| (395..=405).contains(&plain.hosts.len()) && plain.rings == 3) else { return };
    println!(
        "A fleet of 60 pools and {} servers, 3 rings watched for {} h each; hours from its first to its last minute:",
        plain.hosts.len(),
        plain.soak / 3600
    );
    println!(
        "  {:>7} {:>8} {:>7} {:>6} {:>9} {:>7} {:>12}",
        "at once", "windows", "bound", "ours", "÷ bound", "serial", "one by one"
    );
    let hours = |seconds: f64| seconds / 3600.0;
    for at_once in [4, 10, 60] {
        for windows in [false, true] {
            let mut plain = Plain { at_once, ..plain.clone() };
            if windows {
                plain = plain.with_windows(&mut Rng::with_seed(7));
            }
            let manifest = plain.manifest();
            let done = drive(&plain, &plain.fleet(&manifest), &mut Rng::with_seed(0), Trouble::default());
            let (bound, ours) = (bound::bound(&plain) as f64, makespan(&done));
            let peers = [bound::batches(&plain), bound::one_at_a_time(&plain)].map(|peer| hours(peer as f64));
            let [batches, single] = peers.map(|peer| if windows { "–".into() } else { format!("{peer:.1}") });
            let kind = if windows { "nightly" } else { "none" };
            println!(
                "  {at_once:>7} {kind:>8} {:>7.1} {:>6.1} {:>9.3} {batches:>7} {single:>12}",
                hours(bound),
                hours(ours),
                ours / bound
            );
        }
    }
    println!();
}

#[derive(Default)]
struct Found {
    free: Vec<f64>,
    windows: Vec<f64>,
    batches: Vec<f64>,
    broken: Broken,
    rollouts: usize,
    servers: usize,
    failures: usize,
}

impl Found {
    fn with_fleet(mut self, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let drawn = Plain::draw(&mut rng, Kind { pools: (1, 500), largest: 12 });
        for at_once in AT_ONCE {
            let free = Plain { at_once, ..drawn.clone() };
            let windows = free.with_windows(&mut rng);
            for (plain, ratios) in [(&free, &mut self.free), (&windows, &mut self.windows)] {
                let manifest = plain.manifest();
                let done = drive(plain, &plain.fleet(&manifest), &mut rng, Trouble::default());
                ratios.push(makespan(&done) / bound::bound(plain) as f64);
                if plain.windows.is_none() {
                    self.batches.push(bound::batches(plain) as f64 / makespan(&done));
                }
                self.broken = sum(self.broken, judge(plain, &done));
                self.rollouts += 1;
                self.servers += done.len();
            }
            // The forecast did not contain these: one server in 200 fails, and one in ten needs a restart.
            let trouble = Trouble { failures: 5, restarts: 100 };
            let plain = Plain { go_on: rng.bool(), ..if rng.bool() { free } else { windows } };
            let manifest = plain.manifest();
            let done = drive(&plain, &plain.fleet(&manifest), &mut rng, trouble);
            self.broken = sum(self.broken, judge(&plain, &done));
            self.rollouts += 1;
            self.servers += done.len();
            self.failures += done.iter().filter(|work| !work.reached).count();
        }
        self
    }

    fn plus(mut self, other: Self) -> Self {
        self.free.extend(other.free);
        self.windows.extend(other.windows);
        self.batches.extend(other.batches);
        self.broken = sum(self.broken, other.broken);
        self.rollouts += other.rollouts;
        self.servers += other.servers;
        self.failures += other.failures;
        self
    }

    fn judge(&self, fleets: u64) {
        let said = |holds: bool| if holds { "met" } else { "NOT MET" };
        let (free, windows, batches) =
            (Estimate::of(&self.free), Estimate::of(&self.windows), Estimate::of(&self.batches));
        let worst = self.free.iter().copied().fold(0.0, f64::max);
        println!(
            "{fleets} fleets of 1 to 500 pools of 1 to 12 servers, each with {AT_ONCE:?} at once: {} rollouts, {} turns, {} failures",
            self.rollouts, self.servers, self.failures
        );
        println!("  without windows, ÷ bound, median      {free}  ≤ 1.05 {}", said(free.high <= 1.05));
        println!("  without windows, ÷ bound, worst       {worst:<18.2}  ≤ 1.35 {}", said(worst <= 1.35));
        println!("  with windows, ÷ bound, median         {windows}  ≤ 1.20 {}", said(windows.high <= 1.20));
        println!("  batches (serial: N) ÷ ours, median    {batches}  ≥ 1.15 {}", said(batches.low >= 1.15));
        let Broken { quorum, domains, pairs, at_once, windows, order, failures, turns } = self.broken;
        let rules = [
            ("too few Front End Servers up", quorum),
            ("servers of a pool too close", domains),
            ("paired pools together", pairs),
            ("more servers at once than allowed", at_once),
            ("work outside of a window", windows),
            ("rings, roles, databases out of order", order),
            ("servers begun after a failure", failures),
            ("servers without a turn, or with two", turns),
        ];
        for (rule, count) in rules {
            println!("  {rule:<37} {count:<18}  0 {}", said(count == 0));
        }
        for (servers, limit) in [(400, 0.005), (100_000, 2.0)] {
            for with_windows in [false, true] {
                let seconds = scheduling(servers, with_windows);
                let kind = if with_windows { "nightly windows" } else { "no windows" };
                let what = format!("scheduling {servers} servers, {kind}");
                println!("  {what:<44} {:>8.1} ms  ≤ {} ms {}", seconds * 1e3, limit * 1e3, said(seconds <= limit));
            }
        }
    }
}

fn sum(one: Broken, other: Broken) -> Broken {
    Broken {
        quorum: one.quorum + other.quorum,
        domains: one.domains + other.domains,
        pairs: one.pairs + other.pairs,
        at_once: one.at_once + other.at_once,
        windows: one.windows + other.windows,
        order: one.order + other.order,
        failures: one.failures + other.failures,
        turns: one.turns + other.turns,
    }
}

/// The time to schedule a fleet of this size, in seconds: the median of five.
fn scheduling(servers: usize, with_windows: bool) -> f64 {
    let mut rng = Rng::with_seed(servers as u64);
    let pools = servers / 5; // A pool has about six servers, so this makes more than enough.
    let mut plain = Plain::draw(&mut rng, Kind { pools: (pools, pools), largest: 12 });
    plain.hosts.truncate(servers);
    assert_eq!(plain.hosts.len(), servers, "the fleet is too small");
    plain.at_once = (servers / 100).clamp(10, 1000);
    if with_windows {
        plain = plain.with_windows(&mut rng);
    }
    let manifest = plain.manifest();
    let times = (0..5).map(|_| {
        let members = plain.members(&manifest);
        let begin = Instant::now();
        let fleet = reconcile_core::Fleet::of(&manifest, members);
        let planned = schedule(&fleet, start());
        let took = begin.elapsed().as_secs_f64();
        assert_eq!(planned.turns.len(), plain.hosts.len(), "every server has a turn");
        took
    });
    median(times.collect())
}

/// The assumptions behind the hours.
const ASSUMPTIONS: &str = "\
Simulated: no hour here was measured on a server. A turn takes 20 to 60 min, evenly drawn, and as long as foreseen; a Front
End pool is ready again 20 min after a server or an upgrade domain. Half of the pools are Front End pools with a back end,
one in three of them of Lync Server 2013 with upgrade domains; 1 to 8 sites, 1 to 3 rings, watched for up to 47 h; every
second Front End pool or Standard Edition server is paired. Windows are six hours a night, at another hour in each site.
The bound: for each ring the longest site (role after role its longest pool, or its work ÷ hands), the longest pair, or all
work ÷ hands; then the pool with the Central Management Store; then the watch. With windows, the same over their open hours,
as if work could be cut into pieces. Batches keep the same rules, take the largest pools first, go role by role over all
sites, and wait for their slowest server.
";
