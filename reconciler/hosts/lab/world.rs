//! The simulated servers: their true state, in a form that a person can read and edit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reconcile_core::Goal;
use reconcile_schema::{
    Build, Component, ComponentName, DbVersion, FRONT_END_SERVICE, Fqdn, Period, PoolRecord, Product, Recognised, Role,
    RunId, ServerName, Service, ServiceState, StartType, Step, Store, WEB_SERVICE,
};
use serde::{Deserialize, Serialize};

use super::{fault::Fault, lengths::Lengths, pace::Pace};
use crate::recognise::{Registered, folders, program, recognise};

/// All servers of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// How fast the clocks run while a person watches. Without a pace, steps take no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// The servers by name.
    pub servers: BTreeMap<ServerName, Simulated>,
    /// The records that the servers of pools keep on their share.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<Fqdn, PoolRecord>,
}

/// One simulated server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Simulated {
    /// The server's own clock. It advances only when something is done.
    pub clock: Timestamp,
    /// How often the server has booted.
    pub boot: u32,
    /// How long this boot has lasted, in seconds, even if somebody has set the clock meanwhile.
    #[serde(default)]
    pub uptime: u32,
    /// The product that is installed.
    pub product: Product,
    /// The installed components and their builds.
    pub components: BTreeMap<ComponentName, Build>,
    /// The services, in their start order.
    pub services: Vec<Service>,
    /// Registrations of services with unpublished names, by name. A service that is registered as another product's is
    /// neither stopped nor started.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registered: BTreeMap<String, SimulatedRegistration>,
    pub databases: Vec<SimulatedStore>,
    /// Whether the update is in the private folder.
    pub staged: bool,
    /// Its pool, if it is a Front End Server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Fqdn>,
    /// The services that a failover stopped, as they were before; they are disabled now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_over: Vec<Service>,
    /// The exit code with which the installer asked for a restart in this boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reboot_asked: Option<u32>,
    /// How the next starts of the installer are interrupted, one after the other; later starts are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<Cut>,
    /// How long the steps take on this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lengths: Option<Lengths>,
    /// A command that has outlived its run. Only tests kill runs this way.
    #[serde(skip)]
    pub outlives: Option<Box<Outlives>>,
    /// How the last installer that outlived its run ended, and which run that was: the record of a watcher.
    #[serde(skip)]
    pub recorded: Option<(RunId, u32)>,
    /// What is wrong with the server. `reconcile lab break` adds to it; a line can be deleted by hand.
    pub faults: BTreeSet<Fault>,
}

/// An interrupted installation. The patches may come in any order, so any set of components may be done by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cut {
    /// The components that the installer has already patched.
    pub patched: BTreeSet<ComponentName>,
    /// The exit code with which it ends.
    pub code: u32,
}

/// The registration of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SimulatedRegistration {
    pub display_name: String,
    pub image_path: String,
    /// Whether it holds modules of the product while it runs.
    #[serde(default)]
    pub holds: bool,
}

/// A command that has outlived its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlives {
    pub step: Step,
    pub run: RunId,
    /// How it will end, if it is an installer.
    pub code: Option<u32>,
    /// The server after it has ended.
    pub after: Simulated,
}

/// The databases that one form of the update covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SimulatedStore {
    /// The form.
    pub store: Store,
    /// The databases by name.
    pub databases: BTreeMap<String, SimulatedDatabase>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SimulatedDatabase {
    pub installed: DbVersion,
    /// The version that the installed binaries expect.
    pub expected: DbVersion,
    /// The version that the binaries of the update expect.
    pub after_update: DbVersion,
}

/// 02:00 on a Sunday: the time when servers are patched.
const START: Timestamp = Timestamp::constant(1_767_837_600 - 4 * 86_400, 0);

impl Simulated {
    /// A healthy server with every component at `build` and everything running.
    #[must_use]
    pub fn healthy(goal: &Goal, build: &Build) -> Self {
        let central = goal.has_central_store();
        let names = COMPONENTS.iter().chain(components(goal.role)).filter_map(|title| ComponentName::from_title(title));
        Self {
            clock: START,
            boot: 1,
            uptime: 0,
            product: goal.product,
            components: names.map(|name| (name, build.clone())).collect(),
            services: services(goal.role, central),
            registered: BTreeMap::new(),
            databases: goal.all_stores().map(SimulatedStore::of).collect(),
            staged: false,
            pool: goal.pool.clone().filter(|_| goal.is_in_pool()),
            failed_over: Vec::new(),
            reboot_asked: None,
            cuts: Vec::new(),
            lengths: None,
            outlives: None,
            recorded: None,
            faults: BTreeSet::new(),
        }
    }

    /// Lets time pass, for the clock and the machine.
    pub fn pass(&mut self, period: Period) {
        self.clock = period.after(self.clock);
        self.uptime = self.uptime.saturating_add(period.as_seconds());
        let uptime = self.uptime;
        if let Some(ended) = self.outlives.take_if(|outlives| outlives.after.uptime <= uptime) {
            let Outlives { run, code, after, .. } = *ended;
            let recorded = code.map(|code| (run, code));
            *self = Self { clock: self.clock, uptime, recorded, outlives: None, ..after };
        }
    }

