//! The checks of `doctor`: a table of assumptions, and of reasons why services do not come back.

use alloc::{borrow::Cow, format, vec::Vec};
use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::table::table;

/// The part of the server or of its surroundings that a check examines. Reports show the areas in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckArea {
    /// Windows and PowerShell.
    Machine,
    /// What is installed, and what an update needs of it.
    Product,
    /// Why services that were stopped do not start again.
    Return,
    /// What `reconcile` assumes about Windows and the product.
    Assumptions,
    /// What the account may do.
    Account,
    /// The databases.
    Databases,
    /// The pool.
    Pool,
    /// The scheduled task.
    Task,
}

impl CheckArea {
    /// Its heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Machine => "the machine",
            Self::Product => "the product",
            Self::Return => "whether the services start again",
            Self::Assumptions => "what reconcile assumes",
            Self::Account => "the account",
            Self::Databases => "the databases",
            Self::Pool => "the pool",
            Self::Task => "the scheduled task",
        }
    }
}

/// What a result means for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckClass {
    /// The decision asks it before the first stop: a fault forbids, and so does not knowing.
    Gate,
    /// A fault forbids the first stop, unless the manifest ignores it. Not knowing forbids only where the manifest
    /// requires the check.
    Advice,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As assumed.
    Ok,
    /// The check has no meaning on this server.
    NotAsked,
    /// The fact could not be read.
    Unknown,
    /// Somebody should look at it.
    Warning,
    /// Not as assumed.
    Fault,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotAsked => "not asked here",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

struct Row {
    area: CheckArea,
    class: CheckClass,
    assumed: &'static str,
    source: &'static str,
    help: &'static str,
}

/// Writes a check from each block: its variant, its id, its area and class, and the rest of its row.
macro_rules! checks {
    ($($name:ident = $key:tt $area:ident $class:ident { $($rest:tt)* })*) => {
        table! {
            /// A check of `doctor`, by its id.
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
            #[schemars(description = "a check of `doctor`, by its id")]
            #[expect(missing_docs, reason = "the row says what each assumes")]
            pub enum CheckId: Row {
                /// Every check, in the order of reports.
                ALL

                $($name = $key { area: CheckArea::$area, class: CheckClass::$class, $($rest)* })*
            }
        }
    };
}

