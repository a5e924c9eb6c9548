//! Watches an unattended run on one server, and reports what an operator should know about it.

use std::path::PathBuf;

use jiff::Timestamp;
use reconcile_core::{Event, Goal, Seen, Stale};
use reconcile_schema::{Code, Damage, EventKind, EventLine, LastRun, Period, REPORT_VERSION, Snapshot, Step};

use crate::manifest::{exit::Exit, problem::Problem};
use crate::work::shortfall::{quiet, short_of};
use crate::work::unattended::metrics::{Sample, Standing};
use crate::work::unattended::reporter::{Reporter, line};
use crate::work::{
    advice::acknowledging,
    clock::now,
    outage::Alarm,
    snapshot,
    unattended::{judgement::Judgement, last_run},
};

/// Watches a run on one server.
pub struct Watch<'a> {
    reporter: &'a Reporter,
    goal: &'a Goal,
    /// The path of the run's report.
    place: PathBuf,
    /// The report of the last run.
    last: Option<LastRun>,
    began: Option<Timestamp>,
    /// When the server was last observed, by its clock.
    at: Option<Timestamp>,
    restarting: bool,
    stepped: bool,
}

impl<'a> Watch<'a> {
    /// Watches a run on the server of `goal`, which writes its report to `place`.
    pub fn begin(reporter: &'a Reporter, goal: &'a Goal, place: PathBuf) -> Self {
        let last = last_run::read(&place).unwrap_or_else(|error| {
            tracing::warn!(server = %goal.server, "{error}");
            None // This run writes it again, and reports everything as for the first time.
        });
        let began = reporter.began;
        Self { reporter, goal, place, last, began, at: None, restarting: false, stepped: false }
    }

    /// Records that the server was observed at this time, by its clock.
    pub fn seen_at(&mut self, at: Timestamp) {
        self.began.get_or_insert(at);
        self.at = Some(at);
    }

