//! The place of each server of a manifest: site, pool, ring and upgrade domain, and the folder of a pool's claims.

use alloc::{string::String, string::ToString, vec::Vec};

use reconcile_schema::{
    AccountName, ClaimShare, Fqdn, Maintenance, Manifest, Role, Server, ServerName, UpdateName, When,
};

use crate::{
    parts::Parts,
    roster::{Entry, Roster},
};

/// The place of a server, according to its own entry, its group and its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    pub role: Option<Role>,
    /// The update that it must have.
    pub target: Option<&'a UpdateName>,
    pub site: Option<&'a UpdateName>,
    pub pool: Option<&'a Fqdn>,
    /// The ring in which it is updated, if one is named.
    pub ring: Option<&'a UpdateName>,
    pub upgrade_domain: Option<&'a UpdateName>,
    /// When it may be taken down; always, unless something is declared.
    pub maintenance: Option<&'a Maintenance>,
}

impl<'a> Standing<'a> {
    /// The place of the servers of an entry.
    #[must_use]
    pub fn of(manifest: &'a Manifest, server: &'a Server) -> Self {
        let parts = Parts::of(manifest, server);
        let windows = parts.policies().find_map(|(_, policy)| policy.maintenance.as_ref());
        Self {
            role: parts.role().map(|said| said.value),
            target: parts.target().map(|said| said.value),
            site: parts.site().map(|said| said.value),
            pool: parts.pool().map(|said| said.value),
            ring: parts.ring().map(|said| said.value),
            upgrade_domain: server.upgrade_domain.as_ref(),
            maintenance: windows.and_then(When::windows),
        }
    }

    /// The number of its ring in the order of the rollout, from 0; a server without a ring belongs to the last one.
    #[must_use]
    pub fn ring_number(&self, manifest: &Manifest) -> usize {
        let rings = &manifest.rollout.rings;
        let named = self.ring.and_then(|ring| rings.iter().position(|other| other == ring));
        named.unwrap_or_else(|| rings.len().saturating_sub(1))
    }
}

/// The place of a pool's record, and the servers that this server waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The folder on the share.
    pub folder: String,
    /// Further accounts whose files are believed, in addition to the servers' own computer accounts.
    pub writers: Vec<AccountName>,
    /// The name of the record: that of the pool or, for two pools that stand in for each other, the one that comes
    /// first. So one claim covers both.
    pub name: Fqdn,
    pub pool: Fqdn,
    /// The upgrade domain: the servers of one may be taken down together.
    pub domain: Option<UpdateName>,
    /// The servers that must be done before this one is taken down: the Front End Servers of its own back end.
    pub after: Vec<ServerName>,
}

impl Claims {
    /// The declaration for a server of this role in this pool.
    pub(crate) fn of(manifest: &Manifest, roster: &Roster<'_>, role: Role, standing: &Standing<'_>) -> Option<Self> {
        // An Edge Server is in the perimeter network and in no domain, so it cannot reach an internal share.
        let ClaimShare { folder, writers } = manifest.rollout.claims.as_ref().filter(|_| role != Role::Edge)?.clone();
        let folder = folder.to_string();
        let pool = standing.pool?;
        let name = record(manifest, pool).clone();
        let after = if role == Role::BackEnd { fronts(manifest, roster, pool).collect() } else { Vec::new() };
        Some(Self { folder, writers, name, pool: pool.clone(), domain: standing.upgrade_domain.cloned(), after })
    }
}

/// The name of the record of a pool's claims: its own or, if two pools stand in for each other, the one that comes first.
pub(crate) fn record<'a>(manifest: &'a Manifest, pool: &'a Fqdn) -> &'a Fqdn {
    let partners = manifest.pools.iter().filter_map(|(name, other)| match &other.paired_with {
        Some(partner) if name == pool => Some(partner),
        Some(partner) if partner == pool => Some(name),
        Some(_) | None => None,
    });
    partners.fold(pool, Ord::min)
}

/// The Front End Servers of a pool. If a server has its own entry next to a range that contains it, its own entry
/// counts.
pub(crate) fn fronts<'a>(
    manifest: &'a Manifest,
    roster: &'a Roster<'a>,
    pool: &'a Fqdn,
) -> impl Iterator<Item = ServerName> + 'a {
    let front = move |entry: &&Entry<'_>| is_front(manifest, entry, pool);
    roster.entries().iter().filter(front).flat_map(move |entry| roster.servers(entry, |_| true).map(|(_, name)| name))
}

/// Whether the servers of an entry are Front End Servers of a pool.
pub(crate) fn is_front(manifest: &Manifest, entry: &Entry<'_>, pool: &Fqdn) -> bool {
    let parts = Parts::of(manifest, entry.server);
    let is_front = parts.role().is_some_and(|role| role.value == Role::FrontEnd);
    is_front && parts.pool().is_some_and(|named| named.value == pool)
}
