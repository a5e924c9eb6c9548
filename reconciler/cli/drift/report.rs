//! The forms in which a drift report is written, each server as it comes, so that no form holds the fleet in memory.

use std::{
    io::{self, Seek, Write},
    path::Path,
};

use jiff::Timestamp;
use reconcile_hosts::snapshot::Recent;
use reconcile_schema::{DriftState, DriftSummary, Origin, Releases, ServerDrift, Shared};

use super::{annotations, json, judge::Judged, junit, markdown, page, prometheus, sarif, text};
use crate::args::DriftOutput;

/// A report that is being written.
pub trait Report: Send {
    /// Takes in one server.
    ///
    /// # Errors
    /// When it cannot be written.
    fn server(&mut self, judged: &Judged) -> io::Result<()>;

    /// Ends the report.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(self: Box<Self>, summary: &DriftSummary) -> io::Result<()>;
}

/// What every form says first.
#[derive(Debug, Clone)]
pub struct Head {
    /// The version of `reconcile`.
    pub made_by: &'static str,
    /// The manifest as it was named.
    pub manifest: String,
    /// The time from which ages are counted.
    pub as_of: Timestamp,
}

/// A report of a form. Only the text has colours, and only if it may.
///
/// # Errors
/// When its beginning cannot be written.
pub fn begin<'a>(
    form: DriftOutput,
    head: &Head,
    releases: &'a Releases,
    colours: bool,
    out: impl Write + Send + 'a,
) -> io::Result<Box<dyn Report + 'a>> {
    let head = head.clone();
    Ok(match form {
        DriftOutput::Text => Box::new(text::Text::new(out, colours)),
        DriftOutput::Json => Box::new(json::Json::begin(out, &head)?),
        DriftOutput::Junit => Box::new(junit::Junit::begin(out, head)?),
        DriftOutput::Sarif => Box::new(sarif::Sarif::begin(out, &head)?),
        DriftOutput::Markdown => Box::new(markdown::Markdown::begin(out, head)?),
        DriftOutput::Github => Box::new(annotations::Annotations::new(out)),
        DriftOutput::Prometheus => Box::new(prometheus::Prometheus::begin(out, head)?),
        DriftOutput::Html => Box::new(page::Html::new(out, head, releases)),
    })
}

/// The form that a file name asks for.
pub fn form_of(path: &Path) -> Option<DriftOutput> {
    let end = path.extension()?.to_str()?.to_ascii_lowercase();
    ENDINGS.into_iter().find(|(ending, _)| *ending == end).map(|(_, form)| form)
}

/// The endings of report files.
pub const ENDINGS: [(&str, DriftOutput); 7] = [
    ("txt", DriftOutput::Text),
    ("json", DriftOutput::Json),
    ("xml", DriftOutput::Junit),
    ("sarif", DriftOutput::Sarif),
    ("md", DriftOutput::Markdown),
    ("prom", DriftOutput::Prometheus),
    ("html", DriftOutput::Html),
];

/// A part of a report that belongs behind what is known only at the end: kept in a file, not in memory.
pub struct Spool(io::BufWriter<std::fs::File>);

impl Spool {
    /// An empty one.
    ///
    /// # Errors
    /// When there is no place for temporary files.
    pub fn new() -> io::Result<Self> {
        tempfile::tempfile().map(|file| Self(io::BufWriter::new(file)))
    }

    /// Hands on everything that was written.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn copy_to(self, out: &mut impl Write) -> io::Result<()> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        io::copy(&mut file, out).map(drop)
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What was written last of what servers have alike: the same difference is not written out twice.
#[derive(Default)]
pub struct Bodies(Recent<(ServerDrift, Shared<String>)>);

impl Bodies {
    /// What is written of the difference of a server: what `write` makes of it, or made of the same one.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn of(
        &mut self,
        server: &ServerDrift,
        write: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<Shared<String>> {
        let same = |known: &ServerDrift| {
            let shared = known.findings.is(&server.findings) && known.diff.is(&server.diff);
            shared
                && known.steps.is(&server.steps)
                && known.state == server.state
                && (&known.blocked_by, &known.help) == (&server.blocked_by, &server.help)
        };
        if let Some((_, body)) = self.0.find(|(known, _)| same(known)) {
            return Ok(body.clone());
        }
        let body = Shared::from(write()?);
        self.0.keep((server.clone(), body.clone()));
        Ok(body)
    }
}

/// The fleet in numbers, in one line.
pub fn in_numbers(summary: &DriftSummary) -> String {
    let count = |state: &DriftState| summary.states.get(state).map(|count| format!("{count} {}", state.phrase()));
    let states: Vec<_> = DriftState::ALL.iter().filter_map(count).collect();
    let (servers, steps) = (summary.servers, summary.steps);
    let s = |count: u64| if count == 1 { "" } else { "s" };
    let remain = if steps == 1 { "remains" } else { "remain" };
    let judged = format!("{servers} server{}: {}; {steps} step{} {remain}.", s(servers), states.join(", "), s(steps));
    if summary.not_judged.is_empty() { judged } else { format!("{judged} {}", not_judged(summary)) }
}

/// What somebody asked not to be judged, in a sentence.
pub fn not_judged(summary: &DriftSummary) -> String {
    format!("Not judged: {}.", summary.not_judged.join(", "))
}

/// How a difference came about, in words.
pub fn came_about(origin: &Origin) -> String {
    match origin {
        Origin::FellBack { reached } => format!("fell back: it was at its goal on {}", day(*reached)),
        Origin::NewIntent { reached, then } => {
            format!("new in the manifest: on {}, when it was last at its goal, that was {then}", day(*reached))
        }
        Origin::NeverReached => "no run of reconcile has brought it to its goal yet".into(),
    }
}

/// A day and minute in UTC.
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