    /// Receives an event of a run.
    pub fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Looking(_) | Event::Waiting(_) => {}
            Event::Began(step, cause, seen) => {
                self.seen_at(seen.host.at);
                if !self.stepped {
                    self.stepped = true;
                    self.tell(EventKind::RunBegan, format!("a run begins, with {step}: {cause}"));
                }
                if **step == Step::Reboot {
                    self.restarting = true; // Reported now, because the machine may be gone before the run ends.
                    self.tell(
                        EventKind::Restarting,
                        format!("the machine is restarted, and the next run goes on: {cause}"),
                    );
                }
            }
            Event::Ended(step, said, seen) => {
                self.seen_at(seen.host.at);
                if let Some(short) = short_of(self.goal, step, said, seen) {
                    self.tell(EventKind::StepFailed, format!("{step}: {short}"));
                }
            }
            Event::Quiet(step, lasted, _) => self.tell(EventKind::Quiet, format!("{step}: {}", quiet(*lasted))),
            Event::Failed(step, why) => self.tell(EventKind::StepFailed, format!("{step} failed: {why}")),
        }
    }

    /// Reports an alarm, even during a step, and even to another thread.
    pub fn alarm(&self) -> impl Fn(Alarm, Period, Option<Timestamp>) + Sync + use<'a> {
        let (reporter, goal) = (self.reporter, self.goal);
        let trace = tracing::dispatcher::get_default(Clone::clone);
        move |alarm, lasted, at| {
            let event = match alarm {
                Alarm::Near => EventKind::OutageNear,
                Alarm::Over => EventKind::OutageOver,
            };
            let line = line(event, Some(goal.server.clone()), at.unwrap_or_else(now), alarm.said(goal, lasted));
            tracing::dispatcher::with_default(&trace, || reporter.tell(&line));
        }
    }

    /// Ends the watch with the judgement of the run and the present state of the server. A fact that has not changed
    /// since the last run is not reported again.
    pub fn end(mut self, judgement: Judgement, now: &Seen, lab: bool, stale: Option<&Stale>, follows: &str) {
        self.seen_at(now.host.at);
        let (stale, code) = (stale.map(Stale::to_string), stale.map(Stale::code));
        let known = self.last.as_ref().and_then(|last| last.stale.as_ref());
        if let Some(stale) = stale.as_ref().filter(|stale| known != Some(*stale)) {
            self.tell_code(EventKind::ManifestOlder, code, format!("{stale}; {follows}"));
        }
        if !judgement.left_down.is_empty() {
            self.tell(EventKind::ServicesDown, format!("not running: {}", judgement.left_down.join(", ")));
        }
        if let Some(damage) = &now.marks.damaged {
            // Reported in every run until somebody acknowledges it.
            let text = format!("the journal of this server is damaged: {damage}; {}", Damage::MAY_BE_LOST);
            self.tell_code(
                EventKind::JournalDamaged,
                Some(Code::JournalDamaged),
                format!("{text}\nnext: {}", acknowledging(damage)),
            );
        }
        let known = |last: &LastRun| (last.event, &last.outcome) == (judgement.event, &judgement.outcome);
        let told = if judgement.event == EventKind::Restarting {
            self.restarting
        } else {
            judgement.steps == 0 && self.last.as_ref().is_some_and(known)
        };
        if !told {
            let lines: Vec<_> = [&judgement.outcome].into_iter().chain(&judgement.more).map(String::as_str).collect();
            self.tell_code(judgement.event, Some(judgement.code), lines.join("\n"));
        }
        let snapshot = snapshot::of(self.goal, lab, now.host.clone(), now.marks.clone());
        let exit = Exit::from(judgement.state);
        let standing = Standing::of(self.goal, now);
        self.keep(judgement, stale, exit, Some((standing, &snapshot)));
    }

    /// The run had no outcome. Its caller reports the event.
    pub fn broke(self, problem: &Problem) {
        let stale = self.last.as_ref().and_then(|last| last.stale.clone()); // It was not judged, so it stays as it was.
        self.keep(Judgement::broken(problem.code(), problem.text()), stale, problem.exit(), None);
    }

    fn keep(self, judgement: Judgement, stale: Option<String>, exit: Exit, seen: Option<(Standing, &Snapshot)>) {
        let (standing, snapshot) = seen.unzip();
        let ended = self.at.unwrap_or_else(now);
        let (state, code, outcome) = (judgement.state.key(), judgement.code.key(), &judgement.outcome);
        tracing::info!(server = %self.goal.server, state, code, outcome, exit = exit.code(), "run ended");
        let last = LastRun {
            version: REPORT_VERSION,
            made_by: env!("CARGO_PKG_VERSION").into(),
            run: Some(self.reporter.run.clone()),
            manifest_fingerprint: self.goal.manifest,
            mode: self.reporter.mode,
            ended,
            took_seconds: Period::between(self.began.unwrap_or(ended), ended).as_seconds(),
            state: judgement.state,
            exit_code: exit.code(),
            steps: u32::try_from(judgement.steps).unwrap_or(u32::MAX),
            event: judgement.event,
            code: judgement.code,
            waits: exit == Exit::Blocked && judgement.code.waits(),
            reboot_required: judgement.code == Code::RestartDue,
            restart_at: judgement.restart_at,
            outcome: judgement.outcome,
            stale,
            reason: judgement.reason,
            help: judgement.help,
            outage_seconds: judgement.outage_seconds,
            left_down: judgement.left_down,
            journal_damaged: snapshot.and_then(|snapshot| snapshot.marks.damaged.clone()),
            next: judgement.next,
        };
        let sample = Sample { server: self.goal.server.clone(), last: last.clone(), standing };
        self.reporter.keep(&self.place, last, sample, snapshot);
    }

    fn tell(&self, event: EventKind, text: String) {
        self.tell_code(event, None, text);
    }

    fn tell_code(&self, event: EventKind, code: Option<Code>, text: String) {
        let line = line(event, Some(self.goal.server.clone()), self.at.unwrap_or_else(now), text);
        self.reporter.tell(&EventLine { code, ..line });
    }
}
