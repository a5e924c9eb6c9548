//! What a person sees while a run goes on: a line per step, and the outage clock.

use std::{io::IsTerminal, time::Duration};

use anstyle::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use jiff::Timestamp;
use reconcile_core::{Account, Command, Event, Goal, Seen};
use reconcile_schema::{Fact, Foreign, Period};

use crate::manifest::diagnostic::escape;
use crate::show::render::{self, BAD, FAINT, GOOD, WAITS};
use crate::show::voice::Voice;
use crate::work::outage::Alarm;
use crate::work::shortfall::{quiet, short_of};

/// Shows one run.
pub struct Progress<'a> {
    goal: &'a Goal,
    voice: Voice,
    began: Timestamp,
    command: String,
    bar: Option<ProgressBar>,
    /// What the outage was warned of.
    warned: Option<Alarm>,
    /// What the run waits for, once it was told.
    waiting: Option<String>,
    /// The services of others that hold what the update replaces, once they were told.
    foreign: Vec<Foreign>,
}

/// The width of the column that holds the command; with the times beside it a line has 80 columns.
const COMMAND: usize = 46;

impl<'a> Progress<'a> {
    /// Shows a run towards `goal`.
    pub const fn new(goal: &'a Goal, voice: Voice) -> Self {
        Self {
            goal,
            voice,
            began: Timestamp::UNIX_EPOCH,
            command: String::new(),
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
                self.began = seen.host.at;
                self.command = Command::of(self.goal, step, cause).to_string();
                if let Fact::Known(foreign) = &seen.host.foreign
                    && step.takes_down()
                    && *foreign != self.foreign
                {
                    self.foreign.clone_from(foreign);
                    foreign.iter().for_each(|one| self.warns(WAITS, &render::holds(one)));
                }
                self.begin(seen);
            }
            Event::Ended(step, said, seen) => {
                let Account { words, success } = said;
                tracing::info!(server = %self.goal.server, ?step, said = words, success, "step ended");
                let took = Period::between(self.began, seen.host.at);
                let short = short_of(self.goal, step, said, seen);
                let mark = if short.is_none() { format!("{GOOD}✓{GOOD:#}") } else { format!("{BAD}✗{BAD:#}") };
                self.line(&mark, &format!("{took:>10}"), &self.clock(seen));
                if let Some(short) = short {
                    self.warns(BAD, &short);
                }
                self.warn(seen);
            }
            Event::Quiet(step, lasted, _) => {
                tracing::warn!(server = %self.goal.server, ?step, "quiet for {lasted}");
                let said = format!("     {WAITS}{}{WAITS:#}", quiet(*lasted));
                match &self.bar {
                    Some(bar) => bar.suspend(|| self.say(&said)),
                    None => self.say(&said),
                }
            }
            Event::Failed(step, why) => {
                tracing::warn!(server = %self.goal.server, ?step, why, "step failed");
                self.line(&format!("{BAD}✗{BAD:#}"), "    failed", "");
                self.say(&format!("     {BAD}{}{BAD:#}", escape(why)));
            }
            Event::Waiting(blocker) => {
                let why = blocker.to_string();
                if self.waiting.as_ref() != Some(&why) {
                    tracing::info!(server = %self.goal.server, why, "waiting");
                    self.say(&format!("  {WAITS}…  waiting: {}{WAITS:#}", escape(&why)));
                    self.waiting = Some(why);
                }
            }
        }
    }

    /// On a terminal, a line that lives while the step runs.
    fn begin(&mut self, seen: &Seen) {
        let since = seen.outage();
        let budget = self.goal.rules.outage_budget;
        let clock = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let elapsed = Period::seconds(u32::try_from(state.elapsed().as_secs()).unwrap_or(u32::MAX));
            let _ = match since {
                Some(since) => write!(out, "{elapsed}, down {} of {budget}", since + elapsed),
                None => write!(out, "{elapsed}"),
            };
        };
        if !std::io::stderr().is_terminal() || self.voice == Voice::Trace {
            return;
        }
        let style =
            ProgressStyle::with_template("  {spinner} {msg}  {clock}").map(|style| style.with_key("clock", clock));
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(fitted(&escape(&self.command)));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.bar = Some(bar);
    }

    fn line(&mut self, mark: &str, took: &str, clock: &str) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let clock = if clock.is_empty() { String::new() } else { format!("  {FAINT}{clock}{FAINT:#}") };
        self.say(&format!("  {mark}  {} {took}{clock}", fitted(&escape(&self.command))));
    }

    /// The outage clock, while the outage lasts.
    fn clock(&self, seen: &Seen) -> String {
        seen.outage().map_or_else(String::new, |lasted| format!("down {lasted}"))
    }

    /// A warning at two thirds of the budget and one at the whole; the outcome tells the rest.
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
            Voice::Lines => self.say(&format!("     {style}{}{style:#}", escape(text))),
            Voice::Trace => tracing::warn!(server = %self.goal.server, "{}: {text}", self.command),
        }
    }

    fn say(&self, line: &str) {
        self.voice.say(line);
    }
}

/// A text of the column's width, or above it where nobody's terminal would break the line.
fn fitted(text: &str) -> String {
    if text.chars().count() <= COMMAND || !std::io::stderr().is_terminal() {
        return format!("{text:COMMAND$}");
    }
    text.chars().take(COMMAND - 1).chain(['…']).collect()
}
