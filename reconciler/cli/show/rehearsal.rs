//! A rehearsed rollout for people: a line for each turn when it is over, and how it all ended.

use std::{collections::BTreeSet, fmt::Write, io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use reconcile_schema::{Period, ServerName, State, UpdateName, ZoneName};

use crate::manifest::{diagnostic::escape, finding::few, problem::Problem};
use crate::show::fleet::listed;
use crate::show::render::{self, BAD, FAINT, GOOD, NAME};
use crate::work::rehearsal::{Rehearsed, TurnRun};
use crate::work::words::plural;

/// The longest list of servers at work; the rest is counted.
const NAMED: usize = 4;

/// The turns of a rehearsal, line by line.
pub struct Listing {
    /// The zone of every time; UTC without one.
    zone: Option<ZoneName>,
    /// The last heading.
    headed: Option<(Date, Option<UpdateName>)>,
    nights: BTreeSet<Date>,
    reached: usize,
    short: usize,
    longest: Period,
    bar: Option<ProgressBar>,
}

impl Listing {
    /// A listing with times of this zone. `paced`: whether a person watches at a pace.
    pub fn new(zone: Option<ZoneName>, paced: bool) -> Self {
        let bar = (paced && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("  {spinner}  {wide_msg}").map(|style| style.tick_chars("|/-\\ "));
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { zone, headed: None, nights: BTreeSet::new(), reached: 0, short: 0, longest: Period::default(), bar }
    }

    /// The time now, and the servers at work, on a terminal.
    pub fn at(&self, now: Timestamp, at_work: &[&ServerName]) {
        let Some(bar) = &self.bar else { return };
        let names = few(at_work.iter().map(|name| name.host()), NAMED);
        bar.set_message(format!("{}  at work: {names}", self.clock(now, "%a %H:%M")));
    }

    /// The line of a turn that is over.
    pub fn over(&mut self, turn: &TurnRun) -> String {
        let TurnRun { night, ring, span, run } = turn;
        let mut out = String::new();
        if self.headed.as_ref() != Some(&(*night, ring.clone())) {
            let ring = ring.as_ref().map(|ring| format!("  ring {ring}")).unwrap_or_default();
            let zone = self.zone.as_ref().map_or_else(|| "UTC".to_owned(), ToString::to_string);
            let day = night.strftime("%a %Y-%m-%d");
            let _ = writeln!(out, "\n{NAME}{day}{ring}{NAME:#}  {FAINT}({zone}){FAINT:#}");
            self.headed = Some((*night, turn.ring.clone()));
        }
        self.nights.insert(*night);
        let outage = Period::seconds(run.outage_seconds);
        self.longest = self.longest.max(outage);
        let reached = run.state == State::AtGoal;
        *(if reached { &mut self.reached } else { &mut self.short }) += 1;
        let mark = if reached { format!("{GOOD}√{GOOD:#}") } else { format!("{BAD}x{BAD:#}") };
        let (from, until) = (self.clock(span.from, "%H:%M"), self.clock(span.until, "%H:%M"));
        let down = match run.outage_seconds {
            0 => String::new(),
            _ => format!("  {FAINT}down {outage}{}{FAINT:#}", render::above_budget(run)),
        };
        let _ = writeln!(out, "  {from} – {until}  {mark}  {}{down}", run.server.name);
        if !reached {
            out += &render::outcome(run)
                .lines()
                .map(|line| format!("                 {}\n", line.trim_start()))
                .collect::<String>();
        }
        out
    }

    /// Writes lines above the live one.
    pub fn above(&self, write: impl FnOnce() -> Result<(), Problem>) -> Result<(), Problem> {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// How the rehearsal ended.
    pub fn end(self, rehearsed: &Rehearsed) -> String {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let Rehearsed { done_before, left, interrupted } = rehearsed;
        let mut out = String::new();
        if !left.is_empty() {
            let _ = writeln!(out, "\n{BAD}without a turn{BAD:#}");
            out += &listed(left.iter().map(|(name, because)| format!("{name}: {}", escape(because))), left.len());
        }
        let nights = self.nights.len();
        let mut parts = vec![format!("{} at goal", self.reached + done_before)];
        let rest = [(self.short, "not at goal"), (left.len(), "without a turn")];
        parts.extend(rest.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        let style = if self.short == 0 && left.is_empty() && !interrupted { GOOD } else { NAME };
        let _ = write!(out, "\n{style}Rehearsal: {}", parts.join(", "));
        if nights > 0 {
            let _ = write!(out, "; {nights} {}; the longest outage was {}", plural(nights, "night"), self.longest);
        }
        let _ = writeln!(out, ".{style:#}");
        if *interrupted {
            out += "It was ended by Ctrl-C before every server had its turn.\n";
        }
        out
    }

    fn clock(&self, at: Timestamp, form: &str) -> String {
        let zone = self.zone.as_ref().map_or(TimeZone::UTC, |zone| zone.rules().clone());
        zone.to_datetime(at).strftime(form).to_string()
    }
}
