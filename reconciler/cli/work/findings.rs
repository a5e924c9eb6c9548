//! What was found of a server, as it is reported.

use reconcile_core::{Compared, Goal, Seen, Stale, compare};
use reconcile_schema::{DriftCode, FindingReport};

/// A fact that was compared, where there is something to say of it.
pub fn as_report(found: Compared<'_>) -> Option<FindingReport> {
    Some(FindingReport {
        code: found.code?.key().into(),
        subject: found.subject.into_owned(),
        desired: found.desired.to_string(),
        observed: found.observed.to_string(),
        note: found.note,
    })
}

/// What there is to say of a server that is no difference: a restart that Windows waits for, a journal that is damaged.
pub fn said(goal: &Goal, seen: &Seen) -> Vec<FindingReport> {
    let is_said = |code: DriftCode| matches!(code, DriftCode::RestartDue | DriftCode::JournalDamaged);
    let notes = compare(goal, seen).into_iter().filter(|found| found.note && found.code.is_some_and(is_said));
    notes.filter_map(as_report).collect()
}

/// That a manifest is followed although it is older than it should be.
pub fn aged(stale: &Stale) -> FindingReport {
    FindingReport {
        code: stale.code().key().into(),
        subject: "manifest".into(),
        desired: "a manifest that is neither older than the last one nor expired".into(),
        observed: stale.to_string(),
        note: true,
    }
}
