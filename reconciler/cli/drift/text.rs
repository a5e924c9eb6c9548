//! A drift report for a terminal: what differs, what remains, and the fleet in one line.

use std::io::{self, Write};

use anstyle::Style;
use reconcile_schema::{DriftState, DriftSummary, Evidence, ServerDrift};

use super::{
    diff::spoken,
    judge::Judged,
    report::{Report, came_about, in_numbers},
};
use crate::{
    diagnostic::escape,
    render::{BAD, FAINT, GOOD, NAME, UNSURE, WAITS},
};

/// How many findings of a server are shown where there is no diff.
const SHOWN: usize = 12;

pub struct Text<W> {
    out: W,
}

impl<W: Write> Text<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Report for Text<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        if judged.drift.state == DriftState::AtGoal {
            return Ok(()); // Counted at the end.
        }
        self.out.write_all(told(&judged.drift).as_bytes())
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        writeln!(self.out, "{}", in_numbers(summary))?;
        self.out.flush()
    }
}

const fn style(state: DriftState) -> Style {
    match state {
        DriftState::AtGoal => GOOD,
        DriftState::Drift | DriftState::Unnamed | DriftState::Missing | DriftState::Stale | DriftState::Unknown => {
            WAITS
        }
        DriftState::Ahead | DriftState::WrongProduct => BAD,
    }
}

fn told(server: &ServerDrift) -> String {
    let (state, name) = (style(server.state), escape(&server.name));
    let mut out = format!("{NAME}{name}{NAME:#}  {state}{}{state:#}\n", server.state.phrase());
    let declared = server.place.as_ref().map(|at| format!("{}:{}:{}", escape(&at.file), at.line, at.column));
    let seen = server.snapshot.as_ref().map(seen);
    let where_from: Vec<_> = declared.into_iter().chain(seen).collect();
    out += &format!("{FAINT}{}{FAINT:#}\n", where_from.join(" · "));
    if server.diff.is_empty() {
        for found in server.findings.iter().take(SHOWN) {
            let [subject, desired, observed] = [&found.subject, &found.desired, &found.observed].map(|it| escape(it));
            out += &format!("{WAITS}!{WAITS:#}  {subject}: {observed}; expected {desired}\n");
        }
    } else {
        for found in server.findings.iter().filter(|found| !server.diff.contains(&escape(&found.observed))) {
            out += &format!("{WAITS}!{WAITS:#}  {}: {}\n", escape(&found.subject), escape(&found.observed));
        }
        server.diff.lines().for_each(|line| out += &coloured(line));
    }
    let mut ways: Vec<_> = server.findings.iter().filter_map(|found| found.origin.as_ref()).map(came_about).collect();
    ways.dedup();
    ways.iter().for_each(|way| out += &format!("   {}\n", escape(way)));
    for (number, step) in (1..).zip(&server.steps) {
        let unsure = if step.certain { String::new() } else { format!("  {FAINT}({UNSURE}){FAINT:#}") };
        out += &format!("{number:>4}  {}{unsure}\n", escape(&step.command));
    }
    if let Some(blocker) = &server.blocked_by {
        out += &format!("   {state}!  {}{state:#}\n", escape(blocker));
    }
    if let Some(help) = &server.help {
        out += &format!("   next: {}\n", escape(help));
    }
    out + "\n"
}

/// Where and when a server was seen.
fn seen(evidence: &Evidence) -> String {
    let when = match evidence.age_seconds {
        Some(age) if age >= 0 => format!("seen {} ago", spoken(age)),
        Some(age) => format!("dated {} in the future", spoken(-age)),
        None if evidence.at.is_some() => "seen just now".into(),
        None => "not read".into(),
    };
    let place = match evidence.line {
        Some(line) => format!("{}:{line}", evidence.file),
        None => evidence.file.clone(),
    };
    if place.is_empty() { when } else { format!("{when}, {}", escape(&place)) }
}

fn coloured(line: &str) -> String {
    let style = match line.as_bytes() {
        [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] | [b'@', ..] => FAINT,
        [b'-', ..] => BAD,
        [b'+', ..] => GOOD,
        _ => Style::new(),
    };
    format!("{style}{line}{style:#}\n")
}
