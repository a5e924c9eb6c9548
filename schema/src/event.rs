//! The events that unattended runs report. Monitoring is configured with their numbers, so none ever changes its
//! meaning.

use alloc::string::String;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Code, ServerName};

/// What an operator should know about an unattended run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The server is at its goal, and was not after the last unattended run.
    AtGoal,
    /// A run begins its first step.
    RunBegan,
    /// The run restarts the machine; the next run continues.
    Restarting,
    /// Steps remain, and wait for a maintenance window to open.
    WindowClosed,
    /// Steps remain on a server that is only observed.
    Drift,
    /// A condition that may pass forbids the steps.
    Blocked,
    /// An operator has put the server on hold.
    Held,
    /// A restart is pending that the manifest does not allow.
    RestartDue,
    /// A fact that is needed could not be read.
    Unknown,
    /// The services have been down for two thirds of the outage budget.
    OutageNear,
    /// A report could not be written; the run itself continued.
    ReportNotWritten,
    /// The installer gives no sign of life. It is not ended because of that.
    Quiet,
    /// The run follows a manifest that has expired, or that is older than one accepted here before.
    ManifestOlder,
    /// Somebody must act before anything more is done.
    NeedsOperator,
    /// The run ended because a step failed.
    Failed,
    /// A step failed. The run may continue, or bring the services back.
    StepFailed,
    /// The services have been down for the whole outage budget: users may lose functions.
    OutageOver,
    /// The run ended, and services that should be running are not.
    ServicesDown,
    /// The run could not begin, or the server could not be observed: the manifest is wrong, a file cannot be used.
    NotRun,
    /// Lines of the journal cannot be read. Nothing is taken down until somebody acknowledges that.
    JournalDamaged,
}

/// The severity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventLevel {
    /// For information.
    Info,
    /// Somebody should look into it at some time.
    Warning,
    /// Somebody should look into it now.
    Error,
}

impl EventKind {
    /// Every event, by its number.
    pub const ALL: [Self; 20] = [
        Self::AtGoal,
        Self::RunBegan,
        Self::Restarting,
        Self::WindowClosed,
        Self::Drift,
        Self::Blocked,
        Self::Held,
        Self::RestartDue,
        Self::Unknown,
        Self::OutageNear,
        Self::ReportNotWritten,
        Self::Quiet,
        Self::ManifestOlder,
        Self::NeedsOperator,
        Self::Failed,
        Self::StepFailed,
        Self::OutageOver,
        Self::ServicesDown,
        Self::NotRun,
        Self::JournalDamaged,
    ];

    /// Its number in the event log: 1xx informs, 2xx warns, 3xx is an error. The message file that comes with Windows
    /// has texts for the numbers from 1 to 1000 (see the Windows host's event log).
    #[must_use]
    pub const fn id(self) -> u16 {
        match self {
            Self::AtGoal => 100,
            Self::RunBegan => 101,
            Self::Restarting => 102,
            Self::WindowClosed => 103,
            Self::Drift => 200,
            Self::Blocked => 201,
            Self::Held => 202,
            Self::RestartDue => 203,
            Self::Unknown => 204,
            Self::OutageNear => 205,
            Self::ReportNotWritten => 206,
            Self::Quiet => 207,
            Self::ManifestOlder => 208,
            Self::NeedsOperator => 300,
            Self::Failed => 301,
            Self::StepFailed => 302,
            Self::OutageOver => 303,
            Self::ServicesDown => 304,
            Self::NotRun => 305,
            Self::JournalDamaged => 306,
        }
    }

    /// Its severity.
    #[must_use]
    pub const fn level(self) -> EventLevel {
        match self.id() {
            ..200 => EventLevel::Info,
            200..300 => EventLevel::Warning,
            300.. => EventLevel::Error,
        }
    }

    /// Its name, as files write it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::AtGoal => "at-goal",
            Self::RunBegan => "run-began",
            Self::Restarting => "restarting",
            Self::WindowClosed => "window-closed",
            Self::Drift => "drift",
            Self::Blocked => "blocked",
            Self::Held => "held",
            Self::RestartDue => "restart-due",
            Self::Unknown => "unknown",
            Self::OutageNear => "outage-near",
            Self::ReportNotWritten => "report-not-written",
            Self::Quiet => "quiet",
            Self::ManifestOlder => "manifest-older",
            Self::NeedsOperator => "needs-operator",
            Self::Failed => "failed",
            Self::StepFailed => "step-failed",
            Self::OutageOver => "outage-over",
            Self::ServicesDown => "services-down",
            Self::NotRun => "not-run",
            Self::JournalDamaged => "journal-damaged",
        }
    }
}

/// An event as a lab writes it, one per line, where a real server has its event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventLine {
    /// Its number.
    pub id: u16,
    /// Its severity.
    pub level: EventLevel,
    /// What it is.
    pub event: EventKind,
    /// The server that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerName>,
    /// How the run ended, where the event reports that, as a code that does not change between versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// When, by the server's clock; for an event without a server, by this machine's.
    pub at: Timestamp,
    /// What happened, in words.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was published. Lines are added; none is changed or removed.
    const PUBLISHED: &str = include_str!("events.txt");

    #[test]
    fn no_published_event_changes() {
        let now = EventKind::ALL.map(|kind| alloc::format!("{} {:?} {}\n", kind.id(), kind.level(), kind.key()));
        assert_eq!(now.concat(), PUBLISHED);
    }

    #[test]
    fn files_write_an_event_by_its_key_and_its_number_has_a_text() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.key().into()));
            assert!((1..=1000).contains(&kind.id()), "{kind:?}");
        }
        let mut ids = EventKind::ALL.map(EventKind::id).to_vec();
        ids.dedup();
        assert_eq!(ids.len(), EventKind::ALL.len(), "in order, and each once");
        assert!(ids.is_sorted());
    }
}
