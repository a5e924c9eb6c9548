//! The errors in what a manifest declares about pools, rings and upgrade domains.

use alloc::{collections::BTreeMap, format, string::String, string::ToString, vec::Vec};

use reconcile_schema::{Fqdn, Manifest, Role, UpdateName};

use crate::{
    remedy::{Remedy, at},
    roster::Entry,
    topology::Standing,
};

/// A declaration of pools, rings or upgrade domains that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyError {
    pub pointer: String,
    pub message: String,
    pub help: Remedy,
}

/// All declarations of pools, rings and upgrade domains that make no sense.
#[must_use]
pub fn topology_errors(manifest: &Manifest) -> Vec<TopologyError> {
    let check = Check::of(manifest);
    let mut errors = Vec::new();
    check.rings(&mut errors);
    check.pools(&mut errors);
    check.pairs(&mut errors);
    check.domains(&mut errors);
    check.fronts(&mut errors);
    errors
}

struct Check<'a> {
    manifest: &'a Manifest,
    entries: Vec<(Entry<'a>, Standing<'a>)>,
    /// The numbers of the entries of each pool.
    pools: BTreeMap<&'a Fqdn, Vec<usize>>,
}

impl<'a> Check<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let entry = |(pattern, server)| (Entry { pattern, server }, Standing::of(manifest, server));
        let entries: Vec<_> = manifest.servers.iter().map(entry).collect();
        let mut pools: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (number, (_, standing)) in entries.iter().enumerate() {
            if let Some(pool) = standing.pool {
                pools.entry(pool).or_default().push(number);
            }
        }
        Self { manifest, entries, pools }
    }

    /// Every ring that is named belongs to the rollout.
    fn rings(&self, errors: &mut Vec<TopologyError>) {
        let rings = &self.manifest.rollout.rings;
        let unknown = |ring: &Option<UpdateName>| ring.as_ref().is_some_and(|ring| !rings.contains(ring));
        let mut error = |place: String, ring: &Option<UpdateName>| {
            let Some(ring) = ring else { return };
            errors.push(TopologyError {
                pointer: format!("{place}/ring"),
                message: format!("no ring is named \"{ring}\""),
                help: names("rings", ring.as_str(), rings.iter().map(ToString::to_string)),
            });
        };
        for (name, pool) in self.manifest.pools.iter().filter(|(_, pool)| unknown(&pool.ring)) {
            error(at("pools", name.as_str()), &pool.ring);
        }
        for (name, group) in self.manifest.groups.iter().filter(|(_, group)| unknown(&group.ring)) {
            error(at("groups", name.as_str()), &group.ring);
        }
        for (entry, _) in self.entries.iter().filter(|(entry, _)| unknown(&entry.server.ring)) {
            error(entry.pointer(), &entry.server.ring);
        }
        for (number, ring) in rings.iter().enumerate() {
            if rings.iter().take(number).any(|other| other == ring) {
                errors.push(TopologyError {
                    pointer: format!("/rollout/rings/{number}"),
                    message: format!("the ring \"{ring}\" is there twice"),
                    help: Remedy::Do("name each ring once, in the order of the rollout".into()),
                });
            }
        }
    }

    /// A pool has servers, all at one site and in one ring.
    fn pools(&self, errors: &mut Vec<TopologyError>) {
        for name in self.manifest.pools.keys().filter(|name| !self.pools.contains_key(name)) {
            errors.push(TopologyError {
                pointer: at("pools", name.as_str()),
                message: format!("no server belongs to the pool {name}"),
                help: names("pools of servers", name.as_str(), self.pools.keys().map(ToString::to_string)),
            });
        }
        for (name, entries) in &self.pools {
            let declared = self.manifest.pools.get(*name);
            let mut members = entries.iter().filter_map(|number| self.entries.get(*number));
            let said = |(entry, _): &(Entry<'a>, Standing<'a>)| {
                let group = entry.server.group.as_ref().and_then(|group| self.manifest.groups.get(group));
                let (ring, site) = (entry.server.ring.as_ref(), entry.server.site.as_ref());
                let of_group = group.map(|group| (group.ring.as_ref(), group.site.as_ref()));
                let (group_ring, group_site) = of_group.unwrap_or_default();
                (ring.or(group_ring), site.or(group_site))
            };
            let Some(first) = members.next() else { continue };
            let whole = (declared.and_then(|pool| pool.ring.as_ref()), declared.and_then(|pool| pool.site.as_ref()));
            let (ring, site) = said(first);
            let (ring, site) = (whole.0.or(ring), whole.1.or(site));
            for member in core::iter::once(first).chain(members) {
                let own = said(member);
                let differs = |what: &str, own: Option<&UpdateName>, pool: Option<&UpdateName>, declared: bool| {
                    // The pool's own values apply to servers that declare none.
                    (own != pool && !(declared && own.is_none())).then(|| self.apart(member, name, what, own, pool))
                };
                errors.extend(differs("ring", own.0, ring, whole.0.is_some()));
                errors.extend(differs("site", own.1, site, whole.1.is_some()));
            }
        }
    }

    fn apart(
        &self,
        (entry, _): &(Entry<'a>, Standing<'a>),
        pool: &Fqdn,
        what: &str,
        own: Option<&UpdateName>,
        others: Option<&UpdateName>,
    ) -> TopologyError {
        let server = entry.server;
        let by_itself = if what == "ring" { server.ring.is_some() } else { server.site.is_some() };
        let pointer = match (&server.group, own) {
            (Some(group), Some(_)) if !by_itself => format!("{}/{what}", at("groups", group.as_str())),
            (_, Some(_)) => format!("{}/{what}", entry.pointer()),
            (_, None) => entry.pointer(),
        };
        let tell = |name: Option<&UpdateName>| name.map_or_else(|| format!("no {what}"), |name| format!("\"{name}\""));
        let (own, others) = (tell(own), tell(others));
        TopologyError {
            pointer,
            message: format!(
                "the servers of the pool {pool} have the {what} {others}, but {} has {own}",
                entry.pattern
            ),
            help: Remedy::Do(format!("say `{what}:` once, at the pool under `pools:`")),
        }
    }

    /// The partner of a pool exists, is not the pool itself, and has no other partner.
    fn pairs(&self, errors: &mut Vec<TopologyError>) {
        let mut partners: BTreeMap<&Fqdn, &Fqdn> = BTreeMap::new();
        for (name, pool) in &self.manifest.pools {
            let Some(partner) = &pool.paired_with else { continue };
            let mut error = |message, help| {
                let pointer = format!("{}/pairedWith", at("pools", name.as_str()));
                errors.push(TopologyError { pointer, message, help });
            };
            if partner == name {
                let help = "name the other pool, or remove `pairedWith`";
                error(format!("the pool {name} is paired with itself"), Remedy::Do(help.into()));
                continue;
            }
            if !self.pools.contains_key(partner) {
                let known = self.pools.keys().filter(|other| **other != name).map(ToString::to_string);
                error(
                    format!("no server belongs to the pool {partner}"),
                    names("pools of servers", partner.as_str(), known),
                );
                continue;
            }
            let other = partners.get(name).filter(|other| **other != partner).map(|other| (name, *other));
            let other =
                other.or_else(|| partners.get(partner).filter(|other| **other != name).map(|other| (partner, *other)));
            if let Some((pool, other)) = other {
                let help = "a pool has one partner: correct this `pairedWith` or that of the other pool";
                error(
                    format!("{name} is to be paired with {partner}, but {pool} is paired with {other}"),
                    Remedy::Do(help.into()),
                );
                continue;
            }
            partners.insert(name, partner);
            partners.insert(partner, name);
        }
    }

    /// Only Front End Servers of Lync Server 2013 have upgrade domains.
    fn domains(&self, errors: &mut Vec<TopologyError>) {
        for (entry, standing) in self.entries.iter().filter(|(_, standing)| standing.upgrade_domain.is_some()) {
            let server = entry.server;
            let group = server.group.as_ref().and_then(|group| self.manifest.groups.get(group));
            let target = server.target.as_ref().or_else(|| group.and_then(|group| group.target.as_ref()));
            let other = target
                .and_then(|target| self.manifest.updates.get(target))
                .map(|update| update.product)
                .filter(|product| !product.is_updated_by_domains());
            let (message, help) = match (standing.role, other, standing.pool) {
                (Some(Role::FrontEnd) | None, None, Some(_)) => continue,
                (Some(Role::FrontEnd) | None, None, None) => {
                    ("a server with an upgrade domain belongs to a pool".into(), "add `pool:`")
                }
                (Some(Role::FrontEnd) | None, Some(product), _) => (
                    format!("{product} is updated server by server, not by upgrade domains"),
                    "remove `upgradeDomain`: only pools of Lync Server 2013 are updated by them",
                ),
                (Some(role), _, _) => (
                    format!("servers of the role {role} have no upgrade domain"),
                    "remove `upgradeDomain`: only Front End Servers of Lync Server 2013 have one",
                ),
            };
            let pointer = format!("{}/upgradeDomain", entry.pointer());
            errors.push(TopologyError { pointer, message, help: Remedy::Do(help.into()) });
        }
    }

    /// A Front End Server belongs to a pool. One that names none would be taken down whatever the state of its pool,
    /// together with all others of that pool.
    fn fronts(&self, errors: &mut Vec<TopologyError>) {
        let alone = |(_, standing): &&(Entry<'a>, Standing<'a>)| {
            standing.role == Some(Role::FrontEnd) && standing.pool.is_none() && standing.upgrade_domain.is_none()
        };
        errors.extend(self.entries.iter().filter(alone).map(|(entry, _)| TopologyError {
            pointer: entry.pointer(),
            message: format!("{} is a Front End Server without a pool", entry.pattern),
            help: Remedy::Do("add `pool:` with the pool's fully qualified domain name, as Get-CsPool shows it".into()),
        }));
    }
}

fn names(what: &'static str, found: &str, names: impl Iterator<Item = String>) -> Remedy {
    Remedy::Names { what, found: found.into(), names: names.collect() }
}
