//! Desired and observed state in one normal form, and their difference as a unified diff.

use reconcile_core::{Compared, FactKind, Said};
use reconcile_schema::{DriftCode, Period};
use similar::TextDiff;

use crate::manifest::diagnostic::escape;

/// How many equal lines are shown around a difference.
const AROUND: usize = 1;

/// The unified diff from the observed to the desired state. Nothing in it can act on a terminal.
pub fn of(compared: &[Compared<'_>]) -> String {
    // The journal is not a fact that a run would change.
    let facts = compared.iter().filter(|fact| fact.kind != FactKind::Journal);
    let lines = |fact: &Compared<'_>| {
        let unknown = if fact.code == Some(DriftCode::Unknown) { "unknown: " } else { "" };
        (line(fact, unknown, &fact.observed), line(fact, "", &fact.desired))
    };
    let (observed, desired): (Vec<_>, Vec<_>) = facts.map(lines).unzip();
    let observed: Vec<&str> = observed.iter().map(String::as_str).collect();
    let desired: Vec<&str> = desired.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&observed, &desired);
    diff.unified_diff().context_radius(AROUND).header("observed", "desired").to_string()
}

fn line(fact: &Compared<'_>, before: &str, value: &Said<'_>) -> String {
    let kind = fact.kind.word();
    let (space, subject) = if kind == fact.subject { ("", "") } else { (" ", &*fact.subject) };
    escape(&format!("{kind}{space}{subject} {before}{value}"))
}

/// A number of seconds for people.
pub fn spoken(seconds: i64) -> String {
    match seconds / 86_400 {
        0 | 1 => Period::seconds(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)).to_string(),
        days => format!("{days} days"),
    }
}
