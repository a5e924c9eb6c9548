//! The result of an unattended run on one server: its state, and the event that reports it.

use jiff::Timestamp;
use reconcile_core::{Blocker, Class, End, Goal, Outcome, Seen, compare, state};
use reconcile_schema::{Code, EventKind, OpeningReport, Reason, ServerRun, State};

use crate::manifest::exit::as_state;
use crate::work::{
    comeback::Waiter,
    plan,
    shortfall::quiet,
    words::{again, details, found, plural},
};

/// The result of an unattended run on one server.
pub struct Judgement {
    /// The event that reports it.
    pub event: EventKind,
    /// The state of the server.
    pub state: State,
    pub code: Code,
    /// The outcome in words, which do not change as long as the outcome does not.
    pub outcome: String,
    /// Details, for anyone who reads the event.
    pub more: Vec<String>,
    /// The step that keeps the server from its goal, and what that step reported, if the cause is a step.
    pub reason: Option<Reason>,
    /// What a person can do about it.
    pub help: Option<String>,
    /// How long services were down, or have been, in seconds.
    pub outage_seconds: u32,
    /// How many steps were taken.
    pub steps: usize,
    /// Services that should be running and are not.
    pub left_down: Vec<String>,
    /// The maintenance window in which it continues.
    pub next: Option<OpeningReport>,
    /// When the machine goes down, if it does and that is known.
    pub restart_at: Option<Timestamp>,
}

impl Judgement {
    /// For a run that was to bring the server to its goal.
    pub fn of_run(outcome: &Outcome, run: &ServerRun) -> Self {
        let event = match &outcome.end {
            End::AtGoal => EventKind::AtGoal,
            End::GoingDown => EventKind::Restarting,
            End::Blocked(blocker) => event_of(blocker),
        };
        let steps = run.steps.len();
        let mut more = Vec::new();
        if steps > 0 {
            let outage = outcome.outage.filter(|outage| outage.as_seconds() > 0);
            let outage = outage.map_or_else(String::new, |outage| format!("; the longest outage was {outage}"));
            more.push(format!("{steps} {} taken{outage}", plural(steps, "step")));
        }
        more.extend(outcome.quiet.map(|lasted| format!("the installation: {}", quiet(lasted))));
        more.extend(run.reason.iter().flat_map(details));
        more.extend(run.started_again.iter().map(again));
        more.extend(run.help.as_ref().map(|help| format!("next: {help}")));
        Self {
            event,
            state: run.state,
            code: run.code,
            outcome: run.blocked_by.clone().unwrap_or_else(|| "at its goal".into()),
            more,
            reason: run.reason.clone(),
            help: run.help.clone(),
            outage_seconds: run.outage_seconds,
            steps,
            // While the machine restarts, no service is left down: it will start.
            left_down: if run.restarting { Vec::new() } else { run.left_down.clone() },
            next: run.opens.clone(),
            restart_at: run.restart_at,
        }
    }

    /// For an observation, by the comparison of `drift`.
    pub fn of_look(goal: &Goal, seen: &Seen, lab: bool) -> Self {
        let state = as_state(state(goal, seen, &compare(goal, seen)));
        let planned = plan::server(goal, seen, lab, Waiter::Elsewhere);
        let event = match state {
            State::AtGoal => EventKind::AtGoal,
            State::Drift => EventKind::Drift,
            State::NeedsOperator => EventKind::NeedsOperator,
            State::Unknown | State::Blocked | State::Failed => EventKind::Unknown,
        };
        let steps = planned.steps.len();
        let remain = (steps > 0).then(|| format!("{steps} {} to run", plural(steps, "step")));
        let outcome = match (event, planned.blocked_by) {
            (EventKind::AtGoal, _) => "at its goal".into(),
            (_, Some(blocker)) if planned.findings.is_empty() => blocker,
            (_, _) => found(&planned.findings),
        };
        Self {
            more: remain.into_iter().collect(),
            help: planned.help,
            outage_seconds: seen.outage().unwrap_or_default().as_seconds(),
            next: planned.opens,
            ..Self::of_nothing_done(event, state, planned.code, outcome)
        }
    }

    /// For a run without an outcome.
    pub const fn broken(code: Code, outcome: String) -> Self {
        Self::of_nothing_done(EventKind::NotRun, State::Failed, code, outcome)
    }

    const fn of_nothing_done(event: EventKind, state: State, code: Code, outcome: String) -> Self {
        Self {
            event,
            state,
            code,
            outcome,
            more: Vec::new(),
            reason: None,
            help: None,
            outage_seconds: 0,
            steps: 0,
            left_down: Vec::new(),
            next: None,
            restart_at: None,
        }
    }
}

/// The event for a blocker.
fn event_of(blocker: &Blocker) -> EventKind {
    match blocker.class() {
        Class::Failed => EventKind::Failed,
        Class::Operator => EventKind::NeedsOperator,
        Class::Unknown => EventKind::Unknown,
        Class::Later if blocker.opens().is_some() => EventKind::WindowClosed,
        Class::Later if matches!(blocker, Blocker::Held { .. }) => EventKind::Held,
        Class::Later if matches!(blocker, Blocker::Reboot { .. }) => EventKind::RestartDue,
        Class::Later => EventKind::Blocked,
    }
}
