//! The events that unattended runs report. Monitoring is configured with their numbers, so none ever changes its
//! meaning.

use alloc::string::String;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Code, ServerName, table::table};

struct Row {
    id: u16,
}

table! {
    /// What an operator should know about an unattended run.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    pub enum EventKind: Row {
        /// Every event, by its number.
        ALL

        /// The server is at its goal, and was not after the last unattended run.
        AtGoal = "at-goal" { id: 100 }
        /// A run begins its first step.
        RunBegan = "run-began" { id: 101 }
        /// The run restarts the machine; the next run continues.
        Restarting = "restarting" { id: 102 }
        /// Steps remain, and wait for a maintenance window to open.
        WindowClosed = "window-closed" { id: 103 }
        /// Steps remain on a server that is only observed.
        Drift = "drift" { id: 200 }
        /// A condition that may pass forbids the steps.
        Blocked = "blocked" { id: 201 }
        /// An operator has put the server on hold.
        Held = "held" { id: 202 }
        /// A restart is pending that the manifest does not allow.
        RestartDue = "restart-due" { id: 203 }
        /// A fact that is needed could not be read.
        Unknown = "unknown" { id: 204 }
        /// The services have been down for two thirds of the outage budget.
        OutageNear = "outage-near" { id: 205 }
        /// A report could not be written; the run itself continued.
        ReportNotWritten = "report-not-written" { id: 206 }
        /// The installer gives no sign of life. It is not ended because of that.
        Quiet = "quiet" { id: 207 }
        /// The run follows a manifest that has expired, or that is older than one accepted here before.
        ManifestOlder = "manifest-older" { id: 208 }
        /// Somebody must act before anything more is done.
        NeedsOperator = "needs-operator" { id: 300 }
        /// The run ended because a step failed.
        Failed = "failed" { id: 301 }
        /// A step failed. The run may continue, or bring the services back.
        StepFailed = "step-failed" { id: 302 }
        /// The services have been down for the whole outage budget: users may lose functions.
        OutageOver = "outage-over" { id: 303 }
        /// The run ended, and services that should be running are not.
        ServicesDown = "services-down" { id: 304 }
        /// The run could not begin, or the server could not be observed: the manifest is wrong, a file cannot be used.
        NotRun = "not-run" { id: 305 }
        /// Lines of the journal cannot be read. Nothing is taken down until somebody acknowledges that.
        JournalDamaged = "journal-damaged" { id: 306 }
    }
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
    /// Its number in the event log: 1xx informs, 2xx warns, 3xx is an error. The message file that comes with Windows
    /// has texts for the numbers from 1 to 1000 (see the Windows host's event log).
    #[must_use]
    pub const fn id(self) -> u16 {
        self.row().id
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
