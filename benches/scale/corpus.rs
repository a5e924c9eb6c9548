//! A manifest that names its servers by groups and ranges, and one snapshot line of about 3.6 KB for each server.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use reconcile_schema::{
    BootId, Build, Component, Database, DbVersion, Fact, Marks, Observed, PackageSeen, Product, Recognised, Rights,
    SNAPSHOT_VERSION, Service, ServiceState, Snapshot, StartType, Store,
};

use crate::Outcome;

/// The time of every snapshot; ages count from here.
pub const START: &str = "2026-11-02T03:00:00Z";

/// The number of servers in one entry of the manifest.
const RANGE: usize = 100;

const TARGET: Build = Build::new(5, 0, 8308, 1149);
/// What is wrong with a server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// Half an update: the other half of the components is at this revision.
    Behind(u64),
    /// A service is down.
    Down,
    /// A database was not updated.
    Forgotten,
}

const WRONG: [Wrong; 3] = [Wrong::Behind(992), Wrong::Down, Wrong::Forgotten];

const COMPONENTS: [&str; 18] = [
    "core-components",
    "administrative-tools",
    "application-host",
    "application-server",
    "archiving-agent",
    "audio-test-service",
    "bandwidth-policy-service",
    "call-park-service",
    "conferencing-announcement",
    "conferencing-attendant",
    "conferencing-server",
    "core-management-server",
    "front-end-server",
    "mediation-server",
    "response-group-service",
    "unified-communications-api",
    "web-components-server",
    "web-conferencing-server",
];

const SERVICES: [&str; 15] = [
    "W3SVC",
    "REPLICA",
    "RTCCLSAGT",
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
    "RTCMEDSRV",
];

const DATABASES: [(&str, [u32; 3]); 9] = [
    ("cpsdyn", [1, 1, 2]),
    ("lis", [3, 1, 2]),
    ("lyss", [12, 44, 12]),
    ("rgsconfig", [5, 5, 2]),
    ("rgsdyn", [2, 2, 1]),
    ("rtc", [125, 74, 89]),
    ("rtcab", [62, 42, 13]),
    ("rtcxds", [15, 13, 22]),
    ("xds", [10, 16, 7]),
];

/// Which servers are not at their goal.
#[derive(Clone, Copy)]
pub enum Drifted {
    None,
    OneInSeven,
    All,
    /// All servers drifted, and no two of a thousand in the same way.
    Apart,
}

/// The files of a fleet.
#[derive(Clone)]
pub struct Corpus {
    /// How much of it drifted, in words.
    pub what: &'static str,
    pub manifest: PathBuf,
    pub snapshots: PathBuf,
    /// The required build of each component, for programs that do not read manifests.
    pub goal: PathBuf,
    /// The size of the snapshots.
    pub bytes: u64,
}

impl Corpus {
    /// Writes the files of a fleet into a folder.
    pub fn of(folder: &Path, servers: usize, drifted: Drifted) -> Outcome<Self> {
        fs::create_dir_all(folder)?;
        let (kind, what) = match drifted {
            Drifted::None => ("none", "nothing drifted"),
            Drifted::OneInSeven => ("some", "one in seven drifted"),
            Drifted::All => ("all", "all drifted"),
            Drifted::Apart => ("apart", "all drifted, each otherwise"),
        };
        let [manifest, goal] = ["manifest.yaml", "goal.json"].map(|name| folder.join(format!("{servers}-{name}")));
        let snapshots = folder.join(format!("{servers}-{kind}.ndjson"));
        fs::write(&manifest, manifest_of(servers)?)?;
        let builds: BTreeMap<_, _> = COMPONENTS.map(|name| (name, TARGET.to_string())).into();
        fs::write(&goal, serde_json::to_string(&builds)?)?;
        let mut out = BufWriter::new(File::create(&snapshots)?);
        for number in 0..servers {
            // The order looks random: 7,919 shares no factor with the number of servers.
            let server = number * 7919 % servers;
            let wrong = match drifted {
                Drifted::All => WRONG.get(server % 3).copied(),
                Drifted::OneInSeven => WRONG.get(server / 7 % 3).copied().filter(|_| server.is_multiple_of(7)),
                Drifted::Apart => Some(Wrong::Behind((server % 1000) as u64)),
                Drifted::None => None,
            };
            serde_json::to_writer(&mut out, &snapshot(server, wrong)?)?;
            writeln!(out)?;
        }
        out.flush()?;
        let bytes = fs::metadata(&snapshots)?.len();
        Ok(Self { what, manifest, snapshots, goal, bytes })
    }
}

