//! The catalogue of releases that the program carries.

use reconcile_schema::Releases;

use crate::manifest::problem::Problem;

/// Returns the catalogue of releases that was built into the program.
///
/// # Errors
/// When it is not a catalogue. The project's own tests read the same one, so a build that passed them does not fail here.
pub fn releases() -> Result<Releases, Problem> {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/releases.json")))
        .map_err(|error| Problem::failed(format!("the catalogue in this program is damaged: {error}; build it again")))
}
