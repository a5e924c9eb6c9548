//! The goal: what one server must become, with all defaults and groups resolved.

use alloc::{borrow::Cow, collections::BTreeMap, format, string::String, sync::Arc, vec::Vec};
use core::cmp::Ordering;

use reconcile_schema::{
    Behind, Build, Component, ComponentName, Fingerprint, Fqdn, Installer, Mirrored, Observed, OnExceed, Product, Role,
    ServerName, Service, ServiceName, StartType, Step, Store, UpdateName, ZoneName,
};

use crate::{
    blocker::Blocker,
    pool_stores::{PoolStore, PoolStores, SqlPaths},
    rules::Rules,
    topology::Claims,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    pub server: ServerName,
    pub product: Product,
    pub role: Role,
    pub site: Option<UpdateName>,
    pub pool: Option<Fqdn>,
    /// The upgrade domain of a Front End Server of Lync Server 2013: its servers may be down together.
    pub upgrade_domain: Option<UpdateName>,
    /// How many Front End Servers the manifest names in that pool, where this is one.
    pub peers: u32,
    /// The Front End Servers of its pool, itself among them, where the pool takes over for one: a failover manages the
    /// services of each.
    pub pool_servers: Arc<[ServerName]>,
    /// Where the servers of its pool agree on which of them is taken down.
    pub claims: Option<Arc<Claims>>,
    pub update: String,
    /// The build that Core Components must reach.
    pub core: Build,
    /// The builds that other components must reach. A component without one is not judged.
    pub floors: Arc<BTreeMap<ComponentName, Build>>,
    /// The components whose builds the manifest itself declares.
    pub named: Arc<[ComponentName]>,
    /// The build of the product as first published, where the catalogue has it.
    pub original: Option<Build>,
    /// The installer that brings the server to these builds.
    pub installer: Installer,
    /// The databases that must be at the versions that the binaries expect, in the order of their update.
    pub stores: Vec<Store>,
    /// The databases of its pool that are on a SQL Server of their own.
    pub pool_stores: Option<Arc<PoolStores>>,
    /// What to do where the databases are mirrored.
    pub mirrored: Mirrored,
    /// The services of other products that are stopped before the product's services and started after them.
    pub also_stop: Arc<[ServiceName]>,
    pub rules: Rules,
    /// The manifest that declares it, where that is a file.
    pub manifest: Option<Fingerprint>,
}

impl Goal {
    /// The time zone in which people read times: that of the maintenance windows; UTC where there are none.
    #[must_use]
    pub fn zone(&self) -> Option<&ZoneName> {
        self.rules.maintenance.as_deref().map(|windows| &windows.time_zone)
    }

    /// Why no step can reach the goal from these components.
    #[must_use]
    pub fn refuses(&self, components: &[Component]) -> Option<Blocker> {
        let core = components.iter().find(|component| component.product == self.product && component.name.is_core());
        let Some(core) = core else {
            let ours: Vec<_> = components.iter().filter(|component| component.product == self.product).collect();
            if !ours.is_empty() {
                // Its Core Components may be installed under an unknown name.
                let found: Vec<_> = ours.iter().map(|one| format!("{} {}", one.name, one.build)).collect();
                let why = format!("found none, but of {}: {}", self.product, found.join(", "));
                return Some(Blocker::Unknown { what: "the build of Core Components".into(), why });
            }
            let other =
                components.iter().find(|component| component.product != self.product && component.name.is_core());
            return Some(match other {
                Some(other) => Blocker::WrongProduct { declared: self.product, found: other.product },
                None => self.missing(),
            });
        };
        if core.build.partial_cmp(&self.core) == Some(Ordering::Greater) {
            return Some(Blocker::Newer { declared: self.core.clone(), found: core.build.clone() });
        }
        let ours = components.iter().filter(|component| component.product == self.product);
        let mut strays = ours.filter(|component| component.build.line != self.core.line);
        strays.find_map(|stray| {
            let declared = self.desired(&stray.name)?.clone();
            Some(Blocker::WrongLine { component: stray.name.clone(), declared, found: stray.build.clone() })
        })
    }

    /// The product is not installed.
    fn missing(&self) -> Blocker {
        let bare = self.stores.iter().find_map(|store| match store {
            Store::Configured { sql_server, .. } => Some(sql_server.clone()),
            Store::Local | Store::CentralManagement { .. } => None,
        });
        match bare {
            Some(sql_server) => Blocker::BareSqlServer { product: self.product, sql_server, pool: self.pool.clone() },
            None => Blocker::Missing { product: self.product },
        }
    }

    /// The same goal without the checks that `doctor` makes before an outage: a run that only observes does not make them.
    #[must_use]
    pub fn unexamined(mut self) -> Self {
        self.rules.is_examined = false;
        self
    }

    /// The same goal without limits on time and outage: what remains to be done does not depend on when it may be done.
    #[must_use]
    pub fn whenever(mut self) -> Self {
        (self.rules.maintenance, self.rules.on_exceed, self.claims) = (None, OnExceed::Warn, None);
        // Snapshots of earlier versions report neither.
        (self.rules.foreign, self.rules.is_examined) = (None, false);
        self
    }

