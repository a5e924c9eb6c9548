//! The goal: what one server must become, with every default and group resolved.

use alloc::{
    borrow::Cow,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

use reconcile_schema::{
    Behind, Build, Component, ComponentName, Databases, Estimates, Fabric, ForeignServices, Fqdn, Installer,
    Maintenance, Manifest, Marks, Mirrored, Observed, OnExceed, PendingRestart, Period, Policy, Product, Reboots,
    ReleaseError, Releases, Renames, Role, Server, ServerName, Service, ServiceName, Shells, Store, UpdateName, When,
};

use crate::{
    claims::{Claims, fronts},
    roster::{Entry, Roster, Stranger},
    topology::{Remedy, Standing},
};

/// What one server must become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// The server.
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

/// The rules of a run, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// When the server may be taken down; always, where nothing is said.
    pub maintenance: Option<Arc<Maintenance>>,
    /// Whether somebody has said that it may be taken down at any time.
    pub is_always: bool,
    /// How long the services may be down.
    pub outage_budget: Period,
    /// What to do when that is exceeded, or will be, before the installer starts.
    pub on_exceed: OnExceed,
    /// How long steps take that no run has recorded yet.
    pub estimates: Estimates,
    /// Whether the machine may be restarted.
    pub reboot: Reboots,
    /// What to do about a restart that Windows waits for.
    pub pending_restart: PendingRestart,
    /// What to do about open management shells.
    pub shells: Shells,
    /// What to do about services of others that hold modules of the product; nobody asks for them where nothing is said.
    pub foreign: Option<ForeignServices>,
    /// Where else files that wait for a restart count, and where they do not.
    pub renames: Arc<Renames>,
    /// What to do where the pool's answer about its fabric is not understood.
    pub fabric: Fabric,
    /// How often the installer may be started, and the services taken down, for one target.
    pub attempts: u32,
    /// How long a look at the databases of a server at its goal counts.
    pub database_check: Period,
    /// How long stopping may take.
    pub stop: Period,
    /// How long the installer may take before it is reported as overdue.
    pub install: Period,
    /// How long the installer may give no sign of life before that is reported.
    pub quiet: Period,
    /// How long starting may take.
    pub start: Period,
    /// How long a database step may take.
    pub database: Period,
    /// How long to wait for open management shells.
    pub shell_wait: Period,
}

/// How often the machine may be restarted for one target.
pub const REBOOTS: u32 = 2;

/// A server of the manifest has no goal.
///
/// Each error knows the place in the manifest that it is about, as a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GoalError {
    /// The place in the manifest.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<Remedy>,
}

