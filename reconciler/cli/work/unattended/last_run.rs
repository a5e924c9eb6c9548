//! The file in which an unattended run reports itself. No decision reads it.

use std::path::Path;

use reconcile_schema::{LastRun, REPORT_VERSION};

use crate::work::unattended::kept;

/// The report of the last unattended run at `path`, if there is one.
///
/// # Errors
/// When it cannot be read; the text contains what to do.
pub fn read(path: &Path) -> Result<Option<LastRun>, String> {
    let of_ours = |last: Option<LastRun>| match &last {
        Some(LastRun { version, .. }) if *version != REPORT_VERSION => {
            Err(format!("{}: expected version {REPORT_VERSION}, found {version}", path.display()))
        }
        Some(_) | None => Ok(last),
    };
    kept::read(path)
        .and_then(of_ours)
        .map_err(|error| format!("the last unattended run cannot be told: {error}; the next one writes it again"))
}

/// Writes it completely, or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, last: &LastRun) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    kept::write(path, last)
}
