//! How a goal is made from a manifest, or from a journal where there is no manifest.

use alloc::{format, string::String, string::ToString, sync::Arc, vec::Vec};

use reconcile_schema::{
    Databases, Fqdn, Installer, Manifest, Marks, Mirrored, Product, ReleaseError, Releases, Role, Server, ServerName,
    Store,
};

use crate::{
    goal::{Goal, also_stop},
    remedy::{Remedy, escaped},
    roster::{Entry, Roster, Stranger},
    rules::Rules,
    topology::{Claims, Standing, fronts},
};

/// No goal can be made for a server of the manifest.
///
/// Each error has its place in the manifest, as a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GoalError {
    pub pointer: String,
    pub message: String,
    pub help: Option<Remedy>,
}

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
        if !update.product.is_patched() {
            return Err(GoalError {
                pointer: update_at("/product"),
                message: format!("{} is recognised, but not patched by reconcile", update.product),
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

    /// The goal that the journal records, if its run stopped services: enough to bring them back, but no reason to take
    /// anything down.
    #[must_use]
    pub fn told_by(marks: &Marks, server: &ServerName) -> Option<Self> {
        let baseline = marks.baseline.as_ref()?;
        let (aim, attempt) = (marks.aim.as_ref(), marks.attempt.as_ref());
        let core = aim.map(|aim| &aim.core).or_else(|| attempt.map(|attempt| &attempt.target));
        // A damaged journal may lack the build that the run was to bring; the product has not changed.
        let core = core.or_else(|| marks.reached.as_ref().map(|reached| &reached.aim.core))?;
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
            also_stop: Arc::default(), // The stopped services are observed anyway.
            rules: Rules::of(&[]),
        })
    }
}

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
            help: Some(Remedy::Do("make the ranges apart, or give the server an entry of its own".into())),
        },
        Stranger::Unnamed => GoalError {
            pointer: "/servers".into(),
            message: format!("the manifest does not name the server {name}"),
            // A name with another number is another server.
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

/// The databases that a server of this role updates, in the order of the documented procedure; the Central Management
/// Store comes last.
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

/// What a name could mean that no release of the product has.
fn unnamed(releases: &Releases, product: Product, name: &str, candidates: &[String]) -> Remedy {
    let is_named =
        |product: Product, name: &str| !matches!(releases.resolve(product, name), Err(ReleaseError::NoSuchName { .. }));
    let plain: String =
        name.chars().filter(|sign| !"\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{ab}\u{bb}".contains(*sign)).collect();
    if plain != name && is_named(product, &plain) {
        return Remedy::Do(format!("write it in plain quotes: \"{plain}\""));
    }
    // Every product has a CU1; an article belongs to one product.
    let article = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("kb"));
    let others = Product::ALL.into_iter().filter(|other| article && *other != product);
    if let Some(other) = { others }.find(|other| is_named(*other, name)) {
        return Remedy::Do(format!("{name} is a release of {other}: correct `release`, or `product`"));
    }
    if name.contains('.') && name.chars().all(|sign| sign.is_ascii_digit() || sign == '.') {
        return Remedy::Do(format!("a build has four numbers, and those of {product} begin with {}", product.line()));
    }
    // Releases differ in their numbers: another number is another release.
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
