//! Servers of a pool: whether it can do without one of them, which server has its turn, and how a server leaves and
//! comes back.

use super::*;
use crate::{claims::unsettled, unready::Unready};
use crate::{seen::Spent, wanted::waiting_elsewhere};
use reconcile_schema::{Claim, Fabric, Fingerprint, PoolRecord, PoolSeen, Readiness, Released, Step, UpgradeDomain};

fn ready() -> PoolSeen {
    let fabric = Some(vec!["fe1.contoso.example OK UP".into()]);
    let (domains, missing, warnings) = Default::default();
    PoolSeen { readiness: Readiness::Ready, domains, servers: Some(4), active: Some(4), missing, warnings, fabric }
}

fn pooled(name: &str, product: Product, builds: (&str, &str)) -> Server {
    let mut server = server(name, product, builds);
    server.seen.host.pool = Fact::Known(ready());
    server.seen.host.claim = Fact::Known(PoolRecord::default());
    server
}

/// A Front End Server whose pool takes over for it.
fn front() -> Server {
    pooled("fe1.contoso.example", Product::Sfb2019, (ORIGINAL, CURRENT))
}

/// The same, with the pool claimed for it.
fn claimed() -> Server {
    let mut server = front();
    server.claim_of("fe1.contoso.example");
    server
}

/// A Front End Server whose pool cannot take over for it.
fn lync() -> Server {
    let mut server = pooled("fe1.contoso.example", Product::Lync2013, ("5.0.8308.0", "5.0.8308.1149"));
    server.claim_of("fe1.contoso.example");
    server
}

/// The Back End Server of the pool.
fn back() -> Server {
    let mut server = pooled("be.contoso.example", Product::Sfb2019, (ORIGINAL, CURRENT));
    server.seen.host.pool = Fact::NotLooked;
    server.services().retain(|service| service.name != "RTCSRV");
    server
}

/// A Front End Server that is done: we failed it over, and its services are still disabled.
fn failed_over() -> Server {
    let mut server = claimed();
    server.core(CURRENT);
    server.down();
    server.is("W3SVC", ServiceState::Running);
    server.disable();
    server.baseline().failed_over = true;
    server
}

impl Server {
    fn pool(&mut self) -> &mut PoolSeen {
        match &mut self.seen.host.pool {
            Fact::Known(pool) => pool,
            Fact::Unknown(_) | Fact::NotLooked => panic!("the pool is known"),
        }
    }

    fn record(&mut self) -> &mut PoolRecord {
        match &mut self.seen.host.claim {
            Fact::Known(record) => record,
            Fact::Unknown(_) | Fact::NotLooked => panic!("the record is known"),
        }
    }

    pub(super) fn claim_of(&mut self, name: &str) {
        let claim = Claim {
            server: name.parse().unwrap(),
            pool: "pool.contoso.example".parse().unwrap(),
            domain: None,
            run: RunId("a run".into()),
            at: "2026-03-01T20:00:00Z".parse().unwrap(),
            boot: None,
            manifest_fingerprint: None,
            written: None,
            later: Default::default(),
        };
        self.record().claims.push(claim);
    }

    /// Another server of the pool served again at this time.
    fn released(&mut self, at: &str) {
        let server = "fe2.contoso.example".parse().unwrap();
        let at = at.parse().unwrap();
        let released = Released { server, domain: None, at, written: None, later: Default::default() };
        self.record().released.insert("pool.contoso.example".parse().unwrap(), released);
    }

    fn disable(&mut self) {
        let ours = self.services().iter_mut().filter(|service| service.is_products());
        ours.for_each(|service| (service.start, service.state) = (StartType::Disabled, ServiceState::Stopped));
    }

    fn domain(&mut self, ready: bool, names: &[&str]) {
        let names = names.iter().map(|name| (*name).into()).collect();
        self.pool().domains.push(UpgradeDomain { ready, names });
    }
}

