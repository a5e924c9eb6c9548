//! What a person sees during a run: one line for each step, and how long the services have been down.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use anstyle::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::{Timestamp, tz::TimeZone};
use reconcile_core::{Account, Command, Event, Goal, Seen, ahead, outlook, usual};
use reconcile_hosts::lab::Pace;
use reconcile_schema::{Fact, Foreign, Period, Step};

use crate::manifest::diagnostic::escape;
use crate::show::render::{self, BAD, FAINT, GOOD, WAITS};
use crate::show::voice::Voice;
use crate::work::outage::Alarm;
use crate::work::shortfall::{quiet, short_of};

/// Shows one run.
pub struct Progress<'a> {
    goal: &'a Goal,
    voice: Voice,
    /// How fast the server's clock runs.
    pace: Pace,
    began: Timestamp,
    /// The same by this machine's clock.
    since: Option<Instant>,
    command: String,
    /// How many steps were begun.
    begun: usize,
    bar: Option<ProgressBar>,
    /// The last warning about the outage.
    warned: Option<Alarm>,
    /// What the run waits for, if the reader knows it already.
    waiting: Option<String>,
    /// The services of others that hold what the update replaces, if the reader knows them already.
    foreign: Vec<Foreign>,
}

impl<'a> Progress<'a> {
    /// Shows a run towards `goal`.
    pub const fn new(goal: &'a Goal, voice: Voice, pace: Pace) -> Self {
        Self {
            goal,
            voice,
            pace,
            began: Timestamp::UNIX_EPOCH,
            since: None,
            command: String::new(),
            begun: 0,
            bar: None,
            warned: None,
            waiting: None,
            foreign: Vec::new(),
        }
    }

    /// Takes in what happens.
    pub fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Looking(ask) => tracing::info!(server = %self.goal.server, "looking at {ask}"),
            Event::Began(step, cause, seen) => {
                tracing::info!(server = %self.goal.server, ?step, %cause, "step begins");
                self.waiting = None;
                (self.began, self.since) = (seen.host.at, Some(begins()));
                self.command = Command::of(self.goal, step, cause).to_string();
                if let Fact::Known(foreign) = &seen.host.foreign
                    && step.takes_down()
                    && *foreign != self.foreign
                {
                    self.foreign.clone_from(foreign);
                    foreign.iter().for_each(|one| self.warns(WAITS, &render::holds(one)));
                }
                self.begun += 1;
                self.begin(step, seen);
            }
            Event::Ended(step, said, seen) => {
                let Account { words, success } = said;
                tracing::info!(server = %self.goal.server, ?step, said = words, success, "step ended");
                let took = Period::between(self.began, seen.host.at);
                let short = short_of(self.goal, step, said, seen);
                let mark = if short.is_none() { format!("{GOOD}√{GOOD:#}") } else { format!("{BAD}x{BAD:#}") };
                let outage = seen.outage().map_or_else(String::new, |lasted| format!("down {lasted}"));
                self.line(&mark, &format!("{took:>10}"), &outage, seen.host.at);
                if let Some(short) = short {
                    self.warns(BAD, &short);
                }
                self.warn(seen);
            }
            Event::Quiet(step, lasted, _) => {
                tracing::warn!(server = %self.goal.server, ?step, "quiet for {lasted}");
                let said = format!("     {WAITS}{}{WAITS:#}", quiet(*lasted));
                match &self.bar {
                    Some(bar) => bar.suspend(|| self.voice.say(&said)),
                    None => self.voice.say(&said),
                }
            }
            Event::Failed(step, why) => {
                tracing::warn!(server = %self.goal.server, ?step, why, "step failed");
                self.line(&format!("{BAD}x{BAD:#}"), "    failed", "", self.now());
                self.voice.say(&format!("     {BAD}{}{BAD:#}", escape(why)));
            }
            Event::Waiting(blocker) => {
                let why = blocker.to_string();
                if self.waiting.as_ref() != Some(&why) {
                    tracing::info!(server = %self.goal.server, why, "waiting");
                    self.voice.say(&format!("  {WAITS}…  waiting: {}{WAITS:#}", escape(&why)));
                    self.waiting = Some(why);
                }
            }
        }
    }

    /// On a terminal, a line that changes while the step runs: step n of m, its time and its usual time, how long the services have
    /// been down, and when they are expected back.
    fn begin(&mut self, step: &Step, seen: &Seen) {
        if !std::io::stderr().is_terminal() || self.voice == Voice::Trace {
            return;
        }
        let all = self.begun - 1 + ahead(self.goal, seen).len().max(1);
        let usually =
            usual(self.goal, seen, step).map_or_else(String::new, |(length, _)| format!(" of about {length}"));
        let since = seen.outage();
        let back = outlook(self.goal, seen)
            .and_then(|outlook| seen.host.at.checked_add(Duration::from(outlook.turn().median)).ok())
            .map_or_else(String::new, |at| format!(", back about {}", clock_of(self.goal, at, "%H:%M")));
        let pace = self.pace;
        let clock = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let elapsed = pace.passes(state.elapsed());
            let _ = match since {
                Some(since) => write!(out, "{elapsed}{usually}, down {}{back}", since + elapsed),
                None => write!(out, "{elapsed}{usually}{back}"),
            };
        };
        // These marks are in every font of a Windows console.
        let style = ProgressStyle::with_template("  {spinner}  {prefix}  {wide_msg} {clock}")
            .map(|style| style.with_key("clock", clock).tick_chars("|/-\\ "));
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_prefix(format!("step {} of {all}", self.begun));
        bar.set_message(escape(&self.command));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.bar = Some(bar);
    }

    fn line(&mut self, mark: &str, took: &str, clock: &str, at: Timestamp) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let clock = if clock.is_empty() { String::new() } else { format!("  {FAINT}{clock}{FAINT:#}") };
        let stamp = if self.voice.stamps() {
            format!("  {FAINT}{}{FAINT:#}", clock_of(self.goal, at, "%H:%M:%S"))
        } else {
            String::new()
        };
        let lead = format!("{stamp}  {mark}  ");
        self.voice.say(&render::row(&lead, &escape(&self.command), &format!("{took}{clock}")));
    }

    /// The time now, if nothing was read since the step began: by this machine's clock, which a simulated step does not move.
    fn now(&self) -> Timestamp {
        let passed = self.since.map_or_else(Period::default, |since| self.pace.passes(since.elapsed()));
        passed.after(self.began)
    }

    /// Warns once when the outage has used two thirds of its budget, and once when it has used all of it.
    fn warn(&mut self, seen: &Seen) {
        let Some((alarm, lasted)) = Alarm::of(self.goal, seen) else { return };
        if self.warned < Some(alarm) {
            self.warned = Some(alarm);
            self.warns(WAITS, &alarm.said(self.goal, lasted));
        }
    }

    /// Warns the reader. An unattended run also reports it in its events, which are traced.
    fn warns(&self, style: Style, text: &str) {
        match self.voice {
            Voice::Lines | Voice::Record => self.voice.say(&format!("     {style}{}{style:#}", escape(text))),
            Voice::Trace => tracing::warn!(server = %self.goal.server, "{}: {text}", self.command),
        }
    }
}

/// When a step begins, by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "the edge: a person watches how long a step takes")]
fn begins() -> Instant {
    Instant::now()
}

/// The time in the time zone of the server's maintenance windows.
fn clock_of(goal: &Goal, at: Timestamp, form: &str) -> String {
    let zone = goal.zone().map_or(TimeZone::UTC, |zone| zone.rules().clone());
    zone.to_datetime(at).strftime(form).to_string()
}
