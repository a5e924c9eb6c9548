//! A year of scheduled runs on one simulated server, every quarter of an hour: `cargo bench --bench year`.
//!
//! The lab is kept in files and opened again every day. As in the program, a run reads the whole journal. Once a run of
//! that day has written to it, the later runs have it in memory. A journal that has grown is compacted at the first
//! write to it.
//!
//! Once a month another update becomes the target. At random times (from a seed) a fault appears, somebody stops a
//! service, or a run is killed in the middle of a step.
//!
//! Time is virtual. The benchmark measures how long the year takes to play, whether memory grows with the runs, and how
//! long the journal gets. It prints each limit with the observed value; a busy machine takes longer.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads a clock")]

use std::{error::Error, fs, path::Path, time::Instant};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use reconcile_core::{Act, Blocker, End, Goal, Observe, Request, apply};
use reconcile_hosts::lab::{Fault, Kill, Lab, LabError, When, World, start};
use reconcile_schema::{Build, Manifest, Mark, Marks, Period, Releases, RunId};

type Played<T> = Result<T, Box<dyn Error>>;

const MANIFEST: &str = r#"
version: 1
updates:
  month:
    product: sfb-2019
    release: "RELEASE"
    installer:
      path: 'D:\Updates\SkypeServerUpdateInstaller.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
servers:
  se.berlin.contoso.example:
    role: standard-edition
    target: month
    policy:
      reboot: inWindow
      maintenance:
        timeZone: Europe/Berlin
        windows: { nights: { days: "tue,sat", from: "22:00", to: "04:00" } }
"#;

/// How often the scheduled task runs, how many runs that makes in a day, and for how many days.
const EVERY: SignedDuration = SignedDuration::from_mins(15);
const A_DAY: u32 = 24 * 4;
const DAYS: u32 = 365;

/// The first moment of the year.
const BEGIN: Timestamp = Timestamp::constant(1_798_761_600, 0); // 2027-01-01.

/// Faults that appear on one day in eight, and are fixed on the next.
const BREAKS: [Fault; 9] = [
    Fault::InstallerAsksForReboot,
    Fault::InstallerBeginsReboot,
    Fault::InstallerFindsServices,
    Fault::InstallerStartsServices,
    Fault::InstallerStopsHalfWay,
    Fault::RebootPending,
    Fault::ShellOpen,
    Fault::DatabaseUnreachable,
    Fault::ServicesUnreadable,
];

/// The results of the runs.
#[derive(Default)]
struct Year {
    at_goal: u32,
    waiting: u32,
    otherwise: u32,
    killed: u32,
    steps: usize,
    /// The length of the journal at the beginning of the last day, and its greatest length, in bytes.
    journal: u64,
    longest: u64,
    /// How often the journal was compacted, and the memory in use after the first time, in MiB.
    compacted: u32,
    warm: Option<f64>,
}

fn main() -> Played<()> {
    let began = Instant::now();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("year.world.yaml");
    let mut month = 0;
    let mut goal = goal(month)?;
    let mut lab = Lab::reset(&path, start([(&goal, &"7.0.2046.100".parse::<Build>()?, Vec::new())]))?;
    lab.change(&goal.server, |server| server.clock = BEGIN)?;
    let (mut year, mut rng) = (Year::default(), Rng::with_seed(2027));
    for day in 0..DAYS {
        lab = open(&path)?;
        if day / 31 > month {
            month = day / 31;
            goal = next(&mut lab, month)?;
        }
        a_day(&mut lab, &goal, &mut rng)?;
        for number in day * A_DAY..(day + 1) * A_DAY {
            let at = BEGIN + EVERY * i32::try_from(number)?;
            year.run(&mut lab, &goal, at, number, &mut rng)?;
        }
        year.look(&lab, &goal)?;
    }
    year.tell(&mut lab, &goal, began.elapsed().as_secs_f64())
}

fn goal(month: u32) -> Played<Goal> {
    let manifest = MANIFEST.replace("RELEASE", &format!("7.0.2046.{}", 200 + 10 * month));
    let manifest: Manifest = serde_yaml::from_str(&manifest)?;
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml"))?;
    Ok(Goal::of(&manifest, &releases, &"se.berlin.contoso.example".parse()?)?)
}

fn open(path: &Path) -> Played<Lab> {
    Ok(Lab::open(path, World::default)?)
}

/// Another update becomes the target, and expects newer versions of some databases.
fn next(lab: &mut Lab, month: u32) -> Played<Goal> {
    let goal = goal(month)?;
    lab.change(&goal.server, |server| {
        server.staged = false;
        for store in &mut server.databases {
            let changed = store.databases.iter_mut().filter(|(name, _)| matches!(name.as_str(), "rtcab" | "rtcxds"));
            changed.for_each(|(_, database)| database.after_update = database.expected.next());
        }
    })?;
    Ok(goal)
}

