//! A drift report in Markdown, for the summary of a job: the fleet in numbers, a table, and the differences.

use std::io::{self, Write};

use reconcile_schema::{DriftSummary, ServerDrift};

use crate::manifest::diagnostic::escape;
use crate::show::drift::report::{Head, Report};
use crate::show::drift::words::{body, day, headline, in_numbers};
use crate::work::judge::Judged;

/// How much is written about servers that are not at their goal, in bytes. GitHub drops a summary above a mebibyte as a
/// whole.
const MOST: usize = 800_000;

/// How many servers are shown with all their details.
const SHOWN: usize = 20;

pub struct Markdown<W> {
    out: W,
    head: Head,
    /// The table and the text after it; the numbers are written before them. Neither is ever longer than [`MOST`].
    table: String,
    details: String,
    shown: usize,
    left_out: u64,
}

impl<W: Write> Markdown<W> {
    /// # Errors
    /// None; the signature is that of the other forms.
    pub fn begin(out: W, head: Head) -> io::Result<Self> {
        Ok(Self { out, head, table: String::new(), details: String::new(), shown: 0, left_out: 0 })
    }
}

impl<W: Write + Send> Report for Markdown<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        let server = &judged.drift;
        if server.is_quiet() {
            return Ok(());
        }
        let row = row(server);
        if self.table.len() + self.details.len() + row.len() > MOST {
            self.left_out += 1;
            return Ok(());
        }
        self.table += &row;
        let detail = detail(server);
        if self.shown < SHOWN && self.table.len() + self.details.len() + detail.len() <= MOST {
            self.shown += 1;
            self.details += &detail;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        let (manifest, at) = (plain(&self.head.manifest), day(self.head.as_of));
        writeln!(self.out, "## Drift from {manifest}\n\nAs of {at}: **{}**\n", plain(&in_numbers(summary)))?;
        if !self.table.is_empty() {
            writeln!(self.out, "| Server | State | Installed | Declared | What differs |\n|---|---|---|---|---|")?;
            writeln!(self.out, "{}", self.table)?;
        }
        if self.left_out > 0 {
            let count = self.left_out;
            writeln!(
                self.out,
                "{count} more servers are not shown here: a summary has a limit. The other reports have them.\n"
            )?;
        }
        self.out.write_all(self.details.as_bytes())?;
        self.out.flush()
    }
}

fn row(server: &ServerDrift) -> String {
    let build = |build: Option<&reconcile_schema::Build>| build.map_or_else(|| "–".into(), ToString::to_string);
    let declared = build(server.declared.as_ref().map(|declared| &declared.target));
    let (name, state, found) = (plain(&server.name), server.state.phrase(), build(server.found.as_ref()));
    format!("| {name} | {state} | {found} | {declared} | {} |\n", plain(&headline(server)))
}

fn detail(server: &ServerDrift) -> String {
    let body = body(server);
    // A fence is longer than any run of backticks in it.
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("### {}\n\n{fence}diff{body}{fence}\n\n", plain(&server.name))
}

/// Text without meaning for Markdown or HTML: every mark that could have one is written as an entity.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        let safe = c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | ';' | '/' | '%' | '?') || !c.is_ascii();
        if safe { out.push(c) } else { out += &format!("&#{};", u32::from(c)) }
    }
    // GitHub makes links of words with these beginnings.
    out.replace("www.", "www&#46;").replace("http", "&#104;ttp")
}
