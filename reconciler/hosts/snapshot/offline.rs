//! A server's registry that was taken away from it: what an export or a `SOFTWARE` hive tells of the server.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reconcile_schema::{Component, Fact, Pending, Shared};

use super::{export, hive};
use crate::open;
use crate::restart::{ASKING, Asking};
use crate::uninstall::{self, CONTROL_PANEL, ComponentError, Entry, LIST, short};

/// The largest registry export that is read, in bytes. A whole `SOFTWARE` may be larger; its Uninstall key is not.
pub const EXPORT_LIMIT: u64 = 64 << 20;

/// The largest hive that is read, in bytes. `SOFTWARE` of a server has about 100 MiB.
pub const HIVE_LIMIT: u64 = 256 << 20;

/// What a registry that was taken away from a server tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offline {
    /// The installed components of the products, from the Uninstall key.
    pub components: Fact<Shared<Vec<Component>>>,
    /// Who wants the server restarted. Never known to be nobody: that is not all in `SOFTWARE`.
    pub reboot: Fact<Vec<Pending>>,
    /// When the hive, or a key in it that was looked at, was last written; an export does not say.
    pub written: Option<Timestamp>,
}

/// Why a registry that was taken away cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The operating system refused.
    #[error("cannot read {}: {cause}; make sure that the file exists and that this account may read it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is larger than anything that is needed.
    #[error(
        "expected at most {} MiB, found {size} bytes or more; export less: `{COMMAND}`", limit >> 20
    )]
    TooLarge {
        /// Its size in bytes, as far as it was looked at.
        size: u64,
        /// The largest that is read, in bytes.
        limit: u64,
    },
    /// It is no registry export.
    #[error(
        "expected a registry export that starts with \"Windows Registry Editor Version 5.00\" or \"REGEDIT4\", found \"{found}\"; make one with `{COMMAND}`"
    )]
    NotExport {
        /// How it starts.
        found: String,
    },
    /// A line of an export is not what an export has there.
    #[error(
        "line {line} of the registry export: expected {expected}, found \"{found}\"; was it cut off or edited? Export again: `{COMMAND}`"
    )]
    Line {
        /// The line, from 1.
        line: usize,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// It is no hive.
    #[error("expected a registry hive, which starts with \"regf\"; make one with `{SAVE}`")]
    NotHive,
    /// A hive holds something at a place where a sound one holds something else.
    #[error("the hive is damaged: expected {expected} at byte {at}; was it cut off? Save it again: `{SAVE}`")]
    Damaged {
        /// Where, in bytes from the start of the file.
        at: u64,
        /// What should be there.
        expected: &'static str,
    },
    /// A hive was copied while it was in use; its latest changes are in log files beside it.
    #[error(
        "the hive was copied while Windows used it, and its latest changes are elsewhere; let Windows write it: `{SAVE}`"
    )]
    InUse,
    /// A hive leads in circles.
    #[error(
        "the hive is damaged: {reads} reads did not come to the end of its Uninstall list; save it again: `{SAVE}`"
    )]
    Endless {
        /// How much was read.
        reads: u32,
    },
}

/// How an export of what is needed is made. `/reg:64` matters where a 32-bit program starts `reg`: it would export the
/// 32-bit view, without a word, under the same names.
const COMMAND: &str = r"reg export HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall NAME.reg /reg:64";

/// How a hive is made.
const SAVE: &str = r"reg save HKLM\SOFTWARE NAME.hiv";

/// The values that are asked for.
pub(super) const VALUES: [&str; 3] = ["DisplayName", "DisplayVersion", "Version"];

/// A value that should be a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Other,
}

/// One key: its path below `HKEY_LOCAL_MACHINE` as it is written, and those of [`VALUES`] that it has.
#[derive(Debug)]
pub(super) struct Key {
    pub path: String,
    pub values: BTreeMap<&'static str, Value>,
}

/// The keys that are asked for, as far as they are there, by their paths in lower case.
pub(super) type Keys = BTreeMap<String, Key>;

/// The keys that are asked for, beside the entries of the Uninstall list.
pub(super) fn wanted() -> impl Iterator<Item = &'static str> {
    [LIST, CONTROL_PANEL].into_iter().chain(ASKING.map(|asking| asking.path))
}

/// Why the installed components cannot be told.
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
    /// Whether these bytes are a registry export, by how they start.
    #[must_use]
    pub fn is_export(bytes: &[u8]) -> bool {
        export::is_export(bytes)
    }

    /// Whether these bytes are a registry hive, by how they start.
    #[must_use]
    pub fn is_hive(bytes: &[u8]) -> bool {
        hive::is_hive(bytes)
    }

    /// Reads a registry export (`.reg`) of `HKEY_LOCAL_MACHINE\SOFTWARE` or of its Uninstall key: UTF-16 with a byte order
    /// mark as Windows writes it, UTF-8, or `REGEDIT4`.
    ///
    /// # Errors
    /// It is too large, no export, or has a line that an export does not have.
    pub fn from_export(bytes: &[u8]) -> Result<Self, OfflineError> {
        within(bytes, EXPORT_LIMIT)?;
        Ok(Self::of(&export::keys(bytes)?, None))
    }

    /// Reads a hive that is `HKEY_LOCAL_MACHINE\SOFTWARE`, as `reg save` writes it.
    ///
    /// # Errors
    /// It is too large, no hive, damaged, or was copied while Windows used it.
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
/// It cannot be read or is too large.
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, OfflineError> {
    let unreadable = |cause| OfflineError::Unreadable { path: path.to_owned(), cause };
    let file = open::to_read(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > limit {
        return Err(OfflineError::TooLarge { size, limit });
    }
    let mut bytes = Vec::new();
    // What is no plain file, or grows, has no size that can be trusted.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    within(&bytes, limit)?;
    Ok(bytes)
}

fn within(bytes: &[u8], limit: u64) -> Result<(), OfflineError> {
    let size = bytes.len() as u64;
    if size > limit { Err(OfflineError::TooLarge { size, limit }) } else { Ok(()) }
}

fn components(keys: &Keys) -> Result<Vec<Component>, ListError> {
    // The key itself, not its entries: who exports one entry exports no list.
    if !keys.contains_key(&LIST.to_ascii_lowercase()) {
        return Err(ListError::NoList);
    }
    let mut entries = Vec::new();
    for key in keys.values() {
        // Nothing says that an entry without a name as text is ours.
        if is_entry(&key.path)
            && let Some(Value::Text(name)) = key.values.get("DisplayName")
            && Component::bears_a_products_name(name)
        {
            let version = match text(key, "DisplayVersion") {
                // Only of a component that is known the version matters.
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

/// A wish that is there is known. That there is no other is not: some are kept under `SYSTEM`, and those of servicing and
/// of Windows Update are volatile, which a hive does not hold.
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

/// Whether a path is that of an entry of the Uninstall list.
pub(super) fn is_entry(path: &str) -> bool {
    path.rsplit_once('\\').is_some_and(|(list, _)| list.eq_ignore_ascii_case(LIST))
}

/// The text of UTF-16 bytes. What is none becomes a replacement character, which no name that is asked for has.
pub(super) fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let mut text = String::with_capacity(bytes.len() / 2);
    let units = bytes.as_chunks().0.iter().map(|&pair| unit(pair));
    text.extend(char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
    text
}

/// A text without the NUL that Windows keeps at its end.
pub(super) fn ended(text: String) -> String {
    text.trim_end_matches('\0').to_owned()
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
