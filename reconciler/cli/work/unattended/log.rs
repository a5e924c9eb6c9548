//! The log of unattended runs: the whole trace, one line of JSON per event, one file per day.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use reconcile_hosts::open;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::{fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// The log is written until this is dropped.
pub type Listening = DefaultGuard;

/// Writes the trace of this thread into the file of the day (UTC) in `folder` and, if requested, to standard error. The
/// newest `keep` files stay.
///
/// # Errors
/// When the folder or the file cannot be used.
pub fn listen(folder: &Path, keep: u16, now: Timestamp, verbose: bool) -> io::Result<Listening> {
    std::fs::create_dir_all(folder)?;
    let day = now.to_zoned(TimeZone::UTC).date();
    let file = open::options().create(true).append(true).open(folder.join(name(day)))?;
    prune(folder, usize::from(keep))?;
    let lines = fmt::layer().json().flatten_event(true).with_target(false).with_writer(Mutex::new(file));
    let shown = verbose.then(|| fmt::layer().with_writer(io::stderr).with_target(false));
    Ok(tracing_subscriber::registry().with(LevelFilter::INFO).with(lines).with(shown).set_default())
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
