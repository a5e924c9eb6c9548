//! The keys that are wanted from a registry, and why a file with them cannot be read.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use crate::restart::ASKING;
use crate::uninstall::{CONTROL_PANEL, LIST};

/// Why an offline registry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    #[error("cannot read {}: {cause}; make sure that the file exists and that this account may read it", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    /// It is larger than any file that is needed.
    #[error(
        "expected at most {} MiB, found {size} bytes or more; export less: `{COMMAND}`", limit >> 20
    )]
    TooLarge {
        /// Its size in bytes, as far as it was read.
        size: u64,
        /// The largest size that is read, in bytes.
        limit: u64,
    },
    /// It is not a registry export.
    #[error(
        "expected a registry export that starts with \"Windows Registry Editor Version 5.00\" or \"REGEDIT4\", found \"{found}\"; make one with `{COMMAND}`"
    )]
    NotExport {
        /// Its beginning.
        found: String,
    },
    /// A line of an export has another form than exports have there.
    #[error(
        "line {line} of the registry export: expected {expected}, found \"{found}\"; was it cut off or edited? Export again: `{COMMAND}`"
    )]
    Line {
        /// The line, counted from 1.
        line: usize,
        expected: &'static str,
        found: String,
    },
    /// It is not a hive.
    #[error("expected a registry hive, which starts with \"regf\"; make one with `{SAVE}`")]
    NotHive,
    /// A hive has another content at some place than a sound one.
    #[error("the hive is damaged: expected {expected} at byte {at}; was it cut off? Save it again: `{SAVE}`")]
    Damaged {
        /// The place, in bytes from the start of the file.
        at: u64,
        expected: &'static str,
    },
    /// A hive was copied while it was in use; its latest changes are in log files next to it.
    #[error(
        "the hive was copied while Windows used it, and its latest changes are elsewhere; let Windows write it: `{SAVE}`"
    )]
    InUse,
    /// A hive is circular.
    #[error(
        "the hive is damaged: {reads} reads did not come to the end of its Uninstall list; save it again: `{SAVE}`"
    )]
    Endless {
        /// How many cells were read.
        reads: u32,
    },
}

/// The command that exports what is needed. `/reg:64` matters where a 32-bit program starts `reg`: it would silently
/// export the 32-bit view, under the same names.
pub(super) const COMMAND: &str =
    r"reg export HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall NAME.reg /reg:64";

/// The command that saves a hive.
const SAVE: &str = r"reg save HKLM\SOFTWARE NAME.hiv";

/// The wanted values.
pub(super) const VALUES: [&str; 3] = ["DisplayName", "DisplayVersion", "Version"];

/// A value that should be a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Other,
}

/// One key: its path below `HKEY_LOCAL_MACHINE` as it is written, and its values among [`VALUES`].
#[derive(Debug)]
pub(super) struct Key {
    pub path: String,
    pub values: BTreeMap<&'static str, Value>,
}

/// The wanted keys that exist, by their paths in lower case.
pub(super) type Keys = BTreeMap<String, Key>;

/// The wanted keys, in addition to the entries of the Uninstall list.
pub(super) fn wanted() -> impl Iterator<Item = &'static str> {
    [LIST, CONTROL_PANEL].into_iter().chain(ASKING.map(|asking| asking.path))
}

/// Whether a path belongs to an entry of the Uninstall list.
pub(super) fn is_entry(path: &str) -> bool {
    path.rsplit_once('\\').is_some_and(|(list, _)| list.eq_ignore_ascii_case(LIST))
}

/// A text without its final NUL, which Windows stores.
pub(super) fn ended(text: String) -> String {
    text.trim_end_matches('\0').to_owned()
}
