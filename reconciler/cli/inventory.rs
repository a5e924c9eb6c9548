//! `reconcile inventory`: the servers of a manifest as a dynamic inventory for Ansible.

use std::{
    collections::BTreeMap,
    io::{BufWriter, Write},
};

use reconcile_core::{Entry, Goal, Roster, Standing};
use reconcile_schema::{Maintenance, ServerName};
use serde::Serialize;

use crate::{args::Inventory, exit::Exit, input::Input, plan::json, print, problem::Problem};

/// What Ansible is told of a server. None of it is a secret: a manifest holds none.
#[derive(Debug, Clone, Serialize)]
struct Variables<'a> {
    /// Its name in the manifest.
    reconcile_server: &'a ServerName,
    #[serde(flatten)]
    shared: &'a Shared,
}

/// What the servers of an entry share.
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
}

/// Prints the inventory, or the variables of one server.
///
/// # Errors
/// When the manifest cannot be used, or does not name the server.
pub fn run(args: &Inventory) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    match &args.host {
        Some(host) => one(&input, host),
        None => all(&input),
    }
}

fn one(input: &Input, host: &ServerName) -> Result<Exit, Problem> {
    let [goal] = input.goals(std::slice::from_ref(host))?.try_into().map_err(|_| Problem::failed("no goal"))?;
    let roster = Roster::of(&input.manifest);
    let place = roster.find(host).map_err(|_| Problem::input(format!("the manifest does not name {host}")))?;
    let Some(entry) = roster.entries().get(place.entry) else { return Err(Problem::failed("no entry")) };
    print(&json(&Variables { reconcile_server: host, shared: &shared(input, entry, &goal) })?)
}

fn all(input: &Input) -> Result<Exit, Problem> {
    let roster = Roster::of(&input.manifest);
    let mut servers: Vec<(ServerName, usize)> = Vec::new();
    let (mut entries, mut names) = (Vec::new(), Names::default());
    for entry in roster.entries() {
        let shared = shared(input, entry, &input.goal_of(entry)?);
        servers.extend(roster.servers(entry, |_| true).map(|(_, name)| (name, entries.len())));
        let groups: Vec<_> = shared.groups().into_iter().map(|(kind, name)| names.group(kind, name)).collect();
        entries.push((shared, groups));
    }
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    let mut hostvars: BTreeMap<&ServerName, Variables<'_>> = BTreeMap::new();
    for (name, entry) in &servers {
        let Some((shared, of)) = entries.get(*entry) else { continue };
        for group in of {
            groups.entry(group).or_default().hosts.push(name);
        }
        hostvars.insert(name, Variables { reconcile_server: name, shared });
    }
    written(&Listing { meta: Meta { hostvars }, groups })
}

/// The whole inventory.
#[derive(Serialize)]
struct Listing<'a> {
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
    #[serde(flatten)]
    groups: BTreeMap<&'a str, Group<'a>>,
}

#[derive(Serialize)]
struct Meta<'a> {
    hostvars: BTreeMap<&'a ServerName, Variables<'a>>,
}

/// Writes as it goes: the text of a large fleet is larger than the fleet.
fn written(listing: &Listing<'_>) -> Result<Exit, Problem> {
    let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
    let written = serde_json::to_writer(&mut out, listing).map_err(std::io::Error::from);
    match written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Problem::failed(format!("standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(Exit::Done),
    }
}

fn shared(input: &Input, entry: &Entry<'_>, goal: &Goal) -> Shared {
    let standing = Standing::of(&input.manifest, entry.server);
    // Whoever names no ring is in the last.
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
    /// The groups that the servers belong to: of which kind, and after what they are named.
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
    /// What each name stands for.
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
