//! What a drift report over a fleet costs, as ratios that hold on a noisy machine: `benches/scale/run`.
//!
//! Each measurement runs in its own process, alternating with the program that it is compared with. A figure is the
//! median over the rounds, with the lowest and the highest. Before the timing, a Python script and jq must count the
//! same drift as `reconcile`.
//!
//! Each limit is compared with the median and never asserted, so a busy machine breaks nothing. Two of the limits need
//! an explanation.
//!
//! * Work on data that servers share is done once, so the differences between servers matter. In the corpora for the
//!   limits, every server has its own name, boot and free space. Its lists are those of all servers with the same
//!   fault. A further corpus gives each of a thousand servers its own fault, so nothing is shared there.
//! * Memory is constant if snapshots add nothing to it. The manifest itself stays in memory, so the fleet is compared
//!   with a hundredth of it in two ways. The stricter one uses a manifest of a hundredth; the other one uses the same
//!   manifest.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads a clock and starts the programs that it compares")]

mod corpus;
mod spent;

use std::{
    error::Error,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Command,
};

use corpus::{Corpus, Drifted, START};
use spent::{Spent, spend};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The fleet for the figures, and a hundredth of it.
const LARGE: usize = 100_000;
const SMALL: usize = LARGE / 100;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Bench::new()?.run(),
        ["scan", path] => scan(path),
        _ => Err("usage: scale; `benches/scale/run` builds what it needs".into()),
    }
}

/// The reference: it reads a file, finds the ends of its lines, and does nothing else.
fn scan(path: &str) -> Outcome<()> {
    let (mut file, mut lines) = (BufReader::with_capacity(512 << 10, File::open(path)?), 0);
    while file.skip_until(b'\n')? > 0 {
        lines += 1;
    }
    println!("{lines} lines");
    Ok(())
}

struct Bench {
    reconcile: PathBuf,
    own: PathBuf,
    /// The folder of the Python script, the jq program and this source.
    beside: PathBuf,
    /// One host in seven drifted; all drifted.
    large: [Corpus; 2],
    /// All hosts drifted, each in its own way.
    apart: Corpus,
    small: [Corpus; 2],
    /// No host drifted.
    calm: Corpus,
    /// One host.
    one: Corpus,
}

/// A median with the lowest and the highest of its rounds.
struct Figure(f64, f64, f64);

