//! The databases of a pool on a SQL Server of their own: when they are updated, and from which server.

use alloc::sync::Arc;

use super::*;
use crate::pool_stores::{PoolStore, PoolStores, SqlPaths};
use reconcile_schema::{Hold, Mirrored, PoolRecord, Step};

fn store() -> Store {
    Store::Configured { sql_server: "sql.contoso.example".parse().unwrap(), exclude_collocated: false }
}

/// The server from which they are updated: it is done itself and has reported so, and the databases are behind.
fn updater() -> Server {
    let mut server = server("fe4.contoso.example", Product::Sfb2019, (CURRENT, CURRENT));
    let fronts = ["fe1", "fe2", "fe4"].map(|name| format!("{name}.contoso.example").parse().unwrap());
    server.goal.pool_stores = Some(Arc::new(PoolStores {
        sql_server: "sql.contoso.example".parse().unwrap(),
        from: "fe4.contoso.example".parse().unwrap(),
        pools: vec!["pool.contoso.example".parse().unwrap()],
        stores: vec![PoolStore { store: store(), from: "fe4.contoso.example".parse().unwrap() }],
        after: fronts.to_vec(),
        without: [("fe3.contoso.example".parse().unwrap(), "its board is broken".into())].into(),
        records: vec!["pool.contoso.example".parse().unwrap()],
        mirrored: Mirrored::Block,
        paths: SqlPaths::Chosen,
    }));
    server.seen.marks.told = Some(build(CURRENT));
    server.databases(&store(), |database| database.installed = Some([15, 13, 9].into()));
    let mut record = PoolRecord::default();
    for name in ["fe1", "fe2"] {
        record.reached.insert(format!("{name}.contoso.example").parse().unwrap(), build(CURRENT));
    }
    server.seen.host.claim = Fact::Known(record);
    server
}

impl Server {
    fn stores(&mut self) -> &mut PoolStores {
        Arc::make_mut(self.goal.pool_stores.as_mut().unwrap())
    }

    fn told(&mut self, name: &str, core: Option<&str>) {
        let Fact::Known(record) = &mut self.seen.host.claim else { panic!("the record is known") };
        let name = name.parse().unwrap();
        match core {
            Some(core) => record.reached.insert(name, build(core)),
            None => record.reached.remove(&name),
        };
    }
}

const UPDATE: &str = "updating the databases on sql.contoso.example: below the version that the binaries expect: rtcxds; without fe3.contoso.example (its board is broken)";

#[test]
fn databases_of_a_pool_wait_for_its_front_end_servers_and_stop_nothing() {
    decided(
        updater,
        &[
            ("all others have reported", |_| {}, UPDATE),
            (
                "nobody has taken the server down, but it may be down for no time at all",
                |it| {
                    it.goal.rules.outage_budget = Period::minutes(0);
                },
                UPDATE,
            ),
            ("the pool is busy", |it| it.seen.host.pool = Fact::NotLooked, UPDATE),
            (
                "one has reported an older build",
                |it| it.told("fe2.contoso.example", Some(ORIGINAL)),
                "blocked: the databases on sql.contoso.example are updated after all Front End Servers: fe2.contoso.example (last reported 7.0.2046.0) has not reported that it is at 7.0.2046.530",
            ),
            (
                "nobody has reported",
                |it| {
                    it.told("fe1.contoso.example", None);
                    it.told("fe2.contoso.example", None);
                },
                "blocked: the databases on sql.contoso.example are updated after all Front End Servers: fe1.contoso.example, fe2.contoso.example have not reported that they are at 7.0.2046.530",
            ),
            ("one has a newer build", |it| it.told("fe1.contoso.example", Some(LATER)), UPDATE),
            ("the record was not read", |it| it.seen.host.claim = Fact::NotLooked, "look at the claim of the pool"),
            (
                "the record cannot be read",
                |it| it.seen.host.claim = unknown(),
                "blocked: which Front End Servers are done: access denied",
            ),
            (
                "another server updates them for all pools",
                |it| it.stores().stores[0].from = "fe1.fabrikam.example".parse().unwrap(),
                "blocked: the databases on sql.contoso.example belong to several pools and are updated from fe1.fabrikam.example, which has not done so",
            ),
            ("another server answers for them", |it| it.stores().from = "fe1.contoso.example".parse().unwrap(), "done"),
            ("they are current", |it| it.databases(&store(), |_| {}), "done"),
            ("they were not read", |it| it.seen.host.databases.clear(), "look at the databases on sql.contoso.example"),
            (
                "they cannot be reached",
                |it| it.databases(&store(), |database| database.reachable = false),
                "blocked: database rtcxds of the databases on sql.contoso.example: it could not be reached",
            ),
            (
                "the server itself is behind",
                |it| {
                    it.core(ORIGINAL);
                    it.seen.host.pool = Fact::NotLooked;
                },
                "look at the readiness of the pool",
            ),
            (
                "a service is down",
                |it| it.is("RTCCAS", ServiceState::Stopped),
                "starting the services: so that RTCCAS runs again",
            ),
        ],
    );
}

#[test]
fn what_forbids_the_update_of_a_pools_databases() {
    decided(
        updater,
        &[
            (
                "they are mirrored",
                |it| {
                    it.databases(&store(), |database| {
                        (database.installed, database.mirrored) = (Some([15, 13, 9].into()), true);
                    });
                },
                "blocked: the databases on sql.contoso.example are mirrored, and the sources contradict each other: Install-CsDatabase -Update fails on mirrored databases (Microsoft Learn), or works with them since July 2013 (a blog of Microsoft's)",
            ),
            (
                "they are mirrored, and the manifest says that this works here",
                |it| {
                    it.databases(&store(), |database| {
                        (database.installed, database.mirrored) = (Some([15, 13, 9].into()), true);
                    });
                    it.stores().mirrored = Mirrored::Update;
                },
                UPDATE,
            ),
            (
                "no window is open",
                |it| it.window("22:00", "23:00"),
                "blocked: no maintenance window is open before Sun 2026-03-01 22:00 (UTC)",
            ),
            (
                "the window has no room for the longest case",
                |it| it.window("20:00", "21:20"),
                "blocked: the maintenance window closes in 20 min, and the update of the databases may take 30 min (the longest case is assumed: nobody has recorded or estimated database); one that is long enough opens Sun 2026-03-08 20:00 (UTC)",
            ),
            (
                "the window has room for the estimate",
                |it| {
                    it.window("20:00", "21:20");
                    it.goal.rules.estimates.database = Some(Period::minutes(15));
                },
                UPDATE,
            ),
            (
                "the server is on hold",
                |it| {
                    let at = "2026-03-01T20:00:00Z".parse().unwrap();
                    it.seen.marks.hold = Some(Hold { by: "alex".into(), at, reason: "an audit".into() });
                },
                "blocked: held by alex since Sun 2026-03-01 20:00 (UTC): an audit",
            ),
            (
                "an installer runs",
                |it| it.installs("setup.exe"),
                "blocked: another installation is in progress: setup.exe",
            ),
            (
                "the account may not",
                |it| {
                    it.seen.host.rights =
                        Fact::Known(Rights { administrator: true, server_admin: Some(false), confined: false });
                },
                "blocked: the account is not a member of RTCUniversalServerAdmins, which updating the databases on sql.contoso.example requires",
            ),
            (
                "the command failed in this run",
                |it| {
                    let why = crate::seen::Spent::Failed("login failed".into());
                    it.seen.run.spent.push((Step::UpdatePoolDatabases(store()), why));
                },
                "blocked: updating the databases on sql.contoso.example failed: login failed",
            ),
        ],
    );
}
