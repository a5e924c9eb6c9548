//! The registry of this machine: installed products, pending restarts, a suspended installation.
//!
//! Every key is opened in the 64-bit view: the products are 64-bit only, and a value in the 32-bit view must not count.

use windows_registry::{Key, LOCAL_MACHINE, Value};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_KEY_DELETED, ERROR_PATH_NOT_FOUND};

use reconcile_schema::Component;

use super::win32::Win32Error;
use crate::restart::{ASKING, Asking};
use crate::uninstall::{CONTROL_PANEL, Entry, LIST};

const SESSION_MANAGER: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager";
const COMPUTER_NAME: &str = r"SYSTEM\CurrentControlSet\Control\ComputerName";
const NETLOGON: &str = r"SYSTEM\CurrentControlSet\Services\Netlogon";
const INSTALLER: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Installer";

/// How often the list of installed products is read before a list that keeps changing counts as unknown.
const PASSES: usize = 5;

/// Why the registry could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// A key or value exists and cannot be read.
    #[error("cannot read {key}: {cause}; run as an administrator of this computer")]
    Unreadable {
        /// Full path of the key, with the value's name where a value was read.
        key: String,
        cause: Win32Error,
    },
    /// A value is not of the expected type.
    #[error("{key} should hold text and holds something else: {cause}")]
    NotText {
        /// Full path of the key and the value's name.
        key: String,
        cause: Win32Error,
    },
    #[error("{key} should hold a number and holds something else: {cause}")]
    NotNumber {
        /// Full path of the key and the value's name.
        key: String,
        cause: Win32Error,
    },
    /// The list changed during every pass.
    #[error(
        "{key} changed while it was read, {passes} times in a row; an installation seems to be running: try again when it has ended"
    )]
    Unsettled {
        /// Full path of the key.
        key: String,
        /// How many passes were made.
        passes: usize,
    },
}

/// A request in the registry to restart Windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRestart {
    /// Who requests it, in words.
    pub whose: &'static str,
    /// Full path of the key (and value) with the request.
    pub key: String,
    /// Whether Windows Update or component servicing requests it, to finish an installation.
    pub of_windows: bool,
    /// Further details, if there are any: the files to be replaced, the new name.
    pub detail: Option<String>,
    /// The files to be replaced or deleted.
    pub files: Vec<String>,
}

impl PendingRestart {
    /// A request at this place, without details.
    const fn of(whose: &'static str, key: String) -> Self {
        Self { whose, key, of_windows: false, detail: None, files: Vec::new() }
    }
}

/// A registry as this host reads it: the machine's, or a small test registry below another root.
pub struct Registry {
    root: &'static Key,
    root_name: &'static str,
    prefix: String,
}

impl Registry {
    /// `HKEY_LOCAL_MACHINE`.
    pub fn machine() -> Self {
        Self { root: LOCAL_MACHINE, root_name: "HKLM", prefix: String::new() }
    }

    /// The entries of the uninstall list whose `DisplayName` may be that of a component of a product.
    ///
    /// # Errors
    /// When a key cannot be read, or the list does not become stable. An entry whose `DisplayName` is no text is
    /// skipped: it has no sign of being ours.
    pub fn installed(&self) -> Result<Vec<Entry>, RegistryError> {
        self.settled(LIST, || self.installed_once())
    }

    /// One pass; none where an entry vanished between being listed and being opened.
    fn installed_once(&self) -> Result<Option<Vec<Entry>>, RegistryError> {
        let mut found = Vec::new();
        for id in self.keys(LIST)?.unwrap_or_default() {
            let path = format!(r"{LIST}\{id}");
            let Some(entry) = self.open(&path)? else {
                return Ok(None);
            };
            let name = match self.text_in(&entry, &path, "DisplayName") {
                Ok(Some(name)) => name,
                Ok(None) | Err(RegistryError::NotText { .. }) => continue,
                Err(error) => return Err(error),
            };
            if Component::bears_a_products_name(&name) {
                let version = match self.text_in(&entry, &path, "DisplayVersion") {
                    // The version matters only for a known component.
                    Err(RegistryError::NotText { .. }) if Component::from_display_name(&name).is_none() => None,
                    version => version?,
                };
                found.push(Entry { key: self.shown(&path), name, version });
            }
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Some(found))
    }

