//! What can be wrong with a simulated server, by a name that a person can write into the world's file.

use std::fmt;

use reconcile_schema::CheckId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Writes a fault from each row: its description, its variant and, if nothing but `doctor` finds it, the check that does.
macro_rules! faults {
    ($($(#[$description:meta])* $name:ident $(= $check:ident)?,)*) => {
        /// One thing that is wrong, or different from the smooth case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Fault {
            $($(#[$description])* $name,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The check of `doctor` that finds it, if nothing else does.
            #[must_use]
            pub const fn only_found_by(self) -> Option<CheckId> {
                match self {
                    $($(Self::$name => Some(CheckId::$check),)?)*
                    _ => None, // The run itself finds all others.
                }
            }
        }
    };
}

faults! {
    /// The installer ends with 3010: a restart is required.
    InstallerAsksForReboot,
    /// The installer ends with 1641: it has begun a restart itself.
    InstallerBeginsReboot,
    /// The installer starts every service at its end.
    InstallerStartsServices,
    /// The installer takes 40 minutes.
    InstallerIsSlow,
    /// The installer gives no sign of life for 25 minutes, and takes 40.
    InstallerGoesQuiet,
    /// The installer ends with 1603 and moves nothing.
    InstallerFails,
    /// The installer ends with 1603 once, after half of the components.
    InstallerStopsHalfWay,
    /// The installer patches Core Components first, and ends with 1603 once, right after them.
    InstallerStopsAfterCore,
    /// The installer ends with 0 and moves nothing.
    InstallerDoesNothing,
    /// The installer ends with 2 once, because a service has started again.
    InstallerFindsServices,
    /// One service stays in STOP_PENDING although the stop reports success.
    ServiceHangsInStop,
    /// Windows refuses to stop the web server, and the command reports that.
    WebStopDenied,
    /// The services of other products that `alsoStop` names stay in STOP_PENDING.
    OtherHangsInStop,
    /// One service stays in START_PENDING although the start reports success.
    ServiceHangsInStart,
    /// One service starts, runs for a moment and ends.
    ServiceDies,
    /// One service stays in a pending state.
    ServicePending,
    /// Somebody left a management shell open.
    ShellOpen,
    /// Windows Update requests a restart.
    RebootPending,
    /// The same, and a restart does not clear it.
    RebootStays,
    /// A file outside the product's folders waits to be deleted at the next start, and outlasts every restart.
    RenameElsewhere,
    /// The same for a file in the product's folder.
    RenameOutlasts,
    /// Another installation is running, with administrator rights.
    AnotherInstallation,
    /// Somebody, possibly an ordinary user, holds the mutex of Windows Installer.
    WindowsInstallerHeld,
    /// The databases cannot be reached.
    DatabaseUnreachable,
    /// A database reports no installed version.
    DatabaseVersionEmpty,
    /// The databases are mirrored.
    DatabaseMirrored,
    /// Updating the databases reports success and changes nothing.
    DatabaseUpdateDoesNothing,
    /// Almost nothing is free on any drive.
    DiskExhausted,
    /// 5 GB are free: enough for an installer, too little for databases.
    DiskFull,
    /// Almost nothing is free on the drive of the private folder.
    PrivateDiskFull,
    /// The account is no local administrator.
    NotAdministrator,
    /// The account is no member of RTCUniversalServerAdmins.
    NotServerAdmin,
    /// The run is in a job that its children cannot leave, as in a remote session.
    Confined,
    /// The update cannot be found.
    PackageMissing,
    /// The update is a file other than the declared one.
    PackageAltered,
    /// The update is signed by another publisher.
    PackageForeign,
    /// The Uninstall key cannot be read.
    ComponentsUnreadable,
    /// The Core Components are listed under an unknown name.
    CoreUnrecognised,
    /// The service manager does not answer.
    ServicesUnreadable,
    /// The keys that show a pending restart cannot be read.
    RebootUnreadable,
    /// The process list cannot be read.
    ShellsUnreadable,
    /// Another product is installed.
    WrongProduct,
    /// The product is not installed.
    ProductMissing,
    /// Core Components is newer than declared.
    NewerBuild,
    /// The pool is busy whenever it is asked.
    PoolBusy,
    /// The pool reports that too few of its servers are active.
    PoolInsufficient,
    /// A replica is missing in the pool.
    ReplicaMissing,
    /// The upgrade domain of this server is not ready.
    PoolDomainNotReady,
    /// The pool reports warnings about its fabric.
    PoolWarns,
    /// The pool reports nothing about its fabric.
    PoolSilent,
    /// The pool reports about its fabric in another language.
    PoolInAnotherLanguage,
    /// The pool cannot be asked.
    PoolUnreadable,
    /// The share where the servers of the pool agree cannot be reached.
    ShareUnreachable,
    /// Somebody else keeps using the record there.
    ShareBusy,
    /// The failover does not finish within an hour, and nothing changes.
    FailOverTimesOut,
    /// The failback does not finish within an hour, and the server stays disabled.
    FailBackTimesOut,
    /// Windows is of a version that the product is not known to run on.
    WindowsStrange = WindowsVersion,
    /// An application control policy forces PowerShell into Constrained Language Mode.
    LanguageConstrained = PowerShell,
    /// A group policy allows signed scripts only.
    PolicyAllSigned = ExecutionPolicy,
    /// The clock is ten minutes ahead of that of the domain.
    ClockOff = Clock,
    /// The server has been up for more than 90 days.
    UpForMonths = LastBoot,
    /// A package is missing in the cache of Windows Installer.
    InstallerCacheGap = InstallerCache,
    /// No .NET Framework of today is installed.
    DotNetMissing = DotNet,
    /// A service that one of the product's depends on is disabled.
    DependencyDisabled = Dependencies,
    /// A certificate among the trusted roots was issued by another one.
    RootMisplaced = TrustedRoots,
    /// The computer trusts 142 roots.
    RootsMany = RootCount,
    /// The certificate of the server has expired.
    CertificateExpired = Certificates,
    /// The values for TLS that Front End Servers need are not set.
    SchannelUnset = Schannel,
    /// The product's management module is not where it should be.
    ModuleMissing = Module,
    /// A cmdlet has lost a parameter.
    CmdletChanged = Cmdlets,
    /// The answer of a cmdlet has lost a property.
    AnswerChanged = Answers,
    /// PowerShell refuses the scripts of reconcile.
    ScriptsRefused = Scripts,
    /// Windows does not accept the signature of the product's own programs.
    SignatureRefused = Signature,
    /// Others may write to the private folder.
    FolderOpen = PrivateFolder,
    /// The share of the claims ignores locks.
    ShareUnlocked = ShareLock,
    /// Another server of the pool denies access to its services.
    PoolServerDenied = PoolServers,
    /// The last full backup of a database is three days old.
    BackupOld = Backups,
    /// A replica of the Central Management Store is not up to date.
    ReplicaBehind = Replication,
    /// The scheduled task is not as it was registered.
    TaskAltered = ScheduledTask,
    /// Nothing that only doctor reads can be read.
    ExaminationFails,
}

impl Fault {
    /// The fault with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.to_string() == name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
