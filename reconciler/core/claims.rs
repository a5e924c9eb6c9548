//! Where the servers of a pool agree on who of them is taken down, and when it is the turn of the back end.

use alloc::{collections::BTreeMap, vec::Vec};

use reconcile_schema::{Build, Claim, Doubt, Period, ServerName};

use crate::{
    clock::{is_ahead, wrong_clock},
    goal::Goal,
    quorum::READY,
    seen::Seen,
    topology::Claims,
    unready::Unready,
};

/// The claim of a server for this run.
#[must_use]
pub fn claim_of(goal: &Goal, claims: &Claims, seen: &Seen) -> Claim {
    Claim {
        server: goal.server.clone(),
        pool: claims.pool.clone(),
        domain: claims.domain.clone(),
        run: seen.run.id.clone(),
        at: seen.host.at,
        boot: seen.host.boot.known().cloned(),
        written: None,
        later: BTreeMap::new(),
    }
}

/// The build that the other servers of the pool are to be told of: that of Core Components, once no component is behind.
#[must_use]
pub fn reached(goal: &Goal, seen: &Seen) -> Option<Build> {
    let components = seen.host.components.known()?;
    goal.behind(components).is_empty().then(|| seen.host.core(goal.product).cloned())?
}

/// Whether the other servers of the pool are to be told that this one is done, or has not claimed the pool any more.
pub(crate) fn is_unreleased(goal: &Goal, seen: &Seen) -> bool {
    goal.claims.is_some()
        && (seen.marks.claimed || reached(goal, seen).is_some_and(|core| seen.marks.told != Some(core)))
}

/// The first server that must be done before this one and has not said that it is, with the build that it told of last.
pub(crate) fn not_done<'a>(goal: &'a Goal, seen: &'a Seen) -> Option<(&'a ServerName, Option<&'a Build>)> {
    let (claims, record) = (goal.claims.as_ref()?, seen.host.claim.known()?);
    let told = claims.after.iter().map(|server| (server, record.reached.get(server)));
    told.into_iter().find(|(_, build)| !build.is_some_and(|build| build.reaches(&goal.core)))
}

/// What keeps this server from being taken down because nobody can rely on what lies on the share.
pub(crate) fn doubts(goal: &Goal, seen: &Seen) -> Vec<Doubt> {
    let doubts = seen.host.claim.known().map_or(&[][..], |record| &record.doubts);
    doubts.iter().filter(|doubt| doubt.forbids(&goal.server)).cloned().collect()
}

/// Whether the servers of the pool that were taken down last have not been back for long enough: since then, or since this
/// run last saw it otherwise, the pool must have been ready.
///
/// Where a server was back at a time that is still to come, nobody knows when that was: the pool must be ready while this run
/// waits, which ends.
pub(crate) fn unsettled(goal: &Goal, seen: &Seen) -> Option<Unready> {
    let (claims, record) = (goal.claims.as_ref().filter(|_| goal.is_in_pool())?, seen.host.claim.known()?);
    let last = record.last_of_others(&goal.server, &claims.pool, claims.domain.as_ref())?;
    let (server, back, now) = (last.server.clone(), last.back(), seen.host.at);
    let again = seen.run.ready_again.filter(|then| *then > back || is_ahead(back, now));
    let ready = match again {
        Some(then) => Period::between(then, now),
        None if is_ahead(back, now) => seen.run.waited,
        None => Period::between(back, now),
    };
    let clock = wrong_clock(&last.server, last.at, last.written, now);
    (ready < READY).then(|| Unready::Settling { server, back, again, left: READY - ready, clock })
}
