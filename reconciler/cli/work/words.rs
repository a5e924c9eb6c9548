//! What is said in the same words wherever it is said: in reports, in events and to people.

use reconcile_schema::{DriftCode, FindingReport, NextStart, Period, Reason, ServiceStarts, shown_at};

use crate::manifest::diagnostic::escape;

/// What there is to say of a server that is no difference, in a sentence.
pub fn sentence(note: &FindingReport) -> String {
    if note.code == DriftCode::JournalDamaged.key() {
        return format!("the journal of this server is damaged: {}", note.observed);
    }
    if note.code == DriftCode::RestartDue.key() {
        return format!("a restart of Windows is pending, {}", note.observed);
    }
    note.observed.clone()
}

/// What the sentence of a blocker leaves out: what is in the way of the installer, and where its log lies.
pub fn details(reason: &Reason) -> Vec<String> {
    let behind = (reason.exit_code.is_some() && !reason.in_the_way.is_empty())
        .then(|| format!("still behind: {}", reason.in_the_way.join(", ")));
    let log = reason.log.as_ref().map(|log| format!("log: {log}"));
    behind.into_iter().chain(log).collect()
}

/// That a service had to be started again.
pub fn again(ServiceStarts { service, runs, since }: &ServiceStarts) -> String {
    format!("{} had to be started again: {runs} runs have started it since {}", escape(service), shown_at(*since, None))
}

/// When the task starts next.
pub fn coming(next: &NextStart) -> String {
    let from = shown_at(next.from, None);
    if next.from == next.until {
        format!("on {from}")
    } else {
        format!("from {from} on, put off by up to {}", Period::between(next.from, next.until))
    }
}

/// The first few differences, and how many more there are.
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