pub fn name(server: usize) -> String {
    format!("se{:02}.site-{:04}.contoso.example", server % RANGE, server / RANGE)
}

fn manifest_of(servers: usize) -> Outcome<String> {
    let mut text = String::from("version: 1\nupdates:\n  september-2021:\n    product: lync-2013\n");
    writeln!(text, "    release: \"{TARGET}\"")?;
    writeln!(text, "    installer:\n      path: 'D:\\Updates\\LyncServerUpdateInstaller.exe'")?;
    writeln!(text, "      sha256: {}\n    components:", "c0ffee00".repeat(8))?;
    for component in COMPONENTS.iter().skip(1) {
        writeln!(text, "      {component}: \"{TARGET}\"")?;
    }
    writeln!(text, "groups:")?;
    for group in 0..10 {
        writeln!(text, "  wave-{group}: {{ role: standard-edition, target: september-2021 }}")?;
    }
    writeln!(text, "servers:")?;
    for range in 0..servers.div_ceil(RANGE) {
        let group = range % 10;
        writeln!(
            text,
            "  se[00-99].site-{range:04}.contoso.example: {{ group: wave-{group}, site: site-{range:04} }}"
        )?;
    }
    Ok(text)
}

/// The snapshot of a server, with its own name, boot and free space. All servers with the same fault share their lists,
/// as servers with the same role and update do.
fn snapshot(server: usize, wrong: Option<Wrong>) -> Outcome<Snapshot> {
    let component = |(number, name): (usize, &str)| -> Outcome<Component> {
        let build = match wrong {
            Some(Wrong::Behind(revision)) if number >= COMPONENTS.len() / 2 => Build { revision, ..TARGET },
            Some(_) | None => TARGET,
        };
        let name = serde_json::from_value(name.into())?;
        Ok(Component { product: Product::Lync2013, name, build })
    };
    let service = |(number, name): (usize, &str)| {
        let down = wrong == Some(Wrong::Down) && number == 4;
        let state = if down { ServiceState::Stopped } else { ServiceState::Running };
        let needs = if name == "RTCSRV" { vec!["FabricHostSvc".into()] } else { Vec::new() };
        Service { name: name.into(), state, start: StartType::Automatic, needs, recognised: Recognised::Name }
    };
    let database = |(number, (name, version)): (usize, (&str, [u32; 3]))| {
        let expected = DbVersion::from(version);
        let installed =
            if wrong == Some(Wrong::Forgotten) && number == 5 { DbVersion::from([125, 74, 9]) } else { expected };
        Database {
            name: name.into(),
            expected: Some(expected),
            installed: Some(installed),
            reachable: true,
            mirrored: false,
        }
    };
    let databases = DATABASES.into_iter().enumerate().map(database).collect();
    Ok(Snapshot {
        version: SNAPSHOT_VERSION,
        made_by: "0.1.0".into(),
        lab: false,
        builds_only: false,
        manifest_fingerprint: None,
        seen: Observed {
            host: name(server).parse()?,
            at: START.parse()?,
            boot: Fact::Known(BootId(format!("2026-10-{:02}T02:11:09Z", 1 + server % 28))),
            uptime: Some(reconcile_schema::Period::hours(400)),
            components: Fact::Known(
                COMPONENTS.into_iter().enumerate().map(component).collect::<Outcome<Vec<_>>>()?.into(),
            ),
            services: Fact::Known(SERVICES.into_iter().enumerate().map(service).collect::<Vec<_>>().into()),
            reboot: Fact::Known(Vec::new()),
            installing: Fact::Known(None),
            installer: None,
            at_work: None,
            package: Fact::Known(PackageSeen::Staged),
            package_size: Some(300 << 20),
            disk: Fact::Known(100 << 30 | server as u64),
            private_disk: Fact::Known(100 << 30 | server as u64),
            rights: Fact::Known(Rights { administrator: true, server_admin: Some(true), confined: false }),
            shells: Fact::Known(Vec::new()),
            foreign: Fact::Known(Vec::new()),
            databases: BTreeMap::from([(Store::Local, Fact::Known(databases))]).into(),
            pool: Fact::NotLooked,
            claim: Fact::NotLooked,
            examined: Fact::NotLooked,
        },
        marks: Marks::default(),
    })
}
