//! A drift report for programs: one JSON document of a stated version, written server by server.

use std::io::{self, Write};

use reconcile_schema::{DriftSummary, REPORT_VERSION, ServerDrift};
use serde::Serialize;

use super::{
    judge::Judged,
    report::{Bodies, Head, Report},
};
use crate::diagnostic::is_hidden;

pub struct Json<W> {
    out: W,
    begun: bool,
    bodies: Bodies,
}

impl<W: Write> Json<W> {
    /// # Errors
    /// When nothing can be written.
    pub fn begin(mut out: W, head: &Head) -> io::Result<Self> {
        write!(out, "{{\"version\":{REPORT_VERSION},\"madeBy\":")?;
        harmless(&mut out, head.made_by)?;
        write!(out, ",\"asOf\":")?;
        harmless(&mut out, &head.as_of)?;
        write!(out, ",\"manifest\":")?;
        harmless(&mut out, &head.manifest)?;
        write!(out, ",\"servers\":[")?;
        Ok(Self { out, begun: false, bodies: Bodies::default() })
    }
}

/// A server with its difference left out, which is written last.
fn without_difference(server: &ServerDrift) -> ServerDrift {
    let (findings, diff, steps) = Default::default();
    ServerDrift { findings, diff, steps, code: None, blocked_by: None, help: None, ..server.clone() }
}

fn harmless(out: &mut impl Write, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Harmless)).map_err(io::Error::from)
}

/// Writes what cannot be seen as `\u` escapes: the same text to a program, harmless to a terminal.
struct Harmless;

impl serde_json::ser::Formatter for Harmless {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return out.write_all(fragment.as_bytes()); // Nearly every text is plain.
        }
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            let (before, after) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after.get(c.len_utf8()..).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}

impl<W: Write + Send> Report for Json<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        self.out.write_all(if self.begun { b",\n" } else { b"\n" })?;
        self.begun = true;
        let mut text = Vec::with_capacity(1 << 10);
        harmless(&mut text, &without_difference(&judged.drift))?;
        text.pop(); // The closing brace.
        let body = self.bodies.of(&judged.drift, || {
            let mut whole = Vec::new();
            let written = harmless(&mut whole, &judged.drift);
            let body = whole.get(text.len()..).unwrap_or_default();
            written.map(|()| String::from_utf8_lossy(body).into_owned())
        })?;
        text.extend_from_slice(body.as_bytes());
        self.out.write_all(&text)
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        write!(self.out, "\n],\"summary\":")?;
        harmless(&mut self.out, summary)?;
        writeln!(self.out, "}}")?;
        self.out.flush()
    }
}
