//! Fleets drawn from a seed: their servers as plain facts, and a manifest with the same content.

use std::collections::BTreeMap;

use fastrand::Rng;
use reconcile_core::{Fleet, Member, Prediction, Standing};
use reconcile_schema::{
    Maintenance, Manifest, OnFailure, Period, Policy, Pool, Reports, Role, Rollout, Server, UpdateName, When, Window,
};

/// A server in the simulation.
#[derive(Debug, Clone)]
pub struct Host {
    pub name: String,
    pub role: Role,
    /// The number of its pool; a server by itself is a pool of one.
    pub pool: usize,
    /// The number of its site.
    pub site: usize,
    /// The number of its ring.
    pub ring: usize,
    /// The number of its upgrade domain, where its pool has them.
    pub domain: Option<usize>,
    /// Whether the Central Management Store is on it.
    pub central: bool,
    /// How long it is expected to be down, in seconds.
    pub length: u32,
}

/// A fleet in the simulation. Its own arithmetic reads nothing else.
#[derive(Debug, Clone)]
pub struct Plain {
    pub hosts: Vec<Host>,
    /// The pairs of pools, each pair once.
    pub pairs: Vec<(usize, usize)>,
    /// How many rings there are.
    pub rings: usize,
    /// How long a ring is watched, in seconds.
    pub soak: u32,
    /// How many servers are worked on at once.
    pub at_once: usize,
    /// The hour, in UTC, at which each site's nightly window of six hours opens; none where there are no windows.
    pub windows: Option<Vec<u32>>,
    /// Whether other pools continue after a failure.
    pub go_on: bool,
}

/// How long a window lasts, in seconds.
pub const WINDOW: u32 = 6 * 3600;

/// The kind of fleet to draw.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The smallest and the largest number of pools.
    pub pools: (usize, usize),
    /// The largest number of servers in a pool.
    pub largest: usize,
}

impl Plain {
    /// A fleet of this kind. Servers are down for 20 to 60 minutes; nobody has measured that value.
    pub fn draw(rng: &mut Rng, kind: Kind) -> Self {
        let pools = rng.usize(kind.pools.0..=kind.pools.1);
        let sites = rng.usize(1..=8);
        let rings = if pools < 3 { 1 } else { rng.usize(1..=3) };
        let mut plain = Self {
            hosts: Vec::new(),
            pairs: Vec::new(),
            rings,
            soak: 3600 * rng.u32(0..48),
            at_once: 10,
            windows: None,
            go_on: false,
        };
        let mut front_ends = Vec::new();
        for pool in 0..pools {
            let (site, ring) = (rng.usize(..sites), if pool < rings { pool } else { rng.usize(..rings) });
            let role = match rng.u32(..10) {
                0..=4 => Role::FrontEnd,
                5 | 6 => Role::StandardEdition,
                7 => Role::Director,
                8 => [Role::Mediation, Role::PersistentChat][rng.usize(..2)],
                _ => Role::Edge,
            };
            let size = if role == Role::StandardEdition { 1 } else { rng.usize(1..=kind.largest) };
            // One pool in three belongs to Lync Server 2013, with the number of upgrade domains that its maker gives
            // it.
            let domains = (role == Role::FrontEnd && rng.u32(..3) == 0).then(|| size.div_ceil(2));
            for number in 0..size {
                let domain = domains.map(|domains| number % domains);
                plain.push(rng, pool, number, Host { domain, ..blank(role, pool, site, ring) });
            }
            if role == Role::FrontEnd {
                plain.push(rng, pool, size, blank(Role::BackEnd, pool, site, ring));
            }
            if matches!(role, Role::FrontEnd | Role::StandardEdition) {
                front_ends.push(pool);
            }
        }
        rng.shuffle(&mut front_ends);
        let mut pairs = front_ends.chunks_exact(2);
        let drawn = pairs.by_ref().filter(|_| rng.u32(..2) == 0).map(|pair| (pair[0], pair[1]));
        plain.pairs = drawn.collect();
        if let Some(host) = plain.hosts.iter_mut().find(|host| host.role == Role::BackEnd) {
            host.central = true;
        }
        plain
    }

