//! How a goal is made from a manifest, or from a journal where there is no manifest.

use alloc::{format, string::String, string::ToString, sync::Arc, vec::Vec};
use core::iter;

use reconcile_schema::{
    Build, Databases, Fqdn, Installer, Manifest, Marks, Mirrored, Product, Releases, Role, Server, ServerName,
    ServiceName, Store,
};

use crate::{
    aimed::aimed,
    goal::{Goal, is_new},
    parts::{Part, Parts, Said, Source, SourceKind, Trace},
    pool_stores::PoolStores,
    remedy::{GoalError, Remedy, among},
    roster::{Entry, Roster, Stranger},
    rules::Rules,
    topology::{Claims, Standing, fronts, is_front},
};

impl Goal {
    /// The goal of the server called `name`; a server's own entry counts before the range that contains it.
    ///
    /// # Errors
    /// When the manifest does not name the server, or its declaration is not a valid goal.
    pub fn of(manifest: &Manifest, releases: &Releases, name: &ServerName) -> Result<Self, GoalError> {
        let roster = Roster::of(manifest);
        let place = roster.find(name).map_err(|stranger| no_place(manifest, &roster, name, stranger))?;
        let entry = roster.entries().get(place.entry);
        let entry = entry.ok_or_else(|| no_place(manifest, &roster, name, Stranger::Unnamed))?;
        Self::of_entry(manifest, releases, &roster, entry, name)
    }

    /// The goal of every server, or every error.
    ///
    /// # Errors
    /// When any server has no goal; a range counts once.
    pub fn of_all(manifest: &Manifest, releases: &Releases) -> Result<Vec<Self>, Vec<GoalError>> {
        let (mut goals, mut errors) = (Vec::new(), Vec::new());
        let roster = Roster::of(manifest);
        for entry in roster.entries() {
            // One goal serves all servers of a range.
            let mut shared: Option<Self> = None;
            for (_, name) in roster.servers(entry, |_| true) {
                let goal = match (roster.find(&name), &shared) {
                    (Err(stranger), _) => Err(no_place(manifest, &roster, &name, stranger)),
                    (Ok(_), Some(goal)) => Ok(Self { server: name, ..goal.clone() }),
                    (Ok(_), None) => Self::of_entry(manifest, releases, &roster, entry, &name),
                };
                match goal {
                    Ok(goal) => {
                        shared.get_or_insert_with(|| goal.clone());
                        goals.push(goal);
                    }
                    Err(error) => {
                        errors.push(error);
                        break; // The other servers of the range would give the same error.
                    }
                }
            }
        }
        if errors.is_empty() { Ok(goals) } else { Err(errors) }
    }

    /// The goal of the server called `name`, which belongs to `entry`. Except for the name, every server of the entry
    /// has the same goal.
    ///
    /// # Errors
    /// When the declaration of the entry is not a valid goal.
    pub fn of_entry(
        manifest: &Manifest,
        releases: &Releases,
        roster: &Roster<'_>,
        entry: &Entry<'_>,
        name: &ServerName,
    ) -> Result<Self, GoalError> {
        Self::traced(manifest, releases, roster, entry, name, &mut ())
    }

