//! The JSON Schemas of everything that is written or read, from the types.

use reconcile_schema::{Manifest, Observed, PlanReport, Releases, RunReport};
use serde_json::Value;

use crate::args::Format;

/// The JSON Schema (draft 2020-12) of a format.
#[must_use]
pub fn schema(format: Format) -> Value {
    match format {
        Format::Manifest => schemars::schema_for!(Manifest),
        Format::Releases => schemars::schema_for!(Releases),
        Format::Observed => schemars::schema_for!(Observed),
        Format::Plan => schemars::schema_for!(PlanReport),
        Format::Run => schemars::schema_for!(RunReport),
    }
    .to_value()
}

/// The schema as the text that is committed under `schema/`.
#[must_use]
pub fn text(format: Format) -> String {
    format!("{:#}\n", schema(format))
}