    fn push(&mut self, rng: &mut Rng, pool: usize, number: usize, host: Host) {
        let name = format!("s{number:02}.p{pool:05}.example");
        self.hosts.push(Host { name, length: rng.u32(20 * 60..=60 * 60), ..host });
    }

    /// The same fleet with nightly windows, at a different hour in each site.
    pub fn with_windows(&self, rng: &mut Rng) -> Self {
        let sites = self.hosts.iter().map(|host| host.site).max().unwrap_or_default() + 1;
        Self { windows: Some((0..sites).map(|_| rng.u32(18..=23)).collect()), ..self.clone() }
    }

    /// The manifest of this fleet.
    pub fn manifest(&self) -> Manifest {
        let name = |kind: &str, number: usize| -> UpdateName { format!("{kind}{number}").parse().unwrap() };
        let pool_name = |pool: usize| format!("p{pool:05}.example").parse().unwrap();
        let mut pools: BTreeMap<_, Pool> = BTreeMap::new();
        let mut servers = BTreeMap::new();
        for host in &self.hosts {
            let pool = pools.entry(pool_name(host.pool)).or_default();
            pool.site = Some(name("site", host.site));
            pool.ring = (self.rings > 1).then(|| name("ring", host.ring));
            let maintenance = self.windows.as_ref().map(|hours| nightly(hours[host.site]));
            let server = Server {
                role: Some(host.role),
                pool: Some(pool_name(host.pool)),
                upgrade_domain: host.domain.map(|domain| name("ud", domain)),
                policy: Policy { maintenance: maintenance.map(When::In), ..Policy::default() },
                ..Server::default()
            };
            servers.insert(host.name.parse().unwrap(), server);
        }
        for (one, other) in &self.pairs {
            if let Some(pool) = pools.get_mut(&pool_name(*one)) {
                pool.paired_with = Some(pool_name(*other));
            }
        }
        Manifest {
            version: 1,
            requires: None,
            serial: None,
            expires: None,
            domain: None,
            policy: Policy::default(),
            installers: None,
            updates: BTreeMap::new(),
            groups: BTreeMap::new(),
            pools,
            rollout: Rollout {
                claims: None,
                rings: if self.rings > 1 {
                    (0..self.rings).map(|ring| name("ring", ring)).collect()
                } else {
                    Vec::new()
                },
                soak: Some(Period::seconds(self.soak)),
                at_once: u32::try_from(self.at_once).ok(),
                roles: Vec::new(),
                on_failure: Some(if self.go_on { OnFailure::StopPool } else { OnFailure::Stop }),
            },
            servers,
            reports: Reports::default(),
            lab: None,
        }
    }

    /// The fleet that core builds from the manifest. Its members have the numbers of the hosts.
    pub fn fleet<'a>(&self, manifest: &'a Manifest) -> Fleet<'a> {
        Fleet::of(manifest, self.members(manifest))
    }

    /// The members of that fleet.
    pub fn members<'a>(&self, manifest: &'a Manifest) -> Vec<Member<'a>> {
        let member = |host: &Host| {
            let length = Period::seconds(host.length);
            let entry = manifest.servers.get(&host.name.parse().unwrap()).unwrap();
            Member {
                databases_of: Vec::new(),
                name: host.name.parse().unwrap(),
                standing: Standing::of(manifest, entry),
                central: host.central,
                turn: Some(Prediction { median: length, p95: length }),
            }
        };
        self.hosts.iter().map(member).collect()
    }
}

fn blank(role: Role, pool: usize, site: usize, ring: usize) -> Host {
    Host { name: String::new(), role, pool, site, ring, domain: None, central: false, length: 0 }
}

fn nightly(hour: u32) -> Maintenance {
    let clock = |hour: u32| format!("{:02}:00", hour % 24).parse().unwrap();
    let window = Window { days: "daily".parse().unwrap(), from: clock(hour), to: clock(hour + WINDOW / 3600) };
    Maintenance {
        time_zone: "UTC".parse().unwrap(),
        windows: [("night".parse().unwrap(), window)].into(),
        except: BTreeMap::new(),
    }
}
