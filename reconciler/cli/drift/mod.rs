//! `reconcile drift`: how the servers of a fleet differ from their manifest.

mod annotations;
mod attendance;
mod diff;
mod forms;
mod html;
mod json;
mod judge;
mod junit;
mod markdown;
mod page;
pub mod prometheus;
mod report;
mod sarif;
mod text;
mod workers;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    thread,
};

use jiff::Timestamp;
use reconcile_core::Place;
use reconcile_hosts::snapshot::{Origin, Piece, Reader, Sources, read};
use reconcile_schema::{Build, DriftState, DriftSummary, Fqdn, ServerDrift, ServerName};

pub use self::forms::every_form;
use self::{
    attendance::Attendance,
    judge::{Judge, Judged, Known, duplicate, unequal},
    report::{ENDINGS, Head, Report, begin, form_of},
};
use crate::{
    appear,
    args::{self, Drift, DriftOutput},
    exit::Exit,
    input::Input,
    observe,
    problem::Problem,
    site::Site,
};

/// Judges every snapshot, and says which servers have none.
///
/// # Errors
/// When the manifest, the snapshots as a whole or a report cannot be used.
pub fn run(args: &Drift) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let as_of = args.as_of.unwrap_or_else(now);
    let shows_seen = |form| form == DriftOutput::Html;
    let keeps = shows_seen(args.output) || args.reports.iter().any(|path| form_of(path).is_some_and(shows_seen));
    let judge = Judge::new(&input, as_of, args, keeps)?;
    for name in &args.servers {
        judge.find(name).map_err(|_| Problem::input(format!("the manifest does not name the server {name}")))?;
    }
    let head = Head { made_by: env!("CARGO_PKG_VERSION"), manifest: args.manifest.display().to_string(), as_of };
    let mut reports = Reports::open(args, &head, &input)?;
    let mut fleet = Fleet {
        judge: &judge,
        only: &args.servers,
        attendance: Attendance::default(),
        mixed: judge.mixed_pools(),
        held_back: Vec::new(),
    };
    if args.from.is_empty() {
        fleet.look(&input, &mut reports)?;
        fleet.settle(&mut reports)?;
    } else {
        fleet.read(&args.from, &mut reports)?;
        fleet.settle(&mut reports)?;
        fleet.miss(&mut reports)?;
    }
    reports.finish()
}

#[expect(clippy::disallowed_methods, reason = "the edge: ages are counted from now, unless somebody says otherwise")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A fleet that is being judged.
struct Fleet<'a> {
    judge: &'a Judge<'a>,
    only: &'a [ServerName],
    attendance: Attendance,
    /// The pools of which the manifest wants servers at different builds.
    mixed: BTreeSet<&'a Fqdn>,
    /// Their servers that are at their goals: whether that is all, the others of the pool tell.
    held_back: Vec<Judged>,
}

impl Fleet<'_> {
    /// Looks at the servers that can be reached: this one, or those of a lab.
    fn look(&mut self, input: &Input, reports: &mut Reports<'_>) -> Result<(), Problem> {
        let (mut site, goals) = Site::open(input, self.only)?;
        let mut known = Known::default();
        for goal in &goals {
            let snapshot = observe::snapshot(&mut site, goal)?;
            let origin = Origin { file: "".into(), line: None };
            self.take(&mut self.judge.snapshot(&mut known, origin, snapshot), reports)?;
        }
        Ok(())
    }

    /// Reads snapshots, as many at once as there are processors.
    fn read(&mut self, places: &[PathBuf], reports: &mut Reports<'_>) -> Result<(), Problem> {
        let sources = Sources::open(places).map_err(Problem::input)?;
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let judge = self.judge;
        let work = || {
            let (mut reader, mut known) = (Reader::default(), Known::default());
            move |piece: Piece| {
                let mut judged = Vec::new();
                read(&mut reader, piece, |record| judged.push(judge.record(&mut known, record)));
                judged
            }
        };
        workers::each_in_order(threads, sources, work, |judged: &mut Vec<Judged>| {
            judged.iter_mut().try_for_each(|judged| self.take(judged, reports))
        })
    }

    fn take(&mut self, judged: &mut Judged, reports: &mut Reports<'_>) -> Result<(), Problem> {
        match judged.place {
            Some(place) if !self.asked_for(place) => return Ok(()),
            Some(place) if !self.attendance.note(place) => duplicate(&mut judged.drift),
            Some(place)
                if judged.drift.state == DriftState::AtGoal
                    && self.judge.pool(place).is_some_and(|pool| self.mixed.contains(pool)) =>
            {
                let Judged { place, drift, seen } = judged;
                self.held_back.push(Judged { place: *place, drift: drift.clone(), seen: seen.take() });
                return Ok(());
            }
            None if !self.only.is_empty() && judged.drift.state == DriftState::Unnamed => return Ok(()),
            Some(_) | None => {}
        }
        reports.server(judged)
    }

    /// Reports the servers that were held back: those below the highest build of their pool are not at one with it.
    fn settle(&mut self, reports: &mut Reports<'_>) -> Result<(), Problem> {
        let mut highest: BTreeMap<Option<String>, Build> = BTreeMap::new();
        for ServerDrift { pool, found, .. } in self.held_back.iter().map(|judged| &judged.drift) {
            let Some(found) = found else { continue };
            let known = highest.entry(pool.clone()).or_insert_with(|| found.clone());
            if found.reaches(known) {
                known.clone_from(found);
            }
        }
        for mut judged in std::mem::take(&mut self.held_back) {
            let (own, highest) = (judged.drift.found.clone(), highest.get(&judged.drift.pool));
            if let Some(highest) = highest.filter(|highest| own.is_some_and(|own| own != **highest)) {
                unequal(&mut judged.drift, highest);
            }
            reports.server(&judged)?;
        }
        Ok(())
    }

    /// Says which servers did not report.
    fn miss(&self, reports: &mut Reports<'_>) -> Result<(), Problem> {
        for (entry, servers) in self.judge.entries().iter().enumerate() {
            let place = |number| Place { entry, number };
            let missing = |number| !self.attendance.has(place(number)) && self.asked_for(place(number));
            for (number, name) in self.judge.servers(servers, missing) {
                if let Some(drift) = self.judge.missing(entry, &name) {
                    reports.server(&Judged { place: Some(place(number)), drift, seen: None })?;
                }
            }
        }
        Ok(())
    }

    fn asked_for(&self, place: Place) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| self.judge.find(name) == Ok(place))
    }
}

