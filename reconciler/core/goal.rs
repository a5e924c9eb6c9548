//! The goal: what one server must become, with every default and group resolved.

use alloc::{borrow::Cow, collections::BTreeMap, format, string::String, sync::Arc, vec::Vec};
use core::cmp::Ordering;

use reconcile_schema::{
    Behind, Build, Component, ComponentName, Fqdn, Installer, Mirrored, Observed, OnExceed, Product, Role, ServerName,
    Service, ServiceName, StartType, Store, UpdateName, ZoneName,
};

use crate::{blocker::Blocker, rules::Rules, topology::Claims};

/// What one server must become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    pub server: ServerName,
    /// The product that it runs.
    pub product: Product,
    /// The server's role.
    pub role: Role,
    /// The site that it stands at.
    pub site: Option<UpdateName>,
    /// The pool that it belongs to.
    pub pool: Option<Fqdn>,
    /// The upgrade domain of a Front End Server of Lync Server 2013: its servers may be down together.
    pub upgrade_domain: Option<UpdateName>,
    /// How many Front End Servers the manifest names of that pool, where this is one.
    pub peers: u32,
    /// Where the servers of its pool agree on who is taken down.
    pub claims: Option<Arc<Claims>>,
    /// The name of the update in the manifest.
    pub update: String,
    /// The build that Core Components must reach.
    pub core: Build,
    /// The builds that other components must reach. A component without one is not judged.
    pub floors: Arc<BTreeMap<ComponentName, Build>>,
    /// The components of which the manifest itself says a build.
    pub named: Arc<[ComponentName]>,
    /// The build of the product as first published, where the catalogue has it.
    pub original: Option<Build>,
    /// The installer that brings them there.
    pub installer: Installer,
    /// The databases that must be at the versions that the binaries expect, in the order of their update.
    pub stores: Vec<Store>,
    /// What to do where they are mirrored.
    pub mirrored: Mirrored,
    /// The services of others that are stopped before the product's and started after them.
    pub also_stop: Arc<[ServiceName]>,
    /// The rules of a run.
    pub rules: Rules,
}

impl Goal {
    /// On whose clock times are shown to people: that of the maintenance windows; UTC where there are none.
    #[must_use]
    pub fn zone(&self) -> Option<&ZoneName> {
        self.rules.maintenance.as_deref().map(|windows| &windows.time_zone)
    }

    /// Why the goal cannot be reached from these components by any step.
    #[must_use]
    pub fn refuses(&self, components: &[Component]) -> Option<Blocker> {
        let core = components.iter().find(|component| component.product == self.product && component.name.is_core());
        let Some(core) = core else {
            let ours: Vec<_> = components.iter().filter(|component| component.product == self.product).collect();
            if !ours.is_empty() {
                // Its Core Components may be there under a name that is not known.
                let found: Vec<_> = ours.iter().map(|one| format!("{} {}", one.name, one.build)).collect();
                let why = format!("found none, but of {}: {}", self.product, found.join(", "));
                return Some(Blocker::Unknown { what: "the build of Core Components".into(), why });
            }
            let other =
                components.iter().find(|component| component.product != self.product && component.name.is_core());
            return Some(match other {
                Some(other) => Blocker::WrongProduct { declared: self.product, found: other.product },
                None => Blocker::Missing { product: self.product },
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

    /// The same goal, to be reached at any time and however long the services are down: what remains to be done is another
    /// question than when it may be.
    #[must_use]
    pub fn whenever(mut self) -> Self {
        (self.rules.maintenance, self.rules.on_exceed, self.claims) = (None, OnExceed::Warn, None);
        self.rules.foreign = None; // Snapshots of earlier versions do not tell of them.
        self
    }

    /// The same goal, where it also names what an earlier run has stopped: a manifest that no longer names a service of others
    /// does not leave it down.
    pub(crate) fn with_stopped<'a>(&self, names: impl Iterator<Item = &'a String>) -> Cow<'_, Self> {
        let stopped: Vec<_> = names.filter_map(|name| name.parse().ok()).collect();
        if stopped.is_empty() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { also_stop: also_stop(&self.also_stop, &stopped), ..self.clone() })
    }

    /// The services of `alsoStop` that do not exist here.
    pub fn not_installed<'a>(&'a self, seen: &'a Observed) -> impl Iterator<Item = &'a ServiceName> {
        let services = seen.services.known();
        self.also_stop.iter().filter(move |name| {
            services.is_some_and(|services| !services.iter().any(|one| one.name.eq_ignore_ascii_case(name.as_str())))
        })
    }

    /// Whether this is a Front End Server of a pool, which must be able to do without it.
    #[must_use]
    pub fn is_in_pool(&self) -> bool {
        self.role == Role::FrontEnd && self.pool.is_some()
    }

    /// Whether the SQL Server that holds these databases runs on this server.
    #[must_use]
    pub fn is_own(&self, store: &Store) -> bool {
        store.sql_server().is_none_or(|server| server.as_str().eq_ignore_ascii_case(self.server.as_str()))
    }

    /// Whether the Central Management Store is updated from this server.
    #[must_use]
    pub fn has_central_store(&self) -> bool {
        self.stores.iter().any(|store| matches!(store, Store::CentralManagement { .. }))
    }

    /// Whether its pool takes over for this server.
    #[must_use]
    pub fn fails_over(&self) -> bool {
        self.is_in_pool() && self.product.fails_over()
    }

    /// The components of this product that are below their builds.
    #[must_use]
    pub fn behind(&self, components: &[Component]) -> Vec<Behind> {
        // What is at the highest build of all need not be looked for by its name.
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

    /// Whether a component of which nothing is demanded is as the product was first published.
    #[must_use]
    pub fn is_original(&self, component: &Component) -> bool {
        self.desired(&component.name).is_none() && self.original.as_ref() == Some(&component.build)
    }

    /// The build that a component must reach, when it is judged at all.
    #[must_use]
    pub fn desired(&self, component: &ComponentName) -> Option<&Build> {
        if component.is_core() { Some(&self.core) } else { self.floors.get(component) }
    }

    /// The services that must run at the end: those that start by themselves, and of those that are started by hand
    /// the ones of the baseline. A service that somebody disabled is never one of them.
    pub fn should_run<'a>(
        &self,
        seen: &'a Observed,
        baseline: Option<&'a [String]>,
    ) -> impl Iterator<Item = &'a Service> {
        let services = seen.services.known().into_iter().flatten();
        services.filter(move |service| match (service.start, baseline) {
            (StartType::Automatic, _) => true,
            (StartType::Manual, Some(names)) => names.contains(&service.name),
            (StartType::Manual, None) | (StartType::Disabled, _) => false,
        })
    }
}

/// The names of the group and of the server, each once: the service manager does not tell upper from lower case.
pub(crate) fn also_stop(group: &[ServiceName], server: &[ServiceName]) -> Arc<[ServiceName]> {
    let mut all: Vec<ServiceName> = Vec::new();
    for name in group.iter().chain(server) {
        if !all.iter().any(|known| known.as_str().eq_ignore_ascii_case(name.as_str())) {
            all.push(name.clone());
        }
    }
    all.into()
}
