//! The errors in what a manifest declares about pools, rings and upgrade domains.

use alloc::{collections::BTreeMap, format, string::String, string::ToString, vec::Vec};

use reconcile_schema::{FolderPath, Fqdn, Manifest, Mirrored, PoolDatabases, Role, UpdateName};

use crate::{
    parts::{Parts, Said},
    pool_stores::from,
    remedy::{GoalError, Remedy, at, escaped},
    roster::{Entry, Roster},
    topology::{Standing, fronts},
};

/// All declarations of pools, rings and upgrade domains that make no sense.
#[must_use]
pub fn topology_errors(manifest: &Manifest) -> Vec<GoalError> {
    let check = Check::of(manifest);
    let mut errors = Vec::new();
    check.rings(&mut errors);
    check.pools(&mut errors);
    check.pairs(&mut errors);
    check.domains(&mut errors);
    check.fronts(&mut errors);
    check.databases(&mut errors);
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
    fn rings(&self, errors: &mut Vec<GoalError>) {
        let rings = &self.manifest.rollout.rings;
        let unknown = |ring: &Option<UpdateName>| ring.as_ref().is_some_and(|ring| !rings.contains(ring));
        let mut error = |place: String, ring: &Option<UpdateName>| {
            let Some(ring) = ring else { return };
            errors.push(GoalError {
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
                errors.push(GoalError {
                    pointer: format!("/rollout/rings/{number}"),
                    message: format!("the ring \"{ring}\" is there twice"),
                    help: Remedy::Do("name each ring once, in the order of the rollout".into()),
                });
            }
        }
    }

    /// A pool has servers, all at one site, in one ring, and with the target that the pool declares.
    fn pools(&self, errors: &mut Vec<GoalError>) {
        for name in self.manifest.pools.keys().filter(|name| !self.pools.contains_key(name)) {
            errors.push(GoalError {
                pointer: at("pools", name.as_str()),
                message: format!("no server belongs to the pool {name}"),
                help: names("pools of servers", name.as_str(), self.pools.keys().map(ToString::to_string)),
            });
        }
        for (name, entries) in &self.pools {
            let members = entries.iter().filter_map(|number| self.entries.get(*number));
            let members: Vec<_> = members.map(|(entry, _)| (*entry, Parts::of(self.manifest, entry.server))).collect();
            let Some((_, first)) = members.first() else { continue };
            let declared = self.manifest.pools.get(*name);
            let (target, ring, site) =
                declared.map(|pool| (pool.target.as_ref(), pool.ring.as_ref(), pool.site.as_ref())).unwrap_or_default();
            // What the pool declares applies to servers that declare nothing. Without it, all servers say the same.
            let of_all = |pool: Option<&'a UpdateName>, first: Option<Said<'a, &'a UpdateName>>| {
                (pool.or(first.map(|said| said.value)), pool.is_some())
            };
            let (ring, site) = (of_all(ring, first.ring()), of_all(site, first.site()));
            for (entry, parts) in &members {
                let mut differs =
                    |what: &str, own: Option<Said<'a, _>>, (pool, declared): (Option<&UpdateName>, bool)| {
                        let value = own.map(|said| said.value);
                        if value != pool && !(declared && value.is_none()) {
                            errors.push(apart(entry, name, what, own, pool));
                        }
                    };
                differs("ring", parts.ring(), ring);
                differs("site", parts.site(), site);
                // In a pool that declares none, different targets are a warning.
                if target.is_some() {
                    differs("target", parts.target(), (target, true));
                }
            }
        }
    }

    /// The partner of a pool exists, is not the pool itself, and has no other partner.
    fn pairs(&self, errors: &mut Vec<GoalError>) {
        let mut partners: BTreeMap<&Fqdn, &Fqdn> = BTreeMap::new();
        for (name, pool) in &self.manifest.pools {
            let Some(partner) = &pool.paired_with else { continue };
            let mut error = |message, help| {
                let pointer = format!("{}/pairedWith", at("pools", name.as_str()));
                errors.push(GoalError { pointer, message, help });
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
    fn domains(&self, errors: &mut Vec<GoalError>) {
        for (entry, standing) in self.entries.iter().filter(|(_, standing)| standing.upgrade_domain.is_some()) {
            let other = standing
                .target
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
            errors.push(GoalError { pointer, message, help: Remedy::Do(help.into()) });
        }
    }

    /// The databases of pools on a SQL Server of their own belong to pools with Front End Servers, which can report their
    /// builds; one command updates them, from one of these servers.
    fn databases(&self, errors: &mut Vec<GoalError>) {
        let roster = Roster::of(self.manifest);
        let declared = self.manifest.pools.iter().filter_map(|(name, pool)| Some((name, pool.databases.as_ref()?)));
        let mut first: BTreeMap<&Fqdn, (&Fqdn, &PoolDatabases)> = BTreeMap::new();
        for (name, databases) in declared.clone() {
            let place = format!("{}/databases", at("pools", name.as_str()));
            let mut error = |field: &str, message: String, help: Remedy| {
                errors.push(GoalError { pointer: format!("{place}{field}"), message, help });
            };
            let sql_server = &databases.sql_server;
            let own: Vec<_> = fronts(self.manifest, &roster, name).collect();
            if own.is_empty() {
                let message =
                    format!("the pool {name} has no Front End Server from which its databases can be updated");
                let help = "name the pool of the Front End Servers, or remove `databases`";
                error("", message, Remedy::Do(help.into()));
                continue;
            }
            let servers = || own.iter().map(ToString::to_string);
            if let Some(from) = databases.from.as_ref().filter(|from| !own.contains(from)) {
                let message = format!("{from} is no Front End Server of the pool {name}");
                error("/from", message, names("Front End Servers", from.as_str(), servers()));
            }
            let from = from(self.manifest, &roster, name, databases);
            for server in databases.without.keys() {
                let pointer = format!("/without/{}", escaped(server.as_str()));
                if Some(server) == from.as_ref() {
                    let message = format!("{server} is the server from which the databases are updated");
                    error(&pointer, message, Remedy::Do("name another Front End Server with `from:`".into()));
                } else if !own.contains(server) {
                    let message = format!("{server} is no Front End Server of the pool {name}");
                    error(&pointer, message, names("Front End Servers", server.as_str(), servers()));
                }
            }
            if databases.use_default_sql_paths && !databases.paths.is_empty() {
                let message = "`paths` and `useDefaultSqlPaths` exclude each other".into();
                error("/paths", message, Remedy::Do("remove one of the two".into()));
            }
            if databases.availability_group && databases.mirrored.is_some() {
                let message = "databases in an availability group are not mirrored".into();
                error("/mirrored", message, Remedy::Do("remove `mirrored`, or `availabilityGroup`".into()));
            }
            let product = |(_, standing): &(Entry<'a>, Standing<'a>)| {
                let target = standing.target.filter(|_| standing.pool == Some(name))?;
                Some(self.manifest.updates.get(target)?.product)
            };
            let old = self.entries.iter().filter_map(product).find(|product| !product.has_availability_groups());
            if let Some(product) = old.filter(|_| databases.availability_group) {
                let message = format!("{product} knows no availability group");
                let help = "remove `availabilityGroup`: Skype for Business Server 2015 and later have them";
                error("/availabilityGroup", message, Remedy::Do(help.into()));
            }
            match first.get(sql_server) {
                Some((other, theirs)) if form(theirs) != form(databases) => {
                    let message = format!(
                        "{name} and {other} have their databases on {sql_server}, which one command updates, and declare them differently"
                    );
                    let help = "write the same `collocated`, `mirrored`, `availabilityGroup` and paths at both pools";
                    error("", message, Remedy::Do(help.into()));
                }
                Some(_) => {}
                None => _ = first.insert(sql_server, (name, databases)),
            }
            let back_end = |(entry, standing): &&(Entry<'a>, Standing<'a>)| {
                let store = Parts::of(self.manifest, entry.server).databases();
                let on_it = store.and_then(|said| said.value.sql_server.as_ref()) == Some(sql_server);
                standing.role == Some(Role::BackEnd) && (on_it || standing.pool == Some(name))
            };
            if let Some((entry, _)) = self.entries.iter().find(back_end) {
                let message = format!("{} is the back end of the databases on {sql_server}, too", entry.pattern);
                let help =
                    "remove the server if no component of the product is installed on it, else these `databases`";
                error("", message, Remedy::Do(help.into()));
            }
        }
    }

    /// A Front End Server belongs to a pool. One that names none would be taken down whatever the state of its pool,
    /// together with all others of that pool.
    fn fronts(&self, errors: &mut Vec<GoalError>) {
        let alone = |(_, standing): &&(Entry<'a>, Standing<'a>)| {
            standing.role == Some(Role::FrontEnd) && standing.pool.is_none() && standing.upgrade_domain.is_none()
        };
        errors.extend(self.entries.iter().filter(alone).map(|(entry, _)| GoalError {
            pointer: entry.pointer(),
            message: format!("{} is a Front End Server without a pool", entry.pattern),
            help: Remedy::Do("add `pool:` with the pool's fully qualified domain name, as Get-CsPool shows it".into()),
        }));
    }
}

/// A server says something else than its pool, or than the other servers of the pool.
fn apart(
    entry: &Entry<'_>,
    pool: &Fqdn,
    what: &str,
    own: Option<Said<'_, &UpdateName>>,
    others: Option<&UpdateName>,
) -> GoalError {
    let tell = |name: Option<&UpdateName>| name.map_or_else(|| format!("no {what}"), |name| format!("\"{name}\""));
    let place = own.map(|said| format!("{}/{what}", said.by.pointer(entry)));
    let (own, others) = (tell(own.map(|said| said.value)), tell(others));
    GoalError {
        pointer: place.unwrap_or_else(|| entry.pointer()),
        message: format!("the servers of the pool {pool} have the {what} {others}, but {} has {own}", entry.pattern),
        help: Remedy::Do(format!("say `{what}:` once, at the pool under `pools:`")),
    }
}

/// What of databases the one command for a SQL Server depends on.
fn form(databases: &PoolDatabases) -> (bool, Mirrored, bool, bool, &[FolderPath]) {
    let PoolDatabases { collocated, mirrored, availability_group, use_default_sql_paths, paths, .. } = databases;
    (*collocated, mirrored.unwrap_or_default(), *availability_group, *use_default_sql_paths, paths)
}

fn names(what: &'static str, found: &str, names: impl Iterator<Item = String>) -> Remedy {
    Remedy::Names { what, found: found.into(), names: names.collect() }
}
