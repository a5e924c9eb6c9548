//! The JSON Schemas of everything that is written or read, from the types.

use clap::ValueEnum;
use reconcile_schema::{
    DoctorReport, DriftReport, DscInstance, ExplainReport, FleetReport, HistoryReport, Manifest, PlanReport, Releases,
    RunReport, ScheduleReport, Snapshot, StatusReport, WhyReport,
};
use serde_json::Value;

/// The formats that have a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The manifest.
    Manifest,
    /// The catalogue of releases.
    Releases,
    /// What is seen of a server: the answer of observe.
    Snapshot,
    /// The answer of plan.
    Plan,
    /// The answer of plan --fleet.
    Fleet,
    /// The answer of apply.
    Run,
    /// The answer of drift.
    Drift,
    /// The answer of doctor.
    Doctor,
    /// The answer of explain MANIFEST --server NAME.
    Explain,
    /// The answer of history.
    History,
    /// The answer of status.
    Status,
    /// The answer of schedule show and schedule run.
    Schedule,
    /// The answer of why.
    Why,
    /// What dsc is asked and answers.
    Dsc,
}

/// The JSON Schema (draft 2020-12) of a format.
#[must_use]
pub fn schema(format: Format) -> Value {
    match format {
        Format::Manifest => schemars::schema_for!(Manifest),
        Format::Releases => schemars::schema_for!(Releases),
        Format::Snapshot => schemars::schema_for!(Snapshot),
        Format::Plan => schemars::schema_for!(PlanReport),
        Format::Fleet => schemars::schema_for!(FleetReport),
        Format::Run => schemars::schema_for!(RunReport),
        Format::Drift => schemars::schema_for!(DriftReport),
        Format::Doctor => schemars::schema_for!(DoctorReport),
        Format::Explain => schemars::schema_for!(ExplainReport),
        Format::Dsc => schemars::schema_for!(DscInstance),
        Format::History => schemars::schema_for!(HistoryReport),
        Format::Status => schemars::schema_for!(StatusReport),
        Format::Why => schemars::schema_for!(WhyReport),
        Format::Schedule => schemars::schema_for!(ScheduleReport),
    }
    .to_value()
}

/// The schema as the text that is committed under `schema/`.
#[must_use]
pub fn text(format: Format) -> String {
    format!("{:#}\n", schema(format))
}
