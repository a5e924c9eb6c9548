//! The log of runs: everything that is traced, one line of JSON for each, a file for each day.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use reconcile_hosts::{open, ours};
use reconcile_schema::Reports;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::{fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::manifest::{harmless::Trace, input::Input};
use crate::work::site;

/// A log, which is written until this is dropped.
pub struct Listening {
    /// Its file.
    pub path: PathBuf,
    _guard: DefaultGuard,
}

/// Begins the log of a run, as its manifest says; nothing where it wants none.
///
/// # Errors
/// Why it cannot be written, and where.
pub fn begin(input: &Input, now: Timestamp, verbose: bool) -> Result<Option<Listening>, String> {
    let Reports { log, .. } = &input.manifest.reports;
    if log.keep == 0 {
        return Ok(None);
    }
    let folder = site::logs(input).map_err(|problem| problem.text())?;
    let failed = |error| format!("cannot write a log into {}: {error}", folder.display());
    listen(&folder, log.keep, now, verbose).map(Some).map_err(failed)
}

/// Writes the trace of this thread into the file of the day (UTC) in `folder` and, if requested, to standard error. The
/// newest `keep` files stay.
///
/// # Errors
/// The folder or the file cannot be used.
fn listen(folder: &Path, keep: u16, now: Timestamp, verbose: bool) -> io::Result<Listening> {
    std::fs::create_dir_all(folder)?;
    let day = now.to_zoned(TimeZone::UTC).date();
    let path = folder.join(name(day));
    ours(&path)?;
    let file = open::options().create(true).append(true).open(&path)?;
    prune(folder, usize::from(keep))?;
    let lines = fmt::layer().json().flatten_event(true).with_target(false).with_writer(Mutex::new(Trace::json(file)));
    let shown = verbose.then(|| fmt::layer().with_writer(|| Trace::text(io::stderr())).with_target(false));
    let guard = tracing_subscriber::registry().with(LevelFilter::INFO).with(lines).with(shown).set_default();
    Ok(Listening { path, _guard: guard })
}

fn name(day: Date) -> String {
    format!("reconcile-{day}.jsonl")
}

/// The day of one of our files.
fn day(path: &Path) -> Option<Date> {
    let file = path.file_name()?.to_str()?;
    let day: Date = file.strip_prefix("reconcile-")?.strip_suffix(".jsonl")?.parse().ok()?;
    (name(day) == file).then_some(day)
}

/// Removes all our files except the newest `keep`.
fn prune(folder: &Path, keep: usize) -> io::Result<()> {
    let mut files: Vec<(Date, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        files.extend(day(&path).map(|day| (day, path)));
    }
    files.sort();
    let surplus = files.len().saturating_sub(keep);
    files.into_iter().take(surplus).try_for_each(|(_, path)| std::fs::remove_file(path))
}
