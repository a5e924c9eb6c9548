//! What would help: the documented procedure, on one screen.

use alloc::{format, string::String, string::ToString, vec::Vec};

use reconcile_schema::{
    Cause, Database, DatabaseState, Fact, Pending, PendingRestart, Period, QueuedFile, Step, Store, Whose,
};

use crate::{ask::Ask, blocker::Blocker, claims::is_unreleased, goal::Goal, pool_stores::PoolStore, seen::Seen};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Nothing: the host is at its goal.
    Nothing,
    /// This step, for this reason.
    Step(Step, Cause),
    /// Read this fact, then decide again.
    Look(Ask),
    /// No step can help, or a fact is missing.
    Cannot(Blocker),
}

/// More steps than any goal needs. A longer plan is a defect of the decision, and ends as stuck.
pub(crate) const MOST_STEPS: usize = 32;

/// The step that would move the host towards its goal: the documented procedure.
///
/// Microsoft Learn, "Upgrade or update a Back End Server or Standard Edition server"; it takes for granted that the
/// services are started again at the end. Around it, for a Front End Server whose pool takes over for it, the same:
/// "Patch or update Front End Servers in Skype for Business Server".
#[must_use]
pub fn wanted(goal: &Goal, seen: &Seen) -> Want {
    let Some(components) = seen.host.components.known() else {
        return Want::Cannot(Blocker::unknown("the installed components", &seen.host.components));
    };
    if let Some(refusal) = goal.refuses(components) {
        return Want::Cannot(refusal);
    }
    let Some(services) = seen.host.services.known() else {
        return Want::Cannot(Blocker::unknown("the services", &seen.host.services));
    };
    let web_up = services.iter().any(|service| service.is_web() && !service.is_stopped());
    if goal.fails_over() && seen.is_failed_over() && !seen.is_failed_over_by_us() {
        return Want::Cannot(Blocker::FailedOver); // Somebody failed it over and may still be working on it.
    }
    if let Some(begun) = seen.begun_later(&goal.core) {
        let (declared, begun, code) = (goal.core.clone(), begun.target.clone(), begun.code);
        return Want::Cannot(Blocker::BegunLater { declared, begun, code });
    }
    if let Some(cause) = lacks_update(goal, seen) {
        let step = match (stop(goal, seen), web_up) {
            (Some(stop), _) => stop,
            (None, true) => Step::StopWeb,
            (None, false) => Step::Install,
        };
        return Want::Step(step, cause);
    }
    if let Some(attempt) = seen.attempt_in_this_boot() {
        // Stop again: a service that started meanwhile can hold assemblies that the installer replaced.
        if !attempt.stopped_since {
            return Want::Step(stop(goal, seen).unwrap_or(Step::StopServices), Cause::AssembliesHeld);
        }
        if let Some(cause) = reboot_due(seen) {
            return Want::Step(leave(goal, seen).unwrap_or(Step::Reboot), cause);
        }
    }
    let web = || down(goal, seen).find(|(step, _)| *step == Step::StartWeb && seen.spent(step).is_none());
    for store in &goal.stores {
        match behind_in(goal, seen, store) {
            Databases::Current => {}
            Databases::Ask => {
                // During an outage the web server starts first: a host can use that time to prepare for the check.
                let outage = seen.marks.baseline.is_some() && stop(goal, seen).is_none();
                return match web().filter(|_| outage) {
                    Some((step, cause)) => Want::Step(step, cause),
                    None => Want::Look(Ask::Databases(store.clone())),
                };
            }
            Databases::Unclear(blocker) => return Want::Cannot(blocker),
            Databases::Behind(databases) => {
                let behind = Cause::StoreBehind { store: store.clone(), databases };
                let (step, cause) = match (stop(goal, seen), web()) {
                    (Some(stop), _) => (stop, behind),
                    (None, Some(start)) => start,
                    (None, None) => (Step::UpdateDatabases(store.clone()), behind),
                };
                return Want::Step(step, cause);
            }
        }
    }
    // This comes before the start of the services, because a restart starts them as well.
    match windows_asks(goal, seen) {
        WindowsRestart::Wanted(who) => {
            return Want::Step(leave(goal, seen).unwrap_or(Step::Reboot), Cause::RebootPending(who));
        }
        WindowsRestart::Unknown(blocker) => return Want::Cannot(blocker),
        WindowsRestart::Said(_) | WindowsRestart::None => {}
    }
    match down(goal, seen).next() {
        Some((step, cause)) => Want::Step(step, cause),
        None => pool_databases(goal, seen),
    }
}

