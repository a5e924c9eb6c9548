//! Two campaigns: one ends the run at random moments, the other swaps the package during the runs.
//!
//! The short form takes a few of each. `tests/campaigns/run long terminate` and `… swaps` set a seed, and a folder for
//! the results of the long form. If the long form is interrupted, it continues from there.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;
use reconcile_doubles::{Swaps, UpdaterRun};
use reconcile_schema::Step;

use crate::crashes::installs;
use crate::machine::{Machine, given};
use crate::processes::{Process, until, within};
use crate::reconcile::{MANIFEST, PROGRAM, Ran, STATE, manifest};
use crate::server::{LYNC_2013, SFB_2015, SFB_2019, Server};

/// The exit codes that the README promises.
const DOCUMENTED: [u32; 6] = [0, 1, 2, 3, 4, 5];

/// The results of a campaign so far, one per line.
struct Kept {
    path: Option<PathBuf>,
    lines: Vec<String>,
}

impl Kept {
    /// The results of the long form. The short form keeps none.
    fn of(campaign: &str) -> Self {
        let path = std::env::var_os("CAMPAIGN_KEPT")
            .map(|folder| PathBuf::from(folder).join(format!("{campaign}-{}", seed())));
        let text = path.as_deref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        Self { path, lines: text.lines().map(str::to_owned).collect() }
    }

    const fn is_long(&self) -> bool {
        self.path.is_some()
    }

    fn add(&mut self, line: String) {
        if let Some(path) = &self.path {
            let file = OpenOptions::new().append(true).create(true).open(path);
            file.and_then(|mut file| writeln!(file, "{line}")).expect("the folder takes a file");
        }
        self.lines.push(line);
    }
}

fn seed() -> u64 {
    std::env::var("CAMPAIGN_SEED").map_or(1, |seed| seed.parse().expect("a number as the seed"))
}

/// The moment at which a run is ended: this long after its journal has so many entries, with or without the watcher of
/// its commands.
#[derive(Debug)]
struct Moment {
    server: usize,
    entries: usize,
    later: Duration,
    with_watcher: bool,
}

type Make = fn() -> Server;

/// The servers of the campaign. Their installer is slow, so that many moments fall into its work.
const SERVERS: [(&str, Make); 4] = [
    ("a Standard Edition server of 2015", || Server::standard_edition(SFB_2015)),
    ("a back end of 2019", || Server::back_end(SFB_2019)),
    ("a Front End Server of 2019", || Server::front_end(SFB_2019)),
    ("a Standard Edition server of Lync", || Server::standard_edition(LYNC_2013).with_central_management()),
];

impl Moment {
    fn draw(number: usize) -> Self {
        let mut rng = Rng::with_seed(seed().wrapping_mul(1_000_003).wrapping_add(number as u64));
        Self {
            server: number % SERVERS.len(),
            entries: rng.usize(..30),
            later: Duration::from_micros(rng.u64(..150_000)),
            with_watcher: rng.u8(..3) == 0,
        }
    }

    /// Ends a run at that moment; the next run does the rest. Returns the last mark of its journal.
    fn play(&self) -> String {
        let mut server = (SERVERS[self.server].1)();
        server.lab.updater = vec![UpdaterRun { pace: 150, ..UpdaterRun::default() }];
        let machine = Machine::new(server);
        machine.declare("{}");
        let run = machine.start_apply();
        let entries = || fs::read_to_string(machine.journal_path()).unwrap_or_default();
        let come = |entries: &str| entries.lines().count() >= self.entries || entries.contains("\"runEnded\"");
        until("its journal grows", || come(&entries()).then_some(()));
        let whom = |process: &Process| process.program == PROGRAM && (self.with_watcher || !process.watches);
        machine.kill_when(|_| true, self.later, whom);
        let last = entries().lines().last().map_or_else(|| "nothing".to_owned(), mark_of);
        run.end();

        let done = within(Duration::from_secs(180), || {
            let again = machine.apply();
            assert!(DOCUMENTED.contains(&again.code), "{again:#?}");
            acknowledge(&machine, &again);
            (again.code == 0).then_some(())
        });
        assert!(done.is_some(), "no later run reached its goal");
        machine.assert_converged();
        // If the watcher ends with the run, nobody sees the end of the installation, so the next run starts it again.
        let most = if self.with_watcher { 2 } else { 1 };
        assert!((1..=most).contains(&installs(&machine)), "{} installations", installs(&machine));
        assert_eq!(machine.journal().iter().filter(|mark| *mark == "installed").count(), 1);
        let known = machine.calls().len();
        assert_eq!(machine.apply().code, 0);
        machine.assert_untouched(known);
        last
    }
}

