//! A drift report for programs: one JSON document with a stated version, written server by server.

use std::io::{self, Write};

use reconcile_schema::{DriftSummary, REPORT_VERSION, ServerDrift};

use crate::manifest::harmless;
use crate::show::drift::report::{Bodies, Head, Report};
use crate::work::judge::Judged;

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
        harmless::write(&mut out, head.made_by)?;
        write!(out, ",\"asOf\":")?;
        harmless::write(&mut out, &head.as_of)?;
        write!(out, ",\"manifest\":")?;
        harmless::write(&mut out, &head.manifest)?;
        write!(out, ",\"manifestFingerprint\":")?;
        harmless::write(&mut out, &head.fingerprint)?;
        write!(out, ",\"servers\":[")?;
        Ok(Self { out, begun: false, bodies: Bodies::default() })
    }
}

/// A server without its difference, which is written last.
fn without_difference(server: &ServerDrift) -> ServerDrift {
    let (findings, diff, steps) = Default::default();
    ServerDrift { findings, diff, steps, code: None, blocked_by: None, help: None, ..server.clone() }
}

impl<W: Write + Send> Report for Json<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        self.out.write_all(if self.begun { b",\n" } else { b"\n" })?;
        self.begun = true;
        let mut text = Vec::with_capacity(1 << 10);
        harmless::write(&mut text, &without_difference(&judged.drift))?;
        text.pop(); // The closing brace.
        let body = self.bodies.of(&judged.drift, || {
            let mut whole = Vec::new();
            let written = harmless::write(&mut whole, &judged.drift);
            let body = whole.get(text.len()..).unwrap_or_default();
            written.map(|()| String::from_utf8_lossy(body).into_owned())
        })?;
        text.extend_from_slice(body.as_bytes());
        self.out.write_all(&text)
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        write!(self.out, "\n],\"summary\":")?;
        harmless::write(&mut self.out, summary)?;
        writeln!(self.out, "}}")?;
        self.out.flush()
    }
}
