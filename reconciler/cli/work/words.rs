//! Texts that reports, events and messages to people share.

use reconcile_schema::{DriftCode, FindingReport, NextStart, Period, Reason, ServiceStarts, shown_at};

use crate::manifest::diagnostic::escape;

/// A note about a server, as a sentence.
pub fn sentence(note: &FindingReport) -> String {
    if note.code == DriftCode::JournalDamaged.key() {
        return format!("the journal of this server is damaged: {}", note.observed);
    }
    if note.code == DriftCode::RestartDue.key() {
        return format!("a restart of Windows is pending, {}", note.observed);
    }
    note.observed.clone()
}

/// Details that the sentence of a blocker leaves out: obstacles for the installer, and the path of its log.
pub fn details(reason: &Reason) -> Vec<String> {
    let behind = (reason.exit_code.is_some() && !reason.in_the_way.is_empty())
        .then(|| format!("not updated: {}", reason.in_the_way.join(", ")));
    let log = reason.log.as_ref().map(|log| format!("log: {log}"));
    behind.into_iter().chain(log).collect()
}

/// The message that a service had to be started again.
pub fn again(ServiceStarts { service, runs, since }: &ServiceStarts) -> String {
    format!("{} had to be started again: {runs} runs have started it since {}", escape(service), shown_at(*since, None))
}

/// The text for the next start of the task.
pub fn coming(next: &NextStart) -> String {
    let from = shown_at(next.from, None);
    if next.from == next.until {
        format!("on {from}")
    } else {
        format!("from {from} on, put off by up to {}", Period::between(next.from, next.until))
    }
}

/// The first few differences, and the number of further ones.
pub fn found(findings: &[FindingReport]) -> String {
    let findings: Vec<_> = findings.iter().filter(|found| !found.note).collect();
    let mut told: Vec<_> = findings
        .iter()
        .take(3)
        .map(|found| format!("{} {}", escape(&found.subject), escape(&found.observed)))
        .collect();
    if findings.len() > 3 {
        told.push(format!("and {} more", findings.len() - 3));
    }
    told.join(", ")
}

/// `one` for one of them, with an s for any other number.
pub fn plural(count: usize, one: &str) -> String {
    if count == 1 { one.into() } else { format!("{one}s") }
}