impl Goal {
    /// The goal of the server called `name`; a server's own entry counts before the range that contains it.
    ///
    /// # Errors
    /// When the manifest does not name the server, or what it says of it does not make a goal.
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
                        break; // The other servers of the range would say the same.
                    }
                }
            }
        }
        if errors.is_empty() { Ok(goals) } else { Err(errors) }
    }

    /// The goal of the server called `name`, which belongs to `entry`. But for the name, it is the goal of every server
    /// of the entry.
    ///
    /// # Errors
    /// When what the manifest says of the entry does not make a goal.
    pub fn of_entry(
        manifest: &Manifest,
        releases: &Releases,
        roster: &Roster<'_>,
        entry: &Entry<'_>,
        name: &ServerName,
    ) -> Result<Self, GoalError> {
        let server = entry.server;
        let at = |field: &str| format!("{}{field}", entry.pointer());
        let group = match &server.group {
            None => None,
            Some(group) => Some(manifest.groups.get(group).ok_or_else(|| GoalError {
                pointer: at("/group"),
                message: format!("no group is named \"{group}\""),
                help: among("groups", group.as_str(), manifest.groups.keys().map(ToString::to_string)),
            })?),
        };
        let (role, role_at) = own_or(server.role, group.and_then(|group| group.role), "role", &at, server)?;
        let (target, target_at) =
            own_or(server.target.as_ref(), group.and_then(|group| group.target.as_ref()), "target", &at, server)?;
        let update = manifest.updates.get(target).ok_or_else(|| GoalError {
            pointer: target_at,
            message: format!("no update is named \"{target}\""),
            help: among("updates", target.as_str(), manifest.updates.keys().map(ToString::to_string)),
        })?;
        let update_at = |field: &str| format!("/updates/{}{field}", escaped(target.as_str()));
        if update.product == Product::Lync2010 {
            return Err(GoalError {
                pointer: update_at("/product"),
                message: "Lync Server 2010 is recognised, but not patched by reconcile".into(),
                help: Some(Remedy::Do("declare Lync Server 2013 or a Skype for Business Server".into())),
            });
        }
        let (core, mut floors) = releases.resolve(update.product, &update.release).map_err(|error| GoalError {
            pointer: update_at("/release"),
            help: Some(release_help(releases, &error)),
            message: error.to_string(),
        })?;
        floors.extend(update.components.iter().map(|(name, build)| (name.clone(), build.clone())));
        if let Some((component, build)) = floors.iter().find(|(_, build)| build.line != core.line) {
            return Err(GoalError {
                pointer: update_at(&format!("/components/{component}")),
                message: format!("expected a build of the line {}, found {build}", core.line),
                help: Some(Remedy::Do(format!("{} has builds {}.x only", update.product, core.line))),
            });
        }
        let databases = server.databases.as_ref().or_else(|| group.and_then(|group| group.databases.as_ref()));
        let stores = stores(role, databases, role_at)?;
        let standing = Standing::of(manifest, server);
        let Standing { pool, site, .. } = standing;
        let policies = [Some(&server.policy), group.map(|group| &group.policy), Some(&manifest.policy)];
        Ok(Self {
            server: name.clone(),
            product: update.product,
            role,
            site: site.cloned(),
            pool: pool.cloned(),
            upgrade_domain: standing.upgrade_domain.filter(|_| role == Role::FrontEnd).cloned(),
            peers: pool.filter(|_| role == Role::FrontEnd).map_or(0, |pool| peers(manifest, roster, pool)),
            claims: Claims::of(manifest, roster, role, &standing).map(Arc::new),
            update: target.to_string(),
            core,
            floors: floors.into(),
            named: update.components.keys().cloned().collect(),
            original: releases.original(update.product).cloned(),
            installer: update.installer.clone(),
            stores,
            mirrored: databases.and_then(|databases| databases.mirrored).unwrap_or_default(),
            also_stop: also_stop(group.map_or(&[][..], |group| &group.also_stop), &server.also_stop),
            rules: Rules::of(&policies.into_iter().flatten().collect::<Vec<_>>()),
        })
    }

    /// The goal that a journal tells, where its run stopped services: enough to bring them back by, and nothing to take
    /// anything down for.
    #[must_use]
    pub fn told_by(marks: &Marks, server: &ServerName) -> Option<Self> {
        let baseline = marks.baseline.as_ref()?;
        let (aim, attempt) = (marks.aim.as_ref(), marks.attempt.as_ref());
        let core = aim.map(|aim| &aim.core).or_else(|| attempt.map(|attempt| &attempt.target));
        // Of what the run was to bring, a damaged journal may not tell: the product is as it was.
        let core = core.or_else(|| marks.reached.as_ref().map(|reached| &reached.aim.core))?;
        let product = Product::ALL.into_iter().find(|product| product.line() == core.line)?;
        // Only a Front End Server of a pool is failed over; of which pool, its own cmdlets know.
        let pool = baseline.failed_over.then(|| server.as_str().parse().ok()).flatten();
        Some(Self {
            server: server.clone(),
            product,
            role: if pool.is_some() { Role::FrontEnd } else { Role::Mediation },
            site: None,
            pool,
            upgrade_domain: None,
            peers: 0,
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
            mirrored: Mirrored::Block,
            also_stop: Arc::default(), // What was stopped is seen all the same.
            rules: Rules::of(&[]),
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

    /// Whether its pool takes over for this server: the procedure of Skype for Business Server 2015 and later (Microsoft
    /// Learn: Patch or update Front End Servers in Skype for Business Server). Subscription Edition is assumed to do the same.
    #[must_use]
    pub fn fails_over(&self) -> bool {
        self.is_in_pool()
            && match self.product {
                Product::Sfb2015 | Product::Sfb2019 | Product::SfbSe => true,
                Product::Lync2010 | Product::Lync2013 => false,
            }
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
        use reconcile_schema::StartType;
        let services = seen.services.known().into_iter().flatten();
        services.filter(move |service| match (service.start, baseline) {
            (StartType::Automatic, _) => true,
            (StartType::Manual, Some(names)) => names.contains(&service.name),
            (StartType::Manual, None) | (StartType::Disabled, _) => false,
        })
    }
}

impl Rules {
    fn of(policies: &[&Policy]) -> Self {
        fn first<T: Copy>(policies: &[&Policy], field: impl Fn(&Policy) -> Option<T>, default: T) -> T {
            policies.iter().find_map(|policy| field(policy)).unwrap_or(default)
        }
        let maintenance = policies.iter().find_map(|policy| policy.maintenance.as_ref());
        let estimate =
            |field: fn(&Estimates) -> Option<Period>| policies.iter().find_map(|policy| field(&policy.estimates));
        Self {
            maintenance: maintenance.and_then(When::windows).cloned().map(Arc::new),
            is_always: maintenance == Some(&When::Always),
            outage_budget: first(policies, |policy| policy.outage.budget, Period::minutes(30)),
            on_exceed: first(policies, |policy| policy.outage.on_exceed, OnExceed::StopBefore),
            estimates: Estimates {
                fail_over: estimate(|estimates| estimates.fail_over),
                stop: estimate(|estimates| estimates.stop),
                install: estimate(|estimates| estimates.install),
                database: estimate(|estimates| estimates.database),
                start: estimate(|estimates| estimates.start),
                restart: estimate(|estimates| estimates.restart),
            },
            reboot: first(policies, |policy| policy.reboot, Reboots::Never),
            pending_restart: first(policies, |policy| policy.pending_restart, PendingRestart::Report),
            shells: first(policies, |policy| policy.shells, Shells::Block),
            foreign: Some(first(policies, |policy| policy.foreign, ForeignServices::Block)),
            renames: Arc::new(Renames {
                count: policies.iter().flat_map(|policy| policy.renames.count.iter().cloned()).collect(),
                ignore: policies.iter().flat_map(|policy| policy.renames.ignore.iter().cloned()).collect(),
            }),
            fabric: first(policies, |policy| policy.pool.fabric, Fabric::Block),
            attempts: u32::from(first(policies, |policy| policy.attempts, 3)),
            database_check: first(policies, |policy| policy.database_check, Period::hours(24)),
            stop: first(policies, |policy| policy.timeouts.stop, Period::minutes(15)),
            install: first(policies, |policy| policy.timeouts.install, Period::minutes(90)),
            quiet: first(policies, |policy| policy.quiet, Period::minutes(20)),
            start: first(policies, |policy| policy.timeouts.start, Period::minutes(60)),
            database: first(policies, |policy| policy.timeouts.database, Period::minutes(60)),
            shell_wait: first(policies, |policy| policy.timeouts.shells, Period::minutes(10)),
        }
    }
}

/// How many Front End Servers a manifest names of this pool, each counted once.
fn peers(manifest: &Manifest, roster: &Roster<'_>, pool: &Fqdn) -> u32 {
    u32::try_from(fronts(manifest, roster, pool).count()).unwrap_or(u32::MAX)
}

/// The names of the group and of the server, each once: the service manager does not tell upper from lower case.
fn also_stop(group: &[ServiceName], server: &[ServiceName]) -> Arc<[ServiceName]> {
    let mut all: Vec<ServiceName> = Vec::new();
    for name in group.iter().chain(server) {
        if !all.iter().any(|known| known.as_str().eq_ignore_ascii_case(name.as_str())) {
            all.push(name.clone());
        }
    }
    all.into()
}

/// Why a server has no goal when it has no place in the manifest.
fn no_place(manifest: &Manifest, roster: &Roster<'_>, name: &ServerName, stranger: Stranger) -> GoalError {
    match stranger {
        Stranger::Ambiguous(entry) => GoalError {
            pointer: roster.entries().get(entry).map_or_else(|| "/servers".into(), Entry::pointer),
            message: format!("{name} belongs to several ranges"),
            help: Some(Remedy::Do("make the ranges apart, or give the server an entry of its own".into())),
        },
        Stranger::Unnamed => GoalError {
            pointer: "/servers".into(),
            message: format!("the manifest does not name the server {name}"),
            // Another number is another server.
            help: among("servers", "", manifest.servers.keys().map(ToString::to_string)),
        },
    }
}

/// The server's own value or its group's, and its place in the manifest.
fn own_or<T>(
    own: Option<T>,
    group: Option<T>,
    field: &str,
    at: &impl Fn(&str) -> String,
    server: &Server,
) -> Result<(T, String), GoalError> {
    match (own, group, &server.group) {
        (Some(value), _, _) => Ok((value, at(&format!("/{field}")))),
        (None, Some(value), Some(name)) => Ok((value, format!("/groups/{}/{field}", escaped(name.as_str())))),
        (None, _, _) => Err(GoalError {
            pointer: at(""),
            message: format!("the server has no {field}, and no group that gives it one"),
            help: Some(Remedy::Do(format!("add `{field}:` here, or to a group that the server names with `group:`"))),
        }),
    }
}

/// The databases that a server of this role updates, in the order of the documented procedure; the Central
/// Management Store comes last.
fn stores(role: Role, databases: Option<&Databases>, role_at: String) -> Result<Vec<Store>, GoalError> {
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
                pointer: role_at,
                message: "a Standard Edition server has its databases on itself".into(),
                help: Some(Remedy::Do("remove `sqlServer` and `collocated`, or declare the role back-end".into())),
            });
        }
        (Role::FrontEnd | Role::Director | Role::Mediation | Role::PersistentChat | Role::Edge, _) => {
            return Err(GoalError {
                pointer: role_at,
                message: format!("servers of the role {role} update no databases of a Back End"),
                help: Some(Remedy::Do(
                    "remove `sqlServer` and `collocated`: one server of the role back-end updates them".into(),
                )),
            });
        }
        (Role::BackEnd, None) => {
            return Err(GoalError {
                pointer: role_at,
                message: "a Back End needs `databases.sqlServer`: the SQL Server that holds its databases".into(),
                help: Some(Remedy::Do("add `databases: { sqlServer: sql01.contoso.example }`".into())),
            });
        }
    };
    let central = databases.central_management_store.as_ref().map(|central| Store::CentralManagement {
        sql_server: central.sql_server.clone(),
        instance: central.instance.clone(),
    });
    Ok(own.into_iter().chain(central).collect())
}

