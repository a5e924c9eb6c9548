//! The reports of an unattended run: events for people, a log, metrics, a snapshot, and a report for the next run.
//!
//! If a report cannot be written, the others mention that, and the run continues.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use jiff::Timestamp;
use reconcile_schema::{Code, EventKind, EventLevel, EventLine, LastRun, Mode, Reports, RunId, ServerName, Snapshot};

use crate::manifest::{diagnostic::escape, exit::Exit, input::Input, problem::Problem};
use crate::work::unattended::events::Events;
use crate::work::unattended::metrics::{Metrics, Sample};
use crate::work::unattended::{last_run, log};
use crate::work::{clock::now, site, snapshot};

/// Passes events on to everything that reports.
pub struct Reporter {
    /// The task of the run.
    pub mode: Mode,
    pub run: RunId,
    /// When it began, by this machine's clock; simulated servers have clocks of their own.
    pub began: Option<Timestamp>,
    events: Events,
    metrics: Option<PathBuf>,
    snapshots: Option<PathBuf>,
    samples: Mutex<Vec<Sample>>,
    /// How many reports could not be written.
    failures: AtomicU32,
    log: Option<log::Listening>,
}

impl Reporter {
    /// Begins to report as the manifest declares.
    pub fn begin(mode: Mode, run: RunId, input: &Input, verbose: bool) -> Self {
        let Reports { event_log, log: _, prometheus, snapshots } = &input.manifest.reports;
        let lab = site::lab_path(input);
        // A task runs in a folder of Windows, so a relative path starts at the manifest.
        let beside = |path: &str| input.path.parent().unwrap_or(Path::new("")).join(path);
        let mut reporter = Self {
            mode,
            run,
            began: lab.is_none().then(now),
            events: if *event_log { Events::of(lab.as_deref()) } else { Events::None },
            metrics: prometheus.as_ref().map(|path| beside(path.as_str())),
            snapshots: snapshots.as_ref().map(|path| beside(path.as_str())),
            samples: Mutex::default(),
            failures: AtomicU32::default(),
            log: None,
        };
        match log::begin(input, now(), verbose) {
            Ok(listening) => reporter.log = listening,
            Err(error) => reporter.failed("the log", &error),
        }
        reporter
    }

    /// The file of its log.
    pub fn log(&self) -> Option<&Path> {
        self.log.as_ref().map(|log| log.path.as_path())
    }

    pub fn tell(&self, line: &EventLine) {
        let EventLine { id, level, event, server, code, text, .. } = line;
        let (server, code) = (server.as_ref().map_or("", ServerName::as_str), code.map(Code::key));
        match level {
            EventLevel::Info => tracing::info!(server, id, event = event.key(), code, "{text}"),
            EventLevel::Warning => tracing::warn!(server, id, event = event.key(), code, "{text}"),
            EventLevel::Error => tracing::error!(server, id, event = event.key(), code, "{text}"),
        }
        if let Err(error) = self.events.write(line) {
            self.failures.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("the event could not be written: {error}");
            complain("the event", &error);
        }
    }

    /// Reports that a report could not be written; the run continues.
    fn failed(&self, what: &str, error: &str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        complain(what, error);
        self.tell(&line(EventKind::ReportNotWritten, None, now(), format!("{what} could not be written: {error}")));
    }

    /// Writes the lasting reports about a server after a run on it.
    pub fn keep(&self, place: &Path, last: LastRun, sample: Sample, snapshot: Option<&Snapshot>) {
        if let Err(error) = last_run::write(place, &last) {
            self.failed("the word for the next run", &error);
        }
        if let (Some(folder), Some(snapshot)) = (&self.snapshots, snapshot)
            && let Err(problem) = snapshot::write(folder, snapshot)
        {
            self.failed("the snapshot", &problem.text());
        }
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
    }

    /// Writes the metrics. They come last, because they contain how many other reports could not be written.
    pub fn finish(self) {
        let Some(path) = &self.metrics else { return };
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let metrics = Metrics { samples: &samples, failures: self.failures.load(Ordering::Relaxed) };
        if let Err(error) = metrics.write(path) {
            self.failed("the metrics", &format!("{}: {error}", path.display()));
        }
    }
}

/// The line for an event that happens now.
pub fn line(event: EventKind, server: Option<ServerName>, at: Timestamp, text: String) -> EventLine {
    EventLine { id: event.id(), level: event.level(), event, server, code: None, at, text }
}

/// The event for a run that ended before it had an outcome. A temporary obstacle, such as another run, is not an error.
pub fn not_run(problem: &Problem, at: Timestamp) -> EventLine {
    let event = if problem.exit() == Exit::Blocked { EventKind::Blocked } else { EventKind::NotRun };
    EventLine { code: Some(problem.code()), ..line(event, None, at, problem.text()) }
}

/// Reports on standard error that a report could not be written.
pub fn complain(what: &str, error: &str) {
    let _ = writeln!(anstream::stderr(), "warning: {what} could not be written: {}", escape(error));
}
