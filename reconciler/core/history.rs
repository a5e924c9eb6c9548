//! The history: earlier runs, reconstructed from the entries of the journal.

use alloc::{format, string::String, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{Mark, PastRun, PastStep, RunId};

/// The runs of a journal, in the order of their first entries.
#[must_use]
pub fn history(entries: impl IntoIterator<Item = (RunId, Timestamp, Mark)>) -> Vec<PastRun> {
    let mut runs: Vec<PastRun> = Vec::new();
    for (run, at, mark) in entries {
        if let Mark::Carried { .. } = mark {
            continue; // Earlier entries are no longer kept.
        }
        let at_hand = runs.iter().rposition(|past| past.run == run);
        let at_hand = at_hand.unwrap_or_else(|| {
            runs.push(started(run, at));
            runs.len() - 1
        });
        if let Some(past) = runs.get_mut(at_hand) {
            take(past, at, mark);
        }
    }
    runs
}

fn started(run: RunId, began: Timestamp) -> PastRun {
    PastRun {
        run,
        began,
        ended: None,
        by: String::new(),
        made_by: String::new(),
        target: None,
        steps: Vec::new(),
        outage_seconds: None,
        code: None,
        outcome: None,
        at_goal: false,
        notes: Vec::new(),
    }
}

fn take(past: &mut PastRun, at: Timestamp, mark: Mark) {
    match mark {
        Mark::RunBegan { target, version, by, .. } => {
            (past.by, past.made_by, past.target) = (by, version, Some(target));
        }
        Mark::Began { step, command, because } => {
            let (took_seconds, said) = Default::default();
            past.steps.push(PastStep { step, command, because, began: at, took_seconds, said, failed: false });
        }
        Mark::Ended { step, said, failed, took, .. } => {
            if let Some(begun) = past.steps.iter_mut().rev().find(|begun| begun.step == step) {
                (begun.said, begun.failed) = (Some(said), failed);
                begun.took_seconds = took.map(reconcile_schema::Period::as_seconds);
            }
        }
        Mark::Failed { step, said } => {
            if let Some(begun) = past.steps.iter_mut().rev().find(|begun| begun.step == step) {
                (begun.said, begun.failed) = (Some(said), true);
            }
        }
        Mark::RunEnded { code, outcome, at_goal, outage } => {
            (past.code, past.ended, past.outcome, past.at_goal) = (code, Some(at), Some(outcome), at_goal);
            past.outage_seconds = outage.map(reconcile_schema::Period::as_seconds);
        }
        Mark::Accepted { serial, manifest, .. } => {
            past.notes.push(format!("accepted serial {serial} of {manifest}"));
        }
        Mark::Held { reason, by } => told(past, at, &by, format!("held by {by}: {reason}")),
        Mark::Released { by } => told(past, at, &by, format!("hold ended by {by}")),
        Mark::DamageAcknowledged { lines: _, reason, by } => {
            told(past, at, &by, format!("damage of the journal acknowledged by {by}: {reason}"));
        }
        Mark::Forgiven => past.notes.push("attempt counter reset".into()),
        Mark::Carried { .. }
        | Mark::TakingDown { .. }
        | Mark::Staged(_)
        | Mark::Claiming
        | Mark::Unclaimed { .. }
        | Mark::FailingOver
        | Mark::FailedBack
        | Mark::Stopped
        | Mark::Installing { .. }
        | Mark::Installed { .. }
        | Mark::RebootAsked { .. }
        | Mark::Checked { .. }
        | Mark::Up => {}
    }
}

/// Adds a note that somebody wrote about the server, outside any run.
fn told(past: &mut PastRun, at: Timestamp, by: &str, note: String) {
    past.ended = Some(at);
    past.by = by.into();
    past.notes.push(note);
}
