//! The code of every blocker, and what the failed command reported.

use alloc::{string::ToString, vec::Vec};

use reconcile_schema::{Code, ExitCode, Reason, Step};

use crate::{blocker::Blocker, unready::Unready};

impl Blocker {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unknown { .. } => Code::Unknown,
            Self::Missing { .. } | Self::BareSqlServer { .. } => Code::ProductMissing,
            Self::WrongProduct { .. } => Code::WrongProduct,
            Self::Newer { .. } => Code::NewerThanDeclared,
            Self::BegunLater { .. } => Code::LaterInstallationBegun,
            Self::WrongLine { .. } => Code::WrongLine,
            Self::Reboot { .. } => Code::RestartDue,
            Self::RebootsSpent { .. } => Code::RestartsSpent,
            Self::Installing { .. } => Code::OtherInstallation,
            Self::ServicePending { .. } => Code::ServicePending,
            Self::ShellsOpen { .. } => Code::ShellsOpen,
            Self::Foreign { .. } => Code::ForeignServices,
            Self::Unfit { .. } => Code::DoctorForbids,
            Self::Package { .. } => Code::PackageRefused,
            Self::ForeignSigner { .. } => Code::PublisherForeign,
            Self::Disk { .. } => Code::DiskFull,
            Self::Mirrored { .. } => Code::DatabasesMirrored,
            Self::Rights { .. } => Code::RightsMissing,
            Self::Pool { why, .. } => match why {
                Unready::Busy => Code::PoolBusy,
                Unready::Insufficient { .. } => Code::PoolInsufficient,
                Unready::Domain { .. } => Code::PoolDomainNotReady,
                Unready::Replicas { .. } => Code::PoolReplicasMissing,
                Unready::Warned { .. } => Code::PoolWarns,
                Unready::Untold | Unready::NotUnderstood { .. } => Code::PoolNotUnderstood,
                Unready::Settling { .. } => Code::PoolSettling,
                Unready::Quorum { .. } => Code::PoolQuorum,
            },
            Self::Claimed { .. } => Code::PoolClaimed,
            Self::ClaimsBusy { .. } => Code::ClaimsBusy,
            Self::ClaimsUntrusted { .. } => Code::ClaimsUntrusted,
            Self::ComesAfter { .. } => Code::ComesAfter,
            Self::WaitsForFronts { .. } | Self::UpdatedFrom { .. } => Code::DatabasesWait,
            Self::FailedOver => Code::FailedOver,
            Self::Outage { .. } => Code::OutageOverBudget,
            Self::OutageForeseen { .. } => Code::OutageTooLong,
            Self::WindowClosed { .. } => Code::WindowClosed,
            Self::WindowTooShort { .. } => Code::WindowTooShort,
            Self::ClockBehind { .. } => Code::ClockBehind,
            Self::Held { .. } => Code::Held,
            Self::JournalDamaged { .. } => Code::JournalDamaged,
            Self::OutagesSpent { .. } => Code::OutagesSpent,
            Self::AttemptsSpent { .. } => Code::AttemptsSpent,
            Self::InstallFailed { .. } => Code::InstallFailed,
            Self::Stuck { .. } => Code::NoEffect,
            Self::StepFailed { .. } => Code::StepFailed,
            Self::Died { .. } => Code::ServiceEnded,
            Self::AtWork { .. } => Code::CommandAtWork,
            Self::Confined => Code::Confined,
            Self::Interrupted | Self::Forced { .. } => Code::Interrupted,
            Self::NoManifest => Code::InputWrong,
            Self::Deviated(_) => Code::Deviated,
        }
    }

    /// The step that keeps the server from its goal, and what that step reported, if the cause is a step.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        let of = |step: &Step| Reason {
            step: step.clone(),
            said: None,
            exit_code: None,
            exit_code_shown: None,
            in_the_way: Vec::new(),
            log: None,
        };
        let installed = |code: Option<u32>, log: &Option<alloc::string::String>| Reason {
            exit_code: code,
            exit_code_shown: code.map(|code| ExitCode(code).to_string()),
            log: log.clone(),
            ..of(&Step::Install)
        };
        match self {
            Self::AttemptsSpent { code, log, .. } => Some(installed(*code, log)),
            Self::InstallFailed { code, log } => Some(installed(Some(*code), log)),
            Self::Stuck { step, refused, in_the_way, .. } => {
                Some(Reason { said: refused.clone(), in_the_way: in_the_way.clone(), ..of(step) })
            }
            Self::StepFailed { step, why } => Some(Reason { said: Some(why.clone()), ..of(step) }),
            _ => None,
        }
    }
}
