//! `reconcile validate`: checks manifests.

use std::{io::Write, path::PathBuf};

use crate::manifest::{diagnostic::escape, exit::Exit, input::Input, problem::Problem};
use crate::show::out::{print, report};
use crate::work::words::plural;

/// Checks each manifest and prints its errors and warnings. With `strict`, a warning is refused, too.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(manifests: &[PathBuf], strict: bool) -> Result<Exit, Problem> {
    let mut worst = Exit::Done;
    for path in manifests {
        match Input::validate(path).and_then(|(input, refusal)| Ok((input.goals(&[])?.len(), input, refusal))) {
            Ok((servers, input, refusal)) => {
                let (updates, path) = (input.manifest.updates.len(), escape(&path.display().to_string()));
                let (some, such) = (plural(servers, "server"), plural(updates, "update"));
                let warnings = input.warnings();
                for warning in &warnings {
                    let _ = writeln!(anstream::stderr(), "{}\n", warning.render(true)); // Nobody may be reading it.
                }
                if strict && !warnings.is_empty() {
                    let (count, some) = (warnings.len(), plural(warnings.len(), "warning"));
                    let _ = writeln!(anstream::stderr(), "{path}: {count} {some}, and --strict allows no warning");
                    worst = Exit::Input;
                    continue;
                }
                let accepted =
                    if input.is_signed && refusal.is_none() { "; signed with the key of this machine" } else { "" };
                print(&format!("{path}: good: {servers} {some}, {updates} {such}{accepted}\n"))?;
                if let Some(refusal) = refusal {
                    worst = report(&refusal);
                }
            }
            Err(problem) => worst = report(&problem),
        }
    }
    Ok(worst)
}
