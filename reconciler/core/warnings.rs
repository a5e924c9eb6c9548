//! Warnings: declarations that a manifest may contain and that are probably mistakes.

use alloc::{
    borrow::ToOwned, collections::BTreeMap, collections::BTreeSet, format, string::String, string::ToString, vec::Vec,
};

use reconcile_schema::{
    Build, CentralStore, Estimates, FilePath, Fqdn, Manifest, ManifestCode, MetricsPath, OnExceed, Period, Policy,
    Product, Reboots, Releases, Role, Rollout, ServerName, Update, UpdateName, WEB_SERVICE, is_whole,
};

use crate::{
    calendar::{ANY_DAY, next_opening},
    foresee::{assumed, foreseen_whole},
    goal::Goal,
    parts::Parts,
    remedy::at,
    roster::{Entry, Roster},
    together::{Unguarded, unguarded},
    topology::{Standing, fronts},
};

/// A probable mistake in a manifest that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The place in the manifest, as a JSON pointer.
    pub pointer: String,
    /// Its kind.
    pub code: ManifestCode,
    /// What the manifest says, and what follows from that.
    pub message: String,
    /// What to write instead, or what to check.
    pub help: String,
}

/// The probable mistakes in a manifest.
#[must_use]
pub fn warnings(manifest: &Manifest, releases: &Releases, roster: &Roster<'_>) -> Vec<Warning> {
    let empty = manifest.servers.is_empty().then(|| Warning {
        pointer: "/servers".into(),
        code: ManifestCode::NoServer,
        message: "the manifest names no server".into(),
        help: "add each server under `servers:`; without one, no run does anything".into(),
    });
    let mut all: Vec<_> = empty.into_iter().collect();
    all.extend(unknown_builds(manifest, releases));
    all.extend(unknown_components(manifest));
    all.extend(no_share(manifest));
    all.extend(domain_share(manifest));
    all.extend(unequal_pools(manifest));
    all.extend(lone_back_ends(manifest));
    all.extend(bare_sql_servers(manifest, roster));
    all.extend(shared_central_stores(manifest));
    all.extend(same_hashes(manifest));
    all.extend(empty_files(manifest));
    all.extend(unused(manifest, releases));
    all.extend(own_services(manifest));
    all.extend(strange_pools(manifest));
    all.extend(relative_reports(manifest));
    all.extend(empty_budgets(manifest));
    all.extend(without_claims(manifest));
    all.extend(undeclared_pools(manifest));
    all.extend(narrow_windows(manifest, releases, roster));
    all.extend(long_outages(manifest, releases, roster));
    all.extend(no_window(manifest, releases, roster));
    all.extend(unguarded(manifest, roster).into_iter().map(|Unguarded { pool, one, other, pointer }| Warning {
        pointer,
        code: ManifestCode::Together,
        message: format!(
            "{one} and {other} of {pool} may be taken down at the same time: they cannot agree on a share, and their windows overlap"
        ),
        help: format!("give them windows that do not overlap, or say `pools: {{ {pool}: {{ together: allowed }} }}`"),
    }));
    all
}

/// Targets whose build belongs to no release in the catalogue: after a typing error, a server stays behind or never
/// reaches it.
fn unknown_builds(manifest: &Manifest, releases: &Releases) -> impl Iterator<Item = Warning> {
    manifest.updates.iter().filter_map(|(name, update)| {
        let build: Build = update.release.parse().ok()?;
        (build.line == update.product.line() && releases.at(update.product, &build).is_none()).then(|| Warning {
            pointer: format!("{}/release", at("updates", name.as_str())),
            code: ManifestCode::UnknownBuild,
            message: format!("no release of {} in the catalogue has the build {build}", update.product),
            help: "compare it with the Core Components of a server that has this update; `reconcile releases` lists the catalogue"
                .into(),
        })
    })
}

