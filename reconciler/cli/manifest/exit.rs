//! Exit codes: the only place that knows the numbers.

use std::process::ExitCode;

use reconcile_schema::{Code, DriftState, State};

/// How the program ends. The table is documented in the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every server is at its goal, or the command succeeded.
    Done = 0,
    /// Something failed.
    Failed = 1,
    /// Steps remain.
    Drift = 2,
    /// A condition that may pass forbids the steps: try later.
    Blocked = 3,
    /// Somebody must act.
    NeedsOperator = 4,
    /// A fact that is needed could not be read.
    Unknown = 5,
    /// The command line was wrong.
    Usage = 64,
    /// The manifest, or another input, was wrong.
    Input = 65,
}

impl Exit {
    /// Every way to end.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::Drift,
        Self::Blocked,
        Self::NeedsOperator,
        Self::Unknown,
        Self::Usage,
        Self::Input,
    ];

    /// Its meaning, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "at the goal",
            Self::Failed => "failed",
            Self::Drift => "drift: steps remain",
            Self::Blocked => "blocked: try later",
            Self::NeedsOperator => "needs an operator",
            Self::Unknown => "unknown: a fact could not be read",
            Self::Usage => "wrong usage",
            Self::Input => "wrong manifest or other input",
        }
    }

    /// The number for the caller.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// How a command can end whose outcome has this code.
    #[must_use]
    pub const fn of(code: Code) -> &'static [Self] {
        match code {
            Code::AtGoal => &[Self::Done],
            Code::InstallFailed | Code::StepFailed | Code::ServiceEnded | Code::Failed => &[Self::Failed],
            Code::Drift => &[Self::Drift],
            Code::Restarting
            | Code::RestartDue
            | Code::OtherInstallation
            | Code::ServicePending
            | Code::ShellsOpen
            | Code::ForeignServices
            | Code::DoctorForbids
            | Code::PoolBusy
            | Code::PoolDomainNotReady
            | Code::PoolWarns
            | Code::PoolSettling
            | Code::PoolQuorum
            | Code::PoolClaimed
            | Code::ClaimsBusy
            | Code::ComesAfter
            | Code::DatabasesWait
            | Code::OutageOverBudget
            | Code::Held
            | Code::JournalDamaged
            | Code::CommandAtWork
            | Code::Interrupted
            | Code::AnotherRun
            | Code::NotConfirmed => &[Self::Blocked],
            Code::OutageTooLong | Code::WindowClosed | Code::WindowTooShort => &[Self::Blocked, Self::NeedsOperator],
            Code::ProductMissing
            | Code::WrongProduct
            | Code::NewerThanDeclared
            | Code::LaterInstallationBegun
            | Code::WrongLine
            | Code::RestartsSpent
            | Code::PackageRefused
            | Code::PublisherForeign
            | Code::DiskFull
            | Code::DatabasesMirrored
            | Code::RightsMissing
            | Code::Confined
            | Code::PoolInsufficient
            | Code::PoolReplicasMissing
            | Code::ClaimsUntrusted
            | Code::FailedOver
            | Code::ClockBehind
            | Code::OutagesSpent
            | Code::AttemptsSpent
            | Code::NoEffect
            | Code::Deviated
            | Code::Untrusted => &[Self::NeedsOperator],
            Code::Unknown | Code::NotLooked | Code::PoolNotUnderstood => &[Self::Unknown],
            Code::UsageWrong => &[Self::Usage],
            Code::InputWrong
            | Code::ManifestUntrusted
            | Code::ManifestOlder
            | Code::ManifestExpired
            | Code::ManifestOther => &[Self::Input],
        }
    }
}

/// All exit codes, for people.
#[must_use]
pub fn table() -> String {
    let lines = Exit::ALL.map(|exit| format!("\n  {:>2}  {}", exit.code(), exit.meaning()));
    format!("Exit codes:{}", lines.concat())
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<State> for Exit {
    fn from(state: State) -> Self {
        match state {
            State::AtGoal => Self::Done,
            State::Drift => Self::Drift,
            State::Blocked => Self::Blocked,
            State::Unknown => Self::Unknown,
            State::NeedsOperator => Self::NeedsOperator,
            State::Failed => Self::Failed,
        }
    }
}

/// A known difference is drift. The worst state of a fleet is the last one in [`DriftState::ALL`] that any of its
/// servers has.
impl From<DriftState> for Exit {
    fn from(state: DriftState) -> Self {
        if state == DriftState::Unnamed { Self::Drift } else { as_state(state).into() }
    }
}

/// The state of a server that was compared with its goal.
#[must_use]
pub const fn as_state(compared: DriftState) -> State {
    match compared {
        DriftState::AtGoal => State::AtGoal,
        DriftState::Drift => State::Drift,
        DriftState::Ahead | DriftState::WrongProduct => State::NeedsOperator,
        DriftState::Unknown
        | DriftState::BuildsOnly
        | DriftState::NotReadable
        | DriftState::Missing
        | DriftState::Stale
        | DriftState::Unnamed => State::Unknown,
    }
}
