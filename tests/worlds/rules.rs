//! The rules that every world must keep, by name: README.md explains each.

use std::fmt;

/// A rule. In a report, its name comes before the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    OnlyWhatIsNeeded,
    NothingFalls,
    StoppedForInstall,
    VerifiedPackage,
    RestartFirst,
    UpOrNamed,
    StoppedStaysStopped,
    JournalFirst,
    Ends,
    OthersUntouched,
    OthersAroundOurs,
    AssembliesReleased,
    BinariesBeforeDatabases,
    ShellsArePeoples,
    UnknownForbids,
    GateHolds,
    OwnPoolOnly,
    FailoverFirst,
    FailedBack,
    GoalIsReported,
    ClaimFirst,
    OneClaim,
    OneAfterAnother,
    BelievedRecordsOnly,
    HoldHolds,
    WindowsOnly,
    DamageForbids,
    GoalIsTrue,
    OneDecision,
}

impl Rule {
    /// The report of a broken rule.
    pub fn broken(self, what: impl fmt::Display) -> String {
        format!("{self}: {what}")
    }

    /// Whether a report names this rule as broken.
    pub fn is_in(self, report: &str) -> bool {
        report.contains(&format!("{self}: "))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::OnlyWhatIsNeeded => "only-what-is-needed",
            Self::NothingFalls => "nothing-falls",
            Self::StoppedForInstall => "stopped-for-install",
            Self::VerifiedPackage => "verified-package",
            Self::RestartFirst => "restart-first",
            Self::UpOrNamed => "up-or-named",
            Self::StoppedStaysStopped => "stopped-stays-stopped",
            Self::JournalFirst => "journal-first",
            Self::Ends => "ends",
            Self::OthersUntouched => "others-untouched",
            Self::OthersAroundOurs => "others-around-ours",
            Self::AssembliesReleased => "assemblies-released",
            Self::BinariesBeforeDatabases => "binaries-before-databases",
            Self::ShellsArePeoples => "shells-are-peoples",
            Self::UnknownForbids => "unknown-forbids",
            Self::GateHolds => "gate-holds",
            Self::OwnPoolOnly => "own-pool-only",
            Self::FailoverFirst => "failover-first",
            Self::FailedBack => "failed-back",
            Self::GoalIsReported => "goal-is-reported",
            Self::ClaimFirst => "claim-first",
            Self::OneClaim => "one-claim",
            Self::OneAfterAnother => "one-after-another",
            Self::BelievedRecordsOnly => "believed-records-only",
            Self::HoldHolds => "hold-holds",
            Self::WindowsOnly => "windows-only",
            Self::DamageForbids => "damage-forbids",
            Self::GoalIsTrue => "goal-is-true",
            Self::OneDecision => "one-decision",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
