//! The findings about a server, for reports.

use reconcile_core::{Blocker, Compared, Goal, Seen, Stale, compare};
use reconcile_schema::{Code, DriftCode, FindingReport, Hold};

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

/// Notes about a server that are no difference: a restart that Windows requests, a damaged journal, a hold.
pub fn said(goal: &Goal, seen: &Seen) -> Vec<FindingReport> {
    let is_said = |code: DriftCode| matches!(code, DriftCode::RestartDue | DriftCode::JournalDamaged);
    let notes = compare(goal, seen).into_iter().filter(|found| found.note && found.code.is_some_and(is_said));
    notes.filter_map(as_report).chain(seen.marks.hold.as_ref().map(|hold| held(goal, hold))).collect()
}

/// The note that a server is on hold. A hold forbids nothing where nothing is to be done.
fn held(goal: &Goal, hold: &Hold) -> FindingReport {
    FindingReport {
        code: Code::Held.key().into(),
        subject: "server".into(),
        desired: "not held".into(),
        observed: Blocker::Held { hold: hold.clone(), zone: goal.zone().cloned() }.to_string(),
        note: true,
    }
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