/// Components with unknown names: if no server has one, its build is never compared.
fn unknown_components(manifest: &Manifest) -> impl Iterator<Item = Warning> {
    manifest.updates.iter().flat_map(|(name, update)| {
        let place = format!("{}/components", at("updates", name.as_str()));
        let unknown = update.components.keys().filter(|component| !component.is_known());
        unknown.map(move |component| Warning {
            pointer: format!("{place}/{component}"),
            code: ManifestCode::UnknownComponent,
            message: format!("no source names a component `{component}`"),
            help:
                "compare it with what `reconcile observe` finds on a server: one that no server has is never compared"
                    .into(),
        })
    })
}

/// A folder for claims that is local to each server, so that no other server sees its claims.
fn no_share(manifest: &Manifest) -> Option<Warning> {
    let folder =
        manifest.rollout.claims.as_ref().map(|claims| &claims.folder).filter(|folder| !folder.is_on_share())?;
    Some(Warning {
        pointer: "/rollout/claims".into(),
        code: ManifestCode::NoShare,
        message: format!(
            "{folder} is not on a share: servers that each look at a folder of their own agree on nothing"
        ),
        help: r"write a folder on a share by its full name, such as `'\\files.contoso.example\reconcile\claims'`"
            .into(),
    })
}

/// A folder for claims below the name of a domain, which is a DFS namespace. If its folder has several targets, servers
/// that reach different targets agree on nothing. The number of targets is unknown here; a run asks Windows.
fn domain_share(manifest: &Manifest) -> Option<Warning> {
    let folder = manifest.rollout.claims.as_ref().map(|claims| &claims.folder).filter(|folder| folder.is_on_share())?;
    let host = folder.as_str().trim_start_matches(['\\', '/']).split(['\\', '/']).next()?.to_ascii_lowercase();
    // A name does not show whether it belongs to a server or a domain: the text after the first label of a server is a
    // domain.
    let domains = manifest.servers.keys().filter_map(|pattern| pattern.as_str().split_once('.'));
    let inside = domains.map(|(_, domain)| domain.to_ascii_lowercase()).find(|domain| {
        *domain == host || domain.strip_suffix(&host).is_some_and(|before| before.ends_with('.') && host.contains('.'))
    })?;
    Some(Warning {
        pointer: "/rollout/claims".into(),
        code: ManifestCode::DomainShare,
        message: format!(
            "{host} is no server but the domain of servers in {inside}, so {folder} is a path of DFS: where its folder has several targets, each has claims of its own"
        ),
        help: r"name the share of one server, such as `'\\files.contoso.example\reconcile\claims'`, or make sure that the folder has one target"
            .into(),
    })
}

/// Pools whose servers get different builds from the manifest: once they have them, that is drift.
fn unequal_pools(manifest: &Manifest) -> Vec<Warning> {
    let mut targets: BTreeMap<&Fqdn, &UpdateName> = BTreeMap::new();
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for (pattern, server) in &manifest.servers {
        let Standing { pool: Some(pool), target: Some(target), .. } = Standing::of(manifest, server) else { continue };
        let first = *targets.entry(pool).or_insert(target);
        let release = |name: &UpdateName| manifest.updates.get(name).map(|update| (update.product, &update.release));
        if release(first) != release(target) && once.insert(pool) {
            all.push(Warning {
                pointer: Entry { pattern, server }.pointer(),
                code: ManifestCode::UnequalPool,
                message: format!("servers of {pool} have different targets: {first} and {target}"),
                help: "give all servers of the pool one target; a rollout takes one of them after the other".into(),
            });
        }
    }
    all
}

/// Back ends without a pool where Front End Servers have one: they do not wait for these.
fn lone_back_ends(manifest: &Manifest) -> impl Iterator<Item = Warning> {
    let standing = |server| Standing::of(manifest, server);
    let fronts = manifest.servers.values().any(|server| {
        let Standing { role, pool, .. } = standing(server);
        role == Some(Role::FrontEnd) && pool.is_some()
    });
    let lone = manifest.servers.iter().filter(move |(_, server)| {
        let Standing { role, pool, .. } = standing(server);
        fronts && role == Some(Role::BackEnd) && pool.is_none()
    });
    lone.map(|(pattern, server)| Warning {
        pointer: Entry { pattern, server }.pointer(),
        code: ManifestCode::NoPool,
        message: format!("{pattern} belongs to no pool, so it does not wait until the Front End Servers are done"),
        help: "add `pool:` with the pool whose databases it has".into(),
    })
}

