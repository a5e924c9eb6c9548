//! A drift report as annotations of GitHub Actions, at the lines of the manifest.

use std::io::{self, Write};

use reconcile_schema::{DriftState, DriftSummary, ServerDrift};

use crate::manifest::diagnostic::escape;
use crate::show::drift::report::Report;
use crate::show::drift::words::{headline, in_numbers};
use crate::work::judge::Judged;

/// How many annotations GitHub shows for one step. It silently drops the others; the last one counts them here.
const SHOWN: usize = 10;

pub struct Annotations<W> {
    out: W,
    /// The worst servers, worst first: never more than are shown.
    worst: Vec<(DriftState, String)>,
    left_out: u64,
}

impl<W: Write> Annotations<W> {
    pub fn new(out: W) -> Self {
        Self { out, worst: Vec::new(), left_out: 0 }
    }
}

impl<W: Write + Send> Report for Annotations<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        let server = &judged.drift;
        if server.state == DriftState::AtGoal {
            return Ok(());
        }
        let at = self.worst.partition_point(|(state, _)| *state >= server.state);
        if at < SHOWN {
            self.worst.insert(at, (server.state, annotation(server)));
        } else {
            self.left_out += 1;
        }
        if self.worst.len() > SHOWN {
            self.worst.pop();
            self.left_out += 1;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        let more = if self.left_out == 0 { 0 } else { self.left_out + 1 };
        let shown = if more == 0 { self.worst.len() } else { SHOWN - 1 };
        for (_, annotation) in self.worst.iter().take(shown) {
            writeln!(self.out, "{annotation}")?;
        }
        if more > 0 {
            writeln!(
                self.out,
                "::error title=and {more} more::{more} more servers are not at their goal%3A see the reports"
            )?;
        }
        writeln!(self.out, "{}", in_numbers(summary))?;
        self.out.flush()
    }
}

fn annotation(server: &ServerDrift) -> String {
    let title = property(&format!("{}: {}", server.name, server.state.phrase()));
    let message = data(&headline(server));
    match &server.place {
        Some(place) => {
            let file = property(&place.file);
            format!("::error file={file},line={},col={},title={title}::{message}", place.line, place.column)
        }
        None => format!("::error title={title}::{message}"),
    }
}

/// A message, escaped for the runner.
fn data(text: &str) -> String {
    escape(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, escaped for the runner.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