/// What remains of the databases that belong to the pool and not to this server. It serves meanwhile.
fn pool_databases(goal: &Goal, seen: &Seen) -> Want {
    for PoolStore { store, .. } in goal.pool_stores() {
        match behind_in(goal, seen, store) {
            Databases::Current => {}
            Databases::Ask => return Want::Look(Ask::Databases(store.clone())),
            Databases::Unclear(blocker) => return Want::Cannot(blocker),
            Databases::Behind(databases) => {
                let without = goal.pool_stores.as_ref().map(|stores| stores.without.clone()).unwrap_or_default();
                let cause = Cause::PoolStoreBehind { store: store.clone(), databases, without };
                return Want::Step(Step::UpdatePoolDatabases(store.clone()), cause);
            }
        }
    }
    Want::Nothing
}

/// Whether Windows Update or component servicing requests a restart.
pub(crate) enum WindowsRestart {
    /// Nobody requests one.
    None,
    /// These request one, and the policy is to report it.
    Said(Vec<String>),
    /// These request one, and the policy is to restart.
    Wanted(Vec<String>),
    /// It is unknown whether anybody requests one, and the policy would be to restart.
    Unknown(Blocker),
}

pub(crate) fn windows_asks(goal: &Goal, seen: &Seen) -> WindowsRestart {
    let wants = goal.rules.pending_restart == PendingRestart::Restart;
    let pending = match &seen.host.reboot {
        Fact::Known(pending) => pending,
        unread @ (Fact::Unknown(_) | Fact::NotLooked) if wants => {
            return WindowsRestart::Unknown(Blocker::unknown("whether a restart is pending", unread));
        }
        Fact::Unknown(_) | Fact::NotLooked => return WindowsRestart::None,
    };
    let who: Vec<_> = pending.iter().filter(|pending| pending.of_windows).map(|pending| pending.who.clone()).collect();
    match (who.is_empty(), wants) {
        (true, _) => WindowsRestart::None,
        (false, true) => WindowsRestart::Wanted(who),
        (false, false) => WindowsRestart::Said(who),
    }
}

/// Why the machine is restarted before the work, if so: the work itself is not the reason.
pub(crate) fn restart_first(goal: &Goal, seen: &Seen) -> Option<Cause> {
    let works = match wanted(goal, seen) {
        Want::Step(_, Cause::Behind(_) | Cause::Unproven { .. } | Cause::StoreBehind { .. }) | Want::Look(_) => true,
        Want::Step(..) | Want::Nothing | Want::Cannot(_) => false,
    };
    reboot_due(seen).filter(|_| works && seen.marks.baseline.is_none())
}

/// Why the update must be installed, if so: a component is below its build, or an installation began and no run saw it
/// end successfully, so that it is unknown what else is missing.
pub(crate) fn lacks_update(goal: &Goal, seen: &Seen) -> Option<Cause> {
    let behind = goal.behind(seen.host.components.known()?);
    if !behind.is_empty() {
        return Some(Cause::Behind(behind));
    }
    seen.unproven(&goal.core).map(|attempt| Cause::Unproven { code: attempt.code })
}

/// The step that stops the services, while any is running: those of other products before the product's, which they
/// use.
fn stop(goal: &Goal, seen: &Seen) -> Option<Step> {
    let others = || are_others_up(seen).then_some(Step::StopOthers);
    others().or_else(|| leave(goal, seen)).or_else(|| seen.is_up().then_some(Step::StopServices))
}

/// Whether any service of another product that the manifest names is running.
fn are_others_up(seen: &Seen) -> bool {
    seen.host.known_services().any(|service| service.whose() == Whose::Others && !service.is_stopped())
}

/// The step that takes a Front End Server out of its pool, while it is in the pool: before any other step takes it
/// down.
pub(crate) fn leave(goal: &Goal, seen: &Seen) -> Option<Step> {
    (goal.fails_over() && seen.is_up() && !seen.is_failed_over()).then_some(Step::FailOver)
}

