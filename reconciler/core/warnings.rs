//! Warnings: what a manifest may say and is probably a mistake.

use alloc::{
    borrow::ToOwned,
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use reconcile_schema::{Build, Manifest, Period, Releases, Role, Rollout};

use crate::{
    Goal,
    calendar::ANY_DAY,
    foreseen_whole, next_opening,
    roster::{Entry, Roster},
    together::{Unguarded, unguarded},
    topology::{Standing, at},
};

/// A probable mistake in a manifest that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The place in the manifest, as a JSON pointer.
    pub pointer: String,
    /// Its kind, as a stable word.
    pub code: &'static str,
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
        code: "no-server",
        message: "the manifest names no server".into(),
        help: "add each server under `servers:`; without one, no run does anything".into(),
    });
    let mut all: Vec<_> = empty.into_iter().collect();
    all.extend(unknown_builds(manifest, releases));
    all.extend(empty_budgets(manifest));
    all.extend(without_claims(manifest));
    all.extend(undeclared_pools(manifest));
    all.extend(narrow_windows(manifest, releases, roster));
    all.extend(unguarded(manifest, roster).into_iter().map(|Unguarded { pool, one, other, pointer }| Warning {
        pointer,
        code: "together",
        message: format!(
            "{one} and {other} of {pool} may be taken down at the same time: they cannot agree on a share, and their windows overlap"
        ),
        help: format!("give them windows that do not overlap, or say `pools: {{ {pool}: {{ together: allowed }} }}`"),
    }));
    all
}

/// Targets whose build no release of the catalogue has: after a typing error, a server stays behind or never reaches it.
fn unknown_builds(manifest: &Manifest, releases: &Releases) -> impl Iterator<Item = Warning> {
    manifest.updates.iter().filter_map(|(name, update)| {
        let build: Build = update.release.parse().ok()?;
        (build.line == update.product.line() && releases.at(update.product, &build).is_none()).then(|| Warning {
            pointer: format!("{}/release", at("updates", name.as_str())),
            code: "unknown-build",
            message: format!("no release of {} in the catalogue has the build {build}", update.product),
            help: "compare it with the Core Components of a server that has this update; `reconcile releases` lists the catalogue"
                .into(),
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
        code: "no-budget",
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
        code: "no-claims",
        message: format!("two servers of {pool} may be taken down at the same moment: they have no share on which to agree"),
        help: r"add `claims: '\\files.contoso.example\reconcile\claims'`, a folder that the servers' accounts can write to"
            .into(),
    })
}

/// Pools that servers name and `pools` does not, where it has others.
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
            code: "undeclared-pool",
            message: format!("{pool} is not among the `pools` of the manifest"),
            help: format!("add it there, or name one of them: {}", known.join(", ")),
        });
    }
    all
}

/// Windows none of which ever has room for the work on a server, by the manifest's own estimates.
fn narrow_windows(manifest: &Manifest, releases: &Releases, roster: &Roster<'_>) -> Vec<Warning> {
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for entry in roster.entries() {
        let Some(first) = entry.pattern.servers().next() else { continue };
        let Ok(goal) = Goal::of_entry(manifest, releases, roster, entry, &first) else { continue };
        let Some((windows, foreseen)) = goal.rules.maintenance.as_ref().zip(foreseen_whole(&goal)) else { continue };
        let (turn, pointer) = (foreseen.turn().p95, windows_of(manifest, entry));
        if !once.contains(&pointer) && next_opening(windows, ANY_DAY, turn).is_none() {
            once.insert(pointer.clone());
            all.push(Warning {
                pointer,
                code: "narrow-window",
                message: format!("no window has room for {first}: by the estimates, its work takes {turn}"),
                help: "make a window longer, or correct `estimates`".to_owned(),
            });
        }
    }
    all
}

/// Where the windows of an entry are declared, as a JSON pointer.
fn windows_of(manifest: &Manifest, entry: &Entry<'_>) -> String {
    let group = entry.server.group.as_ref();
    let of_group = group.filter(|group| manifest.groups.get(*group).is_some_and(|it| it.policy.maintenance.is_some()));
    let place = match (&entry.server.policy.maintenance, of_group) {
        (Some(_), _) => entry.pointer(),
        (None, Some(group)) => at("groups", group.as_str()),
        (None, None) => String::new(),
    };
    format!("{place}/policy/maintenance")
}
