//! `reconcile support`: one archive with all that is needed to help.

use crate::commands::args::Support;
use crate::manifest::{exit::Exit, problem::Problem};

/// Writes the archive.
///
/// # Errors
/// When the manifest, a host or the archive cannot be used.
pub fn run(_args: &Support) -> Result<Exit, Problem> {
    Err(Problem::usage("not built yet"))
}
