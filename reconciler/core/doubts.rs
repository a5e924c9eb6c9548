//! Doubts: what a manifest says, may say, and may not have been meant.

use alloc::{
    borrow::ToOwned,
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use jiff::Timestamp;
use reconcile_schema::{Build, Manifest, Period, Releases, Role, Rollout};

use crate::{
    Goal, foreseen_whole,
    goal::escaped,
    next_opening,
    roster::{Entry, Roster},
    together::{Unguarded, unguarded},
    topology::Standing,
};

/// Something that is worth a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The place in the manifest, as a JSON pointer.
    pub pointer: String,
    /// Its kind, as a stable word.
    pub code: &'static str,
    /// What is doubted.
    pub message: String,
    /// What to write instead, or to make sure of.
    pub help: String,
}

/// From when on windows are looked through: no doubt depends on the day on which it is asked for.
const FROM: Timestamp = Timestamp::constant(1_767_225_600, 0); // 2026-01-01

/// Everything in a manifest that is worth a second look.
#[must_use]
pub fn doubts(manifest: &Manifest, releases: &Releases, roster: &Roster<'_>) -> Vec<Doubt> {
    let empty = manifest.servers.is_empty().then(|| Doubt {
        pointer: "/servers".into(),
        code: "no-server",
        message: "the manifest names no server".into(),
        help: "name each server under `servers:`; no run does anything for this manifest".into(),
    });
    let mut all: Vec<_> = empty.into_iter().collect();
    all.extend(unknown_builds(manifest, releases));
    all.extend(empty_budgets(manifest));
    all.extend(without_claims(manifest));
    all.extend(undeclared_pools(manifest));
    all.extend(narrow_windows(manifest, releases, roster));
    all.extend(unguarded(manifest, roster).into_iter().map(|Unguarded { pool, one, other, pointer }| Doubt {
        pointer,
        code: "together",
        message: format!(
            "{one} and {other} of {pool} may be taken down at the same time: they cannot agree on a share, and their windows overlap"
        ),
        help: format!("give them windows that do not overlap, or say `pools: {{ {pool}: {{ together: allowed }} }}`"),
    }));
    all
}

/// Targets whose build no release of the catalogue has: a typing error leaves a server behind, or is never reached.
fn unknown_builds(manifest: &Manifest, releases: &Releases) -> impl Iterator<Item = Doubt> {
    manifest.updates.iter().filter_map(|(name, update)| {
        let build: Build = update.release.parse().ok()?;
        (build.line == update.product.line() && releases.at(update.product, &build).is_none()).then(|| Doubt {
            pointer: format!("/updates/{}/release", escaped(name.as_str())),
            code: "unknown-build",
            message: format!("no release of {} in the catalogue has the build {build}", update.product),
            help: "compare it with the Core Components of a server that has this update; `reconcile releases` lists the catalogue"
                .into(),
        })
    })
}

/// Budgets that no outage can keep.
fn empty_budgets(manifest: &Manifest) -> impl Iterator<Item = Doubt> {
    let groups =
        manifest.groups.iter().map(|(name, group)| (format!("/groups/{}", escaped(name.as_str())), &group.policy));
    let servers =
        manifest.servers.iter().map(|(pattern, server)| (Entry { pattern, server }.pointer(), &server.policy));
    let all = core::iter::once((String::new(), &manifest.policy)).chain(groups).chain(servers);
    all.filter(|(_, policy)| policy.outage.budget == Some(Period::seconds(0))).map(|(place, _)| Doubt {
        pointer: format!("{place}/policy/outage/budget"),
        code: "no-budget",
        message: "no outage is as short as 0 minutes: no server is taken down, and none is updated".into(),
        help: "say how long the services may be down, such as `budget: 30m`, or leave the field out".into(),
    })
}

/// Servers of one pool in a rollout that do not agree on a share which of them is taken down. Pools whose servers no claim keeps apart either
/// have a doubt of their own.
fn without_claims(manifest: &Manifest) -> Option<Doubt> {
    if manifest.rollout.claims.is_some() || manifest.rollout == Rollout::default() {
        return None;
    }
    let mut once = BTreeSet::new();
    let pool = manifest.servers.iter().find_map(|(pattern, server)| {
        let Standing { role, pool, .. } = Standing::of(manifest, server);
        let pool = pool.filter(|_| role == Some(Role::FrontEnd))?;
        (!once.insert(pool) || !pattern.is_single()).then_some(pool)
    })?;
    Some(Doubt {
        pointer: "/rollout".into(),
        code: "no-claims",
        message: format!("the servers of {pool} do not agree on a share which of them is taken down"),
        help: r"add `claims: '\\files.contoso.example\reconcile\claims'`, a folder that the servers' accounts can write to"
            .into(),
    })
}

/// Pools that servers name and `pools` does not, where it has others.
fn undeclared_pools(manifest: &Manifest) -> Vec<Doubt> {
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for (pattern, server) in manifest.servers.iter().filter(|_| !manifest.pools.is_empty()) {
        let Some(pool) = Standing::of(manifest, server).pool else { continue };
        if manifest.pools.contains_key(pool) || !once.insert(pool) {
            continue;
        }
        let place = match (&server.pool, &server.group) {
            (None, Some(group)) => format!("/groups/{}", escaped(group.as_str())),
            (Some(_), _) | (None, None) => Entry { pattern, server }.pointer(),
        };
        let known: Vec<_> = manifest.pools.keys().map(ToString::to_string).collect();
        all.push(Doubt {
            pointer: format!("{place}/pool"),
            code: "undeclared-pool",
            message: format!("{pool} is not among the `pools` of the manifest"),
            help: format!("add it there, or name one of them: {}", known.join(", ")),
        });
    }
    all
}

/// Windows none of which ever has room for the work on a server, by the manifest's own estimates.
fn narrow_windows(manifest: &Manifest, releases: &Releases, roster: &Roster<'_>) -> Vec<Doubt> {
    let mut once = BTreeSet::new();
    let mut all = Vec::new();
    for entry in roster.entries() {
        let Some(first) = entry.pattern.servers().next() else { continue };
        let Ok(goal) = Goal::of_entry(manifest, releases, roster, entry, &first) else { continue };
        let Some((windows, foreseen)) = goal.rules.maintenance.as_ref().zip(foreseen_whole(&goal)) else { continue };
        let (turn, pointer) = (foreseen.turn().p95, windows_of(manifest, entry));
        if !once.contains(&pointer) && next_opening(windows, FROM, turn).is_none() {
            once.insert(pointer.clone());
            all.push(Doubt {
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
        (None, Some(group)) => format!("/groups/{}", escaped(group.as_str())),
        (None, None) => String::new(),
    };
    format!("{place}/policy/maintenance")
}