impl Bench {
    fn new() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("target/tmp/scale");
        let own = std::env::current_exe()?;
        let corpora = |servers| -> Outcome<_> {
            Ok([Corpus::of(&folder, servers, Drifted::OneInSeven)?, Corpus::of(&folder, servers, Drifted::All)?])
        };
        Ok(Self {
            reconcile: env!("CARGO_BIN_EXE_reconcile").into(),
            beside: root.join("benches/scale"),
            large: corpora(LARGE)?,
            small: corpora(SMALL)?,
            apart: Corpus::of(&folder, LARGE, Drifted::Apart)?,
            calm: Corpus::of(&folder, LARGE, Drifted::None)?,
            one: Corpus::of(&folder, 1, Drifted::None)?,
            own,
        })
    }

    fn run(&self) -> Outcome<()> {
        let average = self.large[0].bytes / LARGE as u64;
        let processors = std::thread::available_parallelism()?;
        println!("{LARGE} servers, {average} bytes each; {processors} processors; load {}", load()?);
        println!("{:60} {:>8} {:>8} {:>8}  {:>6} {:>6}", "", "median", "lowest", "highest", "limit", "aim");
        self.read_and_judge()?;
        self.memory()?;
        self.processors()?;
        self.growth()?;
        self.manifest()?;
        self.peers()?;
        println!("load {}", load()?);
        Ok(())
    }

    fn read_and_judge(&self) -> Outcome<()> {
        let measured = |corpus: &Corpus, output, rounds| -> Outcome<()> {
            let ratio = ratio(rounds, || self.drift(corpus, output), || self.scan(corpus), cpu)?;
            let what = format!("drift ÷ read and scan, CPU: {}, {output}", corpus.what);
            row(&what, &ratio, Bound::AtMost(16.0, 8.0));
            Ok(())
        };
        for corpus in [&self.calm].into_iter().chain(&self.large) {
            measured(corpus, "text", 7)?;
            measured(corpus, "json", 7)?;
        }
        measured(&self.apart, "text", 3)
    }

    fn memory(&self) -> Outcome<()> {
        for (large, small) in self.large.iter().zip(&self.small) {
            for output in ["text", "json"] {
                let peak = |corpus| rounds(3, || Ok(spend(&mut self.drift(corpus, output))?.peak));
                let (most, less) = (peak(large)?, peak(small)?);
                row(&format!("peak memory, MB: {}, {output}", large.what), &most, Bound::AtMost(24.0, 12.0));
                let growth = most.0 / less.0;
                row(&format!("… ÷ with {SMALL} servers"), &Figure(growth, growth, growth), Bound::AtMost(1.2, 1.05));
                let few = Corpus { manifest: large.manifest.clone(), ..small.clone() };
                let growth = most.0 / peak(&few)?.0;
                row(
                    &format!("… ÷ with {SMALL} of the servers"),
                    &Figure(growth, growth, growth),
                    Bound::AtMost(1.2, 1.05),
                );
            }
        }
        Ok(())
    }

    fn processors(&self) -> Outcome<()> {
        for output in ["text", "json"] {
            let corpus = &self.large[0];
            let alone = || {
                let mut one = Command::new("taskset");
                one.args(["-c", "0"]).arg(&self.reconcile).args(self.drift(corpus, output).get_args());
                one
            };
            let ratio = ratio(11, || self.drift(corpus, output), alone, |spent| spent.wall)?;
            row(
                &format!("all processors ÷ one, wall: one in seven drifted, {output}"),
                &ratio,
                Bound::AtMost(0.65, 0.55),
            );
        }
        Ok(())
    }

    fn growth(&self) -> Outcome<()> {
        let mut ratios = Vec::new();
        for _ in 0..7 {
            let large = spend(&mut self.drift(&self.large[0], "text"))?.cpu;
            let small: f64 =
                (0..20).map(|_| Ok(spend(&mut self.drift(&self.small[0], "text"))?.cpu)).sum::<Outcome<_>>()?;
            ratios.push(large / (small / 20.0 * (LARGE / SMALL) as f64));
        }
        row(&format!("drift ÷ 100 × with {SMALL} servers, CPU"), &figure(ratios), Bound::AtMost(1.1, 1.0));
        Ok(())
    }

    /// The cost of a manifest that names many servers by ranges. It consists of reading the manifest, and of judging
    /// one server, which costs the same with one range. The other servers are not expanded.
    fn manifest(&self) -> Outcome<()> {
        let snapshot = &self.one.snapshots;
        let judge = |manifest: &Path| {
            let mut drift = Command::new(&self.reconcile);
            drift.arg("drift").arg(manifest).arg("--from").arg(snapshot).args(["--as-of", START, "--server"]);
            drift.arg(corpus::name(0));
            drift
        };
        let twenty = |manifest: &Path| -> Outcome<f64> {
            let sum: f64 = (0..20).map(|_| Ok(spend(&mut judge(manifest))?.cpu)).sum::<Outcome<_>>()?;
            Ok(sum / 20.0)
        };
        let (mut times, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            let one = twenty(&self.one.manifest)?;
            let small = twenty(&self.small[0].manifest)? - one;
            let large = twenty(&self.large[0].manifest)? - one;
            times.push(large * 1e3);
            ratios.push(large / (small * (LARGE / SMALL) as f64));
        }
        row(
            &format!("reading a manifest of {LARGE} servers by groups, CPU ms"),
            &figure(times),
            Bound::AtMost(50.0, 50.0),
        );
        row(&format!("… ÷ 100 × one of {SMALL} servers"), &figure(ratios), Bound::AtMost(1.1, 1.0));
        let missing = rounds(7, || {
            let mut drift = Command::new(&self.reconcile);
            drift.arg("drift").arg(&self.large[0].manifest).arg("--from").arg(snapshot).args(["--as-of", START]);
            Ok(spend(&mut drift)?.cpu * 1e3)
        })?;
        row("saying that all servers but one did not report, CPU ms", &missing, Bound::Any);
        Ok(())
    }

    fn peers(&self) -> Outcome<()> {
        for corpus in &self.large {
            let python = || self.python(corpus);
            let jq = || self.jq(corpus);
            let counted = said(&mut self.drift(corpus, "text"))?;
            let counted = counted.lines().last().and_then(|line| line.split_once(';')).map(|(counts, _)| counts);
            for peer in [&mut python(), &mut jq()] {
                let theirs = said(peer)?;
                if Some(theirs.trim()) != counted {
                    return Err(format!("reconcile counted {counted:?}, {peer:?} {theirs}").into());
                }
            }
            let ours = || self.drift(corpus, "text");
            row(
                &format!("Python ÷ drift, CPU: {}", corpus.what),
                &ratio(3, python, ours, cpu)?,
                Bound::AtLeast(3.0, 6.0),
            );
            row(&format!("jq ÷ drift, CPU: {}", corpus.what), &ratio(3, jq, ours, cpu)?, Bound::AtLeast(10.0, 20.0));
        }
        Ok(())
    }

    fn drift(&self, corpus: &Corpus, output: &str) -> Command {
        let mut drift = Command::new(&self.reconcile);
        drift.arg("drift").arg(&corpus.manifest).arg("--from").arg(&corpus.snapshots);
        drift.args(["--as-of", START, "--output", output]);
        drift
    }

    fn scan(&self, corpus: &Corpus) -> Command {
        let mut scan = Command::new(&self.own);
        scan.arg("scan").arg(&corpus.snapshots);
        scan
    }

    fn python(&self, corpus: &Corpus) -> Command {
        let mut python = Command::new("python3");
        python.arg(self.beside.join("compare.py")).arg(&corpus.goal).arg(&corpus.snapshots);
        python
    }

    fn jq(&self, corpus: &Corpus) -> Command {
        let mut jq = Command::new("jq");
        jq.arg("-n").arg("-r").arg("--slurpfile").arg("goal").arg(&corpus.goal);
        jq.arg("-f").arg(self.beside.join("compare.jq")).arg(&corpus.snapshots);
        jq
    }
}