    /// The same goal, extended by the services that an earlier run has stopped: a manifest that no longer names a
    /// service of another product does not leave it down.
    pub(crate) fn with_stopped<'a>(&self, names: impl Iterator<Item = &'a String>) -> Cow<'_, Self> {
        let mut all = self.also_stop.to_vec();
        for name in names.filter_map(|name| name.parse().ok()) {
            if is_new(&all, &name) {
                all.push(name);
            }
        }
        if all.len() == self.also_stop.len() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { also_stop: all.into(), ..self.clone() })
    }

    /// The services in `alsoStop` that do not exist here.
    pub fn not_installed<'a>(&'a self, seen: &'a Observed) -> impl Iterator<Item = &'a ServiceName> {
        let services = seen.services.known();
        self.also_stop.iter().filter(move |name| {
            services.is_some_and(|services| !services.iter().any(|one| one.name.eq_ignore_ascii_case(name.as_str())))
        })
    }

    /// Whether this is a Front End Server of a pool, so that the pool must be able to do without it.
    #[must_use]
    pub fn is_in_pool(&self) -> bool {
        self.role == Role::FrontEnd && self.pool.is_some()
    }

    /// Whether the SQL Server that holds these databases runs on this server.
    #[must_use]
    pub fn is_own(&self, store: &Store) -> bool {
        store.sql_server().is_none_or(|server| server.as_str().eq_ignore_ascii_case(self.server.as_str()))
    }

    /// The databases on a SQL Server of their own that this server answers for: it updates them, or another server does
    /// it for all pools there.
    pub fn pool_stores(&self) -> impl Iterator<Item = &PoolStore> {
        let stores = self.pool_stores.iter().filter(|stores| stores.is_from(&self.server));
        stores.flat_map(|stores| &stores.stores)
    }

    /// All databases that must be current before this server is at its goal.
    pub fn all_stores(&self) -> impl Iterator<Item = &Store> {
        self.stores.iter().chain(self.pool_stores().map(|one| &one.store))
    }

    /// The same goal without the databases of its pool: what the server itself must become.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { pool_stores: None, ..self }
    }

    /// The records of claims, apart from that of its own pool, in which servers report builds that this one waits for.
    pub fn further_records(&self) -> impl Iterator<Item = &Fqdn> {
        let stores = self.pool_stores.iter().filter(|stores| stores.is_from(&self.server));
        let own = self.claims.as_ref().map(|claims| &claims.name);
        stores.flat_map(|stores| &stores.records).filter(move |record| Some(*record) != own)
    }

    /// The step that updates these databases.
    #[must_use]
    pub fn updating(&self, store: &Store) -> Step {
        let own = self.stores.contains(store);
        if own { Step::UpdateDatabases(store.clone()) } else { Step::UpdatePoolDatabases(store.clone()) }
    }

    /// Where the SQL Server puts the files of databases that `step` creates. Only the form of the command for the databases
    /// of a pool takes paths (Microsoft Learn: Install-CsDatabase).
    #[must_use]
    pub fn paths(&self, step: &Step) -> &SqlPaths {
        match (step, &self.pool_stores) {
            (Step::UpdatePoolDatabases(Store::Configured { .. }), Some(stores)) => &stores.paths,
            _ => &SqlPaths::Chosen,
        }
    }

    /// Whether the Central Management Store is updated from this server, or from one of its pool.
    #[must_use]
    pub fn has_central_store(&self) -> bool {
        let of_pool = self.pool_stores.iter().flat_map(|stores| &stores.stores).map(|one| &one.store);
        self.stores.iter().chain(of_pool).any(|store| matches!(store, Store::CentralManagement { .. }))
    }

    /// Whether its pool takes over for this server.
    #[must_use]
    pub fn fails_over(&self) -> bool {
        self.is_in_pool() && self.product.fails_over()
    }

    /// The components of this product that are below their builds.
    #[must_use]
    pub fn behind(&self, components: &[Component]) -> Vec<Behind> {
        // A component at the highest of all builds need not be looked up by name.
        let highest = self.floors.values().map(|build| build.revision).fold(self.core.revision, u64::max);
        let below = |build: &Build| build.revision < highest || build.line != self.core.line;
        let ours = components.iter().filter(|component| component.product == self.product && below(&component.build));
        ours.filter_map(|component| {
            let desired = self.desired(&component.name)?;
            (!component.build.reaches(desired)).then(|| Behind {
                component: component.name.clone(),
                found: component.build.clone(),
                desired: desired.clone(),
            })
        })
        .collect()
    }

    /// Whether a component without a declared build still has the build of the product's first release.
    #[must_use]
    pub fn is_original(&self, component: &Component) -> bool {
        self.desired(&component.name).is_none() && self.original.as_ref() == Some(&component.build)
    }

    /// The build that a component must reach, if it is judged at all.
    #[must_use]
    pub fn desired(&self, component: &ComponentName) -> Option<&Build> {
        if component.is_core() { Some(&self.core) } else { self.floors.get(component) }
    }

    /// The services that must be running at the end: those that start automatically, and of the manually started ones
    /// those in the baseline. A disabled service is never among them.
    pub fn should_run<'a>(
        &self,
        seen: &'a Observed,
        baseline: Option<&'a [String]>,
    ) -> impl Iterator<Item = &'a Service> {
        seen.known_services().filter(move |service| match (service.start, baseline) {
            (StartType::Automatic, _) => true,
            (StartType::Manual, Some(names)) => names.contains(&service.name),
            (StartType::Manual, None) | (StartType::Disabled, _) => false,
        })
    }
}

/// Whether a name is not among these yet: the service manager ignores case.
pub(crate) fn is_new(names: &[ServiceName], name: &ServiceName) -> bool {
    !names.iter().any(|known| known.as_str().eq_ignore_ascii_case(name.as_str()))
}