#[test]
fn a_pool_is_asked_before_it_loses_a_server() {
    decided(
        claimed,
        &[
            ("it is ready", |_| {}, "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530"),
            ("nobody has asked", |it| it.seen.host.pool = Fact::NotLooked, "look at the readiness of the pool"),
            (
                "its answer is unknown",
                |it| it.seen.host.pool = Fact::Unknown("no answer".into()),
                "blocked: the readiness of the pool: no answer",
            ),
            (
                "it is busy",
                |it| it.pool().readiness = Readiness::Busy,
                "wait: the pool pool.contoso.example cannot spare this server: it is busy (PoolUpgradeState is Busy)",
            ),
            (
                "it is busy for almost twenty minutes",
                |it| {
                    (it.pool().readiness, it.seen.run.waited) = (Readiness::Busy, Period::seconds(20 * 60 - 1));
                },
                "wait: the pool pool.contoso.example cannot spare this server: it is busy (PoolUpgradeState is Busy)",
            ),
            (
                "it is busy for twenty minutes",
                |it| {
                    (it.pool().readiness, it.seen.run.waited) = (Readiness::Busy, Period::minutes(20));
                },
                "blocked: the pool pool.contoso.example cannot spare this server: it is busy (PoolUpgradeState is Busy)",
            ),
            (
                "too few are active, by its own word",
                |it| it.pool().readiness = Readiness::InsufficientActiveFrontEnds,
                "blocked: the pool pool.contoso.example cannot spare this server: 4 of its 4 servers are active (PoolUpgradeState is InsufficientActiveFrontEnds)",
            ),
            (
                "three of four are active, this one among them",
                |it| it.pool().active = Some(3),
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "two of four are active, this one among them",
                |it| it.pool().active = Some(2),
                "blocked: the pool pool.contoso.example cannot spare this server: 2 of its 4 servers are active, and 2 must stay",
            ),
            (
                "two of four are active, and this one is not",
                |it| {
                    it.pool().active = Some(2);
                    it.is("RTCSRV", ServiceState::Stopped);
                },
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the manifest names more of its servers than it counts",
                |it| {
                    (it.pool().active, it.pool().servers) = (Some(2), Some(2));
                },
                "blocked: the pool pool.contoso.example cannot spare this server: 2 of its 4 servers are active, and 2 must stay",
            ),
            (
                "it counts nothing and has no upgrade domains",
                |it| it.pool().active = None,
                "blocked: the pool pool.contoso.example cannot spare this server: it reports neither its upgrade domains (IsReadyForUpgrade) nor how many of its servers are active",
            ),
            (
                "it counts nothing, and its upgrade domains are ready",
                |it| {
                    it.pool().active = None;
                    it.domain(true, &["UD1"]);
                },
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "another upgrade domain is not ready",
                |it| {
                    it.domain(true, &["UD1", "fe1"]);
                    it.domain(false, &["UD2", "fe2"]);
                },
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the upgrade domain of this server is not ready",
                |it| {
                    it.domain(false, &["UD1", "fe1"]);
                    it.domain(true, &["UD2"]);
                },
                "blocked: the pool pool.contoso.example cannot spare this server: the upgrade domain of this server is not ready (IsReadyForUpgrade is False)",
            ),
            (
                "some upgrade domain is not ready",
                |it| {
                    it.domain(true, &["UD1"]);
                    it.domain(false, &["UD2"]);
                },
                "blocked: the pool pool.contoso.example cannot spare this server: one of its upgrade domains is not ready (IsReadyForUpgrade is False), and which of them holds this server is not known",
            ),
            (
                "the manifest says which upgrade domain is this server's",
                |it| {
                    it.goal.upgrade_domain = Some("ud2".parse().unwrap());
                    it.domain(true, &["UD1"]);
                    it.domain(false, &["UD2"]);
                },
                "blocked: the pool pool.contoso.example cannot spare this server: the upgrade domain of this server is not ready (IsReadyForUpgrade is False)",
            ),
            (
                "replicas are missing",
                |it| it.pool().missing.push("missing: 1".into()),
                "blocked: the pool pool.contoso.example cannot spare this server: replicas are missing: missing: 1",
            ),
            (
                "it warns",
                |it| it.pool().warnings.push("a warning".into()),
                "blocked: the pool pool.contoso.example cannot spare this server: Get-CsPoolFabricState warns: a warning",
            ),
            (
                "it warns, and another server of the upgrade domain may be down",
                |it| {
                    it.goal.upgrade_domain = Some("ud1".parse().unwrap());
                    it.pool().warnings.push("a warning".into());
                },
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "its fabric is not understood",
                |it| it.pool().fabric = Some(vec!["alles gut".into()]),
                "blocked: the pool pool.contoso.example cannot spare this server: the answer of Get-CsPoolFabricState is not understood; it says \"alles gut\"",
            ),
            (
                "its fabric is not understood, and somebody has read it",
                |it| {
                    it.pool().fabric = Some(vec!["alles gut".into()]);
                    it.goal.rules.fabric = Fabric::Ignore;
                },
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "it is busy, and no service of this server is up",
                |it| {
                    it.down();
                    it.pool().readiness = Readiness::Busy;
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "it is busy, and this server came up in the middle of its outage",
                |it| {
                    it.down();
                    it.is("RTCCAS", ServiceState::Running);
                    it.pool().readiness = Readiness::Busy;
                },
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

#[test]
fn one_server_of_a_pool_at_a_time() {
    decided(
        front,
        &[
            (
                "nobody has claimed the pool",
                |_| {},
                "claiming the pool: one server of the pool is taken down at a time",
            ),
            (
                "nobody has looked at the claim",
                |it| it.seen.host.claim = Fact::NotLooked,
                "look at the claim of the pool",
            ),
            (
                "the claim is unknown",
                |it| it.seen.host.claim = Fact::Unknown("no share".into()),
                "blocked: the claim of the pool: no share",
            ),
            (
                "another server has claimed it",
                |it| it.claim_of("fe2.contoso.example"),
                "blocked: fe2.contoso.example has held the claim of the pool pool.contoso.example since Sun 2026-03-01 20:00 (UTC); one server of a pool is updated at a time",
            ),
            (
                "another server has claimed it, by another manifest",
                |it| {
                    it.goal.manifest = Some(Fingerprint::of([1; 32]));
                    it.claim_of("fe2.contoso.example");
                    it.record().claims[0].manifest_fingerprint = Some(Fingerprint::of([2; 32]));
                },
                "blocked: fe2.contoso.example has held the claim of the pool pool.contoso.example since Sun 2026-03-01 20:00 (UTC); one server of a pool is updated at a time; its run follows another manifest (sha256:020202020202)",
            ),
            (
                "another server has claimed it, by the same manifest",
                |it| {
                    it.goal.manifest = Some(Fingerprint::of([1; 32]));
                    it.claim_of("fe2.contoso.example");
                    it.record().claims[0].manifest_fingerprint = it.goal.manifest;
                },
                "blocked: fe2.contoso.example has held the claim of the pool pool.contoso.example since Sun 2026-03-01 20:00 (UTC); one server of a pool is updated at a time",
            ),
            (
                "this server has claimed it",
                |it| it.claim_of("fe1.contoso.example"),
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "claiming it has failed",
                |it| it.seen.run.spent.push((Step::Claim, Spent::Failed("access denied".into()))),
                "blocked: claiming the pool failed: access denied",
            ),
            (
                "another server has served again for twenty minutes",
                |it| it.released("2026-03-01T20:40:00Z"),
                "claiming the pool: one server of the pool is taken down at a time",
            ),
            (
                "another server has served again for less than twenty minutes",
                |it| it.released("2026-03-01T20:40:01Z"),
                "wait: the pool pool.contoso.example cannot spare this server: it must be ready for 20 min after fe2.contoso.example came back on Sun 2026-03-01 20:40 (UTC)",
            ),
            (
                "another server has served again for less, and was waited for",
                |it| {
                    it.released("2026-03-01T20:40:01Z");
                    it.seen.run.waited = Period::minutes(20);
                },
                "blocked: the pool pool.contoso.example cannot spare this server: it must be ready for 20 min after fe2.contoso.example came back on Sun 2026-03-01 20:40 (UTC)",
            ),
            (
                "the pool was not ready in between",
                |it| {
                    it.released("2026-03-01T20:00:00Z");
                    it.seen.run.ready_again = Some("2026-03-01T20:50:00Z".parse().unwrap());
                },
                "wait: the pool pool.contoso.example cannot spare this server: it must be ready for 20 min after fe2.contoso.example came back, and has been ready only since Sun 2026-03-01 20:50 (UTC)",
            ),
            (
                "the pool was not ready before that server came back",
                |it| {
                    it.released("2026-03-01T20:40:00Z");
                    it.seen.run.ready_again = Some("2026-03-01T20:40:00Z".parse().unwrap());
                },
                "claiming the pool: one server of the pool is taken down at a time",
            ),
            (
                "the pool was not ready until that server came back",
                |it| {
                    it.released("2026-03-01T20:50:00Z");
                    it.seen.run.ready_again = Some("2026-03-01T20:50:00Z".parse().unwrap());
                },
                "wait: the pool pool.contoso.example cannot spare this server: it must be ready for 20 min after fe2.contoso.example came back on Sun 2026-03-01 20:50 (UTC)",
            ),
            (
                "that server came back tomorrow, by a clock that is wrong, and the pool has been ready since this run asked it, for as long",
                |it| {
                    it.released("2026-03-02T21:00:00Z");
                    it.seen.run.asked = Some("2026-03-01T20:40:00Z".parse().unwrap());
                },
                "claiming the pool: one server of the pool is taken down at a time",
            ),
            (
                "that server came back tomorrow, by a clock that is wrong, and this run has waited for something else",
                |it| {
                    it.released("2026-03-02T21:00:00Z");
                    it.seen.run.asked = Some("2026-03-01T21:00:00Z".parse().unwrap());
                    it.seen.run.waited = Period::minutes(19);
                },
                "wait: the pool pool.contoso.example cannot spare this server: it must be ready for 20 min after fe2.contoso.example came back on Mon 2026-03-02 21:00 (UTC); the clock of fe2.contoso.example is ahead, or that of this server behind, by 24 h",
            ),
            (
                "that server came back an hour ago by its slow clock, and just now by the clock of the share",
                |it| {
                    it.released("2026-03-01T20:00:00Z");
                    for last in it.record().released.values_mut() {
                        last.written = Some("2026-03-01T20:59:00Z".parse().unwrap());
                    }
                },
                "wait: the pool pool.contoso.example cannot spare this server: it must be ready for 20 min after fe2.contoso.example came back on Sun 2026-03-01 20:59 (UTC)",
            ),
            (
                "that server came back just now, and an hour ago by the slow clock of the share",
                |it| {
                    it.released("2026-03-01T20:59:00Z");
                    for last in it.record().released.values_mut() {
                        last.written = Some("2026-03-01T20:00:00Z".parse().unwrap());
                    }
                },
                "wait: the pool pool.contoso.example cannot spare this server: it must be ready for 20 min after fe2.contoso.example came back on Sun 2026-03-01 20:59 (UTC); the clock of fe2.contoso.example was 59 min ahead of the share's",
            ),
            (
                "there is no share",
                |it| it.goal.claims = None,
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the services are down",
                Server::down,
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

#[test]
fn a_run_waits_as_long_as_the_pool_must_still_be_ready() {
    let mut it = front();
    it.released("2026-03-01T20:48:00Z");
    let left = match unsettled(&it.goal, &it.seen) {
        Some(Unready::Settling { left, .. }) => Some(left),
        _ => None,
    };
    assert_eq!(left, Some(Period::minutes(8)), "of twenty, at nine o'clock");
}

#[test]
fn the_back_end_comes_after_its_front_ends() {
    fn reached(it: &mut Server, names: &[&str], at: &str) {
        let reached = &mut it.record().reached;
        reached.extend(names.iter().map(|name| (format!("{name}.contoso.example").parse().unwrap(), build(at))));
    }
    decided(
        back,
        &[
            (
                "none of them is done",
                |_| {},
                "blocked: the back end must be updated after its Front End Servers: fe1.contoso.example has not reported that it is at 7.0.2046.530",
            ),
            (
                "one of them has said nothing",
                |it| reached(it, &["fe1", "fe2", "fe3"], CURRENT),
                "blocked: the back end must be updated after its Front End Servers: fe4.contoso.example has not reported that it is at 7.0.2046.530",
            ),
            (
                "one of them is at an earlier build",
                |it| {
                    reached(it, &["fe1", "fe2", "fe3"], CURRENT);
                    reached(it, &["fe4"], ORIGINAL);
                },
                "blocked: the back end must be updated after its Front End Servers: fe4.contoso.example last reported 7.0.2046.0, and must report 7.0.2046.530",
            ),
            (
                "one of them is not, and it has a claim from an attempt for another target",
                |it| {
                    reached(it, &["fe1", "fe2", "fe3"], CURRENT);
                    reached(it, &["fe4"], ORIGINAL);
                    it.claim_of(it.goal.server.clone().as_str());
                },
                "blocked: the back end must be updated after its Front End Servers: fe4.contoso.example last reported 7.0.2046.0, and must report 7.0.2046.530",
            ),
            (
                "one of them is not, and it kept its claim after an outage without effect",
                |it| {
                    reached(it, &["fe1", "fe2", "fe3"], CURRENT);
                    it.claim_of(it.goal.server.clone().as_str());
                    (it.seen.marks.claimed, it.seen.marks.outages) = (true, 1);
                },
                "releasing the pool: the next server of the pool may begin",
            ),
            (
                "all of them are done",
                |it| reached(it, &["fe1", "fe2", "fe3", "fe4"], LATER),
                "claiming the pool: one server of the pool is taken down at a time",
            ),
        ],
    );
}

#[test]
fn the_next_server_of_the_pool_may_begin_when_this_one_serves() {
    decided(
        claimed,
        &[
            (
                "it has its claim and is done",
                |it| {
                    it.core(CURRENT);
                    it.seen.marks.claimed = true;
                },
                "releasing the pool: the next server of the pool may begin",
            ),
            (
                "it is done, and has not told its build",
                |it| it.core(CURRENT),
                "releasing the pool: the next server of the pool may begin",
            ),
            (
                "it is done, and has told its build",
                |it| {
                    it.core(CURRENT);
                    it.seen.marks.told = Some(build(CURRENT));
                },
                "done",
            ),
            (
                "it is done, and has told an earlier build",
                |it| {
                    it.core(CURRENT);
                    it.seen.marks.told = Some(build(ORIGINAL));
                },
                "releasing the pool: the next server of the pool may begin",
            ),
            (
                "it has its claim, and may not go on",
                |it| {
                    it.seen.marks.claimed = true;
                    refuse(it);
                },
                "releasing the pool: the next server of the pool may begin",
            ),
            (
                "it has its claim, may not go on, and was down without effect",
                |it| {
                    (it.seen.marks.claimed, it.seen.marks.outages) = (true, 1);
                    refuse(it);
                },
                "blocked: the package cannot be used: no signature",
            ),
            (
                "it has no claim, and may not go on",
                |it| {
                    it.seen.marks.told = Some(build(ORIGINAL));
                    refuse(it);
                },
                "blocked: the package cannot be used: no signature",
            ),
            (
                "it has never told a build, and may not go on",
                refuse,
                "blocked: the package cannot be used: no signature",
            ),
            (
                "its components are unknown",
                |it| it.seen.host.components = Fact::Unknown("access denied".into()),
                "blocked: the installed components: access denied",
            ),
        ],
    );
}

fn refuse(it: &mut Server) {
    it.seen.host.package = Fact::Known(PackageSeen::Refused("no signature".into()));
}

#[test]
fn a_server_leaves_its_pool_first_and_comes_back_last() {
    decided(
        claimed,
        &[
            (
                "the failover has failed",
                |it| it.seen.run.spent.push((Step::FailOver, Spent::Failed("no answer".into()))),
                "blocked: the failover failed: no answer",
            ),
            (
                "the stop of its services would fail",
                |it| it.seen.run.spent.push((Step::StopServices, Spent::Failed("error 5".into()))),
                "blocked: stopping the services failed: error 5",
            ),
            (
                "somebody else has failed it over",
                Server::disable,
                "blocked: the server is failed over (RTCSRV is disabled), and the journal records no run that did it",
            ),
            (
                "somebody else has failed it over, and the web server is down",
                |it| {
                    it.disable();
                    it.is("W3SVC", ServiceState::Stopped);
                },
                "blocked: the server is failed over (RTCSRV is disabled), and the journal records no run that did it",
            ),
            (
                "a service of others goes first",
                |it| it.services().push(other("BACKUP")),
                "stopping the services of others: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a service of others goes first, and the failover would fail",
                |it| {
                    it.services().push(other("BACKUP"));
                    it.seen.run.spent.push((Step::FailOver, Spent::Failed("no answer".into())));
                },
                "blocked: the failover failed: no answer",
            ),
            (
                "a restart comes first",
                |it| {
                    it.goal.rules.reboot = reconcile_schema::Reboots::WhenRequired;
                    it.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]);
                },
                "the failover: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
    decided(
        failed_over,
        &[
            ("all is done", |_| {}, "the failback: the pool serves its users, and it can serve them again"),
            (
                "the web server is down",
                |it| it.is("W3SVC", ServiceState::Stopped),
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the failback has failed",
                |it| it.seen.run.spent.push((Step::FailBack, Spent::Failed("no answer".into()))),
                "blocked: the failback failed: no answer",
            ),
            (
                "a service of others is down",
                |it| {
                    it.services().push(other("BACKUP"));
                    it.is("BACKUP", ServiceState::Stopped);
                },
                "the failback: the pool serves its users, and it can serve them again",
            ),
            (
                "only another of its services is disabled still",
                |it| {
                    it.services().iter_mut().for_each(|service| service.state = ServiceState::Running);
                    it.services()[0].start = StartType::Automatic;
                },
                "the failback: the pool serves its users, and it can serve them again",
            ),
            (
                "a service is disabled that did not run before",
                |it| {
                    it.services().iter_mut().for_each(|service| service.state = ServiceState::Running);
                    it.services()[0].start = StartType::Automatic;
                    it.baseline().running.retain(|name| name != "RTCCAS");
                },
                "releasing the pool: the next server of the pool may begin",
            ),
        ],
    );
    decided(
        lync,
        &[
            (
                "its pool cannot take over",
                |_| {},
                "stopping the services: core-components is at 5.0.8308.0, must reach 5.0.8308.1149",
            ),
            (
                "somebody has disabled its service",
                Server::disable,
                "stopping the web server: core-components is at 5.0.8308.0, must reach 5.0.8308.1149",
            ),
        ],
    );
}

#[test]
fn files_that_ask_for_no_restart_are_shown() {
    let mut server = patched();
    server.seen.host.reboot = Fact::Known(vec![
        pending("setup", &[]),
        pending("files", &[("C:\\matters.dll", true)]),
        pending("files", &[("C:\\one.tmp", false), ("C:\\two.tmp", false)]),
    ]);
    assert_eq!(waiting_elsewhere(&server.seen), ["C:\\one.tmp", "C:\\two.tmp"]);
}
