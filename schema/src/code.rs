//! The codes of outcomes. Programs match on a code where people read its sentence. No code ever changes its meaning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a server, or the reason why it or the run cannot continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The server is at its goal.
    AtGoal,
    /// Steps remain, and nothing forbids them.
    #[default]
    Drift,
    /// The run ended in a restart of the machine; the next run continues.
    Restarting,
    /// A fact that the plan needs has not been read.
    NotLooked,
    /// A fact that the decision needs could not be read.
    Unknown,
    /// The declared product is not installed.
    ProductMissing,
    /// The installed product is not the one that the manifest declares.
    WrongProduct,
    /// Core Components is newer than declared.
    NewerThanDeclared,
    /// The installation of a later update began, and no run saw it end successfully.
    LaterInstallationBegun,
    /// A component has a build of another product line.
    WrongLine,
    /// A restart is pending, and the policy allows none.
    RestartDue,
    /// A restart is pending, and the allowed number of restarts for one target is used up.
    RestartsSpent,
    /// Another installation is running.
    OtherInstallation,
    /// A service is starting or stopping.
    ServicePending,
    /// Management shells are open.
    ShellsOpen,
    /// Services of other products hold modules of the product.
    ForeignServices,
    /// Checks of `doctor` speak against an outage.
    DoctorForbids,
    /// The update's package cannot be used.
    PackageRefused,
    /// The update's package is signed by a publisher other than the declared one.
    PublisherForeign,
    /// There is too little free disk space.
    DiskFull,
    /// The databases are mirrored, and the manifest does not say that they can be updated in this state.
    DatabasesMirrored,
    /// The account lacks a right.
    RightsMissing,
    /// The installer would end together with the session that it is started from.
    Confined,
    /// The pool reports that it is busy.
    PoolBusy,
    /// The pool reports that too few of its servers are active.
    PoolInsufficient,
    /// Replicas are missing in the pool.
    PoolReplicasMissing,
    /// The upgrade domain of the server is not ready.
    PoolDomainNotReady,
    /// The pool reports warnings about its fabric.
    PoolWarns,
    /// The pool's answer is not understood.
    PoolNotUnderstood,
    /// The pool has not been ready for long enough.
    PoolSettling,
    /// Too few servers of the pool would remain.
    PoolQuorum,
    /// Another server of the pool is being worked on.
    PoolClaimed,
    /// The record of the claims stays in use by somebody else.
    ClaimsBusy,
    /// Files on the share of the claims are not believed.
    ClaimsUntrusted,
    /// A Front End Server must be done before its back end, and is not.
    ComesAfter,
    /// The databases of the pool are updated after all of its Front End Servers, or from another server.
    DatabasesWait,
    /// The server is failed over, and the journal knows of no run that did it.
    FailedOver,
    /// The outage has used up its budget, and the installer has not started.
    OutageOverBudget,
    /// The outage would exceed its budget.
    OutageTooLong,
    /// No maintenance window is open.
    WindowClosed,
    /// The maintenance window closes before the services would run again.
    WindowTooShort,
    /// The clock is behind the journal's last entry.
    ClockBehind,
    /// An operator has put the server on hold.
    Held,
    /// Lines of the journal cannot be read, and a hold may be lost with them.
    JournalDamaged,
    /// The services were taken down as often as one target allows.
    OutagesSpent,
    /// The installer was started as often as one target allows.
    AttemptsSpent,
    /// The installer failed and moved no component.
    InstallFailed,
    /// A step ran without effect.
    NoEffect,
    /// A step could not be done.
    StepFailed,
    /// A service was started and then ended by itself.
    ServiceEnded,
    /// A command of an earlier run has outlived that run and is still at work.
    CommandAtWork,
    /// Somebody interrupted the run.
    Interrupted,
    /// The decision deviates from the approved plan.
    Deviated,
    /// Another run of reconcile is at work on this machine.
    AnotherRun,
    /// The confirmation was not given.
    NotConfirmed,
    /// A file is in a place where accounts other than administrators can write.
    Untrusted,
    /// The manifest is not signed with the key of this machine.
    ManifestUntrusted,
    /// The manifest is older than the last one that was accepted here.
    ManifestOlder,
    /// The manifest has expired.
    ManifestExpired,
    /// The manifest is another one than the caller expects.
    ManifestOther,
    /// The manifest, or another input, is wrong.
    InputWrong,
    /// The command line is wrong.
    UsageWrong,
    /// The command failed.
    Failed,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 63] = [
        Self::AtGoal,
        Self::Drift,
        Self::Restarting,
        Self::NotLooked,
        Self::Unknown,
        Self::ProductMissing,
        Self::WrongProduct,
        Self::NewerThanDeclared,
        Self::LaterInstallationBegun,
        Self::WrongLine,
        Self::RestartDue,
        Self::RestartsSpent,
        Self::OtherInstallation,
        Self::ServicePending,
        Self::ShellsOpen,
        Self::ForeignServices,
        Self::DoctorForbids,
        Self::PackageRefused,
        Self::PublisherForeign,
        Self::DiskFull,
        Self::DatabasesMirrored,
        Self::RightsMissing,
        Self::Confined,
        Self::PoolBusy,
        Self::PoolInsufficient,
        Self::PoolReplicasMissing,
        Self::PoolDomainNotReady,
        Self::PoolWarns,
        Self::PoolNotUnderstood,
        Self::PoolSettling,
        Self::PoolQuorum,
        Self::PoolClaimed,
        Self::ClaimsBusy,
        Self::ClaimsUntrusted,
        Self::ComesAfter,
        Self::DatabasesWait,
        Self::FailedOver,
        Self::OutageOverBudget,
        Self::OutageTooLong,
        Self::WindowClosed,
        Self::WindowTooShort,
        Self::ClockBehind,
        Self::Held,
        Self::JournalDamaged,
        Self::OutagesSpent,
        Self::AttemptsSpent,
        Self::InstallFailed,
        Self::NoEffect,
        Self::StepFailed,
        Self::ServiceEnded,
        Self::CommandAtWork,
        Self::Interrupted,
        Self::Deviated,
        Self::AnotherRun,
        Self::NotConfirmed,
        Self::Untrusted,
        Self::ManifestUntrusted,
        Self::ManifestOlder,
        Self::ManifestExpired,
        Self::ManifestOther,
        Self::InputWrong,
        Self::UsageWrong,
        Self::Failed,
    ];

    /// The code as files write it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::AtGoal => "at-goal",
            Self::Drift => "drift",
            Self::Restarting => "restarting",
            Self::NotLooked => "not-looked",
            Self::Unknown => "unknown",
            Self::ProductMissing => "product-missing",
            Self::WrongProduct => "wrong-product",
            Self::NewerThanDeclared => "newer-than-declared",
            Self::LaterInstallationBegun => "later-installation-begun",
            Self::WrongLine => "wrong-line",
            Self::RestartDue => "restart-due",
            Self::RestartsSpent => "restarts-spent",
            Self::OtherInstallation => "other-installation",
            Self::ServicePending => "service-pending",
            Self::ShellsOpen => "shells-open",
            Self::ForeignServices => "foreign-services",
            Self::DoctorForbids => "doctor-forbids",
            Self::PackageRefused => "package-refused",
            Self::PublisherForeign => "publisher-foreign",
            Self::DiskFull => "disk-full",
            Self::DatabasesMirrored => "databases-mirrored",
            Self::RightsMissing => "rights-missing",
            Self::Confined => "confined",
            Self::PoolBusy => "pool-busy",
            Self::PoolInsufficient => "pool-insufficient",
            Self::PoolReplicasMissing => "pool-replicas-missing",
            Self::PoolDomainNotReady => "pool-domain-not-ready",
            Self::PoolWarns => "pool-warns",
            Self::PoolNotUnderstood => "pool-not-understood",
            Self::PoolSettling => "pool-settling",
            Self::PoolQuorum => "pool-quorum",
            Self::PoolClaimed => "pool-claimed",
            Self::ClaimsBusy => "claims-busy",
            Self::ClaimsUntrusted => "claims-untrusted",
            Self::ComesAfter => "comes-after",
            Self::DatabasesWait => "databases-wait",
            Self::FailedOver => "failed-over",
            Self::OutageOverBudget => "outage-over-budget",
            Self::OutageTooLong => "outage-too-long",
            Self::WindowClosed => "window-closed",
            Self::WindowTooShort => "window-too-short",
            Self::ClockBehind => "clock-behind",
            Self::Held => "held",
            Self::JournalDamaged => "journal-damaged",
            Self::OutagesSpent => "outages-spent",
            Self::AttemptsSpent => "attempts-spent",
            Self::InstallFailed => "install-failed",
            Self::NoEffect => "no-effect",
            Self::StepFailed => "step-failed",
            Self::ServiceEnded => "service-ended",
            Self::CommandAtWork => "command-at-work",
            Self::Interrupted => "interrupted",
            Self::Deviated => "deviated",
            Self::AnotherRun => "another-run",
            Self::NotConfirmed => "not-confirmed",
            Self::Untrusted => "untrusted",
            Self::ManifestUntrusted => "manifest-untrusted",
            Self::ManifestOlder => "manifest-older",
            Self::ManifestExpired => "manifest-expired",
            Self::ManifestOther => "manifest-other",
            Self::InputWrong => "input-wrong",
            Self::UsageWrong => "usage-wrong",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing is wrong with a server that is blocked for this reason: it waits for its turn.
    #[must_use]
    pub const fn waits(self) -> bool {
        matches!(
            self,
            Self::WindowClosed
                | Self::WindowTooShort
                | Self::Held
                | Self::AnotherRun
                | Self::PoolBusy
                | Self::PoolSettling
                | Self::PoolClaimed
                | Self::ClaimsBusy
                | Self::ComesAfter
                | Self::DatabasesWait
        )
    }

    /// What it says.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::AtGoal => "the server is at its goal",
            Self::Drift => "steps remain, and nothing forbids them",
            Self::Restarting => "the run ended in a restart of the machine; the next run goes on",
            Self::NotLooked => "a fact that the plan needs was not read",
            Self::Unknown => "a fact that the decision needs could not be read",
            Self::ProductMissing => "the declared product is not installed",
            Self::WrongProduct => "another product is installed than the manifest declares",
            Self::NewerThanDeclared => "Core Components is above the declared build",
            Self::LaterInstallationBegun => "the installation of a later update was begun and not seen to end well",
            Self::WrongLine => "a component has a build of another product line",
            Self::RestartDue => "a restart is pending, and the policy allows none",
            Self::RestartsSpent => "a restart is pending again after as many as are allowed for one target",
            Self::OtherInstallation => "another installation is under way",
            Self::ServicePending => "a service is starting or stopping",
            Self::ShellsOpen => "management shells are open",
            Self::ForeignServices => "services of others hold modules of the product",
            Self::DoctorForbids => "doctor found something that speaks against an outage",
            Self::PackageRefused => "the update's package cannot be used",
            Self::PublisherForeign => "the update's package is signed by somebody else than the declared publisher",
            Self::DiskFull => "there is too little free disk space",
            Self::DatabasesMirrored => {
                "the databases are mirrored, and the manifest does not say that they can be updated so"
            }
            Self::RightsMissing => "the account lacks a right",
            Self::Confined => "the installer could not outlive the session that it is started from",
            Self::PoolBusy => "the pool says that it is busy",
            Self::PoolInsufficient => "the pool says that too few of its servers are active",
            Self::PoolReplicasMissing => "the pool misses replicas",
            Self::PoolDomainNotReady => "the upgrade domain of the server is not ready",
            Self::PoolWarns => "the pool warns of its fabric",
            Self::PoolNotUnderstood => "the pool's answer is not understood",
            Self::PoolSettling => "the pool has not been ready for long enough",
            Self::PoolQuorum => "too few servers of the pool would be left",
            Self::PoolClaimed => "another server of the pool is worked on",
            Self::ClaimsBusy => "the record of the claims stays in use by somebody else",
            Self::ClaimsUntrusted => "what lies on the share of the claims is not believed",
            Self::ComesAfter => "a Front End Server comes before its back end and is not done",
            Self::DatabasesWait => "the update of the pool's databases waits for another server",
            Self::FailedOver => "the server is failed over, and not by a run that the journal knows of",
            Self::OutageOverBudget => "the outage has lasted as long as it may, and the installer has not started",
            Self::OutageTooLong => "the outage would last longer than it may",
            Self::WindowClosed => "no maintenance window is open",
            Self::WindowTooShort => "the maintenance window closes before the services would run again",
            Self::ClockBehind => "the clock is behind the journal's last entry",
            Self::Held => "somebody said that the server must not be touched",
            Self::JournalDamaged => "lines of the journal cannot be read, and a hold may have been among them",
            Self::OutagesSpent => "the services were taken down as often as is allowed for one target",
            Self::AttemptsSpent => "the installer was started as often as is allowed for one target",
            Self::InstallFailed => "the installer failed and moved no component",
            Self::NoEffect => "a step was taken, and nothing that it should change changed",
            Self::StepFailed => "a step could not be done",
            Self::ServiceEnded => "a service was started and ended by itself",
            Self::CommandAtWork => "a command of an earlier run has outlived it and is at work",
            Self::Interrupted => "somebody interrupted the run",
            Self::Deviated => "the approved plan says something else",
            Self::AnotherRun => "another run of reconcile works here",
            Self::NotConfirmed => "somebody was asked and did not say yes",
            Self::Untrusted => "a file lies where others than administrators can write",
            Self::ManifestUntrusted => "the manifest is not signed with the key of this machine",
            Self::ManifestOlder => "the manifest is older than the last one that was accepted here",
            Self::ManifestExpired => "the manifest has expired",
            Self::ManifestOther => "the manifest is another one than the caller expects",
            Self::InputWrong => "the manifest, or another input, is wrong",
            Self::UsageWrong => "the command line is wrong",
            Self::Failed => "the command failed",
        }
    }

    /// What a person can do about it, as far as the code alone shows; the advice of a run knows more.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::AtGoal => "Nothing.",
            Self::Drift => "Run `reconcile apply` in the maintenance window.",
            Self::Restarting => "Wait for the restart. Then the scheduled task continues, or run `reconcile apply`.",
            Self::NotLooked => {
                "Fix what keeps `reconcile` from reading the fact that the message names, then run the command again."
            }
            Self::Unknown => {
                "Fix the read error that is shown, then run `reconcile apply` again. No service is stopped until the fact can be read."
            }
            Self::ProductMissing => {
                "Correct `target` or `product` in the manifest. Do not name a bare SQL Server as a `back-end` (docs/pools.md#which-machine-is-what)."
            }
            Self::WrongProduct => {
                "Set `target` to an update of the product that is installed, or remove the server from the manifest."
            }
            Self::NewerThanDeclared => {
                "An update cannot be taken back. To keep it, set `target` to that build or a later one (`reconcile releases`)."
            }
            Self::LaterInstallationBegun => {
                "Declare that later build. Or make sure that no component is newer than declared, then run `reconcile apply --retry`."
            }
            Self::WrongLine => {
                "Look up the component in Programs and Features, correct its installation, then run `reconcile apply` again."
            }
            Self::RestartDue => {
                "Restart the server, then run `reconcile apply` again. Or allow it: `policy: { reboot: whenRequired }`."
            }
            Self::RestartsSpent => {
                "Find out what asks for a restart each time, fix it, then run `reconcile apply --retry`."
            }
            Self::OtherInstallation => "Let it finish, then run `reconcile apply` again.",
            Self::ServicePending => {
                "Wait until no service is pending (`Get-CsWindowsService`), then run `reconcile apply` again."
            }
            Self::ShellsOpen => "Close them, or set `policy: { shells: wait }` or `close`.",
            Self::DoctorForbids => {
                "Do what `reconcile doctor MANIFEST` says about each check that is named. To go on without that, give the reason: \
                 `policy: { doctor: { ignore: { CHECK: reason } } }`."
            }
            Self::ForeignServices => {
                "Stop them, or name them under `alsoStop`. `policy: { foreign: warn }` goes on all the same."
            }
            Self::PackageRefused => {
                "Fetch the update again from its publisher. Correct the path or the hash in the manifest if it is wrong."
            }
            Self::PublisherForeign => {
                "Do not run the file. Fetch the update again from its publisher, and find out who put this file there."
            }
            Self::DiskFull => "Free space on the named drive, then run `reconcile apply` again.",
            Self::DatabasesMirrored => {
                "Read docs/pools.md#sql-server. Test on a pool that few people use, with every database on its primary (`Get-CsDatabaseMirrorState`). Then set `databases: { mirrored: update }`."
            }
            Self::RightsMissing => {
                "Start an elevated prompt, or use a member of `RTCUniversalServerAdmins`. A new membership takes effect at the next logon. SYSTEM never is a member."
            }
            Self::Confined => {
                "Run `reconcile apply` on the console or desktop of the server, not in a remote session such as WinRM, or register the scheduled task."
            }
            Self::PoolBusy => "Try later. A pool that stays busy has a problem: read its event logs.",
            Self::PoolInsufficient => {
                "Find out which of its servers do not run, and start them. A pool that is paired can be failed over first."
            }
            Self::PoolReplicasMissing => {
                "Run the `Reset-CsPoolRegistrarState` command that the outcome shows, then `reconcile apply` again."
            }
            Self::PoolDomainNotReady => "Try later. The pool itself says when its replicas allow it.",
            Self::PoolWarns => {
                "Make sure that every server of the pool runs (`Get-CsPoolFabricState`), then run `reconcile apply` again."
            }
            Self::PoolNotUnderstood => {
                "Read what `plan` shows. If it says that the pool is sound, set `policy: { pool: { fabric: ignore } }`."
            }
            Self::PoolSettling => {
                "Wait until the pool has been ready for 20 minutes, then run `reconcile apply` again."
            }
            Self::PoolQuorum => "Bring its other servers back first, then run `reconcile apply` again.",
            Self::PoolClaimed => {
                "Wait for that server. If it will not finish: `reconcile claims MANIFEST`, then `--break` (docs/pools.md#one-server-at-a-time)."
            }
            Self::ClaimsBusy => "Try later.",
            Self::ClaimsUntrusted => "Find out who put the file there that the reason names (docs/pools.md#the-share).",
            Self::ComesAfter => {
                "Run `reconcile apply` on that Front End Server first. Add `--retry` if its file on the share was lost."
            }
            Self::DatabasesWait => {
                "Run `reconcile apply` on the server that is named. A Front End Server that is out of service for long goes under `without` (docs/pools.md#a-bare-sql-server)."
            }
            Self::FailedOver => {
                "Ask who is working on it. If nobody is: `Invoke-CsComputerFailBack`, then `reconcile apply`."
            }
            Self::OutageOverBudget => {
                "The services came back. Run `reconcile apply` again when there is time for a new outage, or raise `policy: { outage: { budget } }`."
            }
            Self::OutageTooLong => {
                "See what takes so long (`reconcile history`). To accept it, raise `policy: { outage: { budget } }` or set `onExceed: warn`. With exit code 3, only what is left of the budget of this outage is too short."
            }
            Self::WindowClosed => {
                "Nothing, if a scheduled task applies this manifest (`reconcile schedule show`). Otherwise run `reconcile apply` in the window that the message names. Exit code 4 means that none opens within two years."
            }
            Self::WindowTooShort => {
                "As for `window-closed`. Exit code 4 means that no window is long enough: make one longer, leave fewer days out, or correct `policy: { estimates }`."
            }
            Self::ClockBehind => "Correct the clock. If it is correct: `reconcile apply --retry`.",
            Self::Held => "Ask that person. When the reason no longer applies: `reconcile unhold`.",
            Self::JournalDamaged => {
                "Ask whether anybody holds this server, and hold it again if so. Then `reconcile acknowledge MANIFEST journal --reason TEXT`."
            }
            Self::OutagesSpent => {
                "The server is left up. Read `reconcile history`, fix the cause, then `reconcile apply --retry`."
            }
            Self::AttemptsSpent => {
                "The server is left up. Read `reconcile history`, fix the cause, then `reconcile apply --retry`."
            }
            Self::InstallFailed => {
                "Read the installer's log; its path is in the outcome if it is known. Fix the cause. The next run tries again, three times in all. Exit code 2: a service runs while the installer looks; find it (`Get-CsWindowsService`) and stop it. 1618: let the other installation finish."
            }
            Self::NoEffect => {
                "A service that does not stop: end its process, or restart the server. A service that does not start: read the event log (Lync Server, System). Databases, failover, failback: run the command by hand with `-Verbose`. Installer: read its log; the file may be another product's update. Then run `reconcile apply` again."
            }
            Self::StepFailed => {
                "The step's own words are in the outcome. Fix the cause, then run `reconcile apply` again. It continues from here."
            }
            Self::ServiceEnded => {
                "Look in Event Viewer (Lync Server, Application, System) for why it ends. Fix that, then run `reconcile apply` again."
            }
            Self::CommandAtWork => {
                "Wait. The command ends at its own time limit (an installer has none). Then run `reconcile apply` again."
            }
            Self::Interrupted => "Run `reconcile apply` again. It continues from here.",
            Self::Deviated => {
                "The reason names what changed. Find out why that changed. Then plan again, and have the new plan approved."
            }
            Self::AnotherRun => "Wait for it.",
            Self::NotConfirmed => "Nothing was changed. Run `reconcile apply` again when you agree.",
            Self::Untrusted => r"Move the program and the manifest to `C:\Program Files\reconcile`.",
            Self::ManifestUntrusted => {
                "Sign the manifest where the secret key is: `minisign -Sm manifest.yaml` (docs/unattended.md#signed-manifests)."
            }
            Self::ManifestOlder => "Put the newer manifest back. If this one is meant, give it a higher `serial`.",
            Self::ManifestExpired => "Check what the manifest declares, then give it a later day.",
            Self::ManifestOther => "Bring the manifest to the server that the caller means, then run again.",
            Self::InputWrong => {
                "Correct the line that the message shows. `reconcile explain` explains the code in `error[…]`."
            }
            Self::UsageWrong => "Correct the command. `reconcile help COMMAND` shows its options.",
            Self::Failed => {
                "Read `reconcile status`. Fix the cause that the message names, then run the command again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

    use super::*;
    use crate::DriftCode;

    /// What was published. Lines are added to it; none is changed, none is taken out.
    const PUBLISHED: &str = include_str!("codes.txt");

    /// The page that people read.
    const DOCUMENTED: &str = include_str!("../CODES.md");

    fn now() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let outcomes = Code::ALL.into_iter().map(|code| ("outcome", code.key(), code.phrase()));
        let findings = DriftCode::ALL.into_iter().map(|code| ("finding", code.key(), code.phrase()));
        outcomes.chain(findings)
    }

    #[test]
    fn no_published_code_is_renamed_or_reused() {
        let known: BTreeSet<String> = now().map(|(kind, key, phrase)| format!("{kind} {key}: {phrase}")).collect();
        let published: BTreeSet<String> = PUBLISHED.lines().map(String::from).collect();
        assert_eq!(known, published, "a code that is no longer used stays in the enum and in the list");
        assert_eq!(PUBLISHED.lines().count(), published.len(), "each once");
        let keys: BTreeSet<_> = now().map(|(kind, key, _)| (kind, key)).collect();
        assert_eq!(keys.len(), known.len(), "no key has two meanings");
    }

    #[test]
    fn the_codes_that_wait_are_documented() {
        let waits: Vec<_> =
            Code::ALL.into_iter().filter(|code| code.waits()).map(|code| format!("`{}`", code.key())).collect();
        let page = DOCUMENTED.split("`waits` is there").nth(1).and_then(|rest| rest.split("each with").next());
        let listed: Vec<_> =
            page.unwrap_or_default().split([',', ' ', '\n']).filter(|word| word.starts_with('`')).collect();
        let sorted = |mut all: Vec<String>| {
            all.sort();
            all
        };
        assert_eq!(sorted(listed.into_iter().map(String::from).collect()), sorted(waits));
    }

    #[test]
    fn files_write_a_code_by_its_key() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).ok(), Some(code.key().into()));
        }
        for code in DriftCode::ALL {
            assert_eq!(serde_json::to_value(code).ok(), Some(code.key().into()));
        }
    }

    #[test]
    fn every_code_is_documented() {
        for (kind, key, phrase) in now() {
            assert!(DOCUMENTED.contains(&format!("| `{key}` | {phrase} |")), "schema/CODES.md lacks the {kind} {key}");
        }
    }
}