fn release_help(releases: &Releases, error: &ReleaseError) -> Remedy {
    Remedy::Do(match error {
        ReleaseError::NoSuchName { product, name, candidates } => return unnamed(releases, *product, name, candidates),
        ReleaseError::Ambiguous { .. } => "give the build itself, in quotes".into(),
        ReleaseError::NoBuild { .. } => {
            "give the build itself, as the installed Core Components show it after the update".into()
        }
        ReleaseError::WrongLine { .. } => "this is a build of another product: correct `release`, or `product`".into(),
    })
}

/// What may be meant by a name that no release of the product has.
fn unnamed(releases: &Releases, product: Product, name: &str, candidates: &[String]) -> Remedy {
    let is_named =
        |product: Product, name: &str| !matches!(releases.resolve(product, name), Err(ReleaseError::NoSuchName { .. }));
    let plain: String =
        name.chars().filter(|sign| !"\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{ab}\u{bb}".contains(*sign)).collect();
    if plain != name && is_named(product, &plain) {
        return Remedy::Do(format!("write it in plain quotes: \"{plain}\""));
    }
    // Every product has a CU1; an article belongs to one.
    let article = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("kb"));
    let others = Product::ALL.into_iter().filter(|other| article && *other != product);
    if let Some(other) = { others }.find(|other| is_named(*other, name)) {
        return Remedy::Do(format!("{name} is a release of {other}: correct `release`, or `product`"));
    }
    if name.contains('.') && name.chars().all(|sign| sign.is_ascii_digit() || sign == '.') {
        return Remedy::Do(format!("a build has four numbers, and those of {product} begin with {}", product.line()));
    }
    // A number is what tells releases apart: another one is another release.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let same: Vec<_> =
        candidates.iter().filter(|one| !digits(name).is_empty() && digits(one) == digits(name)).collect();
    match same.as_slice() {
        [only] => Remedy::Do(format!("did you mean `{only}`?")),
        _ => Remedy::Do(format!("the releases are: {}", candidates.join(", "))),
    }
}

fn among(what: &'static str, found: &str, names: impl Iterator<Item = String>) -> Option<Remedy> {
    let names: Vec<_> = names.collect();
    Some(match names.is_empty() {
        true => Remedy::Do(format!("there are no {what} in the manifest: add it under `{what}:`")),
        false => Remedy::Names { what, found: found.into(), names },
    })
}

impl Entry<'_> {
    /// The place of the entry in the manifest, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> String {
        format!("/servers/{}", escaped(self.pattern.as_str()))
    }
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
