//! Texts that several forms of a drift report share.

use jiff::Timestamp;
use reconcile_schema::{DriftCode, DriftState, DriftSummary, Origin, ServerDrift};

use crate::manifest::diagnostic::escape;

/// The fleet in numbers, on one line.
pub fn in_numbers(summary: &DriftSummary) -> String {
    let count = |state: &DriftState| summary.states.get(state).map(|count| format!("{count} {}", state.phrase()));
    let states: Vec<_> = DriftState::ALL.iter().filter_map(count).collect();
    let (servers, steps) = (summary.servers, summary.steps);
    let s = |count: u64| if count == 1 { "" } else { "s" };
    let remain = if steps == 1 { "remains" } else { "remain" };
    let judged = format!("{servers} server{}: {}; {steps} step{} {remain}.", s(servers), states.join(", "), s(steps));
    if summary.not_judged.is_empty() { judged } else { format!("{judged} {}", not_judged(summary)) }
}

/// What was left out of the judgement on request, in a sentence.
pub fn not_judged(summary: &DriftSummary) -> String {
    format!("Not judged: {}.", summary.not_judged.join(", "))
}

/// What is unknown is a warning, and what changes nothing is a note; everything else is an error.
pub const fn level(code: DriftCode) -> &'static str {
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
        DriftCode::OriginalRelease
        | DriftCode::ComponentMissing
        | DriftCode::JournalDamaged
        | DriftCode::OtherManifest
        | DriftCode::DoctorFault
        | DriftCode::DoctorWarning => "note",
    }
}

/// How a difference came about, in words.
pub fn came_about(origin: &Origin) -> String {
    match origin {
        Origin::FellBack { reached } => format!("fell back: the server was at its goal on {}", day(*reached)),
        Origin::NewIntent { reached, then } => {
            format!(
                "the desired value has changed: it was {then} when the server was last at its goal, on {}",
                day(*reached)
            )
        }
        Origin::NeverReached => "no run of reconcile has brought the server to its goal yet".into(),
    }
}

/// A day and minute in UTC.
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The state of a server, on one line.
pub fn headline(server: &ServerDrift) -> String {
    let said = server.findings.first().map(|first| {
        let more = server.findings.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        let [subject, desired, observed] = [&first.subject, &first.desired, &first.observed].map(|it| escape(it));
        format!("{}: {subject}: {observed}; expected {desired}{more}", first.code.phrase())
    });
    said.or_else(|| server.blocked_by.as_deref().map(escape)).unwrap_or_else(|| server.state.phrase().into())
}

/// Everything that is reported about a server, line by line.
pub fn body(server: &ServerDrift) -> String {
    let mut out = String::from("\n");
    for found in &server.findings {
        let [subject, desired, observed] = [&found.subject, &found.desired, &found.observed].map(|it| escape(it));
        out += &format!("{}: {subject}: {observed}; expected {desired}\n", found.code.key());
        if let Some(origin) = &found.origin {
            out += &format!("    {}\n", escape(&came_about(origin)));
        }
    }
    if !server.diff.is_empty() {
        out.push('\n');
        out += &server.diff;
    }
    for (number, step) in (1..).zip(&server.steps) {
        out += &format!("{number:>4}  {}\n", escape(&step.command));
    }
    for (what, said) in [("blocked by", &server.blocked_by), ("next", &server.help)] {
        if let Some(said) = said {
            out += &format!("{what}: {}\n", escape(said));
        }
    }
    out
}
