//! The file in which an unattended run reports itself. No decision reads it.

use std::{io, path::Path};

use reconcile_hosts::{appear, read_plain};
use reconcile_schema::{LastRun, REPORT_VERSION};

use crate::manifest::harmless;

/// The report of the last unattended run at `path`, if there is one.
///
/// # Errors
/// When it cannot be read; the text contains what to do.
pub fn read(path: &Path) -> Result<Option<LastRun>, String> {
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("the last unattended run cannot be told: {}: {error}; the next one writes it again", path.display())
    };
    let text = match read_plain(path, 1 << 20) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let last: LastRun = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
    if last.version != REPORT_VERSION {
        return Err(unreadable(&format!("expected version {REPORT_VERSION}, found {}", last.version)));
    }
    Ok(Some(last))
}

/// Writes it completely, or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, last: &LastRun) -> Result<(), String> {
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = harmless::pretty(last).map_err(|problem| io::Error::other(problem.text()))?;
        appear::write(path, text.as_bytes())
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}