/// Back ends that are their own SQL Servers, in pools of Front End Servers: most of these have no component of the product.
fn bare_sql_servers(manifest: &Manifest, roster: &Roster<'_>) -> Vec<Warning> {
    let of = |entry: &Entry<'_>| {
        let parts = Parts::of(manifest, entry.server);
        let (role, pool) = (parts.role()?.value, parts.pool()?.value);
        let sql_server = parts.databases()?.value.sql_server.as_ref()?;
        let named_alike = sql_server.as_str().parse().is_ok_and(|name| entry.pattern.matches(&name));
        let is_one = role == Role::BackEnd && named_alike && fronts(manifest, roster, pool).next().is_some();
        is_one.then(|| Warning {
            pointer: entry.pointer(),
            code: ManifestCode::BareSqlServer,
            message: format!("{} is the back end of {pool} and its own SQL Server", entry.pattern),
            help: format!(
                "if no component of the product is installed on it, remove it and write `pools: {{ {pool}: {{ databases: {{ sqlServer: {sql_server} }} }} }}`"
            ),
        })
    };
    roster.entries().iter().filter_map(of).collect()
}

/// A Central Management Store that several servers update: one is enough.
fn shared_central_stores(manifest: &Manifest) -> Vec<Warning> {
    let servers = manifest.servers.iter().filter_map(|(pattern, server)| {
        let store = Parts::of(manifest, server).databases()?.value.central_management_store.as_ref()?;
        Some((Entry { pattern, server }.pointer(), store, pattern.is_single(), "at one server only"))
    });
    let pools = manifest.pools.iter().filter_map(|(name, pool)| {
        let store = pool.databases.as_ref()?.central_management_store.as_ref()?;
        Some((at("pools", name.as_str()), store, true, "at one pool or server only"))
    });
    let mut once = BTreeSet::new();
    let shared = servers.chain(pools).filter(|(_, store, is_one, _)| {
        let is_first = once.insert((&store.sql_server, store.instance.as_ref()));
        !is_first || !is_one
    });
    let warning = |(pointer, store, _, place): (String, &CentralStore, bool, &str)| Warning {
        pointer,
        code: ManifestCode::SharedStore,
        message: format!("several servers update the Central Management Store on {}", store.sql_server),
        help: format!("name `centralManagementStore` {place}"),
    };
    shared.map(warning).collect()
}

/// One installer for several releases: it installs only one of them.
fn same_hashes(manifest: &Manifest) -> Vec<Warning> {
    let mut first: BTreeMap<&str, (&UpdateName, &Update)> = BTreeMap::new();
    let mut all = Vec::new();
    for (name, update) in &manifest.updates {
        let (other, known) = *first.entry(update.installer.sha256.as_str()).or_insert((name, update));
        if (known.product, &known.release) != (update.product, &update.release) {
            all.push(Warning {
                pointer: format!("{}/installer/sha256", at("updates", name.as_str())),
                code: ManifestCode::SameHash,
                message: format!(
                    "the installer of {name} has the SHA-256 of that of {other}, which is another release"
                ),
                help: "take the SHA-256 of each installer with Get-FileHash".into(),
            });
        }
    }
    all
}

/// Installers with the hash of an empty file, from a failed download.
fn empty_files(manifest: &Manifest) -> impl Iterator<Item = Warning> {
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let empty = manifest.updates.iter().filter(|(_, update)| update.installer.sha256.as_str() == EMPTY);
    empty.map(|(name, _)| Warning {
        pointer: format!("{}/installer/sha256", at("updates", name.as_str())),
        code: ManifestCode::EmptyFile,
        message: "this is the SHA-256 of an empty file".into(),
        help: "download the installer again, and take its SHA-256 with Get-FileHash".into(),
    })
}