    /// Whether it works as a Front End Server in its pool.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.services.iter().any(|service| service.name == FRONT_END_SERVICE && service.is_running())
    }

    /// How a service is recognised as one of the product's, including the web server; none where it belongs to another
    /// product.
    #[must_use]
    pub fn recognised(&self, service: &Service) -> Option<Recognised> {
        let Some(SimulatedRegistration { display_name, image_path, .. }) = self.registered.get(&service.name) else {
            return Some(Recognised::Name);
        };
        let folders = folders(&[r"C:\Program Files", r"C:\Program Files\Common Files"]);
        let program = program(image_path, &|_| None);
        recognise(Registered { name: &service.name, display: display_name, program: &program }, &folders)
    }

    /// The product's services, and the web server, for changes.
    pub(super) fn own(&mut self) -> impl Iterator<Item = &mut Service> {
        let whose: Vec<_> = self.services.iter().map(|service| self.recognised(service).is_some()).collect();
        self.services.iter_mut().zip(whose).filter(|(_, own)| *own).map(|(service, _)| service)
    }

    /// Whether `fault` is present.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// The installed components.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        let of = |(name, build): (&ComponentName, &Build)| Component {
            product: self.product,
            name: name.clone(),
            build: build.clone(),
        };
        self.components.iter().map(of).collect()
    }
}

/// The components and the services that a server of every role has.
const COMPONENTS: [&str; 2] = ["Core Components", "Administrative Tools"];
const SERVICES: [&str; 2] = ["REPLICA", "RTCCLSAGT"];

/// The further components of a server of this role.
const fn components(role: Role) -> &'static [&'static str] {
    match role {
        Role::StandardEdition => &[
            "Conferencing Server",
            "Core Management Server",
            "Front End Server",
            "Mediation Server",
            "Response Group Service",
            "Web Components Server",
        ],
        Role::BackEnd => &["Front End Server", "Web Components Server"],
        Role::FrontEnd => {
            &["Conferencing Server", "Front End Server", "Response Group Service", "Web Components Server"]
        }
        Role::Director => &["Director", "Web Components Server"],
        Role::Mediation => &["Mediation Server"],
        Role::PersistentChat => &["Persistent Chat Server"],
        Role::Edge => &["Edge Server"],
    }
}

/// The further services of a Front End Server. A Standard Edition server has the Mediation service as well.
const FRONT_END: [&str; 11] = [
    "FabricHostSvc",
    "RTCSRV",
    "RTCCAA",
    "RTCCAS",
    "RTCRGS",
    "RTCCPS",
    "RTCATS",
    "RTCIMMCU",
    "RTCDATAMCU",
    "RTCAVMCU",
    "RTCASMCU",
];

fn services(role: Role, central: bool) -> Vec<Service> {
    let named: &[&str] = match role {
        Role::StandardEdition | Role::FrontEnd => &FRONT_END,
        Role::BackEnd => &["FabricHostSvc", "RTCSRV", "RTCIMMCU", "RTCDATAMCU"],
        Role::Director => &["FabricHostSvc", "RTCSRV"],
        Role::Mediation => &["RTCMEDSRV"],
        Role::PersistentChat => &["RTCCHAT"],
        Role::Edge => &["RTCSRV", "RTCDATAPROXY", "RTCMRAUTH", "RTCMEDIARELAY"],
    };
    let here = |name: &&str| {
        SERVICES.contains(name)
            || named.contains(name)
            || (role == Role::StandardEdition && *name == "RTCMEDSRV")
            || (central && matches!(*name, "MASTER" | "FTA"))
    };
    let running = |name: &str| Service {
        name: name.to_string(),
        state: ServiceState::Running,
        start: StartType::Automatic,
        needs: if name == "RTCSRV" && named.contains(&"FabricHostSvc") {
            vec!["FabricHostSvc".to_string()]
        } else {
            Vec::new()
        },
        recognised: Recognised::Name,
    };
    let product = Product::services().filter(here).map(running);
    let web = match role {
        Role::StandardEdition | Role::BackEnd | Role::FrontEnd | Role::Director => true,
        Role::Mediation | Role::PersistentChat | Role::Edge => false,
    };
    web.then(|| running(WEB_SERVICE)).into_iter().chain(product).collect()
}

/// The databases of a Standard Edition server, each with its version.
const DATABASES: [(&str, [u32; 3]); 9] = [
    ("cpsdyn", [1, 1, 2]),
    ("lis", [3, 1, 1]),
    ("lyss", [12, 44, 13]),
    ("rgsconfig", [5, 5, 2]),
    ("rgsdyn", [2, 2, 1]),
    ("rtc", [125, 74, 89]),
    ("rtcab", [62, 42, 13]),
    ("rtcxds", [15, 13, 22]),
    ("xds", [10, 16, 7]),
];

impl SimulatedStore {
    /// The databases of one form, at one version; the update expects a newer one for some of them.
    fn of(store: &Store) -> Self {
        let covers = |name: &str| match store {
            Store::Local => true,
            Store::Configured { .. } => ["cpsdyn", "rgsconfig", "rgsdyn", "rtcab", "rtcxds"].contains(&name),
            Store::CentralManagement { .. } => ["lis", "xds"].contains(&name),
        };
        let database = |(name, version): (&str, [u32; 3])| {
            let now = DbVersion::from(version);
            let changes = matches!(name, "rtcab" | "rtcxds" | "lis" | "xds");
            let after_update = if changes { now.next() } else { now };
            (name.to_string(), SimulatedDatabase { installed: now, expected: now, after_update })
        };
        let databases = DATABASES.into_iter().filter(|(name, _)| covers(name)).map(database).collect();
        Self { store: store.clone(), databases }
    }
}
