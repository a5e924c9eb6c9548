//! The gate: what forbids a step now. Much can forbid taking a host down; starting its services is almost never
//! forbidden.

use reconcile_schema::{Cause, Step};

use crate::{
    checks::{Check, Gate, held_by_others, spent, undisturbed},
    conditions::{
        ATTEMPTS, BUDGET, CLAIMED, CLOCK, Condition, DISK, FIT, FOREIGN, HALTED, HELD, HELD_BY_OTHERS, INSTALLING,
        MIRRORED, OPENED, OUTAGE, OUTAGES, PACKAGE, POOL_MIRRORED, REACHABLE, READABLE, READY, REBOOTED, REBOOTS,
        RESTARTABLE, RIGHTS, SETTLED, SHELLS, SPENT, TAKING_DOWN, TOLD, UNDISTURBED, WINDOW,
    },
    goal::Goal,
    seen::Seen,
};

/// What must be true before a step that is taken for `cause`, in the order in which it is checked.
pub fn conditions(seen: &Seen, cause: &Cause) -> &'static [Condition] {
    match cause {
        Cause::Down(_) | Cause::FailedOver => &[SPENT, HELD_BY_OTHERS, UNDISTURBED],
        Cause::Unreleased => &[SPENT, HELD],
        Cause::NotStaged | Cause::ShellsOpen | Cause::Unclaimed => &[SPENT, HELD, READABLE, HALTED],
        Cause::AssembliesHeld => {
            &[SPENT, HELD, READABLE, HALTED, INSTALLING, OUTAGES, CLOCK, TAKING_DOWN, READY, CLAIMED]
        }
        // No work of ours is in progress, so a restart that Windows requests counts like any other work.
        Cause::RebootPending(_) if seen.attempt_in_this_boot().is_none() => &[
            SPENT, HELD, READABLE, HALTED, REBOOTS, INSTALLING, SETTLED, OUTAGES, RIGHTS, CLOCK, WINDOW, BUDGET, FIT,
            READY, CLAIMED,
        ],
        Cause::RebootPending(_) => {
            &[SPENT, HELD, READABLE, HALTED, INSTALLING, OUTAGES, CLOCK, TAKING_DOWN, REBOOTS, READY, CLAIMED]
        }
        Cause::StoreBehind { .. } => &[
            SPENT,
            HELD,
            READABLE,
            HALTED,
            INSTALLING,
            SETTLED,
            OUTAGES,
            MIRRORED,
            RIGHTS,
            DISK,
            CLOCK,
            WINDOW,
            BUDGET,
            FIT,
            RESTARTABLE,
            READY,
            CLAIMED,
            REBOOTED,
        ],
        // Nothing is taken down, so neither the outage nor the pool forbids it.
        Cause::PoolStoreBehind { .. } => {
            &[SPENT, HELD, READABLE, HALTED, INSTALLING, SETTLED, TOLD, POOL_MIRRORED, RIGHTS, CLOCK, OPENED]
        }
        Cause::Behind(_) | Cause::Unproven { .. } => {
            // The restart comes last: it takes the host down, which the other checks can still forbid.
            &[
                SPENT,
                HELD,
                READABLE,
                HALTED,
                INSTALLING,
                SETTLED,
                ATTEMPTS,
                OUTAGES,
                OUTAGE,
                RIGHTS,
                CLOCK,
                WINDOW,
                BUDGET,
                DISK,
                SHELLS,
                FOREIGN,
                REACHABLE,
                FIT,
                RESTARTABLE,
                PACKAGE,
                READY,
                CLAIMED,
                REBOOTED,
            ]
        }
    }
}

/// The result of the checks of `step`, which is taken for `cause`.
pub fn gate(goal: &Goal, seen: &Seen, step: &Step, cause: &Cause) -> Gate {
    // A check that forbids the work also forbids the first stop for it.
    let installs = matches!(cause, Cause::Behind(_) | Cause::Unproven { .. });
    let databases =
        if let Cause::StoreBehind { store, .. } = cause { Some(Step::UpdateDatabases(store.clone())) } else { None };
    let work = databases.or_else(|| installs.then_some(Step::Install));
    // After a stop that was without effect, nothing is taken down again.
    let stops: &[Step] = if *step == Step::StopOthers {
        &[Step::FailOver, Step::StopServices, Step::StopWeb]
    } else if *step == Step::FailOver {
        &[Step::StopServices, Step::StopWeb]
    } else if installs && *step == Step::StopServices {
        &[Step::StopWeb]
    } else {
        &[]
    };
    let later = work.iter().chain(stops).map(|later| spent(goal, seen, later));
    let checks = conditions(seen, cause).iter().map(|condition| (condition.check)(goal, seen, step));
    let mut gates = later.chain(checks);
    match gates.find(|gate| !matches!(gate, Gate::Open)) {
        // Another step, if that one is allowed.
        Some(Gate::First(step, cause)) => match gate(goal, seen, &step, &cause) {
            Gate::Open => Gate::First(step, cause),
            blocked @ (Gate::Look(_) | Gate::First(..) | Gate::Wait(_) | Gate::Shut(_)) => blocked,
        },
        found => found.unwrap_or(Gate::Open),
    }
}

/// Whether the services of a host are started again when no other step is allowed.
///
/// Services that somebody else stopped (no baseline) stay stopped on a host that may not fit this manifest, and on a
/// host that somebody else took out of its pool.
pub fn may_restore(goal: &Goal, seen: &Seen) -> bool {
    let fits = seen.host.components.known().is_some_and(|components| goal.refuses(components).is_none());
    let open = |check: Check| matches!(check(goal, seen, &Step::StartServices), Gate::Open);
    let ours = seen.marks.baseline.is_some();
    let left = goal.fails_over() && seen.is_failed_over();
    (ours || fits && !left) && open(held_by_others) && open(undisturbed)
}
