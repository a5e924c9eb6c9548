//! A server's offline registry: what an export or a `SOFTWARE` hive shows about the server.

use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use reconcile_schema::{Component, Fact, Pending, Shared};

use super::keys::{COMMAND, Key, Keys, OfflineError, Value, is_entry};
use super::{export, hive};
use crate::open;
use crate::restart::{ASKING, Asking};
use crate::uninstall::{self, CONTROL_PANEL, ComponentError, Entry, LIST, short};

/// The largest registry export that is read, in bytes. A whole `SOFTWARE` may be larger; its Uninstall key is not.
pub const EXPORT_LIMIT: u64 = 64 << 20;

/// The largest hive that is read, in bytes. A server's `SOFTWARE` has about 100 MiB.
pub const HIVE_LIMIT: u64 = 256 << 20;

/// What an offline registry shows about its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offline {
    /// The installed components of the products, from the Uninstall key.
    pub components: Fact<Shared<Vec<Component>>>,
    /// Who requests a restart of the server. It is never known that nobody does, because `SOFTWARE` does not contain
    /// all requests.
    pub reboot: Fact<Vec<Pending>>,
    /// When the hive, or a key that was read from it, was last written; an export does not record this.
    pub written: Option<Timestamp>,
}

/// Why the installed components are unknown.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error(transparent)]
    Components(#[from] ComponentError),
    #[error(
        r"expected the key HKLM\{LIST}, which is not in it: what is installed cannot be told; export it with `{COMMAND}`"
    )]
    NoList,
    #[error(r"{key}\{value} should hold a short text and holds something else")]
    NotText { key: String, value: &'static str },
}

impl Offline {
    /// Whether these bytes are a registry export, by their beginning.
    #[must_use]
    pub fn is_export(bytes: &[u8]) -> bool {
        export::is_export(bytes)
    }

    /// Whether these bytes are a registry hive, by their beginning.
    #[must_use]
    pub fn is_hive(bytes: &[u8]) -> bool {
        hive::is_hive(bytes)
    }

    /// Reads a registry export (`.reg`) of `HKEY_LOCAL_MACHINE\SOFTWARE` or of its Uninstall key: UTF-16 with a byte order
    /// mark as Windows writes it, UTF-8, or `REGEDIT4`.
    ///
    /// # Errors
    /// When it is too large, is no export, or has a line that exports do not have.
    pub fn from_export(bytes: &[u8]) -> Result<Self, OfflineError> {
        within(bytes, EXPORT_LIMIT)?;
        Ok(Self::of(&export::keys(bytes)?, None))
    }

    /// Reads a hive that is `HKEY_LOCAL_MACHINE\SOFTWARE`, as `reg save` writes it.
    ///
    /// # Errors
    /// When it is too large, no hive, damaged, or was copied while Windows used it.
    pub fn from_hive(bytes: &[u8]) -> Result<Self, OfflineError> {
        within(bytes, HIVE_LIMIT)?;
        let (keys, written) = hive::keys(bytes)?;
        Ok(Self::of(&keys, written))
    }

    fn of(keys: &Keys, written: Option<Timestamp>) -> Self {
        Self { components: components(keys).map(Shared::from).into(), reboot: reboot(keys), written }
    }
}

/// Reads a file, unless it is larger than `limit`; for [`Offline`] that is [`HIVE_LIMIT`].
///
/// # Errors
/// When it cannot be read or is too large.
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, OfflineError> {
    let unreadable = |cause| OfflineError::Unreadable { path: path.to_owned(), cause };
    let file = open::to_read(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > limit {
        return Err(OfflineError::TooLarge { size, limit });
    }
    let mut bytes = Vec::new();
    // The size of a file that is not plain, or that grows, cannot be trusted.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    within(&bytes, limit)?;
    Ok(bytes)
}

fn within(bytes: &[u8], limit: u64) -> Result<(), OfflineError> {
    let size = bytes.len() as u64;
    if size > limit { Err(OfflineError::TooLarge { size, limit }) } else { Ok(()) }
}

fn components(keys: &Keys) -> Result<Vec<Component>, ListError> {
    // The key itself, not its entries: an export of one entry is no list.
    if !keys.contains_key(&LIST.to_ascii_lowercase()) {
        return Err(ListError::NoList);
    }
    let mut entries = Vec::new();
    for key in keys.values() {
        // An entry without a text as its name has no sign of being ours.
        if is_entry(&key.path)
            && let Some(Value::Text(name)) = key.values.get("DisplayName")
            && Component::bears_a_products_name(name)
        {
            let version = match text(key, "DisplayVersion") {
                // The version matters only for a known component.
                Err(_) if Component::from_display_name(name).is_none() => None,
                version => version?,
            };
            entries.push(Entry { key: shown(key), name: name.clone(), version });
        }
    }
    let panel = keys.get(&CONTROL_PANEL.to_ascii_lowercase());
    let own = panel.map(|key| text(key, "Version")).transpose()?.flatten();
    Ok(uninstall::components(entries, own)?)
}

/// A request that is found is known. It is unknown whether there are others: some are kept under `SYSTEM`, and those of
/// servicing and of Windows Update are volatile, so a hive does not contain them.
fn reboot(keys: &Keys) -> Fact<Vec<Pending>> {
    let there = |path: &str| keys.get(&path.to_ascii_lowercase());
    let pending: Vec<_> = ASKING
        .into_iter()
        .filter_map(|Asking { whose, path, of_windows }| {
            Some(Pending { who: whose.to_owned(), source: shown(there(path)?), of_windows, files: Vec::new() })
        })
        .collect();
    if pending.is_empty() {
        return Fact::Unknown(
            r"a registry that was taken away from its server does not tell: files to be replaced and a new computer name are kept under HKLM\SYSTEM, and other wishes for a restart only until it; look at the server itself"
                .to_owned(),
        );
    }
    Fact::Known(pending)
}

fn text(key: &Key, value: &'static str) -> Result<Option<String>, ListError> {
    match key.values.get(value) {
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(Value::Other) => Err(ListError::NotText { key: shown(key), value }),
        None => Ok(None),
    }
}

fn shown(key: &Key) -> String {
    short(format!(r"HKLM\{}", key.path))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#[path = "offline_tests.rs"]
mod tests;