/// Updates and groups that no server uses yet, and that would make no valid goal.
fn unused(manifest: &Manifest, releases: &Releases) -> Vec<Warning> {
    let members: BTreeSet<_> = manifest.servers.values().filter_map(|server| server.group.as_ref()).collect();
    let targets: BTreeSet<_> =
        manifest.servers.values().filter_map(|server| Standing::of(manifest, server).target).collect();
    let updates = manifest.updates.iter().filter(|(name, _)| !targets.contains(name)).filter_map(|(name, update)| {
        let at = |field| format!("{}/{field}", at("updates", name.as_str()));
        match releases.resolve(update.product, &update.release) {
            Err(error) => Some((at("release"), error.to_string())),
            Ok(_) if update.installer.path.is_none() && manifest.installers.is_none() => {
                Some((at("installer"), format!("the installer of {name} has no path")))
            }
            Ok(_) => None,
        }
    });
    let groups = manifest.groups.iter().filter(|(name, _)| !members.contains(name)).filter_map(|(name, group)| {
        let target = group.target.as_ref().filter(|target| !manifest.updates.contains_key(*target))?;
        Some((format!("{}/target", at("groups", name.as_str())), format!("no update is named \"{target}\"")))
    });
    let warning = |(pointer, message)| Warning {
        pointer,
        code: ManifestCode::Unused,
        message,
        help: "no server has it yet: correct it before one does, or remove it".into(),
    };
    updates.chain(groups).map(warning).collect()
}

/// Entries in `alsoStop` that name no service of another product: the product's own are stopped and started anyway.
fn own_services(manifest: &Manifest) -> Vec<Warning> {
    let groups = manifest.groups.iter().map(|(name, group)| (at("groups", name.as_str()), &group.also_stop));
    let servers =
        manifest.servers.iter().map(|(pattern, server)| (Entry { pattern, server }.pointer(), &server.also_stop));
    let mut all = Vec::new();
    for (place, names) in groups.chain(servers) {
        for (nth, name) in names.iter().enumerate() {
            let is = |own: &str| own.eq_ignore_ascii_case(name.as_str());
            let help = if Product::services().any(is) || is(WEB_SERVICE) {
                "remove it: the product's services and the web server are stopped and started anyway"
            } else if name.as_str().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("MSSQL$")) {
                "remove it: databases are updated while SQL Server runs"
            } else {
                continue;
            };
            all.push(Warning {
                pointer: format!("{place}/alsoStop/{nth}"),
                code: ManifestCode::OwnService,
                message: format!("{name} is no service of others"),
                help: help.into(),
            });
        }
    }
    all
}

/// Servers with roles that no pool combines with Front End Servers.
fn strange_pools(manifest: &Manifest) -> Vec<Warning> {
    let standing = |(pattern, server)| (Entry { pattern, server }.pointer(), Standing::of(manifest, server));
    let standings: Vec<_> = manifest.servers.iter().map(standing).collect();
    let fronts = standings.iter().filter(|(_, standing)| standing.role == Some(Role::FrontEnd));
    let fronts: BTreeSet<_> = fronts.filter_map(|(_, standing)| standing.pool).collect();
    let strange = standings.iter().filter_map(|(pointer, standing)| {
        let role = standing.role.filter(|role| matches!(role, Role::StandardEdition | Role::Edge))?;
        let pool = standing.pool.filter(|pool| fronts.contains(pool))?;
        Some(Warning {
            pointer: pointer.clone(),
            code: ManifestCode::StrangePool,
            message: format!("servers of the role {role} and Front End Servers are in one pool, {pool}"),
            help: "name the pool of each role, as Get-CsPool shows it".into(),
        })
    });
    strange.collect()
}

