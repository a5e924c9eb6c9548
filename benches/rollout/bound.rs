//! Lower bounds for every possible order, and the times of simpler methods: sums over the plain facts.

use std::collections::BTreeMap;

use reconcile_schema::Role;

use reconcile_support::rollout::{Host, Plain, READY, WINDOW};

/// A pool whose servers form a chain: its work in seconds, and its waits.
struct Chain<'a> {
    pool: usize,
    hosts: Vec<&'a Host>,
}

impl Chain<'_> {
    fn front_ends(&self) -> usize {
        self.hosts.iter().filter(|host| host.role == Role::FrontEnd).count()
    }

    /// Its servers in the order of their turns. Servers that can be down together share a turn.
    fn domains(&self) -> Vec<Vec<u64>> {
        let mut domains: BTreeMap<_, Vec<u64>> = BTreeMap::new();
        for (number, host) in self.hosts.iter().enumerate() {
            let key = (host.role == Role::BackEnd, host.domain, if host.domain.is_some() { 0 } else { number });
            domains.entry(key).or_default().push(u64::from(host.length));
        }
        domains.into_values().collect()
    }

    /// The number of servers of one domain that can be down together.
    fn width(&self) -> u64 {
        match self.front_ends() {
            0..=3 => 1,
            4 | 5 => 2,
            6..=9 => 3,
            _ => 4,
        }
    }

    /// The shortest possible time for its work, and the waits, which are not included in it.
    fn least(&self) -> (u64, u64) {
        let domains = self.domains();
        let least = |domain: &Vec<u64>| {
            let sum: u64 = domain.iter().sum();
            sum.div_ceil(self.width()).max(domain.iter().copied().max().unwrap_or_default())
        };
        let waits = if self.front_ends() > 0 { domains.len().saturating_sub(1) } else { 0 };
        (domains.iter().map(least).sum(), READY * u64::try_from(waits).unwrap_or_default())
    }

    fn work(&self) -> u64 {
        self.hosts.iter().map(|host| u64::from(host.length)).sum()
    }
}

/// The pools of a ring: by site and role, and the one with the Central Management Store.
struct Ring<'a> {
    sites: BTreeMap<usize, BTreeMap<usize, Vec<Chain<'a>>>>,
    central: Vec<Chain<'a>>,
}

const ROLES: [Role; 6] =
    [Role::FrontEnd, Role::StandardEdition, Role::Director, Role::Mediation, Role::PersistentChat, Role::Edge];

fn rings(plain: &Plain) -> Vec<Ring<'_>> {
    let mut pools: BTreeMap<usize, Vec<&Host>> = BTreeMap::new();
    for host in &plain.hosts {
        pools.entry(host.pool).or_default().push(host);
    }
    let mut rings: Vec<_> = (0..plain.rings).map(|_| Ring { sites: BTreeMap::new(), central: Vec::new() }).collect();
    for (pool, hosts) in pools {
        let (ring, site) = (hosts[0].ring, hosts[0].site);
        let rank = ROLES.iter().position(|role| hosts.iter().any(|host| host.role == *role)).unwrap_or_default();
        let central = hosts.iter().any(|host| host.central);
        let chain = Chain { pool, hosts };
        match central {
            true => rings[ring].central.push(chain),
            false => rings[ring].sites.entry(site).or_default().entry(rank).or_default().push(chain),
        }
    }
    rings
}

/// The earliest end of a rollout in any order, in seconds from the start.
pub fn bound(plain: &Plain) -> u64 {
    let hands = u64::try_from(plain.at_once).unwrap_or(u64::MAX);
    let all: Vec<usize> = (0..8).collect();
    let mut at = 0;
    for (number, ring) in rings(plain).iter().enumerate() {
        if number > 0 {
            at += u64::from(plain.soak);
        }
        let alone = |at: u64, chain: &Chain<'_>| {
            let (work, waits) = chain.least();
            through(plain, &[chain.hosts[0].site], at, work + waits, if waits > 0 { READY } else { 0 })
        };
        let mut end = at;
        let mut work = 0;
        for (site, stages) in &ring.sites {
            let mut then = at;
            for stage in stages.values() {
                let sum: u64 = stage.iter().map(Chain::work).sum();
                work += sum;
                let chains = stage.iter().map(|chain| alone(then, chain)).max().unwrap_or(then);
                then = chains.max(through(plain, &[*site], then, sum.div_ceil(hands), 0));
            }
            end = end.max(then);
        }
        // In a pair, one pool follows the other. The later roles of each site follow its own pool.
        let place = |pool: &usize| {
            ring.sites.iter().find_map(|(site, stages)| {
                let mut stages = stages.iter();
                let found = stages.find_map(|(rank, stage)| {
                    stage.iter().find(|chain| chain.pool == *pool).map(|chain| (*rank, chain))
                });
                found.map(|(rank, chain)| (*site, rank, chain))
            })
        };
        let rest = |site: usize, rank: usize, then: u64| {
            let stages = ring.sites.get(&site).into_iter().flatten().filter(|(other, _)| **other > rank);
            stages.fold(then, |then, (_, stage)| stage.iter().map(|chain| alone(then, chain)).max().unwrap_or(then))
        };
        for (one, other) in &plain.pairs {
            if let (Some(one), Some(other)) = (place(one), place(other)) {
                let in_order = |(site, rank, chain): (usize, usize, &Chain<'_>),
                                (to, under, next): (usize, usize, &Chain<'_>)| {
                    let first = alone(at, chain);
                    rest(site, rank, first).max(rest(to, under, alone(first, next)))
                };
                end = end.max(in_order(one, other).min(in_order(other, one)));
            }
        }
        let sites: Vec<usize> = all.iter().copied().filter(|site| ring.sites.contains_key(site)).collect();
        end = end.max(through(plain, &sites, at, work.div_ceil(hands), 0));
        at = ring.central.iter().map(|chain| alone(end, chain)).max().unwrap_or(end);
    }
    at
}

