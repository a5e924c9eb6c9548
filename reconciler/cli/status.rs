//! `reconcile status`: how servers stand, what holds them, and what the last run did.

use std::fmt::Write;

use reconcile_core::{Goal, Observe, Run, Seen, compare, next_opening, open_at, state};
use reconcile_hosts::Lock;
use reconcile_schema::{
    DownSince, FindingReport, LastRun, Mode, Period, REPORT_VERSION, RunId, ServerStatus, State, StatusReport,
};

use crate::{
    args::{Output, Scope},
    diagnostic::escape,
    exit::{Exit, as_state},
    history,
    input::Input,
    plan::{heading, json, shown},
    print,
    problem::Problem,
    render,
    render::{BAD, FAINT, GOOD, WAITS},
    site::{Site, lock_path},
    unattended,
};

/// Shows how servers stand, by what can be seen without starting a process.
///
/// # Errors
/// When the manifest, a host or a journal cannot be used.
pub fn run(args: &Scope) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    let lab = site.is_lab();
    let mut servers = Vec::new();
    for goal in &goals {
        let seen = match &mut site {
            Site::Lab(simulated) => look(&mut simulated.host(&goal.server).map_err(Problem::input)?)?,
            #[cfg(windows)]
            Site::Machine(host) => look(host.as_mut())?,
        };
        let scheduled = unattended::last_run(&site.last_run(&goal.server)?).unwrap_or_else(|error| {
            let _ = std::io::Write::write_fmt(&mut anstream::stderr(), format_args!("warning: {}\n", escape(&error)));
            None
        });
        let last = history::past(&site, &goal.server)?.pop();
        servers.push(ServerStatus { last, scheduled, ..server(goal, &seen, lab) });
    }
    let running = Lock::holder(&lock_path(&input)?);
    let report = StatusReport { version: REPORT_VERSION, made_by: env!("CARGO_PKG_VERSION").into(), running, servers };
    match args.output {
        Output::Text => print(&text(&report)),
        Output::Json => print(&json(&report)?),
    }
}

fn look<H: Observe>(host: &mut H) -> Result<Seen, Problem> {
    let run = Run::new(RunId("status".into()));
    Ok(Seen { host: host.observe().map_err(Problem::failed)?, marks: host.marks().map_err(Problem::failed)?, run })
}

/// A server as it stands, without what earlier runs left.
fn server(goal: &Goal, seen: &Seen, lab: bool) -> ServerStatus {
    let marks = &seen.marks;
    let compared = compare(goal, seen);
    let state = state(goal, seen, &compared);
    let findings = compared.into_iter().filter_map(|found| {
        let (code, subject) = (found.code?.key().into(), found.subject.into_owned());
        Some(FindingReport { code, subject, desired: found.desired.to_string(), observed: found.observed.to_string() })
    });
    let maintenance = goal.rules.maintenance.as_deref();
    let now = seen.host.at;
    ServerStatus {
        server: heading(goal, seen.host.core(goal.product), lab),
        state: as_state(state),
        findings: findings.collect(),
        hold: marks.hold.clone(),
        open: maintenance.and_then(|windows| shown(goal, &open_at(windows, now)?)),
        opens: maintenance.and_then(|windows| shown(goal, &next_opening(windows, now, Period::default())?)),
        down: marks.baseline.as_ref().map(|baseline| DownSince {
            since: baseline.since,
            seconds: seen.outage().unwrap_or_default().as_seconds(),
            ran: baseline.running.clone(),
        }),
        begun: marks.begun.clone(),
        attempts: marks.attempts,
        outages: marks.outages,
        restarts: marks.reboots,
        last: None,
        scheduled: None,
    }
}

fn text(report: &StatusReport) -> String {
    let mut out = String::new();
    if let Some(running) = &report.running {
        let _ = writeln!(out, "{WAITS}…{WAITS:#}  under way: {}", escape(running));
    }
    for server in &report.servers {
        out += &format!("\n{}", render::heading(&server.server));
        out += &one(server);
    }
    out
}

fn one(server: &ServerStatus) -> String {
    let mut out = String::new();
    let mut line = |style: anstyle::Style, mark: &str, text: &str| {
        let _ = writeln!(out, "  {style}{mark}{style:#}  {text}");
    };
    if let Some(hold) = &server.hold {
        line(BAD, "‖", &format!("held by {} since {:.0}: {}", escape(&hold.by), hold.at, escape(&hold.reason)));
    }
    match server.state {
        State::AtGoal => line(GOOD, "=", "at its goal, as far as can be seen at once"),
        State::Drift | State::Blocked | State::Unknown | State::NeedsOperator | State::Failed => {
            line(WAITS, "~", &format!("{}: {}", render::word(server.state), found(&server.findings)));
        }
    }
    if let Some(down) = &server.down {
        let lasted = Period::seconds(down.seconds);
        line(BAD, "!", &format!("a run took the services down at {:.0}, {lasted} ago", down.since));
    }
    if let Some(begun) = &server.begun {
        line(BAD, "!", &format!("cut off in: {} (begun at {:.0})", begun.step, begun.at));
    }
    match (&server.open, &server.opens) {
        (Some(open), _) => line(FAINT, "·", &format!("the maintenance window is open: {}", open.shown)),
        (None, Some(opens)) => line(FAINT, "·", &format!("the next maintenance window: {}", opens.shown)),
        (None, None) => {}
    }
    let spent = [(server.attempts, "installer starts"), (server.outages, "outages"), (server.restarts, "restarts")];
    let spent: Vec<_> =
        spent.into_iter().filter(|(count, _)| *count > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !spent.is_empty() {
        line(FAINT, "·", &format!("spent on this target: {}", spent.join(", ")));
    }
    if let Some(scheduled) = &server.scheduled {
        let (style, mark) = match scheduled.state {
            State::AtGoal => (GOOD, "="),
            State::Drift | State::Blocked | State::Unknown => (WAITS, "~"),
            State::NeedsOperator | State::Failed => (BAD, "!"),
        };
        line(style, mark, &last_scheduled(scheduled));
    }
    match &server.last {
        Some(last) => out += &format!("  {FAINT}the last run that did something:{FAINT:#}\n{}", history::one(last)),
        None => line(FAINT, "·", "no run has left a trace here"),
    }
    out
}

/// The last run of the scheduled task, and what it came to.
fn last_scheduled(run: &LastRun) -> String {
    let what = match run.mode {
        Mode::Apply => "run",
        Mode::Observe => "look",
    };
    let state = if run.state == State::AtGoal { String::new() } else { format!("{}: ", render::word(run.state)) };
    format!("the last scheduled {what}, {:.0}: {state}{}", run.ended, escape(&run.outcome))
}

/// The first few differences, and how many more there are.
pub fn found(findings: &[FindingReport]) -> String {
    let mut told: Vec<_> = findings
        .iter()
        .take(3)
        .map(|found| format!("{} {}", escape(&found.subject), escape(&found.observed)))
        .collect();
    if findings.len() > 3 {
        told.push(format!("and {} more", findings.len() - 3));
    }
    told.join(", ")
}