/// Reports whose path depends on the folder in which the task starts.
fn relative_reports(manifest: &Manifest) -> impl Iterator<Item = Warning> {
    let snapshots = manifest.reports.snapshots.as_ref().map(FilePath::as_str);
    let prometheus = manifest.reports.prometheus.as_ref().map(MetricsPath::as_str);
    let places = [("snapshots", snapshots), ("prometheus", prometheus)];
    places.into_iter().filter(|_| manifest.lab.is_none()).filter_map(|(field, path)| {
        let path = path.filter(|path| !is_whole(path))?;
        Some(Warning {
            pointer: format!("/reports/{field}"),
            code: ManifestCode::RelativeReport,
            message: format!("{path} is no whole path: where it leads depends on where the task is started"),
            help: "write the whole path, on a drive of the server or on a share".into(),
        })
    })
}

/// Budgets that every outage exceeds.
fn empty_budgets(manifest: &Manifest) -> impl Iterator<Item = Warning> {
    let groups = manifest.groups.iter().map(|(name, group)| (at("groups", name.as_str()), &group.policy));
    let servers =
        manifest.servers.iter().map(|(pattern, server)| (Entry { pattern, server }.pointer(), &server.policy));
    let all = core::iter::once((String::new(), &manifest.policy)).chain(groups).chain(servers);
    all.filter(|(_, policy)| policy.outage.budget == Some(Period::seconds(0))).map(|(place, _)| Warning {
        pointer: format!("{place}/policy/outage/budget"),
        code: ManifestCode::NoBudget,
        message: "every outage exceeds a budget of 0 minutes".into(),
        help: "write how long the services may be down, such as `budget: 30m`, or remove the field".into(),
    })
}

/// A rollout of a Front End pool without claims. [`unguarded`] finds the pools of other roles.
fn without_claims(manifest: &Manifest) -> Option<Warning> {
    if manifest.rollout.claims.is_some() || manifest.rollout == Rollout::default() {
        return None;
    }
    let mut once = BTreeSet::new();
    let pool = manifest.servers.iter().find_map(|(pattern, server)| {
        let Standing { role, pool, .. } = Standing::of(manifest, server);
        let pool = pool.filter(|_| role == Some(Role::FrontEnd))?;
        (!once.insert(pool) || !pattern.is_single()).then_some(pool)
    })?;
    Some(Warning {
        pointer: "/rollout".into(),
        code: ManifestCode::NoClaims,
        message: format!("two servers of {pool} may be taken down at the same moment: they have no share on which to agree"),
        help: r"add `claims: '\\files.contoso.example\reconcile\claims'`, a folder that the servers' accounts can write to"
            .into(),
    })
}

/// Pools that servers name and that are missing under `pools`, where others are declared.
fn undeclared_pools(manifest: &Manifest) -> Vec<Warning> {
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for (pattern, server) in manifest.servers.iter().filter(|_| !manifest.pools.is_empty()) {
        let Some(pool) = Standing::of(manifest, server).pool else { continue };
        if manifest.pools.contains_key(pool) || !once.insert(pool) {
            continue;
        }
        let place = match (&server.pool, &server.group) {
            (None, Some(group)) => at("groups", group.as_str()),
            (Some(_), _) | (None, None) => Entry { pattern, server }.pointer(),
        };
        let known: Vec<_> = manifest.pools.keys().map(ToString::to_string).collect();
        all.push(Warning {
            pointer: format!("{place}/pool"),
            code: ManifestCode::UndeclaredPool,
            message: format!("{pool} is not among the `pools` of the manifest"),
            help: format!("add it there, or name one of them: {}", known.join(", ")),
        });
    }
    all
}

