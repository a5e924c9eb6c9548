//! `reconcile history`: what earlier runs did, from the journal.

use std::fmt::Write;

use reconcile_core::history;
use reconcile_hosts::Journal;
use reconcile_schema::{Damage, HistoryReport, PastRun, PastStep, Period, REPORT_VERSION, ServerHistory};

use crate::{
    args::{History, Output},
    diagnostic::escape,
    exit::Exit,
    harmless,
    input::Input,
    print,
    problem::Problem,
    render::{BAD, FAINT, GOOD, NAME, plural},
    site::Site,
};

/// Shows the earlier runs of servers.
///
/// # Errors
/// When the manifest or a journal cannot be used.
pub fn run(args: &History) -> Result<Exit, Problem> {
    let input = Input::read(&args.scope.manifest)?;
    let (site, goals) = Site::open(&input, &args.scope.servers)?;
    let of = |goal: &reconcile_core::Goal| {
        let mut runs = past(&site, &goal.server)?;
        runs.drain(..runs.len().saturating_sub(args.last));
        let journal_damaged = damaged(&site, &goal.server)?;
        Ok(ServerHistory { name: goal.server.clone(), lab: site.is_lab(), journal_damaged, runs })
    };
    let servers: Vec<_> = goals.iter().map(of).collect::<Result<_, Problem>>()?;
    let report = HistoryReport { version: REPORT_VERSION, made_by: env!("CARGO_PKG_VERSION").into(), servers };
    match args.scope.output {
        Output::Text => print(&report.servers.iter().map(text).collect::<String>()),
        Output::Json => print(&harmless::pretty(&report)?),
    }
}

/// The earlier runs of a server, the newest last.
pub fn past(site: &Site, server: &reconcile_schema::ServerName) -> Result<Vec<PastRun>, Problem> {
    let path = site.journal(server)?;
    let entries = path.map_or_else(|| Ok(Vec::new()), |path| Journal::entries(&path)).map_err(Problem::failed)?;
    Ok(history(entries))
}

/// What of the journal of a server cannot be read, and nobody has acknowledged.
///
/// # Errors
/// When the journal cannot be used.
pub fn damaged(site: &Site, server: &reconcile_schema::ServerName) -> Result<Option<Damage>, Problem> {
    let path = site.journal(server)?;
    let marks = path.map(|path| Journal::read(&path)).transpose().map_err(Problem::failed)?;
    Ok(marks.and_then(|marks| marks.damaged))
}

/// Warns on standard error of journals that are damaged, where the answer of a command has no place for it.
pub fn warn(site: &Site, goals: &[reconcile_core::Goal]) {
    for goal in goals {
        let said = match damaged(site, &goal.server) {
            Ok(None) => continue,
            Ok(Some(damage)) => {
                format!("the journal is damaged: {damage}; a hold may have been among them; see reconcile acknowledge")
            }
            Err(problem) => problem.text(),
        };
        let said = format_args!("warning: {}: {}\n", goal.server, escape(&said)).to_string();
        let _ = std::io::Write::write_all(&mut anstream::stderr(), said.as_bytes());
    }
}

fn text(server: &ServerHistory) -> String {
    let lab = if server.lab { "  (simulated)" } else { "" };
    let mut out = format!("\n{NAME}{}{NAME:#}{FAINT}{lab}{FAINT:#}\n", server.name);
    if let Some(damage) = &server.journal_damaged {
        let _ =
            writeln!(out, "  {BAD}!{BAD:#} the journal of this server is damaged, so runs may be missing: {damage}");
    }
    if server.runs.is_empty() {
        out += "  no run has left a trace here\n";
    }
    out.extend(server.runs.iter().map(one));
    out
}

/// A run in a few lines: when and by whom, its steps, how it ended.
pub fn one(run: &PastRun) -> String {
    let mut out = format!("  {:.0}  {FAINT}{}{FAINT:#}\n", run.began, escape(&run.by));
    for note in &run.notes {
        let _ = writeln!(out, "    {}", escape(note));
    }
    for step in &run.steps {
        let _ = writeln!(out, "    {:<44} {}", step.step.to_string(), length(step));
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
