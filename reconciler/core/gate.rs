//! The gate: what forbids a step now. Much can forbid taking a host down; starting its services is almost never
//! forbidden.

use reconcile_schema::{Cause, Step};

use crate::{
    checks::{
        Check, Gate, attempts, budget, claimed, clock, disk, fit, foreign, halted, held, held_by_others, installing,
        mirrored, opened, outage, outages, package, pool_mirrored, reachable, readable, ready, rebooted, reboots,
        restartable, rights, settled, shells, spent, taking_down, told, undisturbed, window,
    },
    goal::Goal,
    seen::Seen,
};

/// The result of the checks of `step`, which is taken for `cause`.
pub fn gate(goal: &Goal, seen: &Seen, step: &Step, cause: &Cause) -> Gate {
    let checks: &[Check] = match cause {
        Cause::Down(_) | Cause::FailedOver => &[spent, held_by_others, undisturbed],
        Cause::Unreleased => &[spent, held],
        Cause::NotStaged | Cause::ShellsOpen | Cause::Unclaimed => &[spent, held, readable, halted],
        Cause::AssembliesHeld => {
            &[spent, held, readable, halted, installing, outages, clock, taking_down, ready, claimed]
        }
        // No work of ours is in progress, so a restart that Windows requests counts like any other work.
        Cause::RebootPending(_) if seen.attempt_in_this_boot().is_none() => &[
            spent, held, readable, halted, reboots, installing, settled, outages, rights, clock, window, budget, fit, ready,
            claimed,
        ],
        Cause::RebootPending(_) => {
            &[spent, held, readable, halted, installing, outages, clock, taking_down, reboots, ready, claimed]
        }
        Cause::StoreBehind { .. } => &[
            spent,
            held,
            readable,
            halted,
            installing,
            settled,
            outages,
            mirrored,
            rights,
            disk,
            clock,
            window,
            budget,
            fit,
            restartable,
            ready,
            claimed,
            rebooted,
        ],
        // Nothing is taken down, so neither the outage nor the pool forbids it.
        Cause::PoolStoreBehind { .. } => {
            &[spent, held, readable, halted, installing, settled, told, pool_mirrored, rights, clock, opened]
        }
        Cause::Behind(_) | Cause::Unproven { .. } => {
            // The restart comes last: it takes the host down, which the other checks can still forbid.
            &[
                spent,
                held,
                readable,
                halted,
                installing,
                settled,
                attempts,
                outages,
                outage,
                rights,
                clock,
                window,
                budget,
                disk,
                fit,
                shells,
                foreign,
                reachable,
                restartable,
                package,
                ready,
                claimed,
                rebooted,
            ]
        }
    };
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
    let mut gates = later.chain(checks.iter().map(|check| check(goal, seen, step)));
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