/// The mark in a line of the journal, with its step. A torn line has no mark.
fn mark_of(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    let mark = line["mark"].as_str().unwrap_or("half an entry");
    let step = line["step"].as_str().or_else(|| line["step"]["step"].as_str());
    step.map_or_else(|| mark.to_owned(), |step| format!("{mark} {step}"))
}

/// Acknowledges the damaged end of a journal, if the run requires that.
fn acknowledge(machine: &Machine, ran: &Ran) {
    if format!("{ran:?}").contains("reconcile acknowledge") {
        let said = machine.reconcile(&["acknowledge", MANIFEST, "journal", "--reason", "a campaign"]);
        assert_eq!(said.code, 0, "{said:?}");
    }
}

#[test]
fn terminated_at_any_moment() {
    let kept = Kept::of("terminate");
    let count = if kept.is_long() { 200 } else { 4 };
    let done = kept.lines.len();
    let (next, kept) = (AtomicUsize::new(done), Mutex::new(kept));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let moment = Moment::draw(number);
                    let line = match catch_unwind(AssertUnwindSafe(|| moment.play())) {
                        Ok(last) => format!("held\t{}\t{last}", SERVERS[moment.server].0),
                        Err(why) => format!("FAILED\t{moment:?}\t{}", said(&*why).replace('\n', " ")),
                    };
                    println!("{number}\t{line}");
                    kept.lock().unwrap().add(line);
                }
            });
        }
    });
    let kept = kept.into_inner().unwrap();
    let failed = kept.lines.iter().filter(|line| line.starts_with("FAILED")).count();
    for column in [1, 2] {
        let mut table = BTreeMap::new();
        for line in kept.lines.iter().filter(|line| line.starts_with("held")) {
            *table.entry(line.split('\t').nth(column).unwrap_or_default()).or_insert(0) += 1;
        }
        println!();
        table.iter().for_each(|(row, count)| println!("{count:>7}  {row}"));
    }
    println!("\n{} moments, {failed} failed; seed {}", kept.lines.len(), seed());
    assert_eq!(failed, 0, "{:#?}", kept.lines);
}