checks! {
    WindowsVersion = "windows-version" Machine Advice {
        assumed: "the product runs on this version of Windows",
        source: "Microsoft Learn: Supported server operating systems in Lync Server 2013; Server requirements for Skype for Business Server 2015; System requirements for Skype for Business Server 2019",
        help: "compare the system requirements of the target before the update",
    }
    PowerShell = "powershell" Machine Advice {
        assumed: "Windows PowerShell is at least 3.0, and runs scripts in the full language",
        source: "Microsoft Learn: ConvertFrom-Json; about_Language_Modes",
        help: "install the PowerShell that the product requires; if an application control policy (AppLocker, WDAC) limits it, allow the scripts below %ProgramData%\\reconcile\\scripts",
    }
    ExecutionPolicy = "execution-policy" Machine Advice {
        assumed: "no group policy forbids unsigned local scripts",
        source: "Microsoft Learn: about_Execution_Policies (a group policy precedes the argument -ExecutionPolicy)",
        help: "have the group policy \"Turn on Script Execution\" allow local scripts on this server",
    }
    Clock = "clock" Machine Advice {
        assumed: "the clock differs from that of the domain by less than five minutes",
        source: "Microsoft Learn: Maximum tolerance for computer clock synchronization (Kerberos)",
        help: "correct the time service: w32tm /query /status",
    }
    FreeSpace = "free-space" Machine Gate {
        assumed: "the drives have room for the update, its package and the databases",
        source: "Microsoft Support: Install-CsDatabase (16 GB); docs/assumptions.md for the installer",
        help: "free space on the drive that is named",
    }
    PendingRestart = "pending-restart" Machine Gate {
        assumed: "no restart is pending that an installer could trip over",
        source: "Microsoft Learn: Upgrade to Skype for Business Server 2015 (assembly exceptions after a pending restart)",
        help: "restart Windows in a maintenance window, or set policy.reboot",
    }
    LastBoot = "last-boot" Machine Advice {
        assumed: "the server was restarted within the last 90 days, so what only a restart shows is known",
        source: "a limit of reconcile's own",
        help: "restart the server in an earlier window, so that the update is not blamed for what only a restart shows",
    }
    Components = "components" Product Gate {
        assumed: "every component in the Uninstall list of Windows is understood",
        source: "docs/assumptions.md, Builds and databases",
        help: "see what observe shows; open an issue with the names if a component is not understood",
    }
    OriginalRelease = "original-release" Product Advice {
        assumed: "no component stayed at its original release next to patched Core Components",
        source: "Microsoft Support: Lyncbackupservice.exe crashes after you set up pool pairing",
        help: "run the installer of the installed update again; it patches what was added after it",
    }
    Services = "services" Product Advice {
        assumed: "every service of the product has a published name",
        source: "docs/assumptions.md, Services, files and restarts",
        help: "see whether the services that are named belong to the product; alsoStop names those of other products",
    }
    InstallerCache = "installer-cache" Product Advice {
        assumed: "Windows Installer still has the package of every component, and of every update applied to it",
        source: "Microsoft Support KB971187, KB969052; errors 1612 and 1635 of Windows Installer",
        help: "restore the files that are named, from a backup or from a server with the same component and updates; without them the installer fails during the outage",
    }
    DotNet = "dotnet" Product Advice {
        assumed: ".NET Framework is a version that the target supports",
        source: "Microsoft Learn: Server requirements for Skype for Business Server 2015; System requirements for Skype for Business Server 2019",
        help: "install the .NET Framework that the target requires, in a window of its own",
    }
    Package = "package" Product Gate {
        assumed: "the update's package is there, with the declared hash and publisher",
        source: "the manifest",
        help: "correct the installer of the update in the manifest, or its file",
    }
    OpenShells = "open-shells" Product Gate {
        assumed: "nothing but the services holds files of the product",
        source: "Microsoft Learn: Upgrade or update a Back End Server or Standard Edition server (close all management shells)",
        help: "close what is named, or set policy.shells",
    }
    Dependencies = "dependencies" Return Advice {
        assumed: "no service that the product's services depend on is disabled or missing",
        source: "Microsoft Learn: Service dependencies; CSS-Exchange issue 826",
        help: "set the start type of the service that is named: sc.exe config NAME start= demand",
    }
    TrustedRoots = "trusted-roots" Return Advice {
        assumed: "every certificate among the trusted roots of the computer issued itself",
        source: "Microsoft Support KB2795828: Lync Server 2013 Front-End service cannot start in Windows Server 2012",
        help: "move the certificates that are named to Intermediate Certification Authorities",
    }
    RootCount = "root-count" Return Advice {
        assumed: "the computer trusts at most 100 roots",
        source: "Microsoft, On-Premises Diagnostics for Skype for Business Server, rule MaxNumberOfRootCertificates",
        help: "remove roots that nobody needs: a longer list does not fit into a TLS handshake",
    }
    Certificates = "certificates" Return Advice {
        assumed: "the certificates that the product uses are valid for 30 more days",
        source: "Microsoft Learn: Get-CsCertificate",
        help: "renew and assign the certificate before the update: Request-CsCertificate, Set-CsCertificate",
    }
    Schannel = "schannel" Return Advice {
        assumed: "EnableSessionTicket and ClientAuthTrustMode of SCHANNEL are 2 on a Front End Server",
        source: "Microsoft Support: Event 32402, 61045 on Front End Servers; On-Premises Diagnostics for Skype for Business Server",
        help: "set the value as Microsoft's article says if Front End Servers lose their connections after a restart",
    }
    Module = "module" Assumptions Advice {
        assumed: "the product's management module is where reconcile expects it",
        source: "docs/assumptions.md; public deployment scripts",
        help: "see that the administrative tools of the product are installed; report another place as a fault of reconcile",
    }
    Cmdlets = "cmdlets" Assumptions Advice {
        assumed: "the cmdlets of the remaining steps exist, with the parameters that reconcile uses",
        source: "Microsoft Learn: Test-CsDatabase, Install-CsDatabase, Get-CsPoolFabricState and the others",
        help: "run reconcile support and report it as a fault of reconcile",
    }
    Answers = "answers" Assumptions Advice {
        assumed: "the answers of the cmdlets have the properties that reconcile reads",
        source: "Microsoft Learn, the page of each cmdlet; for pools, docs/assumptions.md",
        help: "run reconcile support and report it as a fault of reconcile",
    }
    Scripts = "scripts" Assumptions Advice {
        assumed: "PowerShell runs the scripts of reconcile from their folder",
        source: "docs/assumptions.md",
        help: "see what PowerShell reported; an antivirus or an application control policy may have to allow the folder",
    }
    Signature = "signature" Assumptions Advice {
        assumed: "Windows accepts the signature of a program of the product that is installed here",
        source: "Microsoft Learn: WinVerifyTrust",
        help: "see that the root certificates of this server are up to date: the update's signature is checked in the same way",
    }
    PrivateFolder = "private-folder" Assumptions Gate {
        assumed: "only the system and administrators may write to the private folder",
        source: "docs/assumptions.md, The journal, the clock and the machine",
        help: "run reconcile once as an elevated administrator; it makes the folder private and names what it moved aside",
    }
    ShareLock = "share-lock" Assumptions Advice {
        assumed: "a file on the share of the claims that one handle locks is closed to a second one",
        source: "Microsoft Learn: CreateFile, dwShareMode",
        help: "use a share on a Windows file server for rollout.claims: on this one two servers could claim a pool at once",
    }
    Rights = "rights" Account Gate {
        assumed: "the account has the rights that the remaining steps need",
        source: "Microsoft Learn, Lync Server 2013: Deployment permissions for SQL Server; Invoke-CsComputerFailOver",
        help: "use an account with the right that is named",
    }
    PoolServers = "pool-servers" Account Advice {
        assumed: "a failover may manage the services of every server of the pool",
        source: "Microsoft Learn: Invoke-CsComputerFailOver",
        help: "use an account that administers every server of the pool, and open the firewall for remote service management",
    }
    Databases = "databases" Databases Gate {
        assumed: "the databases can be reached, report their versions, and are not mirrored unless the manifest says so",
        source: "Microsoft Learn: Test-CsDatabase",
        help: "see what Test-CsDatabase reports on this server",
    }
    Backups = "backups" Databases Advice {
        assumed: "each database has a full backup of the last day: its update cannot be taken back",
        source: "Microsoft Learn: backupset (msdb)",
        help: "back up the databases that are named before the update",
    }
    Pool = "pool" Pool Gate {
        assumed: "the pool can do without this server, and nothing about its fabric is missing",
        source: "Microsoft Learn: Get-CsPoolUpgradeReadinessState, Get-CsPoolFabricState",
        help: "see what Get-CsPoolFabricState reports",
    }
    PoolBuilds = "pool-builds" Pool Advice {
        assumed: "the servers of the pool that are done are at one build",
        source: "Microsoft Learn: Manage Front End Servers (one cumulative update level in a pool)",
        help: "bring the servers that are named to the build of the others",
    }
    Replication = "replication" Pool Advice {
        assumed: "the replicas of the Central Management Store are up to date",
        source: "Microsoft Learn: Get-CsManagementStoreReplicationStatus",
        help: "run Invoke-CsManagementStoreReplication, then Get-CsManagementStoreReplicationStatus",
    }
    ScheduledTask = "task" Task Advice {
        assumed: "the scheduled task is as reconcile registers it, and meets a maintenance window",
        source: "reconcile schedule show",
        help: "run reconcile schedule show MANIFEST, then reconcile schedule install MANIFEST",
    }
}

impl CheckId {
    /// What it belongs to.
    #[must_use]
    pub const fn area(self) -> CheckArea {
        self.row().area
    }

    /// What its result means for a run.
    #[must_use]
    pub const fn class(self) -> CheckClass {
        self.row().class
    }

    /// What is assumed, as a clause.
    #[must_use]
    pub const fn assumed(self) -> &'static str {
        self.row().assumed
    }

    /// Where that is written.
    #[must_use]
    pub const fn source(self) -> &'static str {
        self.row().source
    }

    /// What to do about a fault, as a clause.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.row().help
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// How a manifest names a check that it ignores: one of those that a run can do without.
pub(crate) struct AdviceId;

impl JsonSchema for AdviceId {
    fn schema_name() -> Cow<'static, str> {
        "AdviceId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let advice = CheckId::ALL.into_iter().filter(|check| check.class() == CheckClass::Advice);
        let names: Vec<_> = advice.map(CheckId::key).collect();
        schemars::json_schema!({ "type": "string", "pattern": format!("^({})$", names.join("|")) })
    }
}
