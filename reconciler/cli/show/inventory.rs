//! The servers of a manifest, wave by wave, as a dynamic inventory for Ansible.

use std::{
    collections::BTreeMap,
    io::{BufWriter, Write},
    path::PathBuf,
};

use jiff::Timestamp;
use reconcile_core::{
    Batch, Entry, Goal, Member, Place, Prediction, READY, Roster, Standing, Update, Waits, batches, soaks, updates,
};
use reconcile_schema::{Fingerprint, Maintenance, ServerName};
use serde::Serialize;

use crate::manifest::{exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::out::{print, warn, written};
use crate::work::sight::{Sight, Snapshots};

/// The variables of a server for Ansible. None is a secret, because a manifest holds none.
#[derive(Debug, Clone, Serialize)]
struct Variables<'a> {
    /// Its name in the manifest.
    reconcile_server: &'a ServerName,
    /// The number of its wave: its servers begin together, when the wave before is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_wave: Option<usize>,
    /// How long its pool must have been ready before it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_settle_minutes: Option<u32>,
    /// The number of the wave in which the databases of its pool are updated from it. It belongs to both waves; until this
    /// one, the databases wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_databases_wave: Option<usize>,
    #[serde(flatten)]
    shared: &'a Shared,
}

/// The variables that the servers of an entry share.
#[derive(Debug, Clone, Serialize)]
struct Shared {
    reconcile_role: &'static str,
    reconcile_product: &'static str,
    /// The build that Core Components must reach.
    reconcile_target: String,
    /// The name of the update in the manifest.
    reconcile_update: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_site: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_pool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_ring: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_upgrade_domain: Option<String>,
    /// The weekly maintenance windows and their time zone, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_window: Option<String>,
}

/// A group of the inventory.
#[derive(Debug, Default, Serialize)]
struct Group<'a> {
    hosts: Vec<&'a ServerName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vars: Option<OfRing<'a>>,
}

/// The variables that the servers of a ring share. A server may begin once the time has come and no server is waited for.
#[derive(Debug, Serialize)]
struct OfRing<'a> {
    /// When the servers of the rings before have been watched for long enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_not_before: Option<Timestamp>,
    /// The servers of the rings before that are not known to be at their goals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reconcile_ring_waits_for: Vec<&'a ServerName>,
}

/// Prints the variables of one server.
///
/// # Errors
/// When the manifest makes no goals, or does not name the server.
pub fn one(input: &Input, host: &ServerName) -> Result<Exit, Problem> {
    input.goals(std::slice::from_ref(host))?; // Refuses an unknown server, and names the nearest one.
    let roster = Roster::of(&input.manifest);
    let fleet = Fleet::read(input, &roster)?;
    let Some((server, shared)) = fleet.servers().find(|(server, _)| server.name == *host) else {
        return Err(Problem::failed(format!("{host} is no server of the fleet")));
    };
    print(&harmless::pretty(&server.variables(shared))?)
}

