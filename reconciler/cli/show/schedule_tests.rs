#![expect(clippy::unwrap_used, reason = "a test may panic")]

use reconcile_schema::{Mode, NextStart, REPORT_VERSION, State, TaskProblem};

use super::*;

fn report() -> ScheduleReport {
    let at = |time: &str| format!("2026-11-02T{time}Z").parse().unwrap();
    let task = ScheduledTask {
        mode: Mode::Apply,
        manifest: r"C:\Program Files\reconcile\manifest.yaml".into(),
        program: r"C:\Program Files\reconcile\reconcile.exe".into(),
        account: "SYSTEM".into(),
        every: Period::hours(1),
        jitter: Period::minutes(10),
        limit: Period::minutes(1555),
    };
    ScheduleReport {
        version: REPORT_VERSION,
        made_by: "0.1.0".into(),
        state: State::AtGoal,
        installed: true,
        run: None,
        task: Some(task),
        next: Some(NextStart { from: at("02:00:00"), until: at("02:10:00") }),
        differences: vec![],
        problems: vec![],
    }
}

fn changeable() -> TaskProblem {
    TaskProblem { subject: r"C:\manifest.yaml".into(), why: "somebody can change it".into() }
}

fn plain(report: &ScheduleReport) -> String {
    anstream::adapter::strip_str(&shown(report)).to_string()
}

#[test]
fn a_task_is_told_in_words() {
    assert_eq!(
        plain(&report()),
        r"\reconcile\reconcile
  mode      apply
  manifest  C:\Program Files\reconcile\manifest.yaml
  program   C:\Program Files\reconcile\reconcile.exe
  account   SYSTEM
  starts    at every boot and every 1 h, put off by up to 10 min at random
  limit     25 h 55 min for one run
  next      from Mon 2026-11-02 02:00 (UTC) on, put off by up to 10 min
as it should be
"
    );
}

#[test]
fn differences_and_problems_are_told_and_hide_nothing_on_a_terminal() {
    let limit = TaskDifference {
        element: "Settings/ExecutionTimeLimit".into(),
        expected: Some("P1DT1H55M".into()),
        found: Some("PT\u{1b}[2J1H".into()),
    };
    let extra =
        TaskDifference { element: "Actions/Exec".into(), expected: None, found: Some("Command evil.exe".into()) };
    let told = plain(&ScheduleReport { differences: vec![limit, extra], problems: vec![changeable()], ..report() });
    let end = told.split_once("up to 10 min\n").map(|(_, end)| end);
    assert_eq!(
        end,
        Some(
            r"  Settings/ExecutionTimeLimit: expected P1DT1H55M, found PT\u{1b}[2J1H
  Actions/Exec: expected nothing, found Command evil.exe
  somebody can change it
not as it should be: run reconcile schedule install with the options that you want
"
        )
    );
    let unsafe_one = plain(&ScheduleReport { problems: vec![changeable()], ..report() });
    assert!(unsafe_one.ends_with("  somebody can change it\nit will not do its work\n"), "{unsafe_one}");
}

#[test]
fn a_task_that_is_not_there_is_told_so() {
    let none = ScheduleReport { installed: false, task: None, next: None, state: State::Drift, ..report() };
    assert_eq!(
        plain(&none),
        "\\reconcile\\reconcile is not registered: reconcile schedule install MANIFEST registers it\n"
    );
}
