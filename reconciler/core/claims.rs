//! Where the servers of a pool agree on who of them is taken down, and when it is the turn of the back end.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use reconcile_schema::{Build, Claim, Fqdn, Manifest, Period, Role, ServerName, UpdateName};

use crate::{
    Goal, Seen,
    pool::{READY, Unready},
    roster::{Entry, Roster},
    topology::Standing,
};

/// Where a pool's record lies, and for whom its server waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The folder on the share.
    pub folder: String,
    /// The name of the record: that of the pool or, of two pools that stand in for each other, the one that comes first. So one
    /// claim keeps them both.
    pub name: Fqdn,
    /// The pool.
    pub pool: Fqdn,
    /// The upgrade domain: the servers of one may be taken down together.
    pub domain: Option<UpdateName>,
    /// The servers that must be done before this one is taken down: those at the front of its own back end.
    pub after: Vec<ServerName>,
}

impl Claims {
    /// What a manifest says of it for a server of this role in this pool.
    pub(crate) fn of(manifest: &Manifest, roster: &Roster<'_>, role: Role, standing: &Standing<'_>) -> Option<Self> {
        // An Edge Server stands in front of the firewall and in no domain: no share of the inside is there for it.
        let folder = manifest.rollout.claims.as_ref().filter(|_| role != Role::Edge)?.to_string();
        let pool = standing.pool?;
        let partners = manifest.pools.iter().filter_map(|(name, other)| match &other.paired_with {
            Some(partner) if name == pool => Some(partner),
            Some(partner) if partner == pool => Some(name),
            Some(_) | None => None,
        });
        let name = partners.fold(pool, Ord::min).clone();
        let after = if role == Role::BackEnd { fronts(manifest, roster, pool).collect() } else { Vec::new() };
        Some(Self { folder, name, pool: pool.clone(), domain: standing.upgrade_domain.cloned(), after })
    }
}

/// The Front End Servers of a pool. One that has an entry of its own next to a range that contains it is told by that entry.
pub(crate) fn fronts<'a>(
    manifest: &'a Manifest,
    roster: &'a Roster<'a>,
    pool: &'a Fqdn,
) -> impl Iterator<Item = ServerName> + 'a {
    let front = move |entry: &&Entry<'_>| {
        let Standing { role, pool: named, .. } = Standing::of(manifest, entry.server);
        role == Some(Role::FrontEnd) && named == Some(pool)
    };
    roster.entries().iter().filter(front).flat_map(move |entry| roster.servers(entry, |_| true).map(|(_, name)| name))
}

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

/// Whether the servers of the pool that were taken down last have not been back for long enough: since then, or since this
/// run last saw it otherwise, the pool must have been ready.
pub(crate) fn unsettled(goal: &Goal, seen: &Seen) -> Option<Unready> {
    let (claims, record) = (goal.claims.as_ref().filter(|_| goal.is_in_pool())?, seen.host.claim.known()?);
    let last = record.last_of_others(&goal.server, &claims.pool, claims.domain.as_ref())?;
    let (server, back) = (last.server.clone(), last.at);
    let again = seen.run.ready_again.filter(|then| *then > back);
    let ready = Period::between(again.unwrap_or(back), seen.host.at);
    (ready < READY).then(|| Unready::Settling { server, back, again, left: READY - ready })
}
