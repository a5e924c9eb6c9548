//! How long the parts of an outage took on this server before: the data that the next forecast uses.

use alloc::{collections::BTreeMap, vec::Vec};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Period;

/// A part of an outage, or of what leads to one, that has its own typical length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The services are stopped.
    Stop,
    /// The services are stopped again after the installer; few of them run then.
    StopAgain,
    /// The web server is stopped.
    StopWeb,
    /// The installer runs.
    Install,
    /// The web server is started.
    StartWeb,
    /// The databases of one form are updated.
    Database,
    /// The services are started, or the server is failed back, which starts them.
    Start,
    /// The machine is restarted.
    Restart,
    /// The pool takes over. The server still serves users, so this belongs to the window, not to the outage.
    FailOver,
}

/// The most recent lengths of each part of an outage, the newest last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Durations(BTreeMap<Phase, Vec<Period>>);

/// How many lengths of one part are kept: enough that the ninety-fifth percentile is one of them.
const KEPT: usize = 20;

impl Durations {
    /// Adds one more length.
    pub fn push(&mut self, phase: Phase, took: Period) {
        let lengths = self.0.entry(phase).or_default();
        if lengths.len() >= KEPT {
            lengths.remove(0);
        }
        lengths.push(took);
    }

    /// The known lengths of one part.
    #[must_use]
    pub fn of(&self, phase: Phase) -> &[Period] {
        self.0.get(&phase).map_or(&[], Vec::as_slice)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
