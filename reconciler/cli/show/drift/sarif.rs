//! A drift report as SARIF 2.1.0, for code scanning: a result for each finding, at its line of the manifest.

use std::io::{self, Write};

use reconcile_schema::{DriftCode, DriftFinding, DriftSummary, ServerDrift};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::manifest::diagnostic::escape;
use crate::show::drift::report::{Head, Report};
use crate::show::drift::words::came_about;
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
        "help": { "text": help(code) },
        "defaultConfiguration": { "level": level(code) },
    })
}

fn sentence(phrase: &str) -> String {
    let mut rest = phrase.chars();
    rest.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), rest.as_str()))
}

/// What a person can do about it.
const fn help(code: DriftCode) -> &'static str {
    match code {
        DriftCode::ComponentBehind
        | DriftCode::DatabaseBehind
        | DriftCode::AssembliesHeld
        | DriftCode::InstallationUnproven => {
            "Run `reconcile plan` on the server to see the steps that remain, and `reconcile apply` to run them."
        }
        DriftCode::PoolUnequal => "Declare one target for all servers of the pool.",
        DriftCode::ServiceDown => {
            "Run `reconcile apply` on the server: it starts the service. Set it to manual start to keep it down."
        }
        DriftCode::RestartDue => {
            "Restart the server. `reconcile apply` does it where the manifest says `reboot: whenRequired`."
        }
        DriftCode::Ahead => "Declare the build that is installed, or a later one. An update cannot be taken back.",
        DriftCode::WrongProduct => "Correct the product of the update that the manifest declares for the server.",
        DriftCode::Unknown => {
            "Run `reconcile observe` on the server with an account that may read the fact that is named."
        }
        DriftCode::BuildsOnly => {
            "Judge the server by its builds with `--judge builds`, or collect a snapshot that `reconcile observe` wrote on it."
        }
        DriftCode::NotReadable => {
            "Observe the server with an account that is a member of RTCUniversalServerAdmins, or take what can be read for enough."
        }
        DriftCode::StaleSnapshot | DriftCode::MissingSnapshot | DriftCode::UnreadableSnapshot => {
            "Run `reconcile observe MANIFEST --to FOLDER` on the server and collect what it writes."
        }
        DriftCode::DuplicateSnapshot => "Keep the latest snapshot of the server and remove the others.",
        DriftCode::OriginalRelease => {
            "Nothing has to be done where the update does not patch the component. Where it does, name its build under `components`."
        }
        DriftCode::ComponentMissing => {
            "Correct the name, or leave the component out where no server of the update has it."
        }
        DriftCode::JournalDamaged => {
            "Find out whether anybody holds the server, then run `reconcile acknowledge MANIFEST journal --reason TEXT` on it."
        }
        DriftCode::UnnamedServer => "Add the server to the manifest, or stop collecting its snapshots.",
    }
}

/// An unknown fact is a warning, and a finding that changes nothing is a note; all others are errors.
const fn level(code: DriftCode) -> &'static str {
    match code {
        DriftCode::ComponentBehind
        | DriftCode::PoolUnequal
        | DriftCode::DatabaseBehind
        | DriftCode::ServiceDown
        | DriftCode::RestartDue
        | DriftCode::AssembliesHeld
        | DriftCode::InstallationUnproven
        | DriftCode::Ahead
        | DriftCode::WrongProduct
        | DriftCode::UnnamedServer => "error",
        DriftCode::Unknown
        | DriftCode::BuildsOnly
        | DriftCode::NotReadable
        | DriftCode::StaleSnapshot
        | DriftCode::MissingSnapshot
        | DriftCode::DuplicateSnapshot
        | DriftCode::UnreadableSnapshot => "warning",
        DriftCode::OriginalRelease | DriftCode::ComponentMissing | DriftCode::JournalDamaged => "note",
    }
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
