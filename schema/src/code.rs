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
    /// The manifest, or another input, is wrong.
    InputWrong,
    /// The command line is wrong.
    UsageWrong,
    /// The command failed.
    Failed,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 60] = [
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
            Self::InputWrong => "input-wrong",
            Self::UsageWrong => "usage-wrong",
            Self::Failed => "failed",
        }
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
            Self::InputWrong => "the manifest, or another input, is wrong",
            Self::UsageWrong => "the command line is wrong",
            Self::Failed => "the command failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, format, string::String};

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
