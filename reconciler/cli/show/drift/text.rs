//! A drift report for a terminal: the differences, the remaining steps, and the fleet in one line.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
};

use anstyle::Style;
use reconcile_schema::{DriftSummary, Evidence, ServerDrift};

use crate::manifest::{diagnostic::escape, exit::as_state};
use crate::show::drift::report::{Bodies, Report};
use crate::show::drift::words::{came_about, in_numbers};
use crate::show::render::{BAD, FAINT, GOOD, NAME, UNSURE, WAITS, style};
use crate::work::{diff::spoken, judge::Judged};

/// How many findings of a server are shown if there is no diff.
const SHOWN: usize = 12;

pub struct Text<W> {
    out: W,
    colours: bool,
    bodies: Bodies,
}

impl<W: Write> Text<W> {
    pub fn new(out: W, colours: bool) -> Self {
        Self { out, colours, bodies: Bodies::default() }
    }
}

impl<W: Write + Send> Report for Text<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        let server = &judged.drift;
        if server.is_quiet() {
            return Ok(()); // It is counted at the end.
        }
        let paint = Paint(self.colours);
        head(&mut self.out, paint, server)?;
        let body = self.bodies.of(server, || body(paint, server).map_err(io::Error::other))?;
        self.out.write_all(body.as_bytes())
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        writeln!(self.out, "{}", in_numbers(summary))?;
        self.out.flush()
    }
}

/// Whether there are colours; without them, every style is empty.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    const fn with(self, style: Style) -> Style {
        if self.0 { style } else { Style::new() }
    }
}

/// The server, its state, and the sources of both.
fn head(out: &mut impl Write, paint: Paint, server: &ServerDrift) -> io::Result<()> {
    let [bold, faint, state] = [NAME, FAINT, style(as_state(server.state))].map(|style| paint.with(style));
    let (name, phrase) = (escape(&server.name), server.state.phrase());
    write!(out, "{bold}{name}{bold:#}  {state}{phrase}{state:#}\n{faint}")?;
    if let Some(at) = &server.place {
        write!(out, "{}:{}:{}", escape(&at.file), at.line, at.column)?;
    }
    let between = if server.place.is_some() { " · " } else { "" };
    if let Some(evidence) = &server.snapshot {
        write!(out, "{between}{}", seen(evidence))?;
    }
    writeln!(out, "{faint:#}")
}

/// The differences of a server, and the remaining steps.
fn body(paint: Paint, server: &ServerDrift) -> Result<String, fmt::Error> {
    let [faint, waits, state] = [FAINT, WAITS, style(as_state(server.state))].map(|style| paint.with(style));
    let mut out = String::new();
    let (notes, wrong): (Vec<_>, Vec<_>) = server.findings.iter().partition(|found| found.note);
    if server.diff.is_empty() {
        for found in wrong.iter().take(SHOWN) {
            let [subject, desired, observed] = [&found.subject, &found.desired, &found.observed].map(|it| escape(it));
            writeln!(out, "{waits}!{waits:#}  {subject}: {observed}; expected {desired}")?;
        }
    } else {
        for found in wrong.iter().filter(|found| !server.diff.contains(&escape(&found.observed))) {
            writeln!(out, "{waits}!{waits:#}  {}: {}", escape(&found.subject), escape(&found.observed))?;
        }
        for line in server.diff.lines() {
            let style = paint.with(style_of(line));
            writeln!(out, "{style}{line}{style:#}")?;
        }
    }
    for found in notes.iter().take(SHOWN) {
        let [subject, observed] = [&found.subject, &found.observed].map(|it| escape(it));
        writeln!(out, "   note: {subject}: {}: {observed}", found.code.phrase())?;
    }
    let mut ways: Vec<_> = server.findings.iter().filter_map(|found| found.origin.as_ref()).collect();
    ways.dedup();
    for way in ways {
        writeln!(out, "   {}", escape(&came_about(way)))?;
    }
    for (number, step) in (1..).zip(&server.steps) {
        write!(out, "{number:>4}  {}", escape(&step.command))?;
        if !step.certain {
            write!(out, "  {faint}({UNSURE}){faint:#}")?;
        }
        out.push('\n');
    }
    if let Some(blocker) = &server.blocked_by {
        writeln!(out, "   {state}!  {}{state:#}", escape(blocker))?;
    }
    if let Some(help) = &server.help {
        writeln!(out, "   next: {}", escape(help))?;
    }
    out.push('\n');
    Ok(out)
}

/// Where and when a server was observed.
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

/// The style of a line of a diff.
const fn style_of(line: &str) -> Style {
    match line.as_bytes() {
        [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] | [b'@', ..] => FAINT,
        [b'-', ..] => BAD,
        [b'+', ..] => GOOD,
        _ => Style::new(),
    }
}
