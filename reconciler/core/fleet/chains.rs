//! The fleet: the servers that need the update, in chains that run one after another, and the servers that may not be
//! worked on together.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{Fqdn, Maintenance, Manifest, OnFailure, Period, Role, ServerName, UpdateName};

use crate::{
    fleet::soak::Waits,
    foresee::Prediction,
    quorum::{READY, spare},
    topology::Standing,
};

/// How many servers are worked on at once, unless the rollout sets a number.
const AT_ONCE: u32 = 10;

#[derive(Debug, Clone)]
pub struct Member<'a> {
    pub name: ServerName,
    pub standing: Standing<'a>,
    /// Whether the Central Management Store is updated from it.
    pub central: bool,
    /// How long the work on it takes: the failover, if there is one, and the outage. None for a server at its goal.
    pub turn: Option<Prediction>,
    /// Where the turn is no work on the server, but the update of databases from it: the pools whose databases these are.
    pub databases_of: Vec<&'a Fqdn>,
}

/// The servers of a manifest, and the order in which they may be worked on.
#[derive(Debug)]
pub struct Fleet<'a> {
    members: Vec<Member<'a>>,
    pub(crate) groups: Vec<Group<'a>>,
    pub(crate) rings: Vec<Ring<'a>>,
    /// The windows of the members, each once.
    pub(crate) calendars: Vec<Option<&'a Maintenance>>,
    /// The group of each member that is worked on.
    pub(crate) group_of: Vec<Option<usize>>,
    /// The calendar of each member.
    pub(crate) calendar: Vec<usize>,
    pub(crate) at_once: usize,
    pub(crate) soak: Period,
    pub(crate) on_failure: OnFailure,
}

/// Servers that are worked on one after another: those of one pool, or one server without a pool.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub pool: Option<&'a Fqdn>,
    pub order: Order,
    /// The servers that are worked on together, in order.
    pub domains: Vec<Domain>,
    /// The numbers of the groups that are done before this one begins, wherever they stand.
    pub after: Vec<usize>,
    /// The number of the group that takes over for this one.
    pub partner: Option<usize>,
    /// The least time for what follows the group in its site, in seconds.
    pub behind: u64,
}

/// Servers that may be down together, a limited number at once.
#[derive(Debug)]
pub(crate) struct Domain {
    pub servers: Vec<usize>,
    /// How many of them may be down at once.
    pub width: usize,
    /// How long the pool must have been ready before they are.
    pub ready: Period,
    /// The least time for this domain and those after it, in seconds.
    pub left: u64,
}

/// The turn of a group within its ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// In a site and a stage, both by number.
    Site(usize, usize),
    /// After all others, because it holds the Central Management Store or updates the databases of several pools.
    Central,
}

/// The groups of a site by the rank of their role.
type Stages = BTreeMap<usize, Vec<usize>>;

/// The groups that are updated before the next ring begins.
#[derive(Debug, Default)]
pub(crate) struct Ring<'a> {
    pub name: Option<&'a UpdateName>,
    /// When it may begin, if the rings before it are still watched.
    pub opens: Option<Timestamp>,
    /// The groups of each site, stage by stage.
    pub sites: Vec<Vec<Vec<usize>>>,
    /// The groups that come after all others.
    pub central: Vec<usize>,
}

/// Servers that cannot be updated at the same time, however many are worked on at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain<'a> {
    /// The pool, or none for a server that belongs to none.
    pub pool: Option<&'a Fqdn>,
    /// The numbers of the servers, in order.
    pub servers: Vec<usize>,
    /// How long they take one after another, including the time in between for which the pool must be ready.
    pub takes: Period,
}

