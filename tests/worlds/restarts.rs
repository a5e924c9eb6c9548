//! A restart that Windows requests: shown, or made by the rules of every other outage, one server at a time.

use reconcile_core::{Blocker, End};
use reconcile_hosts::lab::Fault;
use reconcile_schema::{PendingRestart, Reboots, Step};

use crate::{
    run::{How, Scene},
    space::{CLAIMING_KINDS, CURRENT, Case, Databases, KINDS, Kind, Leave, POOL_KINDS, SMOOTH, Services},
};

/// Servers of every kind at their goals, on which Windows Update, or something else, requests a restart.
///
/// 8 servers × 5 signs × 2 policies × 3 rules of restarts × 4 rules of windows and holds × services that run or do not.
pub fn waiting() -> Vec<Case> {
    let kinds = KINDS.into_iter().chain(POOL_KINDS).chain(CLAIMING_KINDS);
    let current = |kind| Case { kind, current: CURRENT, databases: Databases::Current, ..SMOOTH };
    let signs = [(true, None), (false, None), (false, Some(Fault::RebootStays)), (false, Some(Fault::RenameElsewhere))];
    let signs = signs.into_iter().chain([(false, Some(Fault::RenameOutlasts))]);
    let signs: Vec<_> = signs.collect();
    let mut all: Vec<Case> = kinds.map(current).collect();
    let mut by = |axis: &dyn Fn(Case) -> Vec<Case>| all = all.iter().flat_map(|case| axis(*case)).collect();
    by(&|case| signs.iter().map(|(pending, fault)| Case { pending: *pending, fault: *fault, ..case }).collect());
    by(&|case| [PendingRestart::Report, PendingRestart::Restart].map(|restart| Case { restart, ..case }).to_vec());
    by(&|case| {
        let rules = [Reboots::Never, Reboots::WhenRequired, Reboots::InWindow];
        rules.map(|reboot| Case { reboot, ..case }).to_vec()
    });
    by(&|case| [Leave::Given, Leave::Open, Leave::Closed, Leave::Held].map(|leave| Case { leave, ..case }).to_vec());
    by(&|case| [Services::Run, Services::HalfStopped].map(|services| Case { services, ..case }).to_vec());
    all
}

/// Those on which the restart is made, one of each kind: they are interrupted everywhere.
pub fn made() -> Vec<Case> {
    let made = |case: &Case| {
        let wanted = case.pending && case.restart == PendingRestart::Restart;
        let may = case.reboot == Reboots::WhenRequired && matches!(case.leave, Leave::Given | Leave::Open);
        wanted && may && case.services == Services::Run
    };
    waiting().into_iter().filter(made).collect()
}

/// Conditions that forbid taking a server from its pool also forbid its restart.
pub fn forbidden() -> Vec<Case> {
    let faults = [
        Fault::PoolBusy,
        Fault::PoolInsufficient,
        Fault::PoolUnreadable,
        Fault::AnotherInstallation,
        Fault::NotAdministrator,
        Fault::ServicePending,
        Fault::ShareUnreachable,
        Fault::RebootUnreadable,
    ];
    let made = made().into_iter().filter(|case| case.leave == Leave::Given);
    made.flat_map(|case| faults.map(|fault| Case { fault: Some(fault), ..case })).collect()
}

/// Whether Windows Update requests a restart.
fn waits(case: &Case) -> bool {
    case.pending || case.fault == Some(Fault::RebootStays)
}

/// One restart, if it is wanted and allowed, and otherwise only steps that bring the server back; no restart if nobody
/// wants one.
pub fn one_restart(case: &Case) -> Result<usize, String> {
    let mut scene = Scene::of(case);
    let run = |scene: &mut Scene, name: &str| {
        let outcome = scene.run(&How { name, ..How::default() }).map_err(|error| error.to_string())?;
        let faults = std::mem::take(&mut scene.watch.violations);
        if faults.is_empty() { Ok(outcome) } else { Err(format!("{faults:?}")) }
    };
    let (first, second) = (run(&mut scene, "run 1")?, run(&mut scene, "run 2")?);
    let restarts = |steps: &[Step]| steps.iter().filter(|step| **step == Step::Reboot).count();
    let wanted = waits(case) && case.restart == PendingRestart::Restart;
    let may = case.reboot != Reboots::Never && matches!(case.leave, Leave::Given | Leave::Open);
    let expected = match (wanted, may, case.fault) {
        (false, ..) => (0, "goal"),
        (true, false, _) if case.leave == Leave::Held => (0, "held"),
        (true, false, _) if case.reboot == Reboots::Never => (0, "forbidden"),
        (true, false, _) => (0, "window"),
        (true, true, Some(Fault::RebootStays)) => (2, "spent"),
        (true, true, _) => (1, "goal"),
    };
    // Somebody else stopped services, or the server has not yet reported to its pool that it is done; and it is on
    // hold.
    let left = case.leave == Leave::Held && (case.services == Services::HalfStopped || case.kind.claims());
    let how = |end: &End| match end {
        End::AtGoal => "goal",
        End::Blocked(Blocker::Reboot { .. }) => "forbidden",
        End::Blocked(Blocker::RebootsSpent { .. }) => "spent",
        End::Blocked(Blocker::WindowClosed { .. }) => "window",
        End::Blocked(Blocker::Held { .. }) => "held",
        End::Blocked(_) | End::GoingDown => "something else",
    };
    let found = (restarts(&first.steps), how(&first.end));
    let told = || {
        format!("expected {expected:?}: {:?} {:?}, then {:?} {:?}", first.steps, first.end, second.steps, second.end)
    };
    if found != expected && !(left && found == (0, "held")) {
        return Err(told());
    }
    let quiet = second.steps.is_empty() && how(&second.end) == found.1;
    let up = scene
        .now()
        .services
        .iter()
        .all(|one| one.is_running() || left || one.start != reconcile_schema::StartType::Automatic);
    let moves = case.kind == Kind::FrontEnd || case.kind == Kind::FrontEndThatClaims;
    let place = |step: Step| first.steps.iter().position(|taken| *taken == step);
    let (out, back) = (place(Step::FailOver), place(Step::FailBack));
    let serves = found.0 == 1 && moves && case.services == Services::Run;
    let in_turn = out < place(Step::Reboot) && place(Step::Reboot) < back;
    let claimed = found.0 == 0
        || !case.kind.claims()
        || place(Step::Claim) < place(Step::Reboot) && place(Step::Release).is_some();
    let only = first.steps.iter().all(|step| !matches!(step, Step::Install | Step::Stage | Step::UpdateDatabases(_)));
    if !(quiet && up && only && claimed && (!serves || in_turn && out.is_some())) {
        return Err(told());
    }
    // Month after month: what one restart used up does not count for the next.
    if found == (1, "goal") {
        for month in ["month 2", "month 3", "month 4"] {
            scene.waits_for_a_restart();
            let outcome = run(&mut scene, month)?;
            if (restarts(&outcome.steps), how(&outcome.end)) != (1, "goal") {
                return Err(format!("{month}: {:?} {:?}", outcome.steps, outcome.end));
            }
        }
        return Ok(5);
    }
    Ok(2)
}
