//! A drift report as SARIF 2.1.0, for code scanning: a result for each finding, at its line of the manifest.

use std::io::{self, Write};

use reconcile_schema::{DriftCode, DriftFinding, DriftSummary, ServerDrift};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::manifest::diagnostic::escape;
use crate::show::columns::sentence;
use crate::show::drift::report::{Head, Report};
use crate::show::drift::words::{came_about, level};
use crate::work::judge::Judged;

pub struct Sarif<W> {
    out: W,
    begun: bool,
}

impl<W: Write> Sarif<W> {
    /// # Errors
    /// When nothing can be written.
    pub fn begin(mut out: W, head: &Head) -> io::Result<Self> {
        let rules: Vec<Value> = DriftCode::ALL.into_iter().map(rule).collect();
        let driver = json!({ "name": "reconcile", "semanticVersion": head.made_by, "rules": rules });
        write!(
            out,
            "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\
             \"tool\":{{\"driver\":{driver}}},\"columnKind\":\"unicodeCodePoints\",\"results\":["
        )?;
        Ok(Self { out, begun: false })
    }
}

impl<W: Write + Send> Report for Sarif<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        for found in &judged.drift.findings {
            self.out.write_all(if self.begun { b",\n" } else { b"\n" })?;
            self.begun = true;
            write!(self.out, "{}", result(&judged.drift, found))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &DriftSummary) -> io::Result<()> {
        writeln!(self.out, "\n]}}]}}")?;
        self.out.flush()
    }
}

/// The rule in the form that code scanning needs: GitHub shows none without a full description and help.
fn rule(code: DriftCode) -> Value {
    json!({
        "id": code.key(),
        "shortDescription": { "text": code.phrase() },
        "fullDescription": { "text": sentence(code.phrase()) },
        "help": { "text": code.help() },
        "defaultConfiguration": { "level": level(code) },
    })
}

fn result(server: &ServerDrift, found: &DriftFinding) -> Value {
    let [name, subject, desired, observed] =
        [&server.name, &found.subject, &found.desired, &found.observed].map(|it| escape(it));
    let origin = found.origin.as_ref().map(|origin| format!(" ({})", escape(&came_about(origin)))).unwrap_or_default();
    let finding = format!("{name}/{}/{subject}", found.code.key());
    let mut result = json!({
        "ruleId": found.code.key(),
        "level": if found.note { "note" } else { level(found.code) },
        "message": { "text": format!("{name}: {subject}: {observed}; expected {desired}{origin}") },
        // This identifies the same finding in the next report, whatever its values are then. GitHub uses its own name
        // for it, and would otherwise merge all findings at one line, such as those of a range of servers.
        "partialFingerprints": { "finding/v1": finding, "primaryLocationLineHash": hash(&finding) },
    });
    if let (Some(place), Some(fields)) = (&server.place, result.as_object_mut()) {
        fields.insert(
            "locations".into(),
            json!([{ "physicalLocation": {
                "artifactLocation": { "uri": uri(&place.file) },
                "region": { "startLine": place.line, "startColumn": place.column },
            } }]),
        );
    }
    result
}

/// A fingerprint in the form of GitHub's own: 64 bits and a count.
fn hash(text: &str) -> String {
    let digits = Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
    digits + ":1"
}

/// A path as a relative URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
    let of = |byte: u8| match byte {
        b'\\' => "/".into(),
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    path.bytes().map(of).collect()
}
