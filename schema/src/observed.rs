//! What a host reports about itself: the only value that a decision reads.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{
    BootId, Build, Component, Database, Examined, Fact, Period, PoolRecord, Product, ServerName, Service, Sha256,
    Shared, Store, by_store,
};

/// Everything that was observed on one host.
///
/// The facts of the first group are cheap, and every observation reads them. Those of the second group are expensive (a
/// management shell, a hash over a share) and are read only when a decision asks for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// The host.
    pub host: ServerName,
    /// When it was observed, by the host's own clock.
    pub at: Timestamp,
    /// The boot of the host at that time.
    pub boot: Fact<BootId>,
    /// How long that boot had lasted, by a clock that nobody can set. Earlier versions do not report this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<Period>,
    /// The installed components of the products, from the Uninstall key.
    pub components: Fact<Shared<Vec<Component>>>,
    /// The product's services that exist here, in their start order, the other services that the manifest names, and
    /// the web server.
    pub services: Fact<Shared<Vec<Service>>>,
    /// Why a restart of the host is pending; empty when none is.
    pub reboot: Fact<Vec<Pending>>,
    /// Another installation that is running, in words; none when there is none.
    pub installing: Fact<Option<String>>,
    /// An installer that is known to run, in words: one that a run of ours started, or one with administrator rights.
    /// No service is started while it runs. Nothing that an ordinary user can cause appears here. Earlier versions do
    /// not report this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installer: Option<String>,
    /// A command of an earlier run that has outlived that run and is still at work, in words. The next run waits for it
    /// to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_work: Option<String>,

    /// Whether the update is ready in the private folder, and if not, why.
    #[serde(default)]
    pub package: Fact<PackageSeen>,
    /// The size of the package in bytes, where it was read. Earlier versions do not report this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_size: Option<u64>,
    /// Free bytes on the system drive.
    #[serde(default)]
    pub disk: Fact<u64>,
    /// Free bytes on the drive of the private folder, into which the package is copied. Earlier versions do not report
    /// this.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub private_disk: Fact<u64>,
    /// The rights of the account that observes.
    #[serde(default)]
    pub rights: Fact<Rights>,
    /// Processes that hold modules of the product and are not services.
    #[serde(default)]
    pub shells: Fact<Vec<Shell>>,
    /// Services of other products that hold modules of the product, and that the manifest does not name.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub foreign: Fact<Vec<Foreign>>,
    /// The databases, by the form of the command that updates them.
    #[serde(default, with = "by_store")]
    #[schemars(with = "Vec<by_store::Entry<Fact<Vec<Database>>>>")]
    pub databases: Shared<BTreeMap<Store, Fact<Vec<Database>>>>,
    /// The state of a Front End Server's pool.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub pool: Fact<PoolSeen>,
    /// The record that the servers of its pool keep on their share.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub claim: Fact<PoolRecord>,
    /// What only `doctor` reads. Earlier versions do not report it.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked", deserialize_with = "by_way_of_a_value")]
    pub examined: Fact<Shared<Examined>>,
}

impl Observed {
    /// A host about which nothing is known.
    #[must_use]
    pub fn unread(host: ServerName, at: Timestamp) -> Self {
        Self {
            host,
            at,
            boot: Fact::NotLooked,
            uptime: None,
            components: Fact::NotLooked,
            services: Fact::NotLooked,
            reboot: Fact::NotLooked,
            installing: Fact::NotLooked,
            installer: None,
            at_work: None,
            package: Fact::NotLooked,
            package_size: None,
            disk: Fact::NotLooked,
            private_disk: Fact::NotLooked,
            rights: Fact::NotLooked,
            shells: Fact::NotLooked,
            foreign: Fact::NotLooked,
            databases: Shared::default(),
            pool: Fact::NotLooked,
            claim: Fact::NotLooked,
            examined: Fact::NotLooked,
        }
    }

    /// When its boot began, in whole seconds by the host's clock.
    #[must_use]
    pub fn booted_at(&self) -> Option<Timestamp> {
        let second = self.at.as_second() - i64::from(self.uptime?.as_seconds());
        Timestamp::from_second(second).ok()
    }

    /// The build of the Core Components of `product`, when it is known.
    #[must_use]
    pub fn core(&self, product: Product) -> Option<&Build> {
        let ours = |component: &&Component| component.product == product && component.name.is_core();
        self.components.known()?.iter().find(ours).map(|component| &component.build)
    }

    /// The services, as far as they are known.
    pub fn known_services(&self) -> impl Iterator<Item = &Service> {
        self.services.known().into_iter().flatten()
    }

    /// What was observed of the databases of `store`.
    #[must_use]
    pub fn databases(&self, store: &Store) -> &Fact<Vec<Database>> {
        self.databases.get(store).unwrap_or(&Fact::NotLooked)
    }
}