    /// `Version` of the 2019 control panel's web components, for comparison with their entry in the Uninstall list;
    /// none where they are absent.
    ///
    /// # Errors
    /// When the key or its value cannot be read.
    pub fn control_panel_version(&self) -> Result<Option<String>, RegistryError> {
        self.text(CONTROL_PANEL, "Version")
    }

    /// All requests to restart Windows; empty where there are none.
    ///
    /// # Errors
    /// When a place that can hold such a request cannot be read.
    pub fn pending_restarts(&self) -> Result<Vec<PendingRestart>, RegistryError> {
        let mut pending = Vec::new();
        for Asking { whose, path, of_windows } in ASKING {
            if self.open(path)?.is_some() {
                pending.push(PendingRestart { of_windows, ..PendingRestart::of(whose, self.shown(path)) });
            }
        }
        for value in ["PendingFileRenameOperations", "PendingFileRenameOperations2"] {
            let files = self.multi(SESSION_MANAGER, value)?;
            if let Some(detail) = renames(&files) {
                let key = self.shown_value(SESSION_MANAGER, value);
                pending.push(PendingRestart {
                    detail: Some(detail),
                    files: files.iter().map(|file| bare(file)).collect(),
                    ..PendingRestart::of("files to be replaced or deleted at the next start", key)
                });
            }
        }
        pending.extend(self.computer_rename()?);
        for value in ["JoinDomain", "AvoidSpnSet"] {
            if self.value(NETLOGON, value)?.is_some() {
                let key = self.shown_value(NETLOGON, value);
                pending.push(PendingRestart::of("a domain that this computer joins", key));
            }
        }
        Ok(pending)
    }

    fn computer_rename(&self) -> Result<Option<PendingRestart>, RegistryError> {
        let (now, next) = (format!(r"{COMPUTER_NAME}\ActiveComputerName"), format!(r"{COMPUTER_NAME}\ComputerName"));
        let (Some(active), Some(coming)) = (self.text(&now, "ComputerName")?, self.text(&next, "ComputerName")?) else {
            return Ok(None);
        };
        Ok((!active.eq_ignore_ascii_case(&coming)).then(|| PendingRestart {
            detail: Some(format!("{active} becomes {coming}")),
            ..PendingRestart::of("a new computer name", self.shown_value(&next, "ComputerName"))
        }))
    }

