//! What unattended runs report, and where.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{FilePath, MetricsPath};

/// What the runs of the scheduled task report, and where. A run that a person starts reports to that person only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Reports {
    /// Whether runs write to the Windows event log (Application, source `reconcile`) what an operator should know. A
    /// run that finds everything as the previous run left it writes nothing. Default true.
    pub event_log: bool,
    /// The log of everything that was done and observed.
    pub log: Log,
    /// The file for the textfile collector of windows_exporter, such as
    /// `C:\Program Files\windows_exporter\textfile_inputs\reconcile.prom`; its name must end in `.prom`. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<MetricsPath>,
    /// The folder, usually a share, to which runs write a snapshot of each server, for `reconcile drift --from`.
    /// Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<FilePath>,
}

impl Default for Reports {
    fn default() -> Self {
        Self { event_log: true, log: Log::default(), prometheus: None, snapshots: None }
    }
}

/// The log of unattended runs: lines of JSON in the private folder, one file per day (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Log {
    /// How many files are kept, the newest ones. Default 14; with 0, no log is written.
    #[serde(deserialize_with = "files")]
    #[schemars(range(max = MOST_FILES))]
    pub keep: u16,
}

impl Default for Log {
    fn default() -> Self {
        Self { keep: 14 }
    }
}

/// The largest number of log files that can be kept: ten years.
const MOST_FILES: u16 = 3660;

fn files<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    match u16::deserialize(from)? {
        files if files <= MOST_FILES => Ok(files),
        other => Err(D::Error::custom(format_args!("expected 0 to {MOST_FILES} files, found {other}"))),
    }
}
