//! The manifest: which cumulative update each server must have.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use schemars::JsonSchema;
use semver::VersionReq;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{
    BelowPath, Build, CheckClass, CheckId, ComponentName, Databases, Day, FilePath, FolderPath, Fqdn, Period, Pool,
    Product, Reports, Role, Rollout, ServerPattern, ServiceName, Sha256, UpdateName, When,
    check::AdviceId,
    names::{ShortOrFull, Text, reasons, text_of},
    path::{AN_EXE, EXE, LONGEST, is_exe},
};

/// What an error message expects where a manifest gives a name.
const NAME: &str = "a name of letters, digits, dots, hyphens and underscores";

/// The servers of a deployment and the cumulative update that each must have.
///
/// A manifest holds no secrets: there is no field for one, and unknown fields are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "reconcile manifest")]
pub struct Manifest {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    #[serde(deserialize_with = "version")]
    pub version: u32,
    /// The versions of `reconcile` that may apply this manifest, such as ">=0.1".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub requires: Option<VersionReq>,
    /// The number of this edition of the manifest: raise it with each change. A server remembers the highest number
    /// that it accepted. With a public key next to the program, it follows no lower number, and no other content with
    /// the same number; without a key, it reports a lower one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "serial")]
    #[schemars(range(min = 1))]
    pub serial: Option<u64>,
    /// The last day on which the manifest may be followed, in the time zone of its own `policy.maintenance.timeZone`,
    /// else in UTC. After that day, with a public key next to the program, this manifest takes no server down; without
    /// a key, the expiry is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Day>,
    /// The domain of the servers, pools and SQL Servers that are named without one: `fe01` is `fe01.contoso.example`. A
    /// name with a dot in it is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Fqdn>,
    /// The rules for every server, unless its group or the server itself sets others.
    #[serde(default)]
    pub policy: Policy,
    /// The folder of the installers whose `path` is left out, on a share or on a drive of each server: a folder in it
    /// has the name of the update and holds the installer under Microsoft's file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installers: Option<FilePath>,
    /// The updates that servers can have as their target, by a name of your choice.
    #[schemars(extend("x-expected" = NAME))]
    pub updates: BTreeMap<UpdateName, Update>,
    /// What servers have in common, by a name of your choice.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-expected" = NAME))]
    pub groups: BTreeMap<UpdateName, Group>,
    /// The pools that servers name, each with what its servers have in common.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(
        with = "BTreeMap<ShortOrFull, Pool>",
        extend("x-expected" = "the fully qualified domain name of a pool")
    )]
    pub pools: BTreeMap<Fqdn, Pool>,
    /// In which order, and how many at once, the servers are updated.
    #[serde(default)]
    pub rollout: Rollout,
    /// The servers, by name or by numbered range.
    #[schemars(extend("x-expected" = ServerPattern::EXPECTED))]
    pub servers: BTreeMap<ServerPattern, Server>,
    /// What the runs of the scheduled task report, and where.
    #[serde(default)]
    pub reports: Reports,
    /// Makes this the manifest of a lab: its servers are simulated and no machine is touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<Lab>,
}

/// A cumulative update and its installer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Update {
    /// The product that the update is for.
    pub product: Product,
    /// The build of Core Components at this update, or the name of a release in the catalogue, such as "CU7" or
    /// "Cumulative Update 7" (see `reconcile releases`).
    pub release: String,
    /// The builds of single components at this update, where the catalogue does not know them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-expected" = NAME))]
    pub components: BTreeMap<ComponentName, Build>,
    /// The installer.
    pub installer: DeclaredInstaller,
}

/// The installer of an update. Its file name identifies nothing: it is the same for every update of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclaredInstaller {
    /// The path of the file: an absolute path, on a drive of the server or on a share. Without it, the file is in the
    /// folder `installers`: with `installers: 'D:\Updates'`, that of the update `cu7` is
    /// `D:\Updates\cu7\SkypeServerUpdateInstaller.exe`.
    #[schemars(with = "String", length(max = LONGEST), extend("pattern" = EXE, "x-expected" = AN_EXE, "x-path" = true))]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_exe")]
    pub path: Option<String>,
    /// The SHA-256 of the installer. Only a file with this hash is run.
    pub sha256: Sha256,
    /// The publisher that must have signed the file. Default Microsoft Corporation.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_text")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub publisher: Option<String>,
}

/// The installer of an update, and the publisher that must have signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Installer {
    /// The path of the file: an absolute path, on a drive of the server or on a share.
    #[schemars(length(max = LONGEST), extend("pattern" = EXE, "x-expected" = AN_EXE, "x-path" = true))]
    #[serde(deserialize_with = "exe")]
    pub path: String,
    /// The SHA-256 of the installer. Only a file with this hash is run.
    pub sha256: Sha256,
    /// The publisher that must have signed the file.
    #[serde(default = "Installer::maker", deserialize_with = "text")]
    #[schemars(length(min = 1, max = 1024))]
    pub publisher: String,
}