/// How much of a report is collected before it is written.
const WRITTEN: usize = 64 << 10;

/// All reports that were asked for, written side by side.
struct Reports<'a> {
    reports: Vec<(Box<dyn Report + 'a>, Target)>,
    summary: DriftSummary,
}

/// Where a report goes: its file appears whole, or not at all.
enum Target {
    Standard,
    File { path: PathBuf, written: tempfile::TempPath },
}

impl<'a> Reports<'a> {
    fn open(args: &Drift, head: &Head, input: &'a Input) -> Result<Self, Problem> {
        let releases = input.releases();
        let colours = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let standard: Box<dyn Write + Send> =
            if colours { Box::new(anstream::stdout()) } else { Box::new(io::stdout()) };
        let standard = BufWriter::with_capacity(WRITTEN, standard);
        let standard = begin(args.output, head, releases, colours, standard).map_err(Problem::failed)?;
        let mut reports = vec![(standard, Target::Standard)];
        for path in &args.reports {
            let form = form_of(path).ok_or_else(|| {
                let endings = ENDINGS.map(|(ending, _)| format!(".{ending}")).join(", ");
                Problem::usage(format!("{}: expected a file that ends with one of {endings}", path.display()))
            })?;
            let (file, written) = appear::beside(path).map_err(|error| unwritable(path, &error))?.into_parts();
            let file = BufWriter::with_capacity(WRITTEN, file);
            let report = begin(form, head, releases, false, file).map_err(|error| unwritable(path, &error))?;
            reports.push((report, Target::File { path: path.clone(), written }));
        }
        let not_judged = match args.judge {
            args::Judged::All => Vec::new(),
            args::Judged::Builds => ["services", "databases"].map(str::to_owned).into(),
        };
        Ok(Self { reports, summary: DriftSummary { not_judged, ..DriftSummary::default() } })
    }

    fn server(&mut self, judged: &Judged) -> Result<(), Problem> {
        let ServerDrift { state, steps, .. } = &judged.drift;
        self.summary.servers += 1;
        self.summary.steps += u64::try_from(steps.len()).unwrap_or_default();
        *self.summary.states.entry(*state).or_default() += 1;
        for (report, target) in &mut self.reports {
            report.server(judged).or_else(|error| target.excuses(error))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Exit, Problem> {
        let worst = self.summary.states.keys().max().copied().unwrap_or(DriftState::AtGoal);
        let exit = Exit::from(worst);
        self.summary.exit_code = exit.code();
        for (report, target) in self.reports {
            report.finish(&self.summary).or_else(|error| target.excuses(error))?;
            if let Target::File { path, written } = target {
                written.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
            }
        }
        Ok(exit)
    }
}

impl Target {
    /// A reader of standard output that went away is no failure of ours.
    fn excuses(&self, error: io::Error) -> Result<(), Problem> {
        match self {
            Self::Standard if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Self::Standard => Err(Problem::failed(format!("standard output: {error}"))),
            Self::File { path, .. } => Err(unwritable(path, &error)),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::failed(format!("cannot write the report {}: {error}", path.display()))
}
