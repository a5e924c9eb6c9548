//! A drift report as a Prometheus text file, for the textfile collector of `windows_exporter` or `node_exporter`.

use std::io::{self, Write};

use reconcile_schema::{DriftState, DriftSummary, ServerDrift};

use crate::show::drift::report::{Head, Report, Spool, spool, unspool};
use crate::work::exposition::{head, label};
use crate::work::judge::Judged;

/// A metric of servers: its name, its meaning, and its value for a server.
type Metric = (&'static str, &'static str, fn(&ServerDrift) -> Option<i64>);

const METRICS: [Metric; 4] = [
    ("reconcile_server_at_goal", "Whether the server is at its goal.", |server| {
        Some(i64::from(server.state == DriftState::AtGoal))
    }),
    ("reconcile_server_steps_remaining", "Steps that remain, as far as they can be foreseen.", |server| {
        i64::try_from(server.steps.len()).ok()
    }),
    ("reconcile_server_snapshot_timestamp_seconds", "When the server was looked at.", |server| {
        server.snapshot.as_ref().and_then(|evidence| evidence.at).map(jiff::Timestamp::as_second)
    }),
    ("reconcile_server_state", "The state that the server is in.", |_| Some(1)),
];

pub struct Prometheus<W> {
    out: W,
    head: Head,
    /// The samples of each metric, which must be together.
    samples: Vec<Spool>,
}

impl<W: Write> Prometheus<W> {
    /// # Errors
    /// When there is no place for temporary files.
    pub fn begin(out: W, head: Head) -> io::Result<Self> {
        let samples = METRICS.iter().map(|_| spool()).collect::<io::Result<_>>()?;
        Ok(Self { out, head, samples })
    }
}

impl<W: Write + Send> Report for Prometheus<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        let server = &judged.drift;
        let optional = |value: &Option<String>| value.clone().unwrap_or_default();
        let labels =
            [("server", server.name.clone()), ("site", optional(&server.site)), ("pool", optional(&server.pool))];
        let labels = labels.map(|(name, value)| format!("{name}=\"{}\"", label(&value))).join(",");
        for ((name, _, value), out) in METRICS.iter().zip(&mut self.samples) {
            let state = if *name == "reconcile_server_state" { server.state.key() } else { "" };
            let state = if state.is_empty() { String::new() } else { format!(",state=\"{state}\"") };
            if let Some(value) = value(server) {
                writeln!(out, "{name}{{{labels}{state}}} {value}")?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        let out = &mut self.out;
        head(out, "reconcile_drift_servers", "Servers of the fleet in each state.")?;
        for state in DriftState::ALL {
            let count = summary.states.get(&state).copied().unwrap_or_default();
            writeln!(out, "reconcile_drift_servers{{state=\"{}\"}} {count}", state.key())?;
        }
        head(out, "reconcile_drift_timestamp_seconds", "When the fleet was judged.")?;
        writeln!(out, "reconcile_drift_timestamp_seconds {}", self.head.as_of.as_second())?;
        for ((name, help, _), samples) in METRICS.iter().zip(self.samples) {
            head(out, name, help)?;
            unspool(samples, out)?;
        }
        out.flush()
    }
}