impl Installer {
    /// The publisher of every update, unless the manifest names another.
    #[must_use]
    pub fn maker() -> String {
        "Microsoft Corporation".into()
    }
}

/// What servers have in common. Each field applies to the members that do not set it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// The role of the members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The update that the members must have: a name under `updates`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<UpdateName>,
    /// The site of the members, as reports show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<UpdateName>,
    /// The pool that the members belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ShortOrFull>")]
    pub pool: Option<Fqdn>,
    /// The ring in which the members are updated: that of their pool, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<UpdateName>,
    /// The databases that the members update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub databases: Option<Databases>,
    /// Services of other products that hold the product's assemblies, such as those of a contact centre or a recorder,
    /// by their short names. They are stopped before the product's services and started after them. The lists of the
    /// group and of the server add up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_stop: Vec<ServiceName>,
    /// The rules for the members.
    #[serde(default)]
    pub policy: Policy,
}

/// One server, or each server of a range.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Server {
    /// The group that the server belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<UpdateName>,
    /// The server's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The update that the server must have: a name under `updates`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<UpdateName>,
    /// The site of the server, as reports show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<UpdateName>,
    /// The pool that the server belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ShortOrFull>")]
    pub pool: Option<Fqdn>,
    /// The ring in which the server is updated: that of its pool, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<UpdateName>,
    /// The upgrade domain of a Front End Server of Lync Server 2013, as Topology Builder assigned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_domain: Option<UpdateName>,
    /// The databases that the server updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub databases: Option<Databases>,
    /// Services of other products that hold the product's assemblies, such as those of a contact centre or a recorder,
    /// by their short names. They are stopped before the product's services and started after them. The lists of the
    /// group and of the server add up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_stop: Vec<ServiceName>,
    /// The rules for this server.
    #[serde(default)]
    pub policy: Policy,
}

/// The rules of a run. A field that is left out takes the value of the next wider policy, and finally the default that
/// its description names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// When servers may be taken down. Default always. A scheduled task that applies the manifest requires windows, or
    /// the explicit value `always`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<When>,
    /// How long the services may be down.
    pub outage: Outage,
    /// How long single steps take, until a run has recorded it. Default unknown: then a window must have room for the
    /// longest outage that is allowed, and for an hour in which the pool takes over.
    pub estimates: Estimates,
    /// Whether the machine may be restarted. Default never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reboot: Option<Reboots>,
    /// What to do about a restart that Windows waits for, because Windows Update or component servicing has installed
    /// something. Default report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_restart: Option<PendingRestart>,
    /// What to do about management shells that other people left open. Default block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shells: Option<Shells>,
    /// What to do about services of other products that hold modules of the product and that `alsoStop` does not name.
    /// Default block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<ForeignServices>,
    /// How the answer of a Front End pool is judged.
    pub pool: PoolRules,
    /// The folders in which files that wait for a restart of Windows keep a server from being worked on.
    pub renames: Renames,
    /// Which findings of `doctor` keep a server from being taken down.
    pub doctor: DoctorRules,
    /// How often the installer may be started, and how often the services may be taken down, for one target. Default 3.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "attempts")]
    #[schemars(range(min = 1, max = 10))]
    pub attempts: Option<u8>,
    /// How long the last check of the databases of a server at its goal remains valid. Default 1d.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_check: Option<Period>,
    /// An installer that runs this long without output, growth of a log or CPU time of its processes is reported. It is
    /// not ended because of that. Default 20m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Period>,
    /// How long single steps may take.
    pub timeouts: Timeouts,
}

/// How long the services may be down.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outage {
    /// How long the services may be down. Default 30m: after that, users may lose functions (resiliency mode).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Period>,
    /// What to do when the budget is exceeded, or is expected to be, before the installer starts. Default stopBefore.
    /// Once the installer has started, finishing is the shortest way to bring the services back, so there are only
    /// warnings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exceed: Option<OnExceed>,
}

/// What to do about an outage that exceeds its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnExceed {
    /// Do not begin it, or bring the services back before the installer starts.
    #[default]
    StopBefore,
    /// Report it and continue.
    Warn,
}

/// How long single steps take, as an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Estimates {
    /// The failover, which comes before the outage and must fit into the window together with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_over: Option<Period>,
    /// Stopping the services and the web server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Period>,
    /// The installer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<Period>,
    /// Updating the databases of one form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Period>,
    /// Starting the web server and the services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Period>,
    /// A restart of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Period>,
}

/// Whether `reconcile` may restart the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Reboots {
    /// It may not.
    #[default]
    Never,
    /// It may, when a restart is pending or the installer asks for one; at most twice for one target. A server that is
    /// already down is restarted even after its maintenance window has closed, because the restart is needed to bring
    /// its services back.
    WhenRequired,
    /// The same, but never outside a maintenance window.
    InWindow,
}