/// An operator fixes yesterday's fault and says so. On some days another fault appears, or somebody stops a service.
fn a_day(lab: &mut Lab, goal: &Goal, rng: &mut Rng) -> Played<()> {
    let broken = lab.world().servers.get(&goal.server).is_some_and(|server| !server.faults.is_empty());
    let breaks = (rng.u8(..8) == 0).then(|| rng.choice(BREAKS)).flatten();
    let stopped = (rng.u8(..16) == 0).then(|| rng.usize(..8));
    lab.change(&goal.server, |server| {
        server.faults = breaks.into_iter().collect();
        if let Some(service) = stopped.and_then(|nth| server.services.get_mut(nth)) {
            service.state = reconcile_schema::ServiceState::Stopped;
        }
    })?;
    if broken {
        lab.host(&goal.server)?.mark(&RunId("fixed".into()), &Mark::Forgiven)?;
    }
    Ok(())
}

impl Year {
    fn run(&mut self, lab: &mut Lab, goal: &Goal, at: Timestamp, number: u32, rng: &mut Rng) -> Played<()> {
        let request = Request {
            goal,
            run: RunId(format!("scheduled {number}")),
            version: env!("CARGO_PKG_VERSION"),
            by: "the scheduler",
            approved: None,
            forgive: false,
            interrupted: &|| None,
        };
        let mut host = lab.host(&goal.server)?;
        // The previous run may have taken longer than the interval.
        let passed = at.duration_since(host.observe(goal)?.at).as_secs();
        host.pause(Period::seconds(u32::try_from(passed).unwrap_or(0)));
        if rng.bool() {
            // Few runs have so many effects, so most runs end before the kill.
            host.kill(Kill { effect: rng.u32(2..40), when: When::Midway });
        }
        match apply(&mut host, &request, &mut |_| {}) {
            Ok(outcome) => {
                self.steps += outcome.steps.len();
                match outcome.end {
                    End::AtGoal => self.at_goal += 1,
                    End::Blocked(Blocker::WindowClosed { .. } | Blocker::WindowTooShort { .. }) => self.waiting += 1,
                    End::GoingDown | End::Blocked(_) => self.otherwise += 1,
                }
            }
            Err(LabError::Killed) => self.killed += 1,
            Err(other) => return Err(other.into()),
        }
        Ok(())
    }

    /// Measures the journal at the end of a day.
    fn look(&mut self, lab: &Lab, goal: &Goal) -> Played<()> {
        let journal = lab.journal_path(&goal.server).ok_or("this lab has no journal")?;
        let length = fs::metadata(&journal)?.len();
        if length < self.journal {
            self.compacted += 1;
            self.warm = self.warm.or_else(resident);
        }
        (self.journal, self.longest) = (length, self.longest.max(length));
        Ok(())
    }

    fn tell(&self, lab: &mut Lab, goal: &Goal, seconds: f64) -> Played<()> {
        let Self { at_goal, waiting, otherwise, killed, steps, longest, compacted, warm, .. } = self;
        let runs = DAYS * A_DAY;
        println!("{runs} runs of a year: {at_goal} at the goal, {waiting} waited for a window, {killed} were killed,");
        println!(
            "{otherwise} ended otherwise; {steps} steps were taken. The journal was made shorter {compacted} times.\n"
        );
        println!("{:52} {:>10}  {:>10}", "", "seen", "limit");
        row("the year took, s", seconds, 60.0);
        row("longest journal, KiB", *longest as f64 / 1024.0, 640.0);
        match warm.zip(resident()) {
            Some((warm, last)) => row("memory since the journal was first compacted, MiB", (last - warm).max(0.0), 1.0),
            None => println!("memory is measured on Linux only"),
        }
        let mut host = lab.host(&goal.server)?;
        let (seen, marks): (_, Marks) = (host.observe(goal)?, host.marks()?);
        if seen.core(goal.product) != Some(&goal.core) || marks.baseline.is_some() {
            return Err(format!("at the end of the year the server is at {:?}", seen.core(goal.product)).into());
        }
        println!("\nAt the end it is at {}, and no outage is open.", goal.core);
        Ok(())
    }
}

fn row(what: &str, seen: f64, limit: f64) {
    let verdict = if seen <= limit { "met" } else { "not met" };
    println!("{what:52} {seen:>10.2}  {:>10}  {verdict}", format!("≤ {limit}"));
}

/// The memory that this process holds, in MiB: the second field of `/proc/self/statm`, in pages of 4 KiB.
fn resident() -> Option<f64> {
    let told = fs::read_to_string("/proc/self/statm").ok()?;
    told.split(' ').nth(1)?.parse::<f64>().ok().map(|pages| pages / 256.0)
}
