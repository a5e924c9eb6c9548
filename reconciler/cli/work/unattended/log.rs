//! The log of unattended runs: everything that is traced, one line of JSON for each, a file for each day.

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

/// Writes what this thread traces into the file of the day (UTC) in `folder`, also to standard error where that was asked
/// for. Of the files that lie there, the newest `keep` stay.
///
/// # Errors
/// The folder or the file cannot be used.
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

/// The day of a file of ours.
fn day(path: &Path) -> Option<Date> {
    let file = path.file_name()?.to_str()?;
    let day: Date = file.strip_prefix("reconcile-")?.strip_suffix(".jsonl")?.parse().ok()?;
    (name(day) == file).then_some(day)
}

/// Removes all but the newest `keep` files of ours.
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