fn said(why: &(dyn Any + Send)) -> String {
    let text = why.downcast_ref::<String>().cloned();
    text.or_else(|| why.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// The foreign program and library leave this file when they run.
const MARK: &str = r"C:\lab\foreign";
const FOREIGN: &str = r"C:\lab\foreign.exe";
const LIBRARY: &str = r"C:\lab\foreign.dll";

#[test]
fn a_swapped_package_never_runs() {
    let mut kept = Kept::of("swaps");
    let (wanted, starts) = if kept.is_long() { (10_000, 40) } else { (300, 1) };
    let mut server = Server::standard_edition(SFB_2019);
    // An installer that patches nothing is started again and again.
    server.lab.updater = vec![UpdaterRun { components: Some(0), ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{}");
    for (file, place) in [("foreign.exe", FOREIGN), ("foreign.dll", LIBRARY)] {
        machine.put(
            place,
            fs::read(PathBuf::from(given("WINDOWS_PROGRAMS")).join(file)).expect("tests/windows/run makes it"),
        );
    }
    both_would_be_seen(&machine);

    let folder = private();
    // Before the first run, anyone can know this much about the next update.
    let declared = manifest(&machine, "{}");
    let hash = declared.lines().find_map(|line| line.trim().strip_prefix("sha256: ")).expect("a hash");
    machine.put(&format!(r"{folder}\packages\{hash}\helper.dll"), fs::read(machine.path(LIBRARY)).unwrap());
    let genuine = machine.path(&machine.installer());
    machine.put(r"C:\lab\genuine.exe", fs::read(genuine).unwrap());
    let (seed, source) = (seed().wrapping_add(kept.lines.len() as u64 * 7919).max(1).to_string(), machine.installer());
    let swapper =
        machine.start(r"C:\lab\bin\swapper.exe", &[&seed, &source, &folder, r"C:\lab\genuine.exe", FOREIGN, LIBRARY]);

    let before = figures(&kept);
    let mut figure = before;
    let mut rounds = 0;
    while figure.swaps.taken < wanted || figure.starts < starts {
        rounds += 1;
        assert!(kept.is_long() || rounds < 60, "no run has reached the installer: {figure:?}");
        let planted = plant(&machine);
        let known = installs(&machine);
        let ran = Ran::of(machine.reconcile(&["apply", MANIFEST, "--yes", "--retry", "--output", "json"]));
        acknowledge(&machine, &ran);
        assert!(!machine.path(MARK).exists(), "a foreign program ran: {ran:#?}");
        assert!(DOCUMENTED.contains(&ran.code) && ran.server.left_down.is_empty(), "{ran:#?}");
        let began = installs(&machine) - known;
        assert_eq!(began, ran.count(&Step::Install), "every start was one of the package: {ran:#?}");
        if rounds % 2 == 0 {
            // Without its journal, the next run does not know this copy.
            let _ = fs::remove_file(machine.journal_path());
        }
        let counts = fs::read(machine.path(r"C:\lab\swaps.json")).unwrap_or_default();
        let now: Swaps = serde_json::from_slice(&counts).unwrap_or_default();
        figure = Figures {
            swaps: Swaps {
                tried: before.swaps.tried + now.tried,
                taken: before.swaps.taken + now.taken,
                taken_private: before.swaps.taken_private + now.taken_private,
                planted: before.swaps.planted + now.planted,
            },
            private: figure.private + planted,
            runs: figure.runs + 1,
            starts: figure.starts + began as u32,
        };
        kept.add(figure.line());
    }
    machine.put(r"C:\lab\swaps.stop", "");
    assert_eq!(swapper.end().code, 0);
    assert!(!machine.path(MARK).exists(), "a foreign program ran");
    machine.assert_up();
    let Figures { swaps: Swaps { tried, taken, taken_private, planted }, private, runs, starts } = figure;
    println!("{taken} swaps of {tried} tries, {taken_private} of them in the private folder");
    println!("{planted} libraries next to the source, {private} next to a copy in the private folder");
    println!("{runs} runs, {starts} installations, none of them foreign; seed {seed}");
    assert!(!kept.is_long() || (taken_private > 0 && private > 0), "nothing was tried in the private folder");
}

/// The result of a campaign of swaps.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    swaps: Swaps,
    /// Libraries that were put into the private folder.
    private: u32,
    runs: u32,
    starts: u32,
}

impl Figures {
    fn line(&self) -> String {
        let Self { swaps: Swaps { tried, taken, taken_private, planted }, private, runs, starts } = self;
        format!("{tried} {taken} {taken_private} {planted} {private} {runs} {starts}")
    }
}

/// The figures in the last line of the results.
fn figures(kept: &Kept) -> Figures {
    let numbers: Option<Vec<u32>> =
        kept.lines.last().map(|line| line.split(' ').filter_map(|number| number.parse().ok()).collect());
    match numbers.unwrap_or_default()[..] {
        [tried, taken, taken_private, planted, private, runs, starts] => {
            Figures { swaps: Swaps { tried, taken, taken_private, planted }, private, runs, starts }
        }
        _ => Figures::default(),
    }
}

/// Proves that the campaign detects a foreign program, and a foreign library next to the installer.
fn both_would_be_seen(machine: &Machine) {
    machine.run::<&str>(FOREIGN, &[]);
    let seen = |what: &str| {
        assert!(machine.path(MARK).exists(), "{what} leaves no mark");
        fs::remove_file(machine.path(MARK)).expect("it can be removed");
    };
    seen("a foreign program");
    let installer = format!(r"C:\lab\control\{}", machine.server().product.installer);
    machine.put(&installer, fs::read(machine.path(&machine.installer())).unwrap());
    machine.put(r"C:\lab\control\helper.dll", fs::read(machine.path(LIBRARY)).unwrap());
    machine.run(&installer, &["/help"]);
    seen("a foreign library");
    fs::remove_file(machine.path(r"C:\lab\calls.jsonl")).expect("it was called");
}

/// The private folder, with an upper-case drive letter as in the paths of the machine.
fn private() -> String {
    format!("C{}", &STATE[1..])
}

/// Puts the library next to every copy of the package in the private folder, between two runs. On Windows a stranger
/// cannot write there during a run, but Wine has no such protection.
fn plant(machine: &Machine) -> u32 {
    let mut folders = vec![machine.path(&private())];
    let library = fs::read(machine.path(LIBRARY)).unwrap();
    let mut planted = 0;
    while let Some(folder) = folders.pop() {
        let entries: Vec<_> = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        if entries.iter().any(|path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe"))) {
            let place = folder.join("helper.dll");
            let _ = fs::remove_file(&place);
            planted += u32::from(fs::write(place, &library).is_ok());
        }
        folders.extend(entries.into_iter().filter(|path| path.is_dir()));
    }
    planted
}
