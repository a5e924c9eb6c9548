//! The state of servers after unattended runs, as a Prometheus text file for the textfile collector of
//! `windows_exporter`.

use std::{
    io::{self, Write},
    path::Path,
};

use reconcile_core::{Goal, Seen, open_at};
use reconcile_hosts::appear;
use reconcile_schema::{LastRun, ServerName, State};

use crate::work::{
    comeback::Waiter,
    down::down,
    exposition::{head, label},
    plan,
};

/// A metric of servers: its name, its meaning, and its value for a server; none where it is unknown.
type Metric = (&'static str, &'static str, fn(&Sample) -> Option<i64>);

const METRICS: [Metric; 12] = [
    ("reconcile_last_run_timestamp_seconds", "When the last unattended run ended.", |sample| {
        Some(sample.last.ended.as_second())
    }),
    ("reconcile_last_run_duration_seconds", "How long it took.", |sample| Some(sample.last.took_seconds.into())),
    ("reconcile_last_run_exit_code", "Its exit code.", |sample| Some(sample.last.exit_code.into())),
    ("reconcile_last_run_steps", "The steps that it took.", |sample| Some(sample.last.steps.into())),
    (
        "reconcile_next_window_timestamp_seconds",
        "When the maintenance window opens that the server waits for.",
        |sample| sample.last.next.as_ref().map(|next| next.from.as_second()),
    ),
    ("reconcile_steps_remaining", "Steps that remain, as far as they can be foreseen.", |sample| {
        sample.standing.as_ref().map(|now| now.steps_remaining)
    }),
    ("reconcile_outage_seconds", "How long the services have been down because of a run.", |sample| {
        sample.standing.as_ref().map(|now| now.outage_seconds)
    }),
    ("reconcile_services_down", "Services that should run and do not.", |sample| {
        sample.standing.as_ref().map(|now| now.services_down)
    }),
    ("reconcile_held", "Whether somebody said that the server must not be touched.", |sample| {
        sample.standing.as_ref().map(|now| now.held.into())
    }),
    (
        "reconcile_journal_damaged",
        "Lines of the journal that cannot be read, and that nobody has acknowledged.",
        |sample| sample.standing.as_ref().map(|now| now.journal_damaged),
    ),
    ("reconcile_window_open", "Whether a maintenance window is open, where the manifest has windows.", |sample| {
        sample.standing.as_ref()?.window_open.map(i64::from)
    }),
    ("reconcile_restart_pending", "Whether the machine waits for a restart, where that is known.", |sample| {
        sample.standing.as_ref()?.restart_pending.map(i64::from)
    }),
];

/// The measurements of one server.
pub struct Sample {
    pub server: ServerName,
    pub last: LastRun,
    /// Its state, if it could be observed.
    pub standing: Option<Standing>,
}

/// The state of a server.
pub struct Standing {
    steps_remaining: i64,
    outage_seconds: i64,
    services_down: i64,
    held: bool,
    journal_damaged: i64,
    window_open: Option<bool>,
    restart_pending: Option<bool>,
}

impl Standing {
    pub fn of(goal: &Goal, seen: &Seen) -> Self {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let windows = goal.rules.maintenance.as_deref();
        Self {
            steps_remaining: count(plan::remaining(goal, seen, Waiter::Task).steps.len()),
            outage_seconds: seen.outage().unwrap_or_default().as_seconds().into(),
            services_down: count(down(goal, seen).len()),
            held: seen.marks.hold.is_some(),
            journal_damaged: seen.marks.damaged.as_ref().map_or(0, |damage| damage.lines.into()),
            window_open: windows.map(|windows| open_at(windows, seen.host.at).is_some()),
            restart_pending: seen.host.reboot.known().map(|pending| !pending.is_empty()),
        }
    }
}

/// The content of the file.
pub struct Metrics<'a> {
    pub samples: &'a [Sample],
    /// How many other reports could not be written.
    pub failures: u32,
}

impl Metrics<'_> {
    /// Replaces the file atomically, because a collector may be reading it.
    ///
    /// # Errors
    /// When the file cannot be written. The previous one then stays as it was.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = Vec::new();
        self.write_to(&mut text)?;
        appear::write(path, &text)
    }

    fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        head(out, "reconcile_build_info", "The version of reconcile that ran.")?;
        writeln!(out, "reconcile_build_info{{version=\"{}\"}} 1", label(env!("CARGO_PKG_VERSION")))?;
        head(out, "reconcile_reports_failed", "Reports of the last unattended run that could not be written.")?;
        writeln!(out, "reconcile_reports_failed {}", self.failures)?;
        let servers: Vec<_> = self.samples.iter().map(|sample| (sample, label(sample.server.as_str()))).collect();
        for (name, help, value) in METRICS {
            head(out, name, help)?;
            for (sample, server) in &servers {
                if let Some(value) = value(sample) {
                    writeln!(out, "{name}{{server=\"{server}\"}} {value}")?;
                }
            }
        }
        head(out, "reconcile_state", "1 for the state that the server is in, 0 for the others.")?;
        for (sample, server) in &servers {
            for state in State::ALL {
                let key = state.key();
                let value = u8::from(sample.last.state == state);
                writeln!(out, "reconcile_state{{server=\"{server}\",state=\"{key}\"}} {value}")?;
            }
        }
        out.flush()
    }
}
