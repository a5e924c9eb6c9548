//! Servers that may be taken down together: servers of one pool that cannot agree on a share and whose windows overlap.

use alloc::vec::Vec;

use reconcile_schema::{Fqdn, Maintenance, Manifest, Role, ServerName, Together, UpdateName, Window};

use crate::{
    calendar::{ANY_DAY, Opening, openings},
    roster::{Entry, Roster},
    topology::Standing,
};

/// Two servers of one pool that nothing prevents from being taken down at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unguarded {
    pub pool: Fqdn,
    pub one: ServerName,
    pub other: ServerName,
    /// The place of the second one's entry in the manifest, as a JSON pointer.
    pub pointer: alloc::string::String,
}

/// How many days of windows are compared: one year, with its clock changes.
const DAYS: i64 = 366;

/// The first two such servers of each pool. Front End Servers are not among them, since their pool is asked before it
/// loses one; nor are back ends, which come after them. Pools whose servers agree on a share, and pools that the
/// manifest allows it for, are skipped.
#[must_use]
pub fn unguarded(manifest: &Manifest, roster: &Roster<'_>) -> Vec<Unguarded> {
    let guarded = |role: Role| match role {
        Role::Edge => false, // They are in no domain, so they cannot reach an internal share.
        Role::FrontEnd | Role::BackEnd | Role::StandardEdition => true,
        Role::Director | Role::Mediation | Role::PersistentChat => manifest.rollout.claims.is_some(),
    };
    let mut found: Vec<Unguarded> = Vec::new();
    let mut seen: Vec<(&Fqdn, &Entry<'_>, Option<&Maintenance>)> = Vec::new();
    for entry in roster.entries() {
        let Standing { role, pool, maintenance, .. } = Standing::of(manifest, entry.server);
        let Some((pool, false)) = pool.zip(role.map(guarded)) else { continue };
        let allowed = manifest.pools.get(pool).is_some_and(|pool| pool.together == Some(Together::Allowed));
        if allowed || found.iter().any(|known| known.pool == *pool) {
            continue;
        }
        let mut own = roster.servers(entry, |_| true).map(|(_, name)| name);
        let Some(other) = own.next() else { continue };
        let pair = match own.next() {
            Some(second) if overlap(maintenance, maintenance) => Some((other, second)),
            Some(_) | None => {
                let mut before = seen.iter().filter(|(known, ..)| *known == pool);
                let one = before.find(|(_, _, windows)| overlap(*windows, maintenance));
                one.and_then(|(_, one, _)| Some((roster.servers(one, |_| true).next()?.1, other)))
            }
        };
        if let Some((one, other)) = pair {
            found.push(Unguarded { pool: pool.clone(), one, other, pointer: entry.pointer() });
        }
        seen.push((pool, entry, maintenance));
    }
    found
}

/// Whether two servers may be taken down at the same time; without windows, any time is allowed.
fn overlap(one: Option<&Maintenance>, other: Option<&Maintenance>) -> bool {
    let of = |maintenance: Option<&Maintenance>| maintenance.map(|maintenance| openings(maintenance, ANY_DAY, DAYS));
    match (of(one), of(other)) {
        (None, None) => true,
        (Some(openings), None) | (None, Some(openings)) => !openings.is_empty(),
        (Some(one), Some(other)) => {
            let meets = |opening: &Opening| other.iter().any(|it| it.from < opening.until && opening.from < it.until);
            one.iter().any(meets)
        }
    }
}

/// Windows that do not overlap, for the servers of a pool whose windows now do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub pool: Fqdn,
    /// Each server with its windows, by the names of its current ones; none where no server has any.
    pub windows: Vec<(ServerName, Vec<(UpdateName, Window)>)>,
}

/// A proposal for each such pool: the windows of its first server, divided among all.
#[must_use]
pub fn proposals(manifest: &Manifest, roster: &Roster<'_>) -> Vec<Proposal> {
    let of = |found: Unguarded| {
        let its = |entry: &&Entry<'_>| Standing::of(manifest, entry.server).pool == Some(&found.pool);
        let entries: Vec<_> = roster.entries().iter().filter(its).collect();
        let names = |entry: &&Entry<'_>| roster.servers(entry, |_| true).map(|(_, name)| name).collect::<Vec<_>>();
        let servers: Vec<_> = entries.iter().flat_map(names).collect();
        let parts = u32::try_from(servers.len()).unwrap_or(u32::MAX);
        let maintenance = entries.iter().find_map(|entry| Standing::of(manifest, entry.server).maintenance);
        let share = |nth: u32| -> Vec<(UpdateName, Window)> {
            let windows = maintenance.into_iter().flat_map(|maintenance| &maintenance.windows);
            windows.filter_map(|(name, window)| Some((name.clone(), window.part(nth, parts)?))).collect()
        };
        Proposal { pool: found.pool, windows: (0..).zip(servers).map(|(nth, server)| (server, share(nth))).collect() }
    };
    unguarded(manifest, roster).into_iter().map(of).collect()
}
