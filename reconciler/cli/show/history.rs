//! Earlier runs, for people.

use std::fmt::Write;

use reconcile_schema::{PastRun, PastStep, Period, ServerHistory, ZoneName, shown_at};

use crate::manifest::diagnostic::escape;
use crate::show::render::{self, BAD, FAINT, GOOD, NAME};
use crate::work::words::plural;

/// The earlier runs of a server.
pub fn text(server: &ServerHistory) -> String {
    let lab = if server.lab { "  (simulated)" } else { "" };
    let mut out = format!("\n{NAME}{}{NAME:#}{FAINT}{lab}{FAINT:#}\n", server.name);
    if let Some(damage) = &server.journal_damaged {
        let _ =
            writeln!(out, "  {BAD}!{BAD:#} the journal of this server is damaged, so runs may be missing: {damage}");
    }
    if server.runs.is_empty() {
        out += "  no run has left a trace here\n";
    }
    out.extend(server.runs.iter().map(|run| one(run, server.zone.as_ref())));
    out
}

/// One run: when it began, who started it, its steps, how it ended.
pub fn one(run: &PastRun, zone: Option<&ZoneName>) -> String {
    let mut out = format!("  {}  {FAINT}by {}{FAINT:#}\n", shown_at(run.began, zone), escape(&run.by));
    for note in &run.notes {
        let _ = writeln!(out, "    {}", escape(note));
    }
    for step in &run.steps {
        let name = step.command.clone().unwrap_or_else(|| step.step.to_string());
        let _ = writeln!(out, "{}", render::row("    ", &escape(&name), &length(step)));
        if let Some(because) = &step.because {
            let _ = writeln!(out, "      {}", escape(because));
        }
        if let Some(said) = step.said.as_ref().filter(|_| step.failed) {
            let _ = writeln!(out, "      {BAD}{}{BAD:#}", escape(said));
        }
    }
    let down = run.outage_seconds.filter(|seconds| *seconds > 0);
    let down = down.map_or_else(String::new, |seconds| format!("; down for {}", Period::seconds(seconds)));
    let steps = run.steps.len();
    let _ = match &run.outcome {
        Some(outcome) if run.at_goal => {
            writeln!(out, "    {GOOD}={GOOD:#} {}, {steps} {}{down}", escape(outcome), plural(steps, "step"))
        }
        Some(outcome) => writeln!(out, "    {BAD}!{BAD:#} {}{down}", escape(outcome)),
        None if run.ended.is_some() => Ok(()),
        None => writeln!(out, "    {BAD}!{BAD:#} it was cut off, or has not ended"),
    };
    out
}

fn length(step: &PastStep) -> String {
    match (step.took_seconds, &step.said) {
        (None, Some(_)) if step.failed => format!("{:>12}", "failed"),
        (Some(seconds), _) => format!("{:>12}", Period::seconds(seconds).to_string()),
        (None, Some(_)) => format!("{:>12}", "ended"),
        (None, None) => format!("{:>12}", "did not end"),
    }
}