    /// The key that Windows Installer keeps while it installs, and that an interrupted installation leaves; none where
    /// it does not exist.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn in_progress(&self) -> Result<Option<String>, RegistryError> {
        let path = format!(r"{INSTALLER}\InProgress");
        Ok(self.open(&path)?.map(|_| self.shown(&path)))
    }

    /// What `pass` reads, as soon as two passes in a row agree; `key` is the key that it reads.
    ///
    /// The iterators of the registry crate silently end early when an enumeration fails, and an installer may be
    /// writing at this moment. A pass is none where an entry vanished between being listed and being opened.
    ///
    /// # Errors
    /// That of a pass, or when no two passes agree.
    pub fn settled<T: PartialEq + Default>(
        &self,
        key: &str,
        mut pass: impl FnMut() -> Result<Option<T>, RegistryError>,
    ) -> Result<T, RegistryError> {
        let mut before = None;
        for _ in 0..PASSES {
            let now = pass()?;
            if now.is_some() && now == before {
                return Ok(now.unwrap_or_default());
            }
            before = now;
        }
        Err(RegistryError::Unsettled { key: self.shown(key), passes: PASSES })
    }

    /// The names of the keys in a key, in one pass; none where there is no such key.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn keys(&self, path: &str) -> Result<Option<Vec<String>>, RegistryError> {
        let Some(key) = self.open(path)? else { return Ok(None) };
        let keys = key.keys().map_err(|error| RegistryError::Unreadable { key: self.shown(path), cause: error.into() });
        Ok(Some(keys?.collect()))
    }

    /// A number (`REG_DWORD`); none where there is no such value.
    ///
    /// # Errors
    /// When the value cannot be read, or is no number.
    pub fn number(&self, path: &str, name: &str) -> Result<Option<u32>, RegistryError> {
        let number = self.value(path, name)?.map(u32::try_from).transpose();
        number.map_err(|error| RegistryError::NotNumber { key: self.shown_value(path, name), cause: error.into() })
    }

    fn open(&self, path: &str) -> Result<Option<Key>, RegistryError> {
        let opened = self.root.options().read().wow64_64().open(format!("{}{path}", self.prefix));
        present(opened).map_err(|cause| RegistryError::Unreadable { key: self.shown(path), cause })
    }

    /// A text; none where there is no such value.
    ///
    /// # Errors
    /// When the value cannot be read, or is no text.
    pub fn text(&self, path: &str, name: &str) -> Result<Option<String>, RegistryError> {
        match self.open(path)? {
            Some(key) => self.text_in(&key, path, name),
            None => Ok(None),
        }
    }

    fn text_in(&self, key: &Key, path: &str, name: &str) -> Result<Option<String>, RegistryError> {
        let text = self.value_in(key, path, name)?.map(String::try_from).transpose();
        text.map_err(|error| RegistryError::NotText { key: self.shown_value(path, name), cause: error.into() })
    }

    /// A value of any type; none where there is no such value.
    fn value(&self, path: &str, name: &str) -> Result<Option<Value>, RegistryError> {
        match self.open(path)? {
            Some(key) => self.value_in(&key, path, name),
            None => Ok(None),
        }
    }

    fn value_in(&self, key: &Key, path: &str, name: &str) -> Result<Option<Value>, RegistryError> {
        present(key.get_value(name))
            .map_err(|cause| RegistryError::Unreadable { key: self.shown_value(path, name), cause })
    }

    /// The non-empty strings of a list value; a malformed list is read as far as possible.
    fn multi(&self, path: &str, name: &str) -> Result<Vec<String>, RegistryError> {
        let value = self.value(path, name)?;
        // Not `TryFrom`: it stops at the first empty string, and a deletion is a name followed by an empty string.
        Ok(value.map_or_else(Vec::new, |value| {
            value
                .as_wide()
                .split(|&unit| unit == 0)
                .filter(|part| !part.is_empty())
                .map(String::from_utf16_lossy)
                .collect()
        }))
    }

    fn shown(&self, path: &str) -> String {
        format!(r"{}\{}{path}", self.root_name, self.prefix)
    }

    fn shown_value(&self, path: &str, name: &str) -> String {
        format!(r"{}\{name}", self.shown(path))
    }
}

/// Absence is an answer, not an error. A key that is deleted while it is open counts as absent too.
fn present<T>(result: windows_registry::Result<T>) -> Result<Option<T>, Win32Error> {
    match result.map_err(Win32Error::from) {
        Ok(value) => Ok(Some(value)),
        Err(Win32Error(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND | ERROR_KEY_DELETED)) => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// A path in a rename list, without its prefix.
fn bare(file: &str) -> String {
    file.trim_start_matches(['!', '*', '1', '2']).trim_start_matches(r"\??\").to_owned()
}

/// The first files of a rename list in words; none where the list is empty.
fn renames(files: &[String]) -> Option<String> {
    match files {
        [] => None,
        [one] => Some(bare(one)),
        [first, second] => Some(format!("{}, {}", bare(first), bare(second))),
        [first, second, rest @ ..] => Some(format!("{}, {} and {} more", bare(first), bare(second), rest.len())),
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "registry_tests.rs"]
pub(super) mod tests;
