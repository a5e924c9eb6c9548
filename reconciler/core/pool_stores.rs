//! The databases of pools on a SQL Server that is none of the servers: from which server they are updated, and after
//! which others.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::cmp::Ordering;

use reconcile_schema::{FolderPath, Fqdn, Manifest, Mirrored, Pool, PoolDatabases, ServerName, Store};

use crate::{
    roster::Roster,
    topology::{fronts, record},
};

/// The databases on one SQL Server, for the pools that have theirs there. The command names the SQL Server and no pool,
/// so it waits for the Front End Servers of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolStores {
    pub sql_server: Fqdn,
    /// The server that answers for the databases of the pool that was asked about.
    pub from: ServerName,
    /// The pools.
    pub pools: Vec<Fqdn>,
    /// The databases in the order of their update, each with the server from which it is done.
    pub stores: Vec<PoolStore>,
    /// The Front End Servers that must have reported their builds before.
    pub after: Vec<ServerName>,
    /// The Front End Servers that it does not wait for, each with the reason.
    pub without: BTreeMap<ServerName, String>,
    /// The names under which these pools keep their claims.
    pub records: Vec<Fqdn>,
    /// What to do where the databases are mirrored.
    pub mirrored: Mirrored,
    pub paths: SqlPaths,
}

/// A set of databases, and the server from which it is updated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolStore {
    pub store: Store,
    pub from: ServerName,
}

/// Where a SQL Server puts the files of databases that an update creates (Microsoft Learn: Install-CsDatabase).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SqlPaths {
    /// Where the cmdlet finds room.
    #[default]
    Chosen,
    /// In the folders that the SQL Server has for them.
    Default,
    /// In these folders.
    These(Vec<FolderPath>),
}

impl PoolStores {
    /// The databases of a pool, as far as they are on a SQL Server of their own.
    #[must_use]
    pub fn of(manifest: &Manifest, roster: &Roster<'_>, pool: &Fqdn) -> Option<Self> {
        let declared = manifest.pools.get(pool)?.databases.as_ref()?;
        let on_it = manifest.pools.iter().filter_map(|(name, pool)| Some((name, pool.databases.as_ref()?)));
        let on_it: Vec<_> = on_it.filter(|(_, databases)| databases.sql_server == declared.sql_server).collect();
        let own = from(manifest, roster, pool, declared)?;
        let mut stores = Vec::new();
        // One server updates the databases, because one command does it for all pools.
        let (first, databases) = on_it.first()?;
        let configured = Store::Configured {
            sql_server: declared.sql_server.clone(),
            exclude_collocated: on_it.iter().any(|(_, databases)| databases.collocated),
        };
        stores.push(PoolStore { store: configured, from: from(manifest, roster, first, databases)? });
        if let Some(central) = &declared.central_management_store {
            let shared = declared.instance.as_ref().filter(|_| central.sql_server == declared.sql_server);
            let instance = central.instance.as_ref().or(shared).cloned();
            let store = Store::CentralManagement { sql_server: central.sql_server.clone(), instance };
            stores.push(PoolStore { store, from: own.clone() });
        }
        let without: BTreeMap<_, _> = on_it
            .iter()
            .flat_map(|(_, databases)| &databases.without)
            .map(|(who, why)| (who.clone(), why.clone()))
            .collect();
        let all = on_it.iter().flat_map(|(name, _)| fronts(manifest, roster, name));
        let mut records: Vec<_> = on_it.iter().map(|(name, _)| record(manifest, name).clone()).collect();
        records.sort();
        records.dedup();
        Some(Self {
            sql_server: declared.sql_server.clone(),
            from: own,
            pools: on_it.iter().map(|(name, _)| (*name).clone()).collect(),
            stores,
            after: all.filter(|server| !without.contains_key(server)).collect(),
            without,
            records,
            mirrored: declared.mirrored.unwrap_or_default(),
            paths: match (declared.use_default_sql_paths, declared.paths.as_slice()) {
                (true, _) => SqlPaths::Default,
                (false, []) => SqlPaths::Chosen,
                (false, paths) => SqlPaths::These(paths.to_vec()),
            },
        })
    }

    /// Whether this server answers for the databases of its pool.
    #[must_use]
    pub fn is_from(&self, server: &ServerName) -> bool {
        self.from == *server
    }
}

/// The update of databases on a SQL Server from one of the servers: a turn of its own in a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update<'a> {
    pub from: ServerName,
    pub sql_server: &'a Fqdn,
    /// The pools that have their databases there.
    pub pools: Vec<&'a Fqdn>,
}

/// All such updates of a manifest.
#[must_use]
pub fn updates<'a>(manifest: &'a Manifest, roster: &Roster<'_>) -> Vec<Update<'a>> {
    let of = |(pool, declared): (&'a Fqdn, &'a Pool)| {
        let stores = PoolStores::of(manifest, roster, pool)?;
        let own = stores.stores.iter().any(|store| store.from == stores.from);
        let pools = manifest.pools.keys().filter(|pool| stores.pools.contains(pool)).collect();
        own.then_some(Update { from: stores.from, sql_server: &declared.databases.as_ref()?.sql_server, pools })
    };
    manifest.pools.iter().filter_map(of).collect()
}

/// The server from which the databases of a pool are updated: the declared one, else the last Front End Server of the
/// pool. None where the pool has no Front End Server.
pub(crate) fn from(
    manifest: &Manifest,
    roster: &Roster<'_>,
    pool: &Fqdn,
    databases: &PoolDatabases,
) -> Option<ServerName> {
    databases.from.clone().or_else(|| fronts(manifest, roster, pool).max_by(by_numbers))
}

/// The order of names in which numbers count as numbers: `fe2` comes before `fe10`.
fn by_numbers(one: &ServerName, other: &ServerName) -> Ordering {
    parts(one.as_str()).cmp(&parts(other.as_str())).then_with(|| one.cmp(other))
}

/// The parts of a name: each text, with the number that follows it.
fn parts(name: &str) -> Vec<(&str, u64)> {
    let mut all = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find(|sign: char| sign.is_ascii_digit()).unwrap_or(rest.len()));
        let (number, after) = after.split_at(after.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(after.len()));
        all.push((text, number.parse().unwrap_or_default()));
        rest = after;
    }
    all
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let last = |names: &[&str]| {
            let names = names.iter().map(|name| name.parse::<ServerName>().unwrap());
            String::from(names.max_by(by_numbers).unwrap().as_str())
        };
        assert_eq!(last(&["fe10.a.example", "fe2.a.example", "fe9.a.example"]), "fe10.a.example");
        assert_eq!(last(&["fe-b2.a.example", "fe-a10.a.example"]), "fe-b2.a.example");
        assert_eq!(last(&["fe1.a.example", "fe01.a.example"]), "fe1.a.example");
        assert_eq!(last(&["berlin-fe2", "berlin-fe11"]), "berlin-fe11");
    }
}