/// Windows that never have room for the work on a server, by the manifest's own estimates.
fn narrow_windows(manifest: &Manifest, releases: &Releases, roster: &Roster<'_>) -> Vec<Warning> {
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for (entry, first, goal) in first_goals(manifest, releases, roster) {
        let Some(windows) = goal.rules.maintenance.as_ref() else { continue };
        let estimated = foreseen_whole(&goal);
        let (turn, pointer) = (estimated.unwrap_or_else(|| assumed(&goal)).turn().p95, windows_of(manifest, entry));
        if !once.contains(&pointer) && next_opening(windows, ANY_DAY, turn).is_none() {
            once.insert(pointer.clone());
            let (work, help) = match estimated {
                Some(_) => (
                    format!("it takes {turn} by `estimates`"),
                    "make a window that long, or correct `estimates` that are too long",
                ),
                None => (
                    format!("it is assumed to take {turn}, because estimates are missing"),
                    "make a window that long, or write all of `policy: { estimates }`: failOver, stop, install, database, start",
                ),
            };
            all.push(Warning {
                pointer,
                code: ManifestCode::NarrowWindow,
                message: format!("no maintenance window is long enough for the work on {first}: {work}"),
                help: help.to_owned(),
            });
        }
    }
    all
}

/// Servers on which no run begins, because the manifest's own estimates exceed the outage budget.
fn long_outages(manifest: &Manifest, releases: &Releases, roster: &Roster<'_>) -> Vec<Warning> {
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for (entry, first, goal) in first_goals(manifest, releases, roster) {
        let Some(outage) = foreseen_whole(&goal).map(|foreseen| foreseen.outage.p95) else { continue };
        let budget = goal.rules.outage_budget;
        // A budget of zero has a warning of its own.
        if budget == Period::seconds(0) || outage <= budget || goal.rules.on_exceed == OnExceed::Warn {
            continue;
        }
        let pointer = declared_at(manifest, entry, |policy| policy.estimates != Estimates::default(), "estimates");
        if once.insert(pointer.clone()) {
            all.push(Warning {
                pointer,
                code: ManifestCode::OverBudget,
                message: format!(
                    "no run begins on {first}: by the estimates, its outage lasts {outage}, and it may last {budget}"
                ),
                help: "raise `outage.budget`, correct `estimates`, or say `outage: { onExceed: warn }`".into(),
            });
        }
    }
    all
}

/// Servers that may be restarted only in windows, and have none.
fn no_window(manifest: &Manifest, releases: &Releases, roster: &Roster<'_>) -> Vec<Warning> {
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for (entry, first, goal) in first_goals(manifest, releases, roster) {
        if goal.rules.reboot != Reboots::InWindow || goal.rules.maintenance.is_some() || goal.rules.is_always {
            continue;
        }
        let pointer = declared_at(manifest, entry, |policy| policy.reboot.is_some(), "reboot");
        if once.insert(pointer.clone()) {
            all.push(Warning {
                pointer,
                code: ManifestCode::NoWindow,
                message: format!(
                    "restarts are allowed in maintenance windows only, and {first} has none: it may be restarted at any time"
                ),
                help: "add `maintenance`, or say `reboot: whenRequired`".into(),
            });
        }
    }
    all
}

/// The entries of the manifest that have goals, each with its first server and that server's goal.
fn first_goals<'a>(
    manifest: &'a Manifest,
    releases: &'a Releases,
    roster: &'a Roster<'a>,
) -> impl Iterator<Item = (&'a Entry<'a>, ServerName, Goal)> {
    roster.entries().iter().filter_map(|entry| {
        let first = entry.pattern.servers().next()?;
        let goal = Goal::of_entry(manifest, releases, roster, entry, &first).ok()?;
        Some((entry, first, goal))
    })
}

/// The place where the windows of an entry are declared, as a JSON pointer.
fn windows_of(manifest: &Manifest, entry: &Entry<'_>) -> String {
    declared_at(manifest, entry, |policy| policy.maintenance.is_some(), "maintenance")
}

/// The place of the policy field that applies to an entry, as a JSON pointer.
fn declared_at(manifest: &Manifest, entry: &Entry<'_>, has: impl Fn(&Policy) -> bool, field: &str) -> String {
    let group = entry.server.group.as_ref();
    let of_group = group.filter(|group| manifest.groups.get(*group).is_some_and(|it| has(&it.policy)));
    let place = match (has(&entry.server.policy), of_group) {
        (true, _) => entry.pointer(),
        (false, Some(group)) => at("groups", group.as_str()),
        (false, None) => String::new(),
    };
    format!("{place}/policy/{field}")
}
