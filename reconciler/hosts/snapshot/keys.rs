//! The keys of a registry that are asked for, and why a file of them cannot be read.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use crate::restart::ASKING;
use crate::uninstall::{CONTROL_PANEL, LIST};

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
pub(super) const COMMAND: &str =
    r"reg export HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall NAME.reg /reg:64";

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
