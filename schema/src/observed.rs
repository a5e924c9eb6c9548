//! What a host reports of itself: the one value that a decision looks at.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    BootId, Build, Component, Database, Fact, Period, PoolRecord, Product, ServerName, Service, Sha256, Shared, Store,
    by_store,
};

/// Everything that was seen of one host.
///
/// The first group is cheap and read at every look; the second is expensive (a management shell, a hash over a
/// share) and looked at only when a decision asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// The host.
    pub host: ServerName,
    /// When it was looked at, by the host's own clock.
    pub at: Timestamp,
    /// The boot that the host was in.
    pub boot: Fact<BootId>,
    /// How long that boot had lasted, by a clock that nobody can set. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<Period>,
    /// The installed components of the products, from the Uninstall key.
    pub components: Fact<Shared<Vec<Component>>>,
    /// The product's services that exist here, in their start order, those that the manifest names besides, and the web server.
    pub services: Fact<Shared<Vec<Service>>>,
    /// Why the host waits for a restart; empty when it does not.
    pub reboot: Fact<Vec<Pending>>,
    /// Another installation that is under way, in words; none when there is none.
    pub installing: Fact<Option<String>>,
    /// An installer that is known to run, in words: one that a run of ours started, or one with the rights of an administrator. No
    /// service is started beneath it. Nothing that an ordinary user can do appears here. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installer: Option<String>,
    /// A command of an earlier run that has outlived it and is at work, in words. The next run waits for its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_work: Option<String>,

    /// Whether the update lies ready in the private folder, and why not.
    #[serde(default)]
    pub package: Fact<PackageSeen>,
    /// How many bytes the package has, where it was seen. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_size: Option<u64>,
    /// Free bytes on the system drive.
    #[serde(default)]
    pub disk: Fact<u64>,
    /// Free bytes on the drive of the private folder, into which the package is copied. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub private_disk: Fact<u64>,
    /// What the account that looks may do.
    #[serde(default)]
    pub rights: Fact<Rights>,
    /// Processes that hold modules of the product and are no services.
    #[serde(default)]
    pub shells: Fact<Vec<Shell>>,
    /// Services of others that hold modules of the product, and that the manifest does not name.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub foreign: Fact<Vec<Foreign>>,
    /// The databases, by the form in which they are updated.
    #[serde(default, with = "by_store")]
    #[schemars(with = "Vec<by_store::Entry<Fact<Vec<Database>>>>")]
    pub databases: Shared<BTreeMap<Store, Fact<Vec<Database>>>>,
    /// How the pool of a Front End Server stands.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub pool: Fact<PoolSeen>,
    /// What the servers of its pool have on their share.
    #[serde(default, skip_serializing_if = "Fact::is_not_looked")]
    pub claim: Fact<PoolRecord>,
}

impl Observed {
    /// A host of which nothing is known.
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
        }
    }

    /// The build of the Core Components of `product`, when it is known.
    #[must_use]
    pub fn core(&self, product: Product) -> Option<&Build> {
        let ours = |component: &&Component| component.product == product && component.name.is_core();
        self.components.known()?.iter().find(ours).map(|component| &component.build)
    }

    /// What was seen of the databases of `store`.
    #[must_use]
    pub fn databases(&self, store: &Store) -> &Fact<Vec<Database>> {
        self.databases.get(store).unwrap_or(&Fact::NotLooked)
    }
}

/// A reason why the host waits for a restart, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Who asks, in words, such as `Windows Update`.
    pub who: String,
    /// Where it was read, such as the registry key.
    pub source: String,
    /// Whether Windows Update or component servicing asks for it to finish what they have installed. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_windows: bool,
    /// The files that wait to be replaced or deleted, where it is that. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<QueuedFile>,
}

/// A file that waits for the next start of Windows, to be replaced or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedFile {
    /// Its path.
    pub path: String,
    /// Whether it lies in a folder that matters to an update.
    pub matters: bool,
}

/// How the update's package stands.
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
    /// Signed by somebody else than the declared publisher: the file, whose signature was expected, and whose it is.
    Foreign(String),
}

/// How a pool of Front End Servers stands, by the product's own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolSeen {
    /// Whether it can do without a server.
    pub readiness: Readiness,
    /// Its upgrade domains, where the product reports them. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<UpgradeDomain>,
    /// How many servers it has. What the product calls this count is only recalled, so it may be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<u32>,
    /// How many of them are active. As for `servers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u32>,
    /// The lines about its fabric, of any stream, that say *missing*, in the words of the product.
    #[serde(default)]
    pub missing: Vec<String>,
    /// The warnings and errors about its fabric. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What was said of its fabric besides, line by line; none where nobody asked, as in earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fabric: Option<Vec<String>>,
}

/// An upgrade domain of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeDomain {
    /// Whether its servers may be taken down (`ReadyforUpgrade` in Microsoft's text; `IsReadyForUpgrade` on one published screen).
    pub ready: bool,
    /// Every text that the product reports of it: its own name, and those of its servers. Which property holds which is published
    /// nowhere.
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

/// What the account that runs `reconcile` may do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rights {
    /// Member of the local Administrators group, elevated.
    pub administrator: bool,
    /// Member of `RTCUniversalServerAdmins`, which local management sessions need (Microsoft Learn: Lync Server
    /// 2013, Deployment permissions for SQL Server). Not asked where no step of the server needs it: a workgroup has no such group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_admin: Option<bool>,
    /// Whether the process is in a job that nothing can leave that it starts, as in a remote session: what must not be cut
    /// off would end with that session. Earlier versions do not tell.
    #[serde(default)]
    pub confined: bool,
}

/// A right that an account may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Elevated, and a member of the local Administrators.
    Administrator,
    /// A member of `RTCUniversalServerAdmins`, a group of the domain. A workgroup has none, and SYSTEM belongs to none.
    ServerAdmin,
}

impl Right {
    /// Every right, that of the machine before that of the domain.
    pub const ALL: [Self; 2] = [Self::Administrator, Self::ServerAdmin];

    /// The group whose members have it.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Administrator => "Administrators",
            Self::ServerAdmin => "RTCUniversalServerAdmins",
        }
    }
}

impl Rights {
    /// Whether the account has this right. What nobody asked for is not there.
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
    /// Whose it is.
    pub user: String,
    /// The session of Windows that it runs in. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// The file that it runs. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The module of the product that it holds. Earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
}

/// A service of somebody else's that holds a module of the product.
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

const fn is_false(value: &bool) -> bool {
    !*value
}
