//! `reconcile validate`: checks manifests.

use std::{io::Write, path::PathBuf};

use crate::{exit::Exit, input::Input, print, problem::Problem, render::plural};

/// Checks each manifest and says of each how it stands.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(manifests: &[PathBuf]) -> Result<Exit, Problem> {
    let mut worst = Exit::Done;
    for path in manifests {
        match Input::validate(path).and_then(|input| Ok((input.goals(&[])?.len(), input))) {
            Ok((servers, input)) => {
                let (updates, path) = (input.manifest.updates.len(), path.display());
                let (some, such) = (plural(servers, "server"), plural(updates, "update"));
                for warning in input.warnings() {
                    let _ = writeln!(anstream::stderr(), "{}", warning.render(true)); // Nobody may be reading it.
                }
                print(&format!("{path}: good: {servers} {some}, {updates} {such}\n"))?;
            }
            Err(problem) => worst = problem.report(),
        }
    }
    Ok(worst)
}
