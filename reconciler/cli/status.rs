//! `reconcile status`: how servers stand, what holds them, and what the last run did.

use std::fmt::Write;

use reconcile_core::{Goal, Observe, Run, Seen, compare, next_opening, open_at, state};
use reconcile_hosts::Lock;
use reconcile_schema::{
    DownSince, DriftCode, FindingReport, LastRun, Mode, NextStart, Period, REPORT_VERSION, RunId, ServerStatus, State,
    StatusReport, TaskStanding,
};

use crate::{
    advice::ACKNOWLEDGE,
    args::{Output, Scope},
    diagnostic::escape,
    exit::{Exit, as_state},
    harmless, history,
    input::Input,
    plan::{aged, heading, shown},
    print,
    problem::Problem,
    render,
    render::{BAD, FAINT, GOOD, WAITS},
    site::{Site, lock_path},
    unattended,
};

/// Shows how servers stand, by what can be seen without asking the product.
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
            Site::Lab(simulated) => look(&mut simulated.host(&goal.server).map_err(Problem::input)?, goal)?,
            #[cfg(windows)]
            Site::Machine(host) => look(host.as_mut(), goal)?,
        };
        let scheduled = unattended::last_run(&site.last_run(&goal.server)?).unwrap_or_else(|error| {
            warn(&error);
            None
        });
        let last = history::past(&site, &goal.server)?.pop();
        let mut server = server(goal, &seen, lab);
        server.findings.extend(input.stale(&seen.marks, seen.host.at).as_ref().map(aged));
        servers.push(ServerStatus { last, scheduled, ..server });
    }
    let running = Lock::holder(&lock_path(&input)?);
    let (version, made_by, schedule) = (REPORT_VERSION, env!("CARGO_PKG_VERSION").into(), schedule(&site));
    let report = StatusReport { version, made_by, running, schedule, servers };
    match args.output {
        Output::Text => print(&text(&report)),
        Output::Json => print(&harmless::pretty(&report)?),
    }
}

/// The scheduled task of this machine.
fn schedule(site: &Site) -> Option<TaskStanding> {
    match site {
        Site::Lab(_) => None,
        #[cfg(windows)]
        Site::Machine(_) => crate::schedule::standing().map_err(|problem| warn(&problem.text())).ok(),
    }
}

fn warn(error: &str) {
    let _ = std::io::Write::write_fmt(&mut anstream::stderr(), format_args!("warning: {}\n", escape(error)));
}

fn look<H: Observe>(host: &mut H, goal: &Goal) -> Result<Seen, Problem> {
    let run = Run::new(RunId("status".into()));
    Ok(Seen { host: host.observe(goal).map_err(Problem::failed)?, marks: host.marks().map_err(Problem::failed)?, run })
}

/// A server as it stands, without what earlier runs left.
fn server(goal: &Goal, seen: &Seen, lab: bool) -> ServerStatus {
    let marks = &seen.marks;
    let compared = compare(goal, seen);
    let state = state(goal, seen, &compared);
    let findings = compared.into_iter().filter_map(|found| {
        let (code, subject) = (found.code?.key().into(), found.subject.into_owned());
        let (desired, observed) = (found.desired.to_string(), found.observed.to_string());
        Some(FindingReport { code, subject, desired, observed, note: found.note })
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
        claimed: goal.claims.as_ref().filter(|_| marks.claimed).map(|claims| claims.name.clone()),
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
    if let Some(schedule) = &report.schedule {
        let _ = writeln!(out, "{FAINT}·{FAINT:#}  {}", upcoming(schedule));
    }
    for server in &report.servers {
        out += &format!("\n{}", render::heading(&server.server));
        out += &one(server);
    }
    out
}

/// What the scheduled task will do, and when.
fn upcoming(schedule: &TaskStanding) -> String {
    match (&schedule.task, &schedule.next) {
        (Some(task), Some(next)) => {
            let (mode, account) = (task.mode.key(), escape(&task.account));
            format!("the scheduled task runs {mode} as {account}, next at {}", coming(next))
        }
        _ if schedule.installed => "the scheduled task is not ours: see reconcile schedule show".into(),
        _ => "no scheduled task is registered".into(),
    }
}

/// When the task starts next.
pub fn coming(next: &NextStart) -> String {
    if next.from == next.until { format!("{:.0}", next.from) } else { format!("{:.0} to {:.0}", next.from, next.until) }
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
    let is_damage = |found: &&FindingReport| found.code == DriftCode::JournalDamaged.key();
    if let Some(damage) = server.findings.iter().find(is_damage) {
        line(BAD, "!", &format!("nothing is taken down: {}", render::sentence(damage)));
        line(FAINT, " ", &format!("next: {ACKNOWLEDGE}"));
    }
    for note in server.findings.iter().filter(|found| found.note && !is_damage(found)) {
        line(FAINT, "·", &format!("{}: {}", escape(&note.subject), escape(&note.observed)));
    }
    if let Some(down) = &server.down {
        let lasted = Period::seconds(down.seconds);
        line(BAD, "!", &format!("a run took the services down at {:.0}, {lasted} ago", down.since));
    }
    if let Some(begun) = &server.begun {
        line(BAD, "!", &format!("cut off in: {} (begun at {:.0})", begun.step, begun.at));
    }
    if let Some(pool) = &server.claimed {
        line(WAITS, "!", &format!("it has claimed {pool}: no other server of the pool is taken down meanwhile"));
    }
    match (&server.open, &server.opens) {
        (Some(open), _) => line(FAINT, "·", &format!("the maintenance window is open: {}", open.shown)),
        (None, Some(opens)) => line(FAINT, "·", &format!("the next maintenance window: {}", opens.shown)),
        (None, None) => {}
    }
    let spent = [(server.attempts, "installer start"), (server.outages, "outage"), (server.restarts, "restart")];
    let spent: Vec<_> = spent
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {}", render::plural(usize::try_from(count).unwrap_or(usize::MAX), what)))
        .collect();
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
        let next = scheduled.help.iter().map(|help| format!("next: {}", escape(help)));
        for more in scheduled.reason.iter().flat_map(render::details).map(|line| escape(&line)).chain(next) {
            line(FAINT, " ", &more);
        }
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
    let findings: Vec<_> = findings.iter().filter(|found| !found.note).collect();
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use reconcile_schema::{ScheduledTask, TaskMode};

    use super::*;

    #[test]
    fn the_scheduled_task_is_told() {
        let at = |time: &str| format!("2026-11-02T{time}Z").parse().unwrap();
        let task = ScheduledTask {
            mode: TaskMode::Apply,
            manifest: r"C:\m.yaml".into(),
            program: r"C:\reconcile.exe".into(),
            account: "SYSTEM".into(),
            every: Period::hours(1),
            jitter: Period::minutes(10),
            limit: Period::hours(6),
        };
        let next = NextStart { from: at("02:00:00"), until: at("02:10:00") };
        let standing = TaskStanding { installed: true, task: Some(task), next: Some(next) };
        let said = "the scheduled task runs apply as SYSTEM, next at 2026-11-02T02:00:00Z to 2026-11-02T02:10:00Z";
        assert_eq!(upcoming(&standing), said);
        let strange = TaskStanding { task: None, next: None, ..standing };
        assert_eq!(upcoming(&strange), "the scheduled task is not ours: see reconcile schedule show");
        let none = TaskStanding { installed: false, ..strange };
        assert_eq!(upcoming(&none), "no scheduled task is registered");
    }
}