impl<'a> Fleet<'a> {
    /// The fleet of a manifest. Servers at their goals count for the quorum of their pools, but are not worked on.
    #[must_use]
    pub fn of(manifest: &'a Manifest, members: Vec<Member<'a>>) -> Self {
        let (calendars, calendar) = calendars(&members);
        let rollout = &manifest.rollout;
        let names: Vec<_> =
            if rollout.rings.is_empty() { vec![None] } else { rollout.rings.iter().map(Some).collect() };
        let mut fleet = Self {
            group_of: vec![None; members.len()],
            members,
            groups: Vec::new(),
            rings: names.into_iter().map(|name| Ring { name, ..Ring::default() }).collect(),
            calendars,
            calendar,
            at_once: usize::try_from(rollout.at_once.unwrap_or(AT_ONCE)).unwrap_or(usize::MAX),
            soak: rollout.soak.unwrap_or_default(),
            on_failure: rollout.on_failure.unwrap_or_default(),
        };
        let ranks = Ranks(&rollout.roles);
        let of_pool = fleet.gather(manifest, ranks);
        fleet.pair(manifest, &of_pool);
        fleet.look_ahead();
        fleet
    }

    /// The servers, as they were given.
    #[must_use]
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// The name of a member's ring, where the rollout has rings.
    #[must_use]
    pub fn ring(&self, number: usize) -> Option<&'a UpdateName> {
        self.rings.get(number)?.name
    }

    /// Lets each ring begin no earlier than the rings before it have been watched.
    #[must_use]
    pub fn soaking(mut self, waits: &[Waits]) -> Self {
        for (ring, waits) in self.rings.iter_mut().zip(waits) {
            ring.opens = waits.until;
        }
        self
    }

    /// How many servers may be worked on at once.
    #[must_use]
    pub const fn at_once(&self) -> usize {
        self.at_once
    }

    /// How long a ring is watched before the next begins.
    #[must_use]
    pub const fn soak(&self) -> Period {
        self.soak
    }

    /// The longest of the chains. A higher number of servers at once does not make the rollout shorter than this.
    #[must_use]
    pub fn longest_chain(&self) -> Option<Chain<'a>> {
        let longest = self.groups.iter().max_by_key(|group| group.left(0))?;
        let servers = longest.domains.iter().flat_map(|domain| domain.servers.iter().copied()).collect();
        let takes = Period::seconds(u32::try_from(longest.left(0)).unwrap_or(u32::MAX));
        Some(Chain { pool: longest.pool, servers, takes })
    }

    /// Puts the members into groups, and the groups into rings, sites and stages; returns the group of each pool.
    fn gather(&mut self, manifest: &'a Manifest, ranks: Ranks<'_>) -> BTreeMap<&'a Fqdn, usize> {
        let mut pools: BTreeMap<&'a Fqdn, Vec<usize>> = BTreeMap::new();
        let mut places: BTreeMap<(usize, Option<&'a UpdateName>), Stages> = BTreeMap::new();
        let mut all: Vec<(Option<&'a Fqdn>, Vec<usize>)> = Vec::new();
        for (number, member) in self.members.iter().enumerate() {
            match (member.standing.pool, member.databases_of.as_slice()) {
                (Some(pool), [] | [_]) => pools.entry(pool).or_default().push(number),
                (None, _) | (Some(_), [_, _, ..]) => all.push((None, vec![number])),
            }
        }
        all.extend(pools.into_iter().map(|(pool, servers)| (Some(pool), servers)));
        let mut of_pool = BTreeMap::new();
        for (pool, servers) in all {
            let Some(first) = servers.first().and_then(|number| self.members.get(*number)) else { continue };
            let (ring, site) = (self.ring_of(manifest, first), first.standing.site);
            let Some((group, rank)) = self.group(pool, servers, ranks) else { continue };
            let number = self.groups.len();
            if group.order == Order::Central {
                if let Some(ring) = self.rings.get_mut(ring) {
                    ring.central.push(number);
                }
            } else {
                places.entry((ring, site)).or_default().entry(rank).or_default().push(number);
            }
            if let Some(pool) = pool {
                of_pool.insert(pool, number);
            }
            for server in group.domains.iter().flat_map(|domain| &domain.servers) {
                if let Some(of) = self.group_of.get_mut(*server) {
                    *of = Some(number);
                }
            }
            self.groups.push(group);
        }
        for ((ring, _), stages) in places {
            let Some(ring) = self.rings.get_mut(ring) else { continue };
            let site = ring.sites.len();
            for (stage, group) in
                stages.values().enumerate().flat_map(|(stage, all)| all.iter().map(move |it| (stage, it)))
            {
                if let Some(group) = self.groups.get_mut(*group) {
                    group.order = Order::Site(site, stage);
                }
            }
            ring.sites.push(stages.into_values().collect());
        }
        for group in &mut self.groups {
            let first = group.domains.first().and_then(|domain| domain.servers.first());
            let member = first.and_then(|number| self.members.get(*number));
            let pools = member.filter(|_| group.pool.is_none()).map_or(&[][..], |member| &member.databases_of);
            group.after = pools.iter().filter_map(|pool| of_pool.get(pool).copied()).collect();
        }
        of_pool
    }

    /// The number of the ring of a member: the update of databases belongs to the last ring of its pools.
    fn ring_of(&self, manifest: &Manifest, member: &Member<'a>) -> usize {
        let pools = |other: &&Member<'a>| other.standing.pool.is_some_and(|pool| member.databases_of.contains(&pool));
        let others = self.members.iter().filter(|_| member.databases_of.len() > 1).filter(pools);
        others.chain([member]).map(|one| one.standing.ring_number(manifest)).max().unwrap_or_default()
    }

    /// The group of some servers, unless all are at their goals, and the rank of the first role in it. Its back end
    /// comes last, whatever the order of the roles, because its databases are updated after all servers of the pool.
    fn group(&self, pool: Option<&'a Fqdn>, servers: Vec<usize>, ranks: Ranks<'_>) -> Option<(Group<'a>, usize)> {
        let role = |number: usize| self.members.get(number)?.standing.role;
        let updates = |number: usize| self.members.get(number).is_some_and(|member| !member.databases_of.is_empty());
        let is_front = |number: &&usize| role(**number) == Some(Role::FrontEnd) && !updates(**number);
        let front_ends = servers.iter().filter(is_front).count();
        let central = servers.iter().filter_map(|number| self.members.get(*number)).any(|member| member.central);
        let first = *servers.first()?;
        let alone = servers.iter().all(|number| role(*number) == Some(Role::BackEnd));
        let mut parts: BTreeMap<_, Vec<(Option<&UpdateName>, &ServerName, usize)>> = BTreeMap::new();
        for number in servers {
            let Some(member) = self.members.get(number).filter(|member| member.turn.is_some()) else { continue };
            let role = member.standing.role;
            let rank = role.map_or(usize::MAX, |role| ranks.of_role(role));
            let last = updates(number) || role == Some(Role::BackEnd) && !alone;
            let part = parts.entry((last, rank, !last && role == Some(Role::FrontEnd)));
            part.or_default().push((member.standing.upgrade_domain, &member.name, number));
        }
        let rank = parts.keys().map(|(_, rank, _)| *rank).next()?;
        let mut domains: Vec<Domain> = Vec::new();
        for ((_, _, is_front_end), mut part) in parts {
            part.sort_unstable();
            let mut last = None;
            for (upgrade_domain, _, number) in part {
                match domains.last_mut().filter(|_| upgrade_domain.is_some() && last == upgrade_domain) {
                    Some(domain) => domain.servers.push(number),
                    None => {
                        let width = if is_front_end { spare(front_ends) } else { 1 };
                        // Nothing is taken down for databases, so the pool need not be ready.
                        let waits = front_ends > 0 && !domains.is_empty() && !updates(number);
                        let ready = if waits { READY } else { Period::seconds(0) };
                        domains.push(Domain { servers: vec![number], width, ready, left: 0 });
                    }
                }
                last = upgrade_domain;
            }
        }
        let mut behind = 0;
        for domain in domains.iter_mut().rev() {
            let lengths = domain.servers.iter().filter_map(|number| self.members.get(*number)?.turn);
            let lengths = lengths.map(|turn| u64::from(turn.median.as_seconds()));
            domain.left = behind + side_by_side(lengths, domain.width);
            behind = domain.left + u64::from(domain.ready.as_seconds());
        }
        // Databases of several pools come after all sites of the ring: until then a pool may be waiting for another one.
        let order = if central || pool.is_none() && updates(first) { Order::Central } else { Order::Site(0, 0) };
        Some((Group { pool, order, domains, after: Vec::new(), partner: None, behind: 0 }, rank))
    }

    /// Links the groups of paired pools.
    fn pair(&mut self, manifest: &'a Manifest, of_pool: &BTreeMap<&'a Fqdn, usize>) {
        for (name, pool) in &manifest.pools {
            let partner = pool.paired_with.as_ref().and_then(|partner| of_pool.get(partner));
            let (Some(one), Some(other)) = (of_pool.get(name), partner) else { continue };
            for (one, other) in [(one, other), (other, one)] {
                if let Some(group) = self.groups.get_mut(*one) {
                    group.partner = Some(*other);
                }
            }
        }
    }

    /// Calculates for each group the least time for what follows it in its site.
    fn look_ahead(&mut self) {
        for ring in &self.rings {
            for site in &ring.sites {
                let mut behind = 0;
                for stage in site.iter().rev() {
                    // Two paired pools of one stage come one after the other.
                    let partner = |group: &Group<'a>| {
                        let partner = group.partner.and_then(|partner| self.groups.get(partner));
                        partner.filter(|partner| partner.order == group.order).map_or(0, |partner| partner.left(0))
                    };
                    let groups = stage.iter().filter_map(|number| self.groups.get(*number));
                    let longest = groups.map(|group| group.left(0) + partner(group)).max().unwrap_or_default();
                    for number in stage {
                        if let Some(group) = self.groups.get_mut(*number) {
                            group.behind = behind;
                        }
                    }
                    behind += longest;
                }
            }
        }
    }
}

