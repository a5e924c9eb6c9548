//! The decision: the one step that comes next.

use alloc::string::ToString;

use reconcile_schema::{Cause, Period, Step};

use crate::{
    ask::Ask,
    blocker::Blocker,
    checks::Gate,
    gate::{gate, may_restore},
    goal::Goal,
    seen::{Halt, Seen},
    wanted::{Want, down, wanted},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the host is at its goal.
    Done,
    /// This step, for this reason.
    Do(Step, Cause),
    /// Read this fact, then decide again.
    Look(Ask),
    /// Wait, then decide again: this usually passes by itself.
    Wait(Blocker),
    /// No helpful step is allowed now.
    Blocked(Blocker),
}

/// The next step: the wanted one, unless something forbids it. If something does, the services of the host are started
/// first.
#[must_use]
pub fn next(goal: &Goal, seen: &Seen) -> Next {
    if let Some(Halt::Forced(why)) = seen.run.halt {
        return Next::Blocked(Blocker::Forced { why });
    }
    if let Some(what) = &seen.host.at_work {
        return at_work(goal, seen, what);
    }
    // A run that must end waits for no fact; a fact whose reading was interrupted is not the reason for its end.
    let interrupted = seen.run.halt == Some(Halt::Interrupted);
    let blocker = match wanted(goal, seen) {
        Want::Nothing => return Next::Done,
        Want::Look(_) | Want::Cannot(Blocker::Unknown { .. }) if interrupted => Blocker::Interrupted,
        Want::Look(ask) => return Next::Look(ask),
        Want::Cannot(blocker) => blocker,
        Want::Step(step, cause) => match gate(goal, seen, &step, &cause) {
            Gate::Open => return Next::Do(step, cause),
            Gate::First(step, cause) => return Next::Do(step, cause),
            Gate::Look(ask) => return Next::Look(ask),
            Gate::Wait(blocker) => return Next::Wait(blocker),
            Gate::Shut(blocker) => blocker,
        },
    };
    // A server that was taken down without effect keeps the claim of its pool, so that the same failure does not hit
    // the next one. One that waits for another server does not: that one waits for the claim.
    let fails = seen.marks.outages > 0 && !matches!(blocker, Blocker::ComesAfter { .. });
    let keeps = |step: &Step| *step == Step::Release && (!seen.marks.claimed || fails);
    let up = down(goal, seen).find(|(step, _)| seen.spent(step).is_none() && !keeps(step) && may_restore(goal, seen));
    up.map_or(Next::Blocked(blocker), |(step, cause)| Next::Do(step, cause))
}

/// How long a run waits for a command of an earlier run: longer than any of them may take, since each has its own time
/// limit.
const LONGEST: Period = Period::minutes(100);

/// A run waits for a command that has outlived its run before any other work. That command may be stopping services, or
/// updating databases that services would use.
fn at_work(goal: &Goal, seen: &Seen, what: &str) -> Next {
    let blocker = Blocker::AtWork { what: what.to_string() };
    match &seen.run.halt {
        Some(Halt::Interrupted) => Next::Blocked(Blocker::Interrupted),
        Some(Halt::Forced(why)) => Next::Blocked(Blocker::Forced { why: *why }),
        Some(Halt::Deviated(_)) | None if seen.run.waited < LONGEST.max(goal.rules.database) => Next::Wait(blocker),
        // Somebody waits for a message about the manifest.
        Some(Halt::Deviated(_) | Halt::NoManifest) | None => Next::Blocked(blocker),
    }
}
