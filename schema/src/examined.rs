//! What `doctor` reads on a server, as it was found: nothing here is judged.
//!
//! Each fact is known, unknown with a reason, or not read because it has no meaning on this server.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fact, ServerName, StartType};

/// Everything that only `doctor` reads on a server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Examined {
    /// The version of Windows.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub windows: Fact<WindowsVersion>,
    /// Windows PowerShell, as a script of ours met it.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub power_shell: Fact<PowerShellSeen>,
    /// By how many seconds the server's clock is ahead of its domain's (negative: behind); not read without a domain.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub clock_ahead: Fact<i64>,
    /// The packages that Windows Installer needs to patch the product's components.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub cached_packages: Fact<Vec<CachedPackage>>,
    /// `Release` of .NET Framework 4.5 or later; none where it is not installed (Microsoft Learn: How to determine which
    /// .NET Framework versions are installed).
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub dotnet: Fact<Option<u32>>,
    /// What the product's services depend on, directly and through others, except each other.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub dependencies: Fact<Vec<Dependency>>,
    /// The store of trusted root certificates of the computer.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub trusted_roots: Fact<TrustedRoots>,
    /// The certificates that the product uses on this server, by `Get-CsCertificate`.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub certificates: Fact<Vec<CertificateSeen>>,
    /// What the registry says about TLS.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub schannel: Fact<Schannel>,
    /// The product's management module.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub module: Fact<FileSeen>,
    /// The cmdlets that the steps of this server use.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub cmdlets: Fact<Vec<CmdletSeen>>,
    /// Whether PowerShell runs the scripts of `reconcile` from their folder.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub scripts: Fact<FileSeen>,
    /// A program of the product that carries a signature, as Windows judges it.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub signature: Fact<FileSeen>,
    /// The private folder.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub private_folder: Fact<FileSeen>,
    /// Whether a lock on the share of the claims keeps a second handle out.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub share_lock: Fact<FileSeen>,
    /// Whether this account may manage the services of the other servers of its pool, as a failover requires.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub pool_servers: Fact<Vec<ServerReached>>,
    /// The last full backup of each database that an update would change.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub backups: Fact<Vec<BackupSeen>>,
    /// The replicas of the Central Management Store.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub replicas: Fact<Vec<ReplicaSeen>>,
    /// The scheduled task, and what is wrong with it; none where it is not registered.
    #[serde(skip_serializing_if = "Fact::is_not_looked")]
    pub task: Fact<Option<TaskSeen>>,
}

/// A version of Windows, as `RtlGetVersion` reports it: 10.0.17763 is Windows Server 2019.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the parts of a version")]
pub struct WindowsVersion {
    pub major: u32,
    pub minor: u32,
    pub build: u32,
}

/// Windows PowerShell, as a script of ours met it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PowerShellSeen {
    /// `$PSVersionTable.PSVersion`.
    pub version: String,
    /// The language mode of the script, such as `FullLanguage`.
    pub language_mode: String,
    /// The execution policy of each scope, by `Get-ExecutionPolicy -List`.
    pub policies: Vec<PolicySeen>,
}

/// The execution policy of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicySeen {
    /// Such as `MachinePolicy`: a group policy, which no argument of PowerShell overrides.
    pub scope: String,
    /// Such as `AllSigned`.
    pub policy: String,
}

/// A package in the cache of Windows Installer: that of a component, or that of an update applied to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CachedPackage {
    /// The component, as Windows lists it.
    pub component: String,
    /// The code of the update, as the registry writes it; none for the package of the component itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// `LocalPackage`; none where the registry names no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Why the file cannot be used; none where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A service that the product's services depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The service of the product.
    pub service: String,
    /// What it depends on.
    pub needs: String,
    /// The start type of that; none where no such service exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartType>,
}

/// The store of trusted root certificates of the computer (`LocalMachine\Root`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustedRoots {
    /// How many certificates it holds.
    pub count: u32,
    /// Those that another certificate issued: a root issues its own.
    pub misplaced: Vec<MisplacedCertificate>,
    /// Certificates that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

/// A certificate among the trusted roots that is not self-signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MisplacedCertificate {
    /// The SHA-1 of the certificate, in hexadecimal, as Windows shows it.
    pub thumbprint: String,
    /// For whom it was issued.
    pub subject: String,
    /// By whom.
    pub issuer: String,
}

/// A certificate that the product uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSeen {
    /// What the product uses it for, such as `Default`.
    pub usage: String,
    /// The SHA-1 of the certificate, in hexadecimal.
    pub thumbprint: String,
    /// For whom it was issued.
    pub subject: String,
    /// From when it is valid, where the product reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

/// Values below `SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Schannel {
    /// `EnableSessionTicket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_session_ticket: Option<u32>,
    /// `ClientAuthTrustMode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_auth_trust_mode: Option<u32>,
}

/// A file or folder that `reconcile` relies on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSeen {
    /// Its path.
    pub path: String,
    /// What is wrong with it; none where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A cmdlet, as PowerShell describes it. Nothing is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CmdletSeen {
    /// Its name.
    pub name: String,
    /// Whether the product's module has it.
    pub exists: bool,
    /// The parameters that a step uses and the cmdlet does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks_parameters: Vec<String>,
    /// The properties of its answer that `reconcile` reads and no type of its answers has; none where the cmdlet
    /// declares no type, or a type that cannot be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks_properties: Option<Vec<String>>,
}

/// A server of the pool, and whether this account reaches its service manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerReached {
    /// The server.
    pub server: ServerName,
    /// Whether access was denied.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub denied: bool,
    /// Why it could not be asked; none where it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The last full backup of a database, by `msdb` of its SQL Server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupSeen {
    /// The SQL Server, with its instance.
    pub sql_server: String,
    /// The database.
    pub database: String,
    /// When the backup ended; none where `msdb` records none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

/// A replica of the Central Management Store, by `Get-CsManagementStoreReplicationStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaSeen {
    /// The server.
    pub server: String,
    /// Whether it is up to date.
    pub up_to_date: bool,
}

/// The scheduled task of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSeen {
    /// What it does: `apply` or `observe`.
    pub mode: String,
    /// Its account.
    pub account: String,
    /// When it starts next, if this can be foreseen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// What keeps it from working as it should.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}
