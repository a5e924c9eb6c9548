//! A small file that unattended runs keep: one value as JSON.

use std::{io, path::Path};

use reconcile_hosts::{appear, read_plain};
use serde::{Serialize, de::DeserializeOwned};

use crate::manifest::harmless;

/// The value in the file at `path`, if there is one.
///
/// # Errors
/// When it cannot be read.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    match read_plain(path, 1 << 20) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| unreadable(&error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Writes it completely, or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, value: &impl Serialize) -> Result<(), String> {
    let text = harmless::pretty(value).map_err(|problem| io::Error::other(problem.text()));
    let written = text.and_then(|text| appear::write(path, text.as_bytes()));
    written.map_err(|error| format!("{}: {error}", path.display()))
}