/// What to do about a restart that Windows Update or component servicing requests, on a server that is otherwise at its
/// goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PendingRestart {
    /// Report it. The server still counts as being at its goal.
    #[default]
    Report,
    /// Treat it as drift. `apply` restarts the server by the rules of every other outage (window, claim, the pool's
    /// readiness, failover), if and when `reboot` allows it.
    Restart,
}

/// What to do about management shells that other people left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Shells {
    /// Take nothing down while one is open.
    #[default]
    Block,
    /// Wait for them to be closed, as long as `timeouts.shells` says, then block.
    Wait,
    /// End them, immediately before the installer starts.
    Close,
}

/// What to do about services of other products that hold modules of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ForeignServices {
    /// Take nothing down while one runs.
    #[default]
    Block,
    /// Report it and continue: the installer may be unable to replace what they hold.
    Warn,
}

/// The folders in which files that wait for a restart of Windows, to be replaced or deleted, keep a server from being
/// worked on. The product's folders, `%WinDir%\\assembly`, `%WinDir%\\Microsoft.NET`, `%WinDir%\\Installer` and
/// `Config.Msi` always count, unless `ignore` names them; files elsewhere are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Renames {
    /// Further folders that count. The lists of the server, its group and the manifest add up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub count: Vec<FolderPath>,
    /// Folders and files that do not count. The lists of the server, its group and the manifest add up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<FolderPath>,
}

/// Which findings of `doctor` keep a server from being taken down. Before its first stop, `apply` runs the checks. A
/// fault forbids; a fact that could not be read forbids only where the check is required.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoctorRules {
    /// Checks whose facts must be known. The lists of the server, its group and the manifest add up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<CheckId>,
    /// Checks whose faults forbid nothing, each with the reason, which every report shows. Checks that a run cannot do
    /// without, such as `rights`, cannot be ignored. Those of the server, its group and the manifest add up.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "ignored")]
    #[schemars(with = "BTreeMap<AdviceId, Text>", extend("x-expected" = "a check of doctor that a run can do without: `reconcile help checks` lists them"))]
    pub ignore: BTreeMap<CheckId, String>,
}

/// How the answer of a Front End pool is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolRules {
    /// What to do where the answer of `Get-CsPoolFabricState` is not understood. Default block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fabric: Option<Fabric>,
}

/// What to do where a pool's answer about its fabric is not understood: it is empty, or has a line that is not a
/// server's name with OK and UP. No complete output of that cmdlet is published. A warning, or a line that says
/// *missing*, forbids in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fabric {
    /// Take down no server of the pool.
    #[default]
    Block,
    /// Show it and continue: somebody has read it and found the pool healthy.
    Ignore,
}

/// How long single steps may take before they count as failed. The installer is never ended: when its time is over, the
/// run reports that and leaves the installer to finish.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timeouts {
    /// Stopping the services, or the web server. Default 15m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Period>,
    /// The installer. Default 90m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<Period>,
    /// Starting the services, or the web server. Default 60m: a Front End can need an hour to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Period>,
    /// Updating the databases of one form, or reading their versions. Default 60m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Period>,
    /// Waiting for open management shells. Default 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shells: Option<Period>,
}

/// A lab: simulated servers, kept in one file that a person can read and edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lab {
    /// The file that holds the simulated servers, relative to the manifest. The first run creates it.
    pub world: BelowPath,
    /// The initial state of each server.
    #[schemars(extend("x-expected" = ServerPattern::EXPECTED))]
    pub servers: BTreeMap<ServerPattern, LabServer>,
}

/// The initial state of a simulated server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabServer {
    /// The build that is installed.
    pub build: Build,
    /// What goes wrong, or differently, on this server: names that `reconcile lab break` lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

fn version<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    match u32::deserialize(from)? {
        1 => Ok(1),
        other => Err(D::Error::custom(format_args!("expected version 1, found {other}"))),
    }
}

fn serial<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    match Option::deserialize(from)? {
        Some(0) => Err(D::Error::custom("expected at least 1, found 0")),
        serial => Ok(serial),
    }
}

fn attempts<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    match Option::deserialize(from)? {
        Some(other) if !(1..=10).contains(&other) => {
            Err(D::Error::custom(format_args!("expected 1 to 10 attempts, found {other}")))
        }
        attempts => Ok(attempts),
    }
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text_of(String::deserialize(from)?)
}

fn some_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from).map(Some)
}

fn some_exe<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    exe(from).map(Some)
}

fn exe<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let path = String::deserialize(from)?;
    if is_exe(&path) { Ok(path) } else { Err(D::Error::custom(format_args!("expected {AN_EXE}, found \"{path}\""))) }
}

/// The checks that a manifest ignores: a check that a run cannot do without is none of them.
fn ignored<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<CheckId, String>, D::Error> {
    let given: BTreeMap<CheckId, String> = reasons(from)?;
    match given.keys().find(|id| id.class() == CheckClass::Gate) {
        Some(id) => Err(D::Error::custom(format_args!("the check {id} cannot be ignored: no run can do without it"))),
        None => Ok(given),
    }
}
