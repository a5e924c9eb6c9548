//! The catalogue of releases that the program carries.

use reconcile_schema::Releases;

use crate::manifest::problem::Problem;

/// The catalogue of the time when the program was built.
///
/// # Errors
/// Never, if the tests of the program's source passed: they read the catalogue with these types.
pub fn releases() -> Result<Releases, Problem> {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/releases.json")))
        .map_err(|error| Problem::failed(format!("the catalogue in this program is damaged: {error}; build it again")))
}
