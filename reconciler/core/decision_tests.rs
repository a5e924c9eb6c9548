//! The decision, asked about one server at a time. A row gives what is unusual about the server, and the expected
//! decision.
//!
//! The worlds (tests/worlds) walk through whole runs. Here every row is one question, so that a removed rule is named.

mod back_up;
mod databases;
mod doctor;
mod guards;
mod outage;
mod pool;
mod restart;
mod take_down;

use alloc::{format, string::String, vec, vec::Vec};

use reconcile_schema::{
    Aim, Attempt, Baseline, BootId, Build, Component, ComponentName, Database, Fact, Manifest, Marks, Observed,
    PackageSeen, Pending, Period, Product, QueuedFile, Recognised, Releases, Rights, RunId, Service, ServiceState,
    StartType, Store,
};
use serde_json::json;

use crate::{
    goal::Goal,
    next::{Next, next},
    seen::{Run, Seen},
    wanted::{Want, wanted},
};

/// A server and its declaration.
pub struct Server {
    pub goal: Goal,
    pub seen: Seen,
}

/// What is unusual about a server.
type Unusual = fn(&mut Server);

/// What is unusual, in words; the change that makes it so; the expected decision.
type Row = (&'static str, Unusual, &'static str);

/// Asks about each variant of this server that the rows describe, and shows all wrong answers at once.
fn decided(server: fn() -> Server, rows: &[Row]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(words, change, expected)| {
            let mut server = server();
            change(&mut server);
            let found = said(next(&server.goal, &server.seen));
            (found != *expected).then(|| format!("{words}\n  expected {expected:?},\n     found {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn said(next: Next) -> String {
    match next {
        Next::Done => "done".into(),
        Next::Do(step, cause) => format!("{step}: {cause}"),
        Next::Look(ask) => format!("look at {ask}"),
        Next::Wait(blocker) => format!("wait: {blocker}"),
        Next::Blocked(blocker) => format!("blocked: {blocker}"),
    }
}

const ORIGINAL: &str = "7.0.2046.0";
const CURRENT: &str = "7.0.2046.530";
const LATER: &str = "7.0.2046.900";

fn build(text: &str) -> Build {
    text.parse().unwrap()
}

fn component(name: &str) -> ComponentName {
    serde_json::from_value(json!(name)).unwrap()
}

/// A manifest with a Standard Edition server, and a pool of four Front End Servers that come before their back end.
fn manifest(product: &str, release: &str) -> Manifest {
    let pool = json!({ "pool": "pool.contoso.example", "target": "cu" });
    let with = |role: &str, more: serde_json::Value| {
        let mut server = pool.clone();
        server["role"] = role.into();
        server.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server
    };
    let text = json!({
        "version": 1,
        "updates": { "cu": {
            "product": product,
            "release": release,
            "installer": { "path": "D:\\update.exe", "sha256": "c0ffee00".repeat(8) },
        } },
        "rollout": { "claims": "\\\\files\\claims" },
        "servers": {
            "se.contoso.example": { "role": "standard-edition", "target": "cu" },
            "fe[1-4].contoso.example": with("front-end", json!({})),
            "be.contoso.example": with("back-end", json!({ "databases": { "sqlServer": "be.contoso.example" } })),
        },
    });
    serde_json::from_value(text).unwrap()
}

/// A server of the manifest that is behind; everything else about it is as it should be.
fn server(name: &str, product: Product, (original, current): (&str, &str)) -> Server {
    let releases: Releases =
        serde_json::from_value(json!({ "version": 1, "collected": "2026-11", "sources": {}, "products": {} })).unwrap();
    let goal = Goal::of(&manifest(product.key(), current), &releases, &name.parse().unwrap()).unwrap();
    let host: Observed = serde_json::from_value(json!({
        "host": name,
        "at": "2026-03-01T21:00:00Z",
        "boot": { "known": "this boot" },
        "components": { "known": [] },
        "services": { "known": [] },
        "reboot": { "known": [] },
        "installing": { "known": null },
        "shells": { "known": [] },
        "foreign": { "known": [] },
        "examined": { "known": { "privateFolder": { "known": { "path": "C:\\ProgramData\\reconcile" } } } },
    }))
    .unwrap();
    let mut server = Server { goal, seen: Seen { host, marks: Marks::default(), run: Run::new(RunId("run".into())) } };
    let host = &mut server.seen.host;
    let core = Component { product, name: component("core-components"), build: build(original) };
    host.components = Fact::Known(vec![core].into());
    host.services = Fact::Known(["RTCSRV", "RTCCAS", "W3SVC"].map(service).to_vec().into());
    host.package = Fact::Known(PackageSeen::Staged);
    host.package_size = Some(1 << 30);
    (host.disk, host.private_disk) = (Fact::Known(100 << 30), Fact::Known(100 << 30));
    host.rights = Fact::Known(Rights { administrator: true, server_admin: Some(true), confined: false });
    for store in server.goal.stores.clone() {
        server.databases(&store, |_| {});
    }
    server
}

fn standard() -> Server {
    server("se.contoso.example", Product::Sfb2019, (ORIGINAL, CURRENT))
}

/// The same server at the declared build, with nothing left to do.
fn patched() -> Server {
    let mut server = standard();
    server.core(CURRENT);
    server
}

/// The same server in the middle of an outage: its services are down, and the installer has ended successfully.
fn installed() -> Server {
    let mut server = patched();
    server.down();
    server.attempt(Some(0)).stopped_since = true;
    server
}

fn service(name: &str) -> Service {
    Service {
        name: name.into(),
        state: ServiceState::Running,
        start: StartType::Automatic,
        needs: Vec::new(),
        recognised: Recognised::Name,
    }
}

/// A service of another product that the manifest names.
fn other(name: &str) -> Service {
    Service { recognised: Recognised::AlsoStop, ..service(name) }
}

/// A request for a restart.
fn pending(who: &str, files: &[(&str, bool)]) -> Pending {
    let file = |(path, matters): &(&str, bool)| QueuedFile { path: (*path).into(), matters: *matters };
    Pending { who: who.into(), source: "a key".into(), of_windows: false, files: files.iter().map(file).collect() }
}

impl Server {
    fn core(&mut self, to: &str) {
        if let Fact::Known(components) = &mut self.seen.host.components {
            components[0].build = build(to);
        }
    }

    fn services(&mut self) -> &mut Vec<Service> {
        match &mut self.seen.host.services {
            Fact::Known(services) => services,
            Fact::Unknown(_) | Fact::NotLooked => panic!("the services are known"),
        }
    }

    fn is(&mut self, name: &str, state: ServiceState) {
        self.services().iter_mut().find(|service| service.name == name).unwrap().state = state;
    }

    /// An outage: all services have been down for ten minutes.
    fn down(&mut self) {
        let running = self.services().iter().map(|service| service.name.clone()).collect();
        self.services().iter_mut().for_each(|service| service.state = ServiceState::Stopped);
        let since = "2026-03-01T20:50:00Z".parse().unwrap();
        self.seen.marks.baseline = Some(Baseline { running, since, up: None, installing: false, failed_over: false });
        self.seen.run.taken_down = true;
    }

    fn baseline(&mut self) -> &mut Baseline {
        self.seen.marks.baseline.as_mut().unwrap()
    }

    /// An installer is running, and is known to be one.
    fn installs(&mut self, program: &str) {
        self.seen.host.installing = Fact::Known(Some(program.into()));
        self.seen.host.installer = Some(program.into());
    }

    /// An earlier run started the installer in this boot; it ended with `code`.
    fn attempt(&mut self, code: Option<u32>) -> &mut Attempt {
        self.seen.marks.attempts = 1;
        self.seen.marks.attempt.insert(Attempt {
            run: RunId("an earlier run".into()),
            target: self.goal.core.clone(),
            boot: Some(BootId("this boot".into())),
            code,
            moved: true,
            queued: Some(Vec::new()),
            log: None,
            stopped_since: false,
        })
    }

    /// The target of an earlier run.
    fn aims_at(&mut self, core: &str) {
        self.seen.marks.aim = Some(Aim { core: build(core), components: (*self.goal.floors).clone() });
    }

    /// The only database of a store, with what is unusual about it.
    fn databases(&mut self, store: &Store, change: fn(&mut Database)) {
        let version = Some([15, 13, 22].into());
        let mut database =
            Database { name: "rtcxds".into(), expected: version, installed: version, reachable: true, mirrored: false };
        change(&mut database);
        self.seen.host.databases.insert(store.clone(), Fact::Known(vec![database]));
    }

    /// How long each part of the work takes.
    fn estimates(&mut self, stop: u32, install: u32, start: u32) {
        let estimates = &mut self.goal.rules.estimates;
        estimates.stop = Some(Period::minutes(stop));
        estimates.install = Some(Period::minutes(install));
        estimates.start = Some(Period::minutes(start));
        estimates.database = Some(Period::minutes(0));
    }

    /// A maintenance window this evening, a Sunday.
    fn window(&mut self, from: &str, to: &str) {
        let window = json!({ "timeZone": "UTC", "windows": { "w": { "days": "sun", "from": from, "to": to } } });
        self.goal.rules.maintenance =
            Some(serde_json::from_value::<reconcile_schema::Maintenance>(window).unwrap().into());
    }
}

fn unknown<T>() -> Fact<T> {
    Fact::Unknown("access denied".into())
}

/// The step that would help a server, whatever forbids it.
fn helps(server: &Server) -> String {
    match wanted(&server.goal, &server.seen) {
        Want::Nothing => "nothing".into(),
        Want::Step(step, cause) => format!("{step}: {cause}"),
        Want::Look(ask) => format!("look at {ask}"),
        Want::Cannot(blocker) => format!("cannot: {blocker}"),
    }
}