fn cpu(spent: &Spent) -> f64 {
    spent.cpu
}

/// The ratio of the costs of two commands, which run in turn.
fn ratio(
    count: usize,
    mut one: impl FnMut() -> Command,
    mut other: impl FnMut() -> Command,
    of: impl Fn(&Spent) -> f64,
) -> Outcome<Figure> {
    spend(&mut other())?; // Brings the file into memory.
    rounds(count, || Ok(of(&spend(&mut one())?) / of(&spend(&mut other())?)))
}

fn rounds(count: usize, mut round: impl FnMut() -> Outcome<f64>) -> Outcome<Figure> {
    Ok(figure((0..count).map(|_| round()).collect::<Outcome<_>>()?))
}

fn figure(mut rounds: Vec<f64>) -> Figure {
    rounds.sort_by(f64::total_cmp);
    let nth = |at: usize| rounds.get(at).copied().unwrap_or(f64::NAN);
    Figure(nth(rounds.len() / 2), nth(0), nth(rounds.len().saturating_sub(1)))
}

/// The limit for a median, and the aim.
#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64, f64),
    AtLeast(f64, f64),
    /// No limit: the figure is reported and not judged.
    Any,
}

fn row(what: &str, Figure(median, lowest, highest): &Figure, bound: Bound) {
    let (limit, aim, verdict) = match bound {
        Bound::AtMost(limit, aim) => {
            (format!("≤ {limit}"), format!("≤ {aim}"), said_of(*median <= limit, *median <= aim))
        }
        Bound::AtLeast(limit, aim) => {
            (format!("≥ {limit}"), format!("≥ {aim}"), said_of(*median >= limit, *median >= aim))
        }
        Bound::Any => (String::new(), String::new(), ""),
    };
    println!("{what:60} {median:8.2} {lowest:8.2} {highest:8.2}  {limit:>6} {aim:>6}  {verdict}");
}

const fn said_of(met: bool, reached: bool) -> &'static str {
    match (met, reached) {
        (_, true) => "met, and the aim",
        (true, false) => "met",
        (false, false) => "not met",
    }
}

/// The output of a command. Its exit code does not count, because drift is expected.
fn said(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    Ok(String::from_utf8(output.stdout)?)
}

/// The average number of runnable processes in the last minute.
fn load() -> Outcome<String> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or_default().to_owned())
}
