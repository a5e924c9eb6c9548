//! How servers stand, for people.

use std::fmt::Write;

use anstyle::Style;
use reconcile_schema::{
    DriftCode, FindingReport, Hold, LastRun, Mode, Period, ServerStatus, State, StatusReport, TaskStanding,
    UnattendedRun, ZoneName, shown_at,
};

use crate::manifest::diagnostic::escape;
use crate::show::history;
use crate::show::render::{self, BAD, FAINT, GOOD, WAITS};
use crate::work::advice::ACKNOWLEDGE;
use crate::work::words::{coming, details, found, plural, sentence};

/// The answer of `status`.
pub fn text(report: &StatusReport) -> String {
    let mut out = String::new();
    if let Some(running) = &report.running {
        let _ = writeln!(out, "{WAITS}…{WAITS:#}  under way: {}", escape(running));
    }
    if let Some(line) = report.scheduled_run.as_ref().and_then(unfinished) {
        out += &line;
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

/// A run of the scheduled task that is at work, or was cut off.
fn unfinished(run: &UnattendedRun) -> Option<String> {
    let (name, since) = (escape(&run.run.0), shown_at(run.began, None));
    match (run.going, run.ended) {
        (true, _) => Some(format!("{WAITS}…{WAITS:#}  the scheduled task is at work since {since}: run {name}\n")),
        (false, None) => Some(format!(
            "{BAD}!{BAD:#}  the last run of the scheduled task was cut off: run {name}, begun on {since}\n"
        )),
        (false, Some(_)) => None,
    }
}

/// What the scheduled task will do, and when.
fn upcoming(schedule: &TaskStanding) -> String {
    match (&schedule.task, &schedule.next) {
        (Some(task), Some(next)) => {
            let (mode, account) = (task.mode.key(), escape(&task.account));
            format!("the scheduled task runs {mode} as {account}, next {}", coming(next))
        }
        _ if schedule.installed => "the scheduled task is not ours: see reconcile schedule show".into(),
        _ => "no scheduled task is registered".into(),
    }
}

fn one(server: &ServerStatus) -> String {
    let mut out = String::new();
    let zone = server.zone.as_ref();
    let mut line = |style: Style, mark: &str, text: &str| {
        let _ = writeln!(out, "  {style}{mark}{style:#}  {text}");
    };
    if let Some(hold) = &server.hold {
        line(BAD, "!", &held(hold, zone));
    }
    match server.state {
        State::AtGoal => line(GOOD, "=", "at its goal, as far as can be seen at once"),
        State::Drift | State::Blocked | State::Unknown | State::NeedsOperator | State::Failed => {
            line(WAITS, "~", &format!("{}: {}", render::word(server.state), found(&server.findings)));
        }
    }
    let is_damage = |found: &&FindingReport| found.code == DriftCode::JournalDamaged.key();
    if let Some(damage) = server.findings.iter().find(is_damage) {
        line(BAD, "!", &format!("nothing is taken down: {}", sentence(damage)));
        line(FAINT, " ", &format!("next: {ACKNOWLEDGE}"));
    }
    for note in server.findings.iter().filter(|found| found.note && !is_damage(found)) {
        line(FAINT, "·", &format!("{}: {}", escape(&note.subject), escape(&note.observed)));
    }
    if let Some(down) = &server.down {
        let lasted = Period::seconds(down.seconds);
        line(BAD, "!", &format!("a run took the services down {lasted} ago, on {}", shown_at(down.since, zone)));
    }
    if let Some(begun) = &server.begun {
        line(BAD, "!", &format!("cut off in: {} (begun on {})", begun.step, shown_at(begun.at, zone)));
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
        .map(|(count, what)| format!("{count} {}", plural(usize::try_from(count).unwrap_or(usize::MAX), what)))
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
        line(style, mark, &last_scheduled(scheduled, zone));
        let next = scheduled.help.iter().map(|help| format!("next: {}", escape(help)));
        for more in scheduled.reason.iter().flat_map(details).map(|line| escape(&line)).chain(next) {
            line(FAINT, " ", &more);
        }
    }
    match &server.last {
        Some(last) => {
            out += &format!("  {FAINT}the last run that did something:{FAINT:#}\n{}", history::one(last, zone))
        }
        None => line(FAINT, "·", "no run has left a trace here"),
    }
    out
}

/// Who put a server on hold, when and why.
pub fn held(hold: &Hold, zone: Option<&ZoneName>) -> String {
    format!("held by {} since {}: {}", escape(&hold.by), shown_at(hold.at, zone), escape(&hold.reason))
}

/// The last run of the scheduled task, and its outcome.
fn last_scheduled(run: &LastRun, zone: Option<&ZoneName>) -> String {
    let what = match run.mode {
        Mode::Apply => "run",
        Mode::Observe => "look",
    };
    let state = if run.state == State::AtGoal { String::new() } else { format!("{}: ", render::word(run.state)) };
    format!("the last scheduled {what}, {}: {state}{}", shown_at(run.ended, zone), escape(&run.outcome))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use reconcile_schema::{Mode, NextStart, ScheduledTask};

    use super::*;

    #[test]
    fn the_scheduled_task_is_told() {
        let at = |time: &str| format!("2026-11-02T{time}Z").parse().unwrap();
        let task = ScheduledTask {
            mode: Mode::Apply,
            manifest: r"C:\m.yaml".into(),
            program: r"C:\reconcile.exe".into(),
            account: "SYSTEM".into(),
            every: Period::hours(1),
            jitter: Period::minutes(10),
            limit: Period::hours(6),
        };
        let next = NextStart { from: at("02:00:00"), until: at("02:10:00") };
        let standing = TaskStanding { installed: true, task: Some(task), next: Some(next) };
        let said =
            "the scheduled task runs apply as SYSTEM, next from Mon 2026-11-02 02:00 (UTC) on, put off by up to 10 min";
        assert_eq!(upcoming(&standing), said);
        let strange = TaskStanding { task: None, next: None, ..standing };
        assert_eq!(upcoming(&strange), "the scheduled task is not ours: see reconcile schedule show");
        let none = TaskStanding { installed: false, ..strange };
        assert_eq!(upcoming(&none), "no scheduled task is registered");
    }
}