    /// The same, watched.
    ///
    /// # Errors
    /// As [`Goal::of_entry`].
    pub fn traced<T: Trace>(
        manifest: &Manifest,
        releases: &Releases,
        roster: &Roster<'_>,
        entry: &Entry<'_>,
        name: &ServerName,
        trace: &mut T,
    ) -> Result<Self, GoalError> {
        let server = entry.server;
        let at = |field: &str| format!("{}{field}", entry.pointer());
        let parts = Parts::of(manifest, server);
        if let Some(group) = &server.group {
            parts.group().ok_or_else(|| GoalError {
                pointer: at("/group"),
                message: format!("no group is named \"{group}\""),
                help: among("groups", group.as_str(), manifest.groups.keys().map(ToString::to_string)),
            })?;
            trace.note("group", group, Source::declared(Part::Server, "group"));
        }
        let role = parts.role().ok_or_else(|| {
            let help = "here, or to a group that the server names with `group:`";
            lacks("role", "no group that gives it one", help, at(""))
        })?;
        trace.note("role", &role.value, Source::declared(role.by, "role"));
        let target = parts.target().ok_or_else(|| {
            let help = "here, to a group that the server names with `group:`, or to its pool under `pools:`";
            lacks("target", "no group or pool that gives it one", help, at(""))
        })?;
        trace.note("target", target.value, Source::declared(target.by, "target"));
        let (update, aimed) = aimed(manifest, releases, entry, target, trace)?;
        let databases = parts.databases();
        let role_at = || format!("{}/role", role.by.pointer(entry));
        let stores = stores(role.value, databases.map(|said| said.value), role_at)?;
        let (standing, role) = (Standing::of(manifest, server), role.value);
        note_standing(manifest, &parts, &standing, role, trace);
        note_databases(&stores, databases, trace);
        let pool = standing.pool;
        let peers = pool.filter(|_| role == Role::FrontEnd).map_or(0, |pool| peers(manifest, roster, pool));
        if role == Role::FrontEnd {
            let how = SourceKind::Derived("from its pool");
            trace.note("peers", &peers, Source { kind: how, field: None });
        }
        let takes_over = pool.filter(|_| role == Role::FrontEnd && update.product.fails_over());
        let pool_servers = takes_over.into_iter().flat_map(|pool| fronts(manifest, roster, pool).take(LARGEST_POOL));
        let pool_servers = pool_servers.collect();
        let pool_stores = pool.filter(|_| role == Role::FrontEnd);
        let pool_stores = pool_stores.and_then(|pool| PoolStores::of(manifest, roster, pool));
        note_pool_stores(manifest, pool, pool_stores.as_ref(), trace);
        let claims = Claims::of(manifest, roster, role, &standing);
        note_claims(manifest, roster, claims.as_ref(), role, trace);
        if let Some((pool, stores)) = pool.zip(pool_stores.as_ref().filter(|_| claims.is_none()))
            && stores.after.len() > 1
        {
            return Err(no_share(pool, stores, entry));
        }
        Ok(Self {
            server: name.clone(),
            product: update.product,
            role,
            site: standing.site.cloned(),
            pool: pool.cloned(),
            upgrade_domain: standing.upgrade_domain.filter(|_| role == Role::FrontEnd).cloned(),
            peers,
            pool_servers,
            claims: claims.map(Arc::new),
            update: target.value.to_string(),
            core: aimed.core,
            floors: aimed.floors.into(),
            named: update.components.keys().cloned().collect(),
            original: releases.original(update.product).cloned(),
            installer: aimed.installer,
            stores,
            pool_stores: pool_stores.map(Arc::new),
            mirrored: databases.and_then(|said| said.value.mirrored).unwrap_or_default(),
            also_stop: stopped_too(&parts, server, trace),
            rules: Rules::of(parts.policies(), trace),
            manifest: None,
        })
    }

    /// The goal that the journal records, if its run stopped services: enough to bring them back, but no reason to take
    /// anything down. `installed` is the build that counts where the journal has lost the one that the run was to bring.
    #[must_use]
    pub fn recorded(marks: &Marks, server: &ServerName, installed: Option<&Build>) -> Option<Self> {
        let baseline = marks.baseline.as_ref()?;
        let (aim, attempt) = (marks.aim.as_ref(), marks.attempt.as_ref());
        let core = aim.map(|aim| &aim.core).or_else(|| attempt.map(|attempt| &attempt.target));
        // A damaged journal may lack the build that the run was to bring; the product has not changed.
        let core = core.or_else(|| marks.reached.as_ref().map(|reached| &reached.aim.core)).or(installed)?;
        let product = Product::ALL.into_iter().find(|product| product.line() == core.line)?;
        // Only a Front End Server of a pool is failed over. The cmdlets know its pool.
        let pool = baseline.failed_over.then(|| server.as_str().parse().ok()).flatten();
        Some(Self {
            server: server.clone(),
            product,
            role: if pool.is_some() { Role::FrontEnd } else { Role::Mediation },
            site: None,
            pool,
            upgrade_domain: None,
            peers: 0,
            pool_servers: Arc::default(),
            claims: None,
            update: String::new(),
            core: core.clone(),
            floors: aim.map(|aim| aim.components.clone()).unwrap_or_default().into(),
            named: Arc::default(),
            original: None,
            installer: Installer {
                path: String::new(),
                sha256: "0".repeat(64).parse().ok()?,
                publisher: String::new(),
            },
            stores: Vec::new(),
            pool_stores: None,
            mirrored: Mirrored::Block,
            also_stop: Arc::default(), // The stopped services are observed anyway.
            rules: Rules::of(iter::empty(), &mut ()),
            manifest: None,
        })
    }
}

/// Nobody could know when the Front End Servers are done.
fn no_share(pool: &Fqdn, stores: &PoolStores, entry: &Entry<'_>) -> GoalError {
    let (sql_server, fronts) = (&stores.sql_server, stores.after.len());
    GoalError {
        pointer: format!("{}/databases", Part::Pool(pool).pointer(entry)),
        message: format!(
            "the databases on {sql_server} are updated after {fronts} Front End Servers, which have no share to report on that they are done"
        ),
        help: Remedy::Do(r"add `rollout: { claims: '\\files.contoso.example\reconcile\claims' }`".into()),
    }
}