/// Reads a fact with many kinds of parts. The code that reads them is made once for a value, and not once for each
/// format: that saved 0.2 MB of the program for Linux.
fn by_way_of_a_value<'de, D: Deserializer<'de>>(from: D) -> Result<Fact<Shared<Examined>>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    serde_json::from_value(value).map_err(D::Error::custom)
}

/// A reason why a restart of the host is pending, and who requests it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Who requests it, in words, such as `Windows Update`.
    pub who: String,
    /// Where it was read, such as the registry key.
    pub source: String,
    /// Whether Windows Update or component servicing requests it, to finish an installation. Earlier versions do not
    /// report this.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub of_windows: bool,
    /// The files that wait to be replaced or deleted, if that is the reason. Earlier versions do not report this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<QueuedFile>,
}

/// A file that waits for the next start of Windows, to be replaced or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedFile {
    /// Its path.
    pub path: String,
    /// Whether it is in a folder that matters to an update.
    pub matters: bool,
}

/// The state of the update's package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PackageSeen {
    /// In the private folder, with the declared hash and publisher.
    Staged,
    /// At its source, not yet in the private folder.
    AtSource {
        /// The hash of the file at its source.
        sha256: Sha256,
    },
    /// Not usable, for this reason.
    Refused(String),
    /// Signed by another publisher than the declared one: the file, the expected signer and the actual one.
    Foreign(String),
}

/// The state of a pool of Front End Servers, as the product reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolSeen {
    /// Whether it can do without a server.
    pub readiness: Readiness,
    /// Its upgrade domains, where the product reports them. Earlier versions do not report them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<UpgradeDomain>,
    /// The number of its servers. The product's name for this count is only recalled, so it may be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<u32>,
    /// The number of its active servers. The same applies as for `servers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u32>,
    /// The lines about its fabric, in any stream, that say *missing*, in the product's words.
    #[serde(default)]
    pub missing: Vec<String>,
    /// The warnings and errors about its fabric. Earlier versions do not report them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The other lines about its fabric; none where nobody asked, as in earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fabric: Option<Vec<String>>,
}

/// An upgrade domain of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeDomain {
    /// Whether its servers may be taken down (`ReadyforUpgrade` in Microsoft's text; `IsReadyForUpgrade` on one published screen).
    pub ready: bool,
    /// Every text that the product reports about it: its own name, and those of its servers. No source says which
    /// property holds which.
    pub names: Vec<String>,
}

/// Whether a pool can do without a server (`PoolUpgradeState`; Microsoft Learn, Lync Server 2013: Upgrade or update Front
/// End Servers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Readiness {
    /// It can.
    Ready,
    /// Not now.
    Busy,
    /// Too few of its servers are active.
    InsufficientActiveFrontEnds,
}

/// The rights of the account that runs `reconcile` here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rights {
    /// Member of the local Administrators group, with an elevated token.
    pub administrator: bool,
    /// Member of `RTCUniversalServerAdmins`, which local management sessions need (Microsoft Learn: Lync Server 2013,
    /// Deployment permissions for SQL Server). Not read where no step of the server needs it: a workgroup has no such
    /// group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_admin: Option<bool>,
    /// Whether the process is in a job that its child processes cannot leave, as in a remote session. A command that
    /// must not be interrupted would end with that session. Earlier versions do not report this.
    #[serde(default)]
    pub confined: bool,
}

/// A right that an account may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// An elevated member of the local Administrators.
    Administrator,
    /// A member of `RTCUniversalServerAdmins`, a domain group. A workgroup has no such group, and SYSTEM belongs to
    /// none.
    ServerAdmin,
}

impl Right {
    /// Every right: the right on the machine comes before the one in the domain.
    pub const ALL: [Self; 2] = [Self::Administrator, Self::ServerAdmin];

    /// The group whose members have this right.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Administrator => "Administrators",
            Self::ServerAdmin => "RTCUniversalServerAdmins",
        }
    }
}

impl Rights {
    /// Whether the account has this right. A right that was not read counts as lacking.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        match right {
            Right::Administrator => self.administrator,
            Right::ServerAdmin => matches!(self.server_admin, Some(true)),
        }
    }
}

/// A process that holds modules of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shell {
    /// The process.
    pub pid: u32,
    /// Its program, such as `powershell.exe`.
    pub program: String,
    /// Its owner.
    pub user: String,
    /// Its Windows session. Earlier versions do not report this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// The path of its program file. Earlier versions do not report this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The module of the product that it holds. Earlier versions do not report this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
}

/// A service of another product that holds a module of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    /// Its short name.
    pub service: String,
    /// Its process.
    pub pid: u32,
    /// The module.
    pub module: String,
}