/// The end of work that begins at `at` and needs `need` seconds in the open windows of these sites. While a window is
/// closed, the pool can use that night for a wait of `waits` seconds.
fn through(plain: &Plain, sites: &[usize], at: u64, mut need: u64, waits: u64) -> u64 {
    let Some(hours) = plain.windows.as_ref().filter(|_| !sites.is_empty()) else { return at + need };
    let opens: Vec<u64> = sites.iter().map(|site| (u64::from(hours[*site]) + 12) % 24).collect();
    let open = |hour: u64| opens.iter().any(|opens| (hour + 24 - opens) % 24 < u64::from(WINDOW) / 3600);
    let mut at = at;
    while need > 0 {
        let (hour, rest) = (at / 3600, 3600 - at % 3600);
        if open(hour % 24) {
            if need <= rest {
                return at + need;
            }
            need -= rest;
            if !open((hour + 1) % 24) {
                need = need.saturating_sub(waits).max(1);
            }
        }
        at += rest;
    }
    at
}

/// The time that batches take without windows, as Ansible's `serial: N` makes them. Each batch waits for its slowest
/// server, and until its pools are ready again.
///
/// These batches keep the same rules, role by role. They take the pools with the most remaining servers first, which is
/// better than the order of an inventory.
pub fn batches(plain: &Plain) -> u64 {
    let partner: BTreeMap<usize, usize> =
        plain.pairs.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]).collect();
    let mut at = 0;
    for (number, ring) in rings(plain).into_iter().enumerate() {
        if number > 0 {
            at += u64::from(plain.soak);
        }
        let mut plays: Vec<Vec<Chain<'_>>> = (0..ROLES.len()).map(|_| Vec::new()).collect();
        for (rank, stage) in ring.sites.into_values().flatten() {
            plays[rank].extend(stage);
        }
        plays.push(ring.central);
        for play in plays {
            at += batches_of(play, plain.at_once, &partner);
        }
    }
    at
}

fn batches_of(play: Vec<Chain<'_>>, width: usize, partner: &BTreeMap<usize, usize>) -> u64 {
    let mut left: Vec<_> = play.iter().map(|chain| (chain, chain.domains(), false)).collect();
    let mut at = 0;
    loop {
        left.retain(|(_, domains, _)| !domains.is_empty());
        left.sort_by_key(|(_, domains, _)| std::cmp::Reverse(domains.iter().map(Vec::len).sum::<usize>()));
        if left.is_empty() {
            return at;
        }
        let mut taken: Vec<usize> = left.iter().filter(|(.., begun)| *begun).map(|(chain, ..)| chain.pool).collect();
        let (mut free, mut slowest) = (width, 0);
        for (chain, domains, begun) in &mut left {
            if free == 0 || !*begun && partner.get(&chain.pool).is_some_and(|partner| taken.contains(partner)) {
                continue;
            }
            (*begun, _) = (true, taken.push(chain.pool));
            let most = usize::try_from(chain.width()).unwrap_or(1).min(free);
            let Some(domain) = domains.first_mut() else { continue };
            let now: Vec<u64> = domain.drain(..most.min(domain.len())).collect();
            free -= now.len();
            if domain.is_empty() {
                domains.remove(0);
            }
            let ready = if chain.front_ends() > 0 && !domains.is_empty() { READY } else { 0 };
            slowest = now.into_iter().max().map_or(slowest, |length| slowest.max(length + ready));
        }
        at += slowest;
    }
}

/// The time for one server after another, without windows and waits.
pub fn one_at_a_time(plain: &Plain) -> u64 {
    let work: u64 = plain.hosts.iter().map(|host| u64::from(host.length)).sum();
    work + u64::from(plain.soak) * u64::try_from(plain.rings - 1).unwrap_or_default()
}
