//! JSON for programs, in which nothing acts on a terminal or on the log of a pipeline. Invisible characters are written
//! as `\u`, and so is the second sign of `##`, which begins a command of Azure Pipelines wherever it is. A program
//! reads the same text. The trace is written in the same way.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::manifest::{
    diagnostic::{escape, is_hidden},
    problem::Problem,
};

/// Writes a value on one line.
///
/// # Errors
/// When it cannot be written.
pub fn write(out: &mut impl Write, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Harmless)).map_err(io::Error::from)
}

/// A value on one line, without the line end.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn line(value: &(impl Serialize + ?Sized)) -> Result<String, Problem> {
    let mut out = Vec::new();
    write(&mut out, value).map_err(Problem::failed)?;
    String::from_utf8(out).map_err(Problem::failed)
}

/// A value in a form that people can read, with a line end.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn pretty(value: &(impl Serialize + ?Sized)) -> Result<String, Problem> {
    let text = serde_json::to_string_pretty(value).map_err(Problem::failed)?;
    String::from_utf8(lines(&text).map_err(Problem::failed)?).map_err(Problem::failed)
}

/// Lines of JSON, each with a line end. JSON writes the line ends of a text as `\n`, so each of these stands between
/// texts.
fn lines(json: &str) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len() + 1);
    for line in json.lines() {
        put(&mut out, line)?;
        out.push(b'\n');
    }
    Ok(out)
}

/// A writer for the trace, which quotes texts from anywhere. It receives each event at once, with its line end.
pub struct Trace<W> {
    to: W,
    harmless: fn(&str) -> io::Result<Vec<u8>>,
}

impl<W> Trace<W> {
    /// Writes events that are JSON.
    pub const fn json(to: W) -> Self {
        Self { to, harmless: lines }
    }

    /// Writes events for people. Further lines of an event are indented: none looks like an event of its own.
    pub const fn text(to: W) -> Self {
        Self {
            to,
            harmless: |event| {
                let lines: Vec<_> = event.lines().map(escape).collect();
                Ok((lines.join("\n    ") + "\n").into_bytes())
            },
        }
    }
}

impl<W: Write> Write for Trace<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let written = (self.harmless)(&String::from_utf8_lossy(event))?;
        self.to.write_all(&written)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes JSON on one line, as a formatter does by default, except for the content of texts.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        put(out, fragment)
    }
}

/// Writes a part of a text, or of JSON without line ends: outside of its texts, JSON has nothing that could act.
fn put<W: Write + ?Sized>(out: &mut W, part: &str) -> io::Result<()> {
    // Almost every text is plain.
    if part.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !part.contains("##") {
        return out.write_all(part.as_bytes());
    }
    let mut before = None;
    for c in part.chars() {
        if is_hidden(c) || c == '#' && before == Some('#') {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
        } else {
            out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
        }
        before = Some(c);
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_program_reads_the_same_and_nothing_acts_on_a_log() {
        let text = "##vso[task.setvariable variable=PATH]\u{1b}[2J ##[error] ### \u{202e}\u{9b}\u{fe0f}\u{e0100}\u{1d173} # é 😀";
        let value = json!({ text: [text, { "name": text, "numbers": [1, 2.5, null, true] }], "empty": [], "none": {} });
        for written in [line(&value).unwrap(), pretty(&value).unwrap()] {
            assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
            assert!(!written.contains("##"), "{written}");
            assert!(written.contains("é 😀") && !written.chars().any(|c| c != '\n' && is_hidden(c)), "{written}");
        }
        assert_eq!(line(&value).unwrap().lines().count(), 1);
        let plain = json!({ "a": [1, { "b": "c" }], "d": {} });
        assert_eq!(pretty(&plain).unwrap(), serde_json::to_string_pretty(&plain).unwrap() + "\n");
        assert_eq!(line(&plain).unwrap(), plain.to_string());
    }
}