/// More servers than any pool has (Microsoft Learn: 20 in Skype for Business Server 2019): a manifest that names more is
/// wrong elsewhere.
const LARGEST_POOL: usize = 64;

/// How many Front End Servers a manifest names of this pool, each counted once.
fn peers(manifest: &Manifest, roster: &Roster<'_>, pool: &Fqdn) -> u32 {
    u32::try_from(fronts(manifest, roster, pool).count()).unwrap_or(u32::MAX)
}

/// Why a server without a place in the manifest has no goal.
fn no_place(manifest: &Manifest, roster: &Roster<'_>, name: &ServerName, stranger: Stranger) -> GoalError {
    match stranger {
        Stranger::Ambiguous(entry) => GoalError {
            pointer: roster.entries().get(entry).map_or_else(|| "/servers".into(), Entry::pointer),
            message: format!("{name} belongs to several ranges"),
            help: Remedy::Do("make the ranges apart, or give the server an entry of its own".into()),
        },
        Stranger::Unnamed => GoalError {
            pointer: "/servers".into(),
            message: format!("the manifest does not name the server {name}"),
            // A name with another number is another server.
            help: among("servers", "", manifest.servers.keys().map(ToString::to_string)),
        },
    }
}

/// A field that no part of the manifest gives the server.
fn lacks(field: &str, others: &str, help: &str, pointer: String) -> GoalError {
    GoalError {
        pointer,
        message: format!("the server has no {field}, and {others}"),
        help: Remedy::Do(format!("add `{field}:` {help}")),
    }
}

/// The databases of a server that updates some.
fn note_databases<'a, T: Trace>(stores: &[Store], databases: Option<Said<'a, &'a Databases>>, trace: &mut T) {
    let said = |field| databases.map_or(Source::DEFAULT, |said| Source::declared(said.by, field));
    for store in stores {
        match store {
            Store::Local => {}
            Store::Configured { sql_server, exclude_collocated } => {
                trace.note("databases/sqlServer", sql_server, said("databases/sqlServer"));
                let source = if *exclude_collocated { said("databases/collocated") } else { Source::DEFAULT };
                trace.note("databases/collocated", exclude_collocated, source);
            }
            Store::CentralManagement { sql_server, instance } => {
                let field = "databases/centralManagementStore/sqlServer";
                trace.note(field, sql_server, said(field));
                let field = "databases/centralManagementStore/instance";
                if let Some(instance) = instance {
                    trace.note(field, instance, said(field));
                }
            }
        }
    }
    if !stores.is_empty() {
        let mirrored = databases.and_then(|said| said.value.mirrored);
        let source = if mirrored.is_some() { said("databases/mirrored") } else { Source::DEFAULT };
        trace.note("databases/mirrored", &mirrored.unwrap_or_default(), source);
    }
}

/// The databases of the pool on a SQL Server of their own.
fn note_pool_stores<T: Trace>(manifest: &Manifest, pool: Option<&Fqdn>, stores: Option<&PoolStores>, trace: &mut T) {
    let Some((pool, stores)) = pool.zip(stores) else { return };
    let said = |field| Source::declared(Part::Pool(pool), field);
    trace.note("poolDatabases/sqlServer", &stores.sql_server, said("databases/sqlServer"));
    let derived = said("databases").by(SourceKind::Derived("from its pool"));
    trace.note("poolDatabases/from", &stores.from, derived);
    for server in &stores.after {
        trace.note("poolDatabases/after", server, derived);
    }
    // The servers of another pool are named at that pool.
    let own = manifest.pools.get(pool).and_then(|pool| pool.databases.as_ref()).map(|databases| &databases.without);
    if let Some(without) = own.filter(|without| !without.is_empty()) {
        trace.note("poolDatabases/without", without, said("databases/without"));
    }
}

/// The place of a server among the others: its pool, its site and its ring.
fn note_standing<T: Trace>(manifest: &Manifest, parts: &Parts<'_>, standing: &Standing<'_>, role: Role, trace: &mut T) {
    if let Some(pool) = parts.pool() {
        trace.note("pool", pool.value, Source::declared(pool.by, "pool"));
        for (name, other) in &manifest.pools {
            let (partner, kind) = match &other.paired_with {
                Some(partner) if name == pool.value => (partner, SourceKind::Declared),
                Some(partner) if partner == pool.value => (name, SourceKind::Derived("from that pool")),
                Some(_) | None => continue,
            };
            trace.note("pairedWith", partner, Source::declared(Part::Pool(name), "pairedWith").by(kind));
        }
        if let Some(together) = manifest.pools.get(pool.value).and_then(|pool| pool.together) {
            trace.note("together", &together, Source::declared(Part::Pool(pool.value), "together"));
        }
    }
    if let Some(domain) = standing.upgrade_domain.filter(|_| role == Role::FrontEnd) {
        trace.note("upgradeDomain", domain, Source::declared(Part::Server, "upgradeDomain"));
    }
    if let Some(site) = parts.site() {
        trace.note("site", site.value, Source::declared(site.by, "site"));
    }
    let last = standing.ring_number(manifest);
    match (parts.ring(), manifest.rollout.rings.get(last)) {
        (Some(ring), _) => trace.note("ring", ring.value, Source::declared(ring.by, "ring")),
        (None, Some(ring)) => {
            let how = SourceKind::Derived("as the last ring");
            trace.note("ring", ring, Source::item(Part::Top, "rollout/rings", last).by(how));
        }
        (None, None) => {}
    }
}

