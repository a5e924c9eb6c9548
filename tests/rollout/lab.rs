//! A rollout over a lab. Each turn is a run of `apply` on its server: it checks and claims the pool, and reports its
//! result.

use std::{cmp::Reverse, collections::BinaryHeap};

use fastrand::Rng;
use jiff::Timestamp;
use reconcile_core::{Blocker, End, Goal, Request, Waves, apply};
use reconcile_hosts::lab::{Fault, Lab, start as healthy};
use reconcile_schema::{
    Build, CentralStore, Databases, Manifest, Period, Product, Reboots, Releases, Role, RunId, Service, ServiceState,
};
use reconcile_support::rollout::{Plain, Trouble, Work, start};

/// A complete update of a manifest.
const UPDATE: &str = r"{ product: PRODUCT, release: 'RELEASE', installer: { path: 'D:\U.exe', sha256: HASH } }";

pub struct Servers {
    /// The goal of each server, in the order of the plain facts.
    pub goals: Vec<Goal>,
    pub lab: Lab,
}

/// The manifest of a fleet, with updates, databases and a share for claims.
pub fn manifest(plain: &Plain) -> Manifest {
    let mut manifest = plain.manifest();
    for (name, product, release) in [("old", "lync-2013", "5.0.8308.1149"), ("new", "sfb-2019", "7.0.2046.521")] {
        let text = UPDATE.replace("PRODUCT", product).replace("RELEASE", release).replace("HASH", &"0a".repeat(32));
        manifest.updates.insert(name.parse().unwrap(), serde_yaml::from_str(&text).unwrap());
    }
    manifest.rollout.claims = Some(reconcile_schema::ClaimShare {
        folder: r"\\files.contoso.example\claims".parse().unwrap(),
        writers: vec![],
    });
    (manifest.policy.reboot, manifest.policy.outage.budget) = (Some(Reboots::WhenRequired), Some(Period::minutes(60)));
    for host in &plain.hosts {
        let has_domains = plain.hosts.iter().any(|other| other.pool == host.pool && other.domain.is_some());
        let server = manifest.servers.get_mut(&host.name.parse().unwrap()).unwrap();
        server.target = Some(if has_domains { "old" } else { "new" }.parse().unwrap());
        let sql = || "sql01.contoso.example".parse().unwrap();
        server.databases = (host.role == Role::BackEnd).then(|| Databases {
            sql_server: Some(sql()),
            collocated: false,
            mirrored: None,
            central_management_store: host.central.then(|| CentralStore { sql_server: sql(), instance: None }),
        });
    }
    manifest
}

impl Servers {
    /// The servers of a fleet, all outdated. Some have installers that fail or request a restart.
    pub fn of(plain: &Plain, manifest: &Manifest, rng: &mut Rng, trouble: Trouble) -> Self {
        let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
        let goal = |name: &str| Goal::of(manifest, &releases, &name.parse().unwrap()).unwrap();
        let goals: Vec<Goal> = plain.hosts.iter().map(|host| goal(&host.name)).collect();
        let build = |product: Product| Build { line: product.line(), revision: 100 };
        let builds: Vec<Build> = goals.iter().map(|goal| build(goal.product)).collect();
        let faults = |()| {
            let fails = (rng.u32(..1000) < trouble.failures).then_some(Fault::InstallerFails);
            let restarts = (rng.u32(..1000) < trouble.restarts).then_some(Fault::InstallerAsksForReboot);
            fails.into_iter().chain(restarts).collect()
        };
        let faults: Vec<Vec<Fault>> = goals.iter().map(|_| ()).map(faults).collect();
        let outdated = goals.iter().zip(&builds).zip(faults).map(|((goal, build), faults)| (goal, build, faults));
        let lab = Lab::in_memory(healthy(outdated));
        Self { goals, lab }
    }

    /// Runs `apply` at `now`. Returns the time of its end, and the blocker if it missed the goal.
    fn run(&mut self, host: usize, now: Timestamp) -> (Timestamp, Option<Blocker>) {
        let goal = &self.goals[host];
        self.lab.change(&goal.server, |server| server.clock = now).unwrap();
        let request = Request {
            goal,
            run: RunId(format!("turn of {}", goal.server)),
            version: "0",
            by: "an engine",
            approved: None,
            forgive: false,
            interrupted: &|| None,
        };
        let outcome = apply(&mut self.lab.host(&goal.server).unwrap(), &request, &mut |_| {}).unwrap();
        let blocker = match outcome.end {
            End::AtGoal => None,
            End::Blocked(blocker) => Some(blocker),
            End::GoingDown => unreachable!("a lab restarts within the step"),
        };
        (self.lab.world().servers[&goal.server].clock, blocker)
    }

    /// Takes the services of a server down for the length of its turn, so that its pool sees that. Returns their state
    /// before.
    fn take_down(&mut self, host: usize) -> Vec<Service> {
        let mut before = Vec::new();
        let stop = |service: &mut Service| service.state = ServiceState::Stopped;
        let name = &self.goals[host].server;
        self.lab
            .change(name, |server| {
                before.clone_from(&server.services);
                server.services.iter_mut().for_each(stop);
            })
            .unwrap();
        before
    }
}

/// All servers begin at the same time, and each relies on its own checks. Returns the work, and the servers that were
/// blocked.
pub fn all_at_once(plain: &Plain, servers: &mut Servers) -> (Vec<Work>, Vec<(usize, Blocker)>) {
    let (mut done, mut short) = (Vec::new(), Vec::new());
    for host in 0..plain.hosts.len() {
        match servers.run(host, start()) {
            (_, Some(blocker)) => short.push((host, blocker)),
            (until, None) => {
                let until = u64::try_from(until.duration_since(start()).as_secs()).unwrap();
                done.push(Work { host, from: 0, until, reached: true });
                servers.take_down(host);
            }
        }
    }
    (done, short)
}

/// Runs a rollout to its end. Returns the work, and each server that missed its goal with the reason.
pub fn rolled(plain: &Plain, manifest: &Manifest, servers: &mut Servers) -> (Vec<Work>, Vec<(usize, Blocker)>) {
    let seconds = |at: Timestamp| u64::try_from(at.duration_since(start()).as_secs()).unwrap();
    let fleet = plain.fleet(manifest);
    let mut waves = Waves::new(&fleet, start());
    let mut ends: BinaryHeap<Reverse<(Timestamp, usize)>> = BinaryHeap::new();
    let mut standing = vec![Vec::new(); plain.hosts.len()];
    let (mut now, mut done, mut short) = (start(), Vec::new(), Vec::new());
    loop {
        for host in waves.begin(now) {
            let (until, blocker) = servers.run(host, now);
            done.push(Work { host, from: seconds(now), until: seconds(until), reached: blocker.is_none() });
            short.extend(blocker.map(|blocker| (host, blocker)));
            standing[host] = servers.take_down(host);
            ends.push(Reverse((until, host)));
        }
        let end = ends.peek().map(|Reverse((until, _))| *until);
        let Some(next) = [end, waves.wakes()].into_iter().flatten().min() else { return (done, short) };
        now = next;
        while let Some(Reverse((_, host))) = ends.peek().copied().filter(|Reverse((until, _))| *until <= now) {
            ends.pop();
            let services = std::mem::take(&mut standing[host]);
            servers.lab.change(&servers.goals[host].server, |server| server.services = services).unwrap();
            waves.end(host, now, short.iter().all(|(other, _)| *other != host));
        }
    }
}
