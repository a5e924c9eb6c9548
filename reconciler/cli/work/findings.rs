//! The findings about a server, for reports.

use reconcile_core::{Compared, Goal, Seen, Stale, compare};
use reconcile_schema::{DriftCode, FindingReport};

/// A compared fact, if there is something to report about it.
pub fn as_report(found: Compared<'_>) -> Option<FindingReport> {
    Some(FindingReport {
        code: found.code?.key().into(),
        subject: found.subject.into_owned(),
        desired: found.desired.to_string(),
        observed: found.observed.to_string(),
        note: found.note,
    })
}

/// Notes about a server that are no difference: a restart that Windows requests, a damaged journal.
pub fn said(goal: &Goal, seen: &Seen) -> Vec<FindingReport> {
    let is_said = |code: DriftCode| matches!(code, DriftCode::RestartDue | DriftCode::JournalDamaged);
    let notes = compare(goal, seen).into_iter().filter(|found| found.note && found.code.is_some_and(is_said));
    notes.filter_map(as_report).collect()
}

/// The note that a manifest is followed although it is older than it should be.
pub fn aged(stale: &Stale) -> FindingReport {
    FindingReport {
        code: stale.code().key().into(),
        subject: "manifest".into(),
        desired: "a manifest that is neither older than the last one nor expired".into(),
        observed: stale.to_string(),
        note: true,
    }
}