/// The share where the servers of a pool agree, and the servers that this one waits for.
fn note_claims<T: Trace>(manifest: &Manifest, roster: &Roster<'_>, claims: Option<&Claims>, role: Role, trace: &mut T) {
    let at = |how| Source::declared(Part::Top, "rollout/claims").by(how);
    let Some(claims) = claims else {
        if manifest.rollout.claims.is_some() {
            let why = if role == Role::Edge { "as Edge cannot reach it" } else { "as it is in no pool" };
            trace.note("rollout/claims", &None::<&str>, at(SourceKind::Derived(why)));
        }
        return;
    };
    trace.note("rollout/claims", &claims.folder, at(SourceKind::Declared));
    for (number, writer) in claims.writers.iter().enumerate() {
        trace.note("rollout/claims/writers", writer, Source::item(Part::Top, "rollout/claims/writers", number));
    }
    for entry in
        roster.entries().iter().filter(|entry| role == Role::BackEnd && is_front(manifest, entry, &claims.pool))
    {
        let field = Some((Part::Others(entry.pattern), "", None));
        trace.note("rollout/after", entry.pattern, Source { kind: SourceKind::Derived("from its pool"), field });
    }
}

/// The services of other products that the group and the server name.
fn stopped_too<T: Trace>(parts: &Parts<'_>, server: &Server, trace: &mut T) -> Arc<[ServiceName]> {
    let of_group = parts.group().map(|(name, group)| (Part::Group(name), &group.also_stop));
    let mut all = Vec::new();
    for (part, list) in of_group.into_iter().chain([(Part::Server, &server.also_stop)]) {
        for (number, name) in list.iter().enumerate() {
            if is_new(&all, name) {
                trace.note("alsoStop", name, Source::item(part, "alsoStop", number));
                all.push(name.clone());
            }
        }
    }
    all.into()
}

/// The databases that a server of this role updates, in the order of the documented procedure; the Central Management
/// Store comes last.
fn stores(
    role: Role,
    databases: Option<&Databases>,
    role_at: impl FnOnce() -> String,
) -> Result<Vec<Store>, GoalError> {
    let none = Databases::default();
    let databases = databases.unwrap_or(&none);
    let own = match (role, &databases.sql_server) {
        (Role::StandardEdition, None) if !databases.collocated => Some(Store::Local),
        (Role::BackEnd, Some(sql_server)) => {
            Some(Store::Configured { sql_server: sql_server.clone(), exclude_collocated: databases.collocated })
        }
        (Role::FrontEnd | Role::Director | Role::Mediation | Role::PersistentChat | Role::Edge, None)
            if !databases.collocated =>
        {
            None
        }
        (Role::StandardEdition, _) => {
            return Err(GoalError {
                pointer: role_at(),
                message: "a Standard Edition server has its databases on itself".into(),
                help: Remedy::Do("remove `sqlServer` and `collocated`, or declare the role back-end".into()),
            });
        }
        (Role::FrontEnd | Role::Director | Role::Mediation | Role::PersistentChat | Role::Edge, _) => {
            return Err(GoalError {
                pointer: role_at(),
                message: format!("servers of the role {role} update no databases of a Back End"),
                help: Remedy::Do(
                    "remove `sqlServer` and `collocated`: one server of the role back-end updates them".into(),
                ),
            });
        }
        (Role::BackEnd, None) => {
            return Err(GoalError {
                pointer: role_at(),
                message: "a Back End needs `databases.sqlServer`: the SQL Server that holds its databases".into(),
                help: Remedy::Do("add `databases: { sqlServer: sql01.contoso.example }`".into()),
            });
        }
    };
    let central = databases.central_management_store.as_ref().map(|central| Store::CentralManagement {
        sql_server: central.sql_server.clone(),
        instance: central.instance.clone(),
    });
    Ok(own.into_iter().chain(central).collect())
}
