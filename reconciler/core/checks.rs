//! The checks that can forbid a step: each is one reason why the step may not be taken now.

use alloc::{format, string::ToString, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{
    Build, Cause, Fact, ForeignServices, Hold, Maintenance, Mirrored, OnExceed, PackageSeen, Period, Reboots, Right,
    Shells, Step, Store,
};

use crate::{
    ask::Ask,
    blocker::Blocker,
    calendar::{next_opening, open_at},
    claims::{claim_of, doubts, not_done, other_manifest, unsettled},
    clock::wrong_clock,
    fitness::unfit,
    foresee::{foreseen, pool_databases, remaining, turn, unestimated},
    goal::Goal,
    lacking::{hanging, lacking},
    pool::unready,
    rights::{lacks, may_all},
    room::{Room, drives},
    rules::REBOOTS,
    seen::{Halt, Seen, Spent},
    unready::Unready,
    wanted::{lacks_update, leave, reboot_due, unclear},
};

/// The result of the checks of a step.
pub enum Gate {
    /// It may be taken.
    Open,
    /// It must be checked again after this fact was read.
    Look(Ask),
    /// Another step must be taken first.
    First(Step, Cause),
    /// It may not be taken now; that may change by itself.
    Wait(Blocker),
    /// It may not be taken.
    Shut(Blocker),
}

/// One check of the gate.
pub(crate) type Check = fn(&Goal, &Seen, &Step) -> Gate;

/// What a fact that is not known keeps a step waiting for: it is read, or it cannot be.
fn unread<T>(fact: &Fact<T>, ask: Ask, what: &str) -> Gate {
    if fact.is_not_looked() { Gate::Look(ask) } else { Gate::Shut(Blocker::unknown(what, fact)) }
}

/// Whether we started an installer in this boot and no run saw it end.
fn unfinished(seen: &Seen) -> bool {
    seen.attempt_in_this_boot().is_some_and(|attempt| attempt.code.is_none())
}

pub(crate) fn spent(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    match seen.spent(step) {
        None => Gate::Open,
        Some(Spent::Stuck { refused, in_the_way, since }) => {
            let hanging = since.and_then(|since| hanging(goal, step, seen, since));
            let (step, refused, in_the_way) = (step.clone(), refused.clone(), in_the_way.clone());
            Gate::Shut(Blocker::Stuck { step, refused, in_the_way, hanging })
        }
        Some(Spent::Busy(why)) => Gate::Shut(Blocker::ClaimsBusy { step: step.clone(), why: why.clone() }),
        Some(Spent::Failed(why)) => Gate::Shut(Blocker::StepFailed { step: step.clone(), why: why.clone() }),
        Some(Spent::Died(names)) => {
            let services = names.iter().map(|name| (name.clone(), seen.starts(name)));
            Gate::Shut(Blocker::Died { services: services.collect() })
        }
    }
}

/// An operator has put the host on hold.
pub(crate) fn held(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let held = |hold: &Hold| Gate::Shut(Blocker::Held { hold: hold.clone(), zone: goal.zone().cloned() });
    seen.marks.hold.as_ref().map_or(Gate::Open, held)
}

/// Unreadable lines of the journal may contain a hold. As on a host on hold, stopped services come back.
pub(crate) fn readable(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    let damage = seen.marks.damaged.as_ref();
    damage.map_or(Gate::Open, |damage| Gate::Shut(Blocker::JournalDamaged { damage: damage.clone() }))
}

/// On a host on hold, only services that this program stopped itself are started again.
pub(crate) fn held_by_others(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    if seen.marks.baseline.is_some() { Gate::Open } else { held(goal, seen, step) }
}

pub(crate) fn halted(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.run.halt {
        None => Gate::Open,
        Some(Halt::Interrupted) => Gate::Shut(Blocker::Interrupted),
        Some(Halt::NoManifest) => Gate::Shut(Blocker::NoManifest),
        Some(Halt::Forced(why)) => Gate::Shut(Blocker::Forced { why: *why }),
        Some(Halt::Deviated(deviation)) => Gate::Shut(Blocker::Deviated(deviation.clone())),
    }
}

pub(crate) fn installing(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.host.installing {
        Fact::Known(None) => Gate::Open,
        Fact::Known(Some(what)) => Gate::Shut(Blocker::Installing { what: what.clone() }),
        unread @ (Fact::Unknown(_) | Fact::NotLooked) => {
            Gate::Shut(Blocker::unknown("whether another installation is in progress", unread))
        }
    }
}

/// Services that start now would make an installer fail. So none is started while our own installer runs, and services
/// that somebody else stopped (no baseline) stay stopped while another installer runs.
///
/// Only a known installer counts. Conditions that any user can cause, such as a busy Windows Installer or an unreadable
/// list of processes, keep no service down. Where lines of the journal are lost, a known installer may be ours.
pub(crate) fn undisturbed(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    let may_be_ours = unfinished(seen) || seen.marks.damaged.is_some();
    match &seen.host.installer {
        Some(what) if may_be_ours || seen.marks.baseline.is_none() => {
            Gate::Shut(Blocker::Installing { what: what.clone() })
        }
        Some(_) | None => Gate::Open,
    }
}

/// Before the first stop no service may be starting or stopping: such a service would not obey.
pub(crate) fn settled(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    let pending = |service: &&reconcile_schema::Service| service.is_pending();
    match seen.host.services.known().and_then(|services| services.iter().find(pending)) {
        Some(service) if seen.marks.baseline.is_none() => {
            Gate::Shut(Blocker::ServicePending { service: service.name.clone(), state: service.state })
        }
        Some(_) | None => Gate::Open,
    }
}

/// The installer may be started again: it has attempts left, and has not just failed without moving a component.
///
/// Exit code 2 is retried: a service was running when the installer checked. If the next observation still finds it
/// running, it is stopped first; if not, it was running only for a moment.
pub(crate) fn attempts(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let Some(last) = seen.marks.attempt.as_ref().filter(|last| last.target == goal.core) else { return Gate::Open };
    if seen.marks.attempts >= goal.rules.attempts {
        return Gate::Shut(Blocker::AttemptsSpent {
            attempts: seen.marks.attempts,
            code: last.code,
            log: last.log.clone(),
        });
    }
    match last.code {
        Some(0) if last.run == seen.run.id && !last.moved => {
            let in_the_way = lacking(goal, &Step::Install, seen);
            Gate::Shut(Blocker::Stuck { step: Step::Install, refused: None, in_the_way, hanging: None })
        }
        Some(code) if last.run == seen.run.id && !last.moved && !matches!(code, 2 | 3010 | 1641) => {
            Gate::Shut(Blocker::InstallFailed { code, log: last.log.clone() })
        }
        Some(_) | None => Gate::Open,
    }
}

/// The services may be taken down again for this target: an outage without effect is not repeated forever.
pub(crate) fn outages(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let same = seen.marks.aim.as_ref().is_some_and(|aim| aim.core == goal.core && aim.components == *goal.floors);
    let spent = same && seen.begins_outage() && seen.marks.outages >= goal.rules.attempts;
    if spent { Gate::Shut(Blocker::OutagesSpent { outages: seen.marks.outages }) } else { Gate::Open }
}

/// The start of the installer is the point of no return: after it, finishing is the shortest way to bring the services
/// back.
fn returning(seen: &Seen) -> bool {
    !seen.marks.baseline.as_ref().is_some_and(|baseline| baseline.installing)
}

/// When the budget is used up, this run does not start the installer any more.
pub(crate) fn outage(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    match (seen.outage().max(seen.run.outage), goal.rules.on_exceed) {
        (Some(lasted), OnExceed::StopBefore) if returning(seen) && lasted > goal.rules.outage_budget => {
            Gate::Shut(Blocker::Outage { lasted, budget: goal.rules.outage_budget })
        }
        (Some(_) | None, OnExceed::StopBefore | OnExceed::Warn) => Gate::Open,
    }
}

/// The outage is not expected to exceed its budget.
pub(crate) fn budget(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let (lasted, budget) = (seen.outage().unwrap_or_default(), goal.rules.outage_budget);
    match (foreseen(goal, seen).map(|foreseen| foreseen.outage.p95), goal.rules.on_exceed) {
        (Some(needed), OnExceed::StopBefore) if returning(seen) && lasted + needed > budget => {
            Gate::Shut(Blocker::OutageForeseen { lasted, needed, budget })
        }
        (Some(_) | None, OnExceed::StopBefore | OnExceed::Warn) => Gate::Open,
    }
}

/// A maintenance window is open, and long enough for the remaining work. While none is open, the update is prepared.
pub(crate) fn window(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    if returning(seen) || seen.begins_outage() { maintained(goal, seen, step) } else { Gate::Open }
}

/// A maintenance window is open, and long enough for the update of the databases alone.
pub(crate) fn opened(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let Some(maintenance) = goal.rules.maintenance.as_deref() else { return Gate::Open };
    let (needed, lacking) = pool_databases(goal, seen);
    within(maintenance, seen.host.at, ("the update of the databases", needed), || lacking)
}

/// Whether a maintenance window has room for this, which takes so long, from now on.
fn within(
    maintenance: &Maintenance,
    now: Timestamp,
    (what, needed): (&'static str, Period),
    lacking: impl FnOnce() -> Vec<&'static str>,
) -> Gate {
    let (zone, opens) = (maintenance.time_zone.clone(), || next_opening(maintenance, now, needed));
    let Some(opening) = open_at(maintenance, now) else {
        return Gate::Shut(Blocker::WindowClosed { opens: opens(), zone, lacking: lacking() });
    };
    let left = Period::between(now, opening.until);
    if needed <= left {
        return Gate::Open;
    }
    Gate::Shut(Blocker::WindowTooShort { left, what, needed, opens: opens(), zone, lacking: lacking() })
}

fn maintained(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let Some(maintenance) = goal.rules.maintenance.as_deref() else { return Gate::Open };
    if open_at(maintenance, seen.host.at).is_none() && lacks_update(goal, seen).is_some() {
        let ready: [Check; 2] = [disk, package];
        let mut ready = ready.iter().map(|check| check(goal, seen, step));
        if let Some(gate) = ready.find(|gate| !matches!(gate, Gate::Open)) {
            return gate;
        }
    }
    within(maintenance, seen.host.at, ("the outage", turn(goal, seen)), || unestimated(goal, seen))
}

/// A host whose services run again although its installer left work to do is taken down for it in a window, as for any
/// other work. A host that is still down continues, because that brings its services back.
pub(crate) fn taking_down(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    if seen.begins_outage() { maintained(goal, seen, step) } else { Gate::Open }
}

/// Nothing is taken down, with or without windows, while the clock is behind the journal. The outage and its budget,
/// the age of what was observed and the claim of a pool all depend on the clock.
pub(crate) fn clock(_: &Goal, seen: &Seen, _: &Step) -> Gate {
    let behind = seen.clock_behind().filter(|_| returning(seen) || seen.begins_outage());
    behind.map_or(Gate::Open, |(now, latest)| Gate::Shut(Blocker::ClockBehind { now, latest }))
}

/// It is known whether a restart is pending, and a pending restart may be carried out.
pub(crate) fn restartable(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    if let unread @ (Fact::Unknown(_) | Fact::NotLooked) = &seen.host.reboot {
        return Gate::Shut(Blocker::unknown("whether a restart is pending", unread));
    }
    reboot_due(seen).map_or(Gate::Open, |_| reboots(goal, seen, step))
}

/// A pending restart comes before the work. A Front End Server leaves its pool before the restart.
pub(crate) fn rebooted(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let due = reboot_due(seen).filter(|_| leave(goal, seen).is_none());
    due.map_or(Gate::Open, |cause| Gate::First(Step::Reboot, cause))
}

/// No other server of the pool, or of the one that stands in for it, is being worked on, and the servers that come
/// before this one are done. Then the pool is claimed and asked for its state again, now that no other server can leave
/// it.
pub(crate) fn claimed(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let Some(claims) = goal.claims.as_ref().filter(|_| step.takes_down() && seen.begins_outage()) else {
        return Gate::Open;
    };
    let Fact::Known(record) = &seen.host.claim else {
        return unread(&seen.host.claim, Ask::Claim, "the claim of the pool");
    };
    // Checked before our own claim counts: a claim that was written late can lie next to another one, and then neither
    // continues.
    if let Some(claim) = record.against(&claim_of(goal, claims, seen)) {
        let clock = wrong_clock(&claim.server, claim.at, claim.written, seen.host.at);
        let follows = other_manifest(goal, claim);
        return Gate::Shut(Blocker::Claimed { pool: claims.name.clone(), claim: claim.clone().into(), clock, follows });
    }
    let doubts = doubts(goal, seen);
    if !doubts.is_empty() {
        return Gate::Shut(Blocker::ClaimsUntrusted { pool: claims.name.clone(), doubts });
    }
    // Checked before our own claim counts as well: it may be from an attempt for another target, or from before the manifest
    // named that server.
    if let Some((server, told)) = not_done(goal, seen) {
        let (server, told, due) = (server.clone(), told.cloned(), goal.core.clone());
        return Gate::Shut(Blocker::ComesAfter { server, told, due });
    }
    if record.is_claimed_by(&goal.server) {
        return Gate::Open;
    }
    match unsettled(goal, seen) {
        Some(why) => until_ready(seen, Blocker::Pool { pool: claims.pool.clone(), why }),
        None => Gate::First(Step::Claim, Cause::Unclaimed),
    }
}

/// One server updates the databases of the pools on a SQL Server, and it does so after all Front End Servers of these
/// pools have reported their builds.
pub(crate) fn told(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let (Some(stores), Step::UpdatePoolDatabases(store)) = (&goal.pool_stores, step) else { return Gate::Open };
    let sql_server = stores.sql_server.clone();
    if let Some(one) = stores.stores.iter().find(|one| one.store == *store && one.from != goal.server) {
        return Gate::Shut(Blocker::UpdatedFrom { sql_server, server: one.from.clone() });
    }
    let mut others = stores.after.iter().filter(|server| **server != goal.server).peekable();
    if others.peek().is_none() {
        return Gate::Open;
    }
    let record = match &seen.host.claim {
        // A goal without a share is one that a snapshot is judged by.
        Fact::NotLooked if goal.claims.is_none() => return Gate::Open,
        fact @ (Fact::NotLooked | Fact::Unknown(_)) => {
            return unread(fact, Ask::Claim, "which Front End Servers are done");
        }
        Fact::Known(record) => record,
    };
    let told = others.map(|server| (server.clone(), record.reached.get(server).cloned()));
    let is_behind = |(_, told): &(_, Option<Build>)| !told.as_ref().is_some_and(|build| build.reaches(&goal.core));
    let servers: Vec<_> = told.filter(is_behind).collect();
    if servers.is_empty() {
        return Gate::Open;
    }
    Gate::Shut(Blocker::WaitsForFronts { sql_server, servers, due: goal.core.clone() })
}

/// How long a run waits for a pool: a busy pool is asked three times, ten minutes apart (Microsoft Learn, Lync Server
/// 2013: Upgrade or update Front End Servers).
const PATIENCE: Period = Period::minutes(20);

fn until_ready(seen: &Seen, blocker: Blocker) -> Gate {
    if seen.run.waited < PATIENCE { Gate::Wait(blocker) } else { Gate::Shut(blocker) }
}

/// The pool is asked whether it can do without this server, immediately before the server is taken out of it.
pub(crate) fn ready(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let serves = seen.is_up() && !(goal.fails_over() && seen.is_failed_over());
    let Some(pool) = goal.pool.as_ref().filter(|_| goal.is_in_pool() && serves) else { return Gate::Open };
    if !step.takes_down() || !seen.begins_outage() {
        return Gate::Open;
    }
    let Fact::Known(found) = &seen.host.pool else {
        return unread(&seen.host.pool, Ask::Pool, "the readiness of the pool");
    };
    match unready(goal, seen, found).map(|why| Blocker::Pool { pool: pool.clone(), why }) {
        None => Gate::Open,
        Some(busy @ Blocker::Pool { why: Unready::Busy, .. }) => until_ready(seen, busy),
        Some(blocker) => Gate::Shut(blocker),
    }
}

/// A restart is allowed, and restarts are left. If one failed in this run, the run takes the server down no more.
pub(crate) fn reboots(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let failed = spent(goal, seen, &Step::Reboot);
    if !matches!(failed, Gate::Open) {
        return failed;
    }
    let who = match reboot_due(seen) {
        Some(Cause::RebootPending(who)) => who,
        _ => Vec::new(),
    };
    match goal.rules.reboot {
        Reboots::Never => Gate::Shut(Blocker::Reboot { who }),
        Reboots::WhenRequired | Reboots::InWindow if seen.restarts() >= REBOOTS => {
            Gate::Shut(Blocker::RebootsSpent { reboots: seen.restarts() })
        }
        // The services of a server that is already down do not come back before its restart.
        Reboots::WhenRequired if seen.marks.baseline.is_some() => Gate::Open,
        Reboots::WhenRequired | Reboots::InWindow => match goal.rules.maintenance.as_deref() {
            Some(maintenance) if open_at(maintenance, seen.host.at).is_none() => {
                let opens = next_opening(maintenance, seen.host.at, Period::default());
                let lacking = Vec::new(); // A restart needs no room of its own.
                Gate::Shut(Blocker::WindowClosed { opens, zone: maintenance.time_zone.clone(), lacking })
            }
            Some(_) | None => Gate::Open,
        },
    }
}

/// The account has the rights for all remaining steps: a step that is refused in the middle of an outage is worse than
/// none.
pub(crate) fn rights(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let Fact::Known(rights) = &seen.host.rights else {
        return unread(&seen.host.rights, Ask::Rights, "the rights of this account");
    };
    // For an account with all rights, the remaining steps do not matter.
    let mut ahead = Vec::new();
    if !may_all(*rights) {
        ahead.push(step.clone());
        ahead.extend(remaining(goal, seen));
    }
    match lacks(*rights, &ahead) {
        Some((step, Right::Administrator)) => missing(Right::Administrator, step),
        Some(_) | None if rights.confined => Gate::Shut(Blocker::Confined),
        Some((step, right)) => missing(right, step),
        None => Gate::Open,
    }
}

fn missing(right: Right, step: &Step) -> Gate {
    Gate::Shut(Blocker::Rights { right, step: step.clone() })
}

pub(crate) fn package(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    match &seen.host.package {
        fact @ (Fact::NotLooked | Fact::Unknown(_)) => unread(fact, Ask::Package, "the update's package"),
        Fact::Known(PackageSeen::Staged) => Gate::Open,
        Fact::Known(PackageSeen::Refused(why)) => Gate::Shut(Blocker::Package { why: why.clone() }),
        Fact::Known(PackageSeen::Foreign(why)) => Gate::Shut(Blocker::ForeignSigner { why: why.clone() }),
        Fact::Known(PackageSeen::AtSource { sha256 }) if *sha256 == goal.installer.sha256 => {
            Gate::First(Step::Stage, Cause::NotStaged)
        }
        Fact::Known(PackageSeen::AtSource { sha256 }) => Gate::Shut(Blocker::Package {
            why: format!("{}: expected SHA-256 {}, found {sha256}", goal.installer.path, goal.installer.sha256),
        }),
    }
}

pub(crate) fn shells(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let Fact::Known(shells) = &seen.host.shells else {
        return unread(&seen.host.shells, Ask::Shells, "the open management shells");
    };
    if shells.is_empty() {
        return Gate::Open;
    }
    let open = Blocker::ShellsOpen { shells: shells.clone() };
    match (goal.rules.shells, step) {
        (Shells::Block, _) => Gate::Shut(open),
        (Shells::Wait, _) if seen.run.waited < goal.rules.shell_wait => Gate::Wait(open),
        (Shells::Wait, _) => Gate::Shut(open),
        (Shells::Close, Step::Install) => Gate::First(Step::CloseShells, Cause::ShellsOpen),
        (Shells::Close, _) => Gate::Open,
    }
}

/// No service of another product holds what the update replaces, unless the manifest says to continue, which is also
/// reported.
pub(crate) fn foreign(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let Some(policy) = goal.rules.foreign else { return Gate::Open };
    let blocker = match &seen.host.foreign {
        Fact::NotLooked => return Gate::Look(Ask::Foreign),
        Fact::Known(foreign) if foreign.is_empty() => return Gate::Open,
        Fact::Known(foreign) => Blocker::Foreign { services: foreign.clone() },
        unread @ Fact::Unknown(_) => Blocker::unknown("the services of others", unread),
    };
    match policy {
        ForeignServices::Block => Gate::Shut(blocker),
        ForeignServices::Warn => Gate::Open,
    }
}

/// Before the first stop, nothing that `doctor` finds may speak against an outage: services that are down may not come
/// back. Afterwards, finishing is the shortest way to bring them back.
pub(crate) fn fit(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    if !goal.rules.is_examined || !seen.begins_outage() {
        return Gate::Open;
    }
    if seen.host.examined.is_not_looked() {
        return Gate::Look(Ask::Examination);
    }
    let checks = unfit(goal, seen);
    if checks.is_empty() { Gate::Open } else { Gate::Shut(Blocker::Unfit { checks }) }
}

/// Before the first stop, the databases must be reachable and report their versions. Whether they are behind what the
/// new binaries expect can only be asked later, and would not be reported then either.
pub(crate) fn reachable(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    if seen.marks.baseline.is_some() {
        return Gate::Open;
    }
    for store in &goal.stores {
        let fact = seen.host.databases(store);
        let Fact::Known(databases) = fact else {
            return unread(fact, Ask::Databases(store.clone()), &store.to_string());
        };
        if let Some(unclear) = databases.iter().find_map(|database| unclear(store, database)) {
            return Gate::Shut(unclear);
        }
    }
    mirrored(goal, seen, step)
}

/// Sources contradict each other about updating mirrored databases. Somebody who has tested it says so in the manifest.
pub(crate) fn mirrored(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    let mirrored = |store: &&Store| {
        seen.host.databases(store).known().is_some_and(|databases| databases.iter().any(|database| database.mirrored))
    };
    match (goal.mirrored, goal.stores.iter().find(mirrored)) {
        (Mirrored::Block, Some(store)) => Gate::Shut(Blocker::Mirrored { store: store.clone() }),
        (Mirrored::Block, None) | (Mirrored::Update, _) => Gate::Open,
    }
}

/// The same of the databases of the pool.
pub(crate) fn pool_mirrored(goal: &Goal, seen: &Seen, step: &Step) -> Gate {
    let (Some(stores), Step::UpdatePoolDatabases(store)) = (&goal.pool_stores, step) else { return Gate::Open };
    let mut databases = seen.host.databases(store).known().into_iter().flatten();
    match stores.mirrored {
        Mirrored::Block if databases.any(|database| database.mirrored) => {
            Gate::Shut(Blocker::Mirrored { store: store.clone() })
        }
        Mirrored::Block | Mirrored::Update => Gate::Open,
    }
}

/// The drives have room for the remaining work.
pub(crate) fn disk(goal: &Goal, seen: &Seen, _: &Step) -> Gate {
    if lacks_update(goal, seen).is_some() && seen.host.package == Fact::NotLooked {
        return Gate::Look(Ask::Package); // The check needs its size.
    }
    let room = Room::of(goal, seen);
    for (drive, free) in drives(&seen.host) {
        let (needed, what) = room.needed(drive);
        match free {
            _ if needed == 0 => {}
            Fact::NotLooked => return Gate::Look(Ask::Disk),
            Fact::Unknown(_) => return Gate::Shut(Blocker::unknown("the free disk space", free)),
            Fact::Known(free) if *free < needed => {
                return Gate::Shut(Blocker::Disk { drive, free: *free, needed, what });
            }
            Fact::Known(_) => {}
        }
    }
    Gate::Open
}