/// The steps that start what should be running and is not: the web server first; a server that is failed over is failed
/// back to its pool. When all of it runs, the next server of the pool may begin.
pub(crate) fn down(goal: &Goal, seen: &Seen) -> impl Iterator<Item = (Step, Cause)> {
    let down: Vec<_> = goal.should_run(&seen.host, seen.baseline()).filter(|service| !service.is_running()).collect();
    let names = |whose: Whose| -> Vec<_> {
        down.iter().filter(|service| service.whose() == whose).map(|service| service.name.clone()).collect()
    };
    let start = |step, names: Vec<_>| (!names.is_empty()).then_some((step, Cause::Down(names)));
    let back = (goal.fails_over() && seen.is_failed_over_by_us()).then_some((Step::FailBack, Cause::FailedOver));
    let all = [
        start(Step::StartWeb, names(Whose::WebServer)),
        back,
        start(Step::StartServices, names(Whose::Product)),
        start(Step::StartOthers, names(Whose::Others)),
    ];
    let up = seen.host.services.known().is_some() && all.iter().all(Option::is_none);
    let done = up && is_unreleased(goal, seen);
    all.into_iter().chain([done.then_some((Step::Release, Cause::Unreleased))]).flatten()
}

/// Why a restart is required, if one is.
pub(crate) fn reboot_due(seen: &Seen) -> Option<Cause> {
    let asked = seen.attempt_in_this_boot().and_then(|attempt| attempt.code).filter(|code| matches!(code, 3010 | 1641));
    let mut who: Vec<_> = asked.map(|code| format!("the installer (exit code {code})")).into_iter().collect();
    let pending = seen.host.reboot.known().into_iter().flatten();
    who.extend(pending.filter(|pending| asks(seen, pending)).map(|pending| pending.who.clone()));
    who.dedup(); // The installer may also have left an entry in the registry.
    (!who.is_empty()).then_some(Cause::RebootPending(who))
}

/// Whether a pending restart is required. Files that wait for one require it if they are in a folder that matters to an
/// update, or if they appeared after our installer began in this boot. They do not if they have outlasted the last
/// restart, because another one would not help either.
fn asks(seen: &Seen, pending: &Pending) -> bool {
    let after_ours = |path: &String| {
        seen.attempt_in_this_boot()
            .is_some_and(|attempt| !attempt.queued.as_ref().is_some_and(|were| were.contains(path)))
    };
    let asks = |file: &QueuedFile| (file.matters || after_ours(&file.path)) && !outlasts(seen, &file.path);
    pending.files.is_empty() || pending.files.iter().any(asks)
}

/// Whether a file already waited for the last restart, and that restart has happened.
fn outlasts(seen: &Seen, path: &String) -> bool {
    !seen.is_restarting() && seen.marks.awaited.contains(path)
}

/// The files that wait for a restart but do not require one. They are shown.
#[must_use]
pub fn waiting_elsewhere(seen: &Seen) -> Vec<&str> {
    let pending = seen.host.reboot.known().into_iter().flatten().filter(|pending| !asks(seen, pending));
    pending.flat_map(|pending| &pending.files).map(|file| file.path.as_str()).collect()
}

/// The state of the databases of one store.
pub(crate) enum Databases {
    Current,
    Behind(Vec<String>),
    Ask,
    Unclear(Blocker),
}

pub(crate) fn behind_in(goal: &Goal, seen: &Seen, store: &Store) -> Databases {
    let databases = match seen.host.databases(store) {
        Fact::Known(databases) => databases,
        Fact::Unknown(why) => {
            return Databases::Unclear(Blocker::Unknown { what: store.to_string(), why: why.clone() });
        }
        Fact::NotLooked => match seen.marks.checked.get(store) {
            Some(checked)
                if Some(&checked.core) == seen.host.core(goal.product)
                    && checked.at <= seen.host.at
                    && Period::between(checked.at, seen.host.at) < goal.rules.database_check
                    && checked.databases.iter().all(|database| database.state() == DatabaseState::Current) =>
            {
                return Databases::Current;
            }
            // Databases that were behind or unreachable then may have been fixed since, so the work needs a new check.
            Some(_) | None => return Databases::Ask,
        },
    };
    if let Some(blocker) = databases.iter().find_map(|database| unclear(store, database)) {
        return Databases::Unclear(blocker);
    }
    let behind = databases.iter().filter(|database| database.state() == DatabaseState::Behind);
    let behind: Vec<_> = behind.map(|database| database.name.clone()).collect();
    if behind.is_empty() { Databases::Current } else { Databases::Behind(behind) }
}

/// Why it is unknown whether a database is current, if it is.
pub(crate) fn unclear(store: &Store, database: &Database) -> Option<Blocker> {
    let DatabaseState::Unknown(why) = database.state() else { return None };
    Some(Blocker::Unknown { what: format!("database {} of the {store}", database.name), why: why.to_string() })
}
