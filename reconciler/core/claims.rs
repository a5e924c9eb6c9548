//! How the servers of a pool agree on which of them is taken down, and when the back end has its turn.

use alloc::{collections::BTreeMap, vec::Vec};

use reconcile_schema::{Build, Claim, Doubt, Fingerprint, Period, ServerName};

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
        manifest_fingerprint: goal.manifest,
        written: None,
        later: BTreeMap::new(),
    }
}

/// The manifest that the run with this claim follows, if it is another one than that of the goal. Where one of the two is
/// unknown, nobody can tell.
pub(crate) fn other_manifest(goal: &Goal, claim: &Claim) -> Option<Fingerprint> {
    claim.manifest_fingerprint.filter(|other| goal.manifest.is_some_and(|own| own != *other))
}

/// The build to report to the other servers of the pool: that of Core Components, once no component is behind.
#[must_use]
pub fn reached(goal: &Goal, seen: &Seen) -> Option<Build> {
    let components = seen.host.components.known()?;
    goal.behind(components).is_empty().then(|| seen.host.core(goal.product).cloned())?
}

/// Whether this server must still report to the other servers of the pool that it is done, or that it no longer claims
/// the pool.
pub(crate) fn is_unreleased(goal: &Goal, seen: &Seen) -> bool {
    goal.claims.is_some()
        && (seen.marks.claimed || reached(goal, seen).is_some_and(|core| seen.marks.told != Some(core)))
}

/// The first server that must be done before this one and has not reported that, with the build that it last reported.
pub(crate) fn not_done<'a>(goal: &'a Goal, seen: &'a Seen) -> Option<(&'a ServerName, Option<&'a Build>)> {
    let (claims, record) = (goal.claims.as_ref()?, seen.host.claim.known()?);
    let told = claims.after.iter().map(|server| (server, record.reached.get(server)));
    told.into_iter().find(|(_, build)| !build.is_some_and(|build| build.reaches(&goal.core)))
}

/// Doubts about the files on the share that keep this server from being taken down.
pub(crate) fn doubts(goal: &Goal, seen: &Seen) -> Vec<Doubt> {
    let doubts = seen.host.claim.known().map_or(&[][..], |record| &record.doubts);
    doubts.iter().filter(|doubt| doubt.forbids(&goal.server)).cloned().collect()
}

/// Why the pool is not yet stable, if so: the servers that were taken down last have not been back for long enough. The
/// pool must have been ready since then, or since this run last saw it otherwise.
///
/// If the share reports a time in the future, it is unknown when the server was back. Then the pool must have been ready
/// since this run first asked it. A server that does not serve does not ask it: the pool already does without, and this run
/// waits as long.
pub(crate) fn unsettled(goal: &Goal, seen: &Seen) -> Option<Unready> {
    let (claims, record) = (goal.claims.as_ref().filter(|_| goal.is_in_pool())?, seen.host.claim.known()?);
    let last = record.last_of_others(&goal.server, &claims.pool, claims.domain.as_ref())?;
    let (server, now) = (last.server.clone(), seen.host.at);
    // One of the two clocks may be slow, or fast: the later time counts that can have been.
    let times = [last.at, last.back()].into_iter().filter(|time| !is_ahead(*time, now));
    let back = times.max().unwrap_or(last.back());
    let again = seen.run.ready_again.filter(|then| *then > back || is_ahead(back, now));
    let ready = match again {
        Some(then) => Period::between(then, now),
        None if is_ahead(back, now) => seen.run.asked.map_or(seen.run.waited, |asked| Period::between(asked, now)),
        None => Period::between(back, now),
    };
    let clock = wrong_clock(&last.server, last.at, last.written, now);
    (ready < READY).then(|| Unready::Settling { server, back, again, left: READY - ready, clock })
}