impl Group<'_> {
    /// The least time for its domains from this one on, in seconds.
    pub(crate) fn left(&self, domain: usize) -> u64 {
        self.domains.get(domain).map_or(0, |domain| domain.left)
    }
}

/// The time for all these lengths, `width` at once, where each begins when a place is free.
fn side_by_side(lengths: impl Iterator<Item = u64>, width: usize) -> u64 {
    let mut places = vec![0; width.max(1)];
    for length in lengths {
        if let Some(first) = places.iter_mut().min() {
            *first += length;
        }
    }
    places.into_iter().max().unwrap_or_default()
}

#[derive(Clone, Copy)]
struct Ranks<'a>(&'a [Role]);

impl Ranks<'_> {
    /// The number of a role. Roles that the rollout does not name come after those that it names.
    fn of_role(self, role: Role) -> usize {
        let place = |roles: &[Role]| roles.iter().position(|other| *other == role);
        place(self.0).or_else(|| place(&Role::ALL).map(|nth| self.0.len() + nth)).unwrap_or(usize::MAX)
    }
}

/// The windows of the members, each once, and for each member the number of its windows.
fn calendars<'a>(members: &[Member<'a>]) -> (Vec<Option<&'a Maintenance>>, Vec<usize>) {
    let mut all: Vec<Option<&'a Maintenance>> = Vec::new();
    let number = |member: &Member<'a>| {
        let maintenance = member.standing.maintenance;
        // Most of them are the same value in memory, which is faster to check than equality.
        let is = |known: &Maintenance| maintenance.is_some_and(|own| core::ptr::eq(known, own) || known == own);
        let known = all.iter().rposition(|known| known.map_or(maintenance.is_none(), is));
        known.unwrap_or_else(|| {
            all.push(maintenance);
            all.len() - 1
        })
    };
    let numbers = members.iter().map(number).collect();
    (all, numbers)
}