/// Prints the whole inventory. The snapshots at these places show what each ring waits for.
///
/// # Errors
/// When the manifest makes no goals, or the snapshots as a whole cannot be used.
pub fn all(input: &Input, from: &[PathBuf]) -> Result<Exit, Problem> {
    let roster = Roster::of(&input.manifest);
    let fleet = Fleet::read(input, &roster)?;
    let rings = fleet.rings(input, &roster, from)?;
    let mut names = Names::default();
    let mut named = |shared: &Shared| -> Vec<String> {
        shared.groups().into_iter().map(|(kind, name)| names.group(kind, name)).collect()
    };
    let of_entries: Vec<_> = fleet.entries.iter().map(&mut named).collect();
    let waves = fleet.servers.iter().flat_map(Server::batches).map(|batch| batch.number + 1).max();
    let waves = waves.unwrap_or_default();
    // Enough digits for the names to sort like the numbers.
    let digits = waves.to_string().len().max(4);
    let of_waves: Vec<_> = (1..=waves).map(|number| format!("wave_{number:0digits$}")).collect();
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    let mut hostvars: BTreeMap<&ServerName, Variables<'_>> = BTreeMap::new();
    for (server, shared) in fleet.servers() {
        let waves = server.batches().filter_map(|batch| of_waves.get(batch.number));
        for group in of_entries.get(server.place.entry).into_iter().flatten().chain(waves) {
            groups.entry(group).or_default().hosts.push(&server.name);
        }
        hostvars.insert(&server.name, server.variables(shared));
    }
    for (ring, waits) in
        input.manifest.rollout.rings.iter().zip(&rings).filter(|(_, waits)| **waits != Waits::default())
    {
        let name = names.group("ring", ring.to_string());
        let waited = waits.servers.iter().filter_map(|number| Some(&fleet.servers.get(*number)?.name));
        let vars = OfRing { reconcile_not_before: waits.until, reconcile_ring_waits_for: waited.collect() };
        if let Some(group) = groups.get_mut(name.as_str()) {
            group.vars = Some(vars);
        }
    }
    let rollout = &input.manifest.rollout;
    let soak = rollout.soak.filter(|soak| rollout.rings.len() > 1 && soak.as_seconds() > 0);
    let all = All {
        vars: OfAll {
            reconcile_manifest_fingerprint: input.fingerprint(),
            reconcile_soak_minutes: soak.map(|soak| soak.as_seconds().div_ceil(60)),
        },
    };
    // Written while it is walked: the text of a large fleet is larger than the fleet.
    let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
    let listed = harmless::write(&mut out, &Listing { meta: Meta { hostvars }, all, groups });
    written(listed.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// The servers of the manifest, each with its turn.
struct Fleet {
    servers: Vec<Server>,
    /// The variables that the servers of each entry share.
    entries: Vec<Shared>,
}

struct Server {
    name: ServerName,
    place: Place,
    /// The number of its ring.
    ring: usize,
    batch: Option<Batch>,
    /// The turn in which databases of its pool are updated from it.
    databases: Option<Batch>,
}

impl Fleet {
    /// The waves are those of `plan --fleet`, without times. All servers take part: each of them shows by itself whether it is done.
    fn read(input: &Input, roster: &Roster<'_>) -> Result<Self, Problem> {
        let (mut servers, mut entries, mut members) = (Vec::new(), Vec::new(), Vec::new());
        let turn = Some(Prediction { median: READY, p95: READY });
        for (number, entry) in roster.entries().iter().enumerate() {
            let goal = input.goal_of(roster, entry)?;
            let standing = Standing::of(&input.manifest, entry.server);
            let central = goal.has_central_store();
            entries.push(shared(input, entry, &goal));
            let ring = standing.ring_number(&input.manifest);
            for (nth, name) in roster.servers(entry, |_| true) {
                let place = Place { entry: number, number: nth };
                members.push(Member { name: name.clone(), standing, central, turn, databases_of: Vec::new() });
                servers.push(Server { name, place, ring, batch: None, databases: None });
            }
        }
        let mut updating = Vec::new();
        for Update { from, pools, .. } in updates(&input.manifest, roster) {
            let Some(place) = members.iter().position(|member: &Member<'_>| member.name == from) else { continue };
            updating.push(place);
            let standing = members.get(place).map(|member| member.standing);
            members.extend(standing.map(|standing| Member {
                name: from,
                standing,
                central: false,
                turn,
                databases_of: pools,
            }));
        }
        let mut batches = batches(&input.manifest, members).into_iter();
        for (server, batch) in servers.iter_mut().zip(batches.by_ref()) {
            server.batch = batch;
        }
        for (place, batch) in updating.into_iter().zip(batches) {
            if let Some(server) = servers.get_mut(place) {
                server.databases = batch;
            }
        }
        Ok(Self { servers, entries })
    }

    /// What each ring waits for, by the snapshots at these places. Without any, nothing is known, and no ring waits.
    fn rings(&self, input: &Input, roster: &Roster<'_>, from: &[PathBuf]) -> Result<Vec<Waits>, Problem> {
        if from.is_empty() {
            return Ok(Vec::new());
        }
        let mut snapshots = Snapshots::read(input, roster, from)?;
        snapshots.unread.iter().for_each(|why| warn(why));
        let done = |server: &Server| (server.ring, Sight::done(snapshots.take(server.place).as_ref()));
        let done: Vec<_> = self.servers.iter().map(done).collect();
        Ok(soaks(&input.manifest, &done))
    }

    /// The servers, each with the variables of its entry.
    fn servers(&self) -> impl Iterator<Item = (&Server, &Shared)> {
        self.servers.iter().filter_map(|server| Some((server, self.entries.get(server.place.entry)?)))
    }
}

impl Server {
    /// Its turns: the work on it, and databases of its pool.
    fn batches(&self) -> impl Iterator<Item = Batch> {
        self.batch.into_iter().chain(self.databases)
    }

    fn variables<'a>(&'a self, shared: &'a Shared) -> Variables<'a> {
        let settle = self.batch.map(|batch| batch.ready.as_seconds() / 60).filter(|minutes| *minutes > 0);
        Variables {
            reconcile_server: &self.name,
            reconcile_wave: self.batch.map(|batch| batch.number + 1),
            reconcile_settle_minutes: settle,
            reconcile_databases_wave: self.databases.map(|batch| batch.number + 1),
            shared,
        }
    }
}

/// The whole inventory.
#[derive(Serialize)]
struct Listing<'a> {
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
    all: All,
    #[serde(flatten)]
    groups: BTreeMap<&'a str, Group<'a>>,
}

/// The group of all servers, which every inventory has.
#[derive(Serialize)]
struct All {
    vars: OfAll,
}

/// The variables that all servers share.
#[derive(Serialize)]
struct OfAll {
    /// With it, a play makes sure that each server has this manifest.
    reconcile_manifest_fingerprint: Fingerprint,
    /// How long a ring is watched before the next begins, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile_soak_minutes: Option<u32>,
}

#[derive(Serialize)]
struct Meta<'a> {
    hostvars: BTreeMap<&'a ServerName, Variables<'a>>,
}

fn shared(input: &Input, entry: &Entry<'_>, goal: &Goal) -> Shared {
    let standing = Standing::of(&input.manifest, entry.server);
    // A server without a ring is in the last one.
    let ring = input.manifest.rollout.rings.get(standing.ring_number(&input.manifest));
    Shared {
        reconcile_role: goal.role.key(),
        reconcile_product: goal.product.key(),
        reconcile_target: goal.core.to_string(),
        reconcile_update: goal.update.clone(),
        reconcile_site: standing.site.map(ToString::to_string),
        reconcile_pool: standing.pool.map(ToString::to_string),
        reconcile_ring: ring.map(ToString::to_string),
        reconcile_upgrade_domain: standing.upgrade_domain.map(ToString::to_string),
        reconcile_window: goal.rules.maintenance.as_deref().map(window),
    }
}

impl Shared {
    /// The groups of the servers, each by its kind and its name.
    fn groups(&self) -> Vec<(&'static str, String)> {
        let (pool, domain) = (&self.reconcile_pool, &self.reconcile_upgrade_domain);
        // The upgrade domains of two pools have the same names.
        let domain = pool.as_ref().zip(domain.as_ref()).map(|(pool, domain)| format!("{pool}-{domain}"));
        let named =
            [("site", self.reconcile_site.clone()), ("pool", pool.clone()), ("ring", self.reconcile_ring.clone())];
        let role = ("role", Some(self.reconcile_role.to_owned()));
        let all = named.into_iter().chain([role, ("ud", domain)]);
        all.filter_map(|(kind, name)| Some((kind, name?))).collect()
    }
}

/// The names of groups: Ansible takes letters, digits and underscores.
#[derive(Default)]
struct Names {
    /// The kind and the name behind each name.
    taken: BTreeMap<String, (&'static str, String)>,
}

impl Names {
    /// The name of the group of this kind that is named after `name`: two of them are never one group.
    fn group(&mut self, kind: &'static str, name: String) -> String {
        let plain: String = name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
        let whose = (kind, name);
        let numbered = (2..).map(|number| format!("{kind}_{plain}_{number}"));
        let mut names = std::iter::once(format!("{kind}_{plain}")).chain(numbered);
        let free = names.find(|valid| self.taken.get(valid).is_none_or(|taken| *taken == whose)).unwrap_or_default();
        self.taken.insert(free.clone(), whose);
        free
    }
}

/// `sat 22:00–04:00, mon-fri 01:00–03:00 (Europe/Berlin)`.
fn window(maintenance: &Maintenance) -> String {
    let each = maintenance.windows.values().map(|window| format!("{} {}–{}", window.days, window.from, window.to));
    format!("{} ({})", each.collect::<Vec<_>>().join(", "), maintenance.time_zone)
}
