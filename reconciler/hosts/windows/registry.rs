//! What the registry of this machine says: installed products, pending restarts, a suspended installation.
//!
//! Every key is opened in the 64-bit view: the products are 64-bit only, and a value in the 32-bit view must not count.

use windows_registry::{Key, LOCAL_MACHINE};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_KEY_DELETED, ERROR_PATH_NOT_FOUND};

use reconcile_schema::Component;

use super::win32::Win32Error;
use crate::restart::{ASKING, Asking};
use crate::uninstall::{CONTROL_PANEL, Entry, LIST};

const SESSION_MANAGER: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager";
const COMPUTER_NAME: &str = r"SYSTEM\CurrentControlSet\Control\ComputerName";
const NETLOGON: &str = r"SYSTEM\CurrentControlSet\Services\Netlogon";
const INSTALLER: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Installer";

/// How often the list of installed products is read before a list that keeps changing is called unknown.
const PASSES: usize = 5;

/// Why the registry could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// A key or value exists and cannot be read.
    #[error("cannot read {key}: {cause}; run as an administrator of this computer")]
    Unreadable {
        /// Full path of the key, with the value's name where one was asked for.
        key: String,
        /// What Windows said.
        cause: Win32Error,
    },
    /// A value is not of the expected type.
    #[error("{key} should hold text and holds something else: {cause}")]
    NotText {
        /// Full path of the key and the value's name.
        key: String,
        /// What Windows said.
        cause: Win32Error,
    },
    /// The list changed under every pass.
    #[error(
        "{key} changed while it was read, {passes} times in a row; an installation seems to be running: try again when it has ended"
    )]
    Unsettled {
        /// Full path of the key.
        key: String,
        /// Passes made.
        passes: usize,
    },
}

/// Somebody's note that Windows has to be restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRestart {
    /// Who asks, in words.
    pub whose: &'static str,
    /// Full path of the key (and value) that says so.
    pub key: String,
    /// Whether Windows Update or component servicing asks for it to finish what was installed.
    pub of_windows: bool,
    /// More, where there is more to say: the files to be replaced, the name to come.
    pub detail: Option<String>,
    /// The files to be replaced or deleted.
    pub files: Vec<String>,
}

/// A registry as this host reads it: the machine's, or a small one of a test below another root.
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

    /// The entries of the uninstall list whose `DisplayName` is `wanted`.
    ///
    /// # Errors
    /// A key that cannot be read, or a list that does not settle. An entry without a `DisplayName` as text is skipped: nothing says that it is ours.
    pub fn installed(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, RegistryError> {
        // The iterators of the registry crate end early, without a word, when an enumeration fails, and an installer may be
        // writing at this moment: a list counts when two passes in a row agree.
        let mut before = None;
        for _ in 0..PASSES {
            let now = self.installed_once(&wanted)?;
            if now.is_some() && now == before {
                return Ok(now.unwrap_or_default());
            }
            before = now;
        }
        Err(RegistryError::Unsettled { key: self.shown(LIST), passes: PASSES })
    }

    /// One pass; none where an entry vanished between being listed and being opened.
    fn installed_once(&self, wanted: impl Fn(&str) -> bool) -> Result<Option<Vec<Entry>>, RegistryError> {
        let Some(list) = self.open(LIST)? else {
            return Ok(Some(Vec::new()));
        };
        let names = list.keys().map_err(|error| self.unreadable(LIST, error))?;
        let mut found = Vec::new();
        for id in names {
            let path = format!(r"{LIST}\{id}");
            let Some(entry) = self.open(&path)? else {
                return Ok(None);
            };
            let name = match self.value(&entry, &path, "DisplayName") {
                Ok(Some(name)) => name,
                Ok(None) | Err(RegistryError::NotText { .. }) => continue,
                Err(error) => return Err(error),
            };
            if wanted(&name) {
                let version = match self.value(&entry, &path, "DisplayVersion") {
                    // Only of a component that is known the version matters.
                    Err(RegistryError::NotText { .. }) if Component::from_display_name(&name).is_none() => None,
                    version => version?,
                };
                found.push(Entry { key: self.shown(&path), name, version });
            }
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Some(found))
    }

    /// `Version` of the 2019 control panel's web components, to be held against their entry in the uninstall list; none where they are absent.
    ///
    /// # Errors
    /// The key or its value cannot be read.
    pub fn control_panel_version(&self) -> Result<Option<String>, RegistryError> {
        self.text(CONTROL_PANEL, "Version")
    }

    /// Everybody who wants Windows restarted; empty where nobody does.
    ///
    /// # Errors
    /// A place where such a wish is kept cannot be read.
    pub fn pending_restarts(&self) -> Result<Vec<PendingRestart>, RegistryError> {
        let mut pending = Vec::new();
        for Asking { whose, path, of_windows } in ASKING {
            if self.open(path)?.is_some() {
                pending.push(PendingRestart {
                    whose,
                    key: self.shown(path),
                    of_windows,
                    detail: None,
                    files: Vec::new(),
                });
            }
        }
        for value in ["PendingFileRenameOperations", "PendingFileRenameOperations2"] {
            let files = self.multi(SESSION_MANAGER, value)?;
            if let Some(detail) = renames(&files) {
                let key = format!(r"{}\{value}", self.shown(SESSION_MANAGER));
                pending.push(PendingRestart {
                    whose: "files to be replaced or deleted at the next start",
                    key,
                    of_windows: false,
                    detail: Some(detail),
                    files: files.iter().map(|file| bare(file)).collect(),
                });
            }
        }
        if let Some(rename) = self.computer_rename()? {
            pending.push(rename);
        }
        for value in ["JoinDomain", "AvoidSpnSet"] {
            if self.has_value(NETLOGON, value)? {
                let key = format!(r"{}\{value}", self.shown(NETLOGON));
                pending.push(PendingRestart {
                    whose: "a domain that this computer joins",
                    key,
                    of_windows: false,
                    detail: None,
                    files: Vec::new(),
                });
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
            whose: "a new computer name",
            key: format!(r"{}\ComputerName", self.shown(&next)),
            of_windows: false,
            detail: Some(format!("{active} becomes {coming}")),
            files: Vec::new(),
        }))
    }

    /// The key that Windows Installer keeps while it installs, and leaves where an installation was cut off; none where
    /// there is none.
    ///
    /// # Errors
    /// The key cannot be read.
    pub fn in_progress(&self) -> Result<Option<String>, RegistryError> {
        let path = format!(r"{INSTALLER}\InProgress");
        Ok(self.open(&path)?.map(|_| self.shown(&path)))
    }

    fn open(&self, path: &str) -> Result<Option<Key>, RegistryError> {
        let opened = self.root.options().read().wow64_64().open(format!("{}{path}", self.prefix));
        present(opened).map_err(|cause| RegistryError::Unreadable { key: self.shown(path), cause })
    }

    fn text(&self, path: &str, name: &str) -> Result<Option<String>, RegistryError> {
        match self.open(path)? {
            Some(key) => self.value(&key, path, name),
            None => Ok(None),
        }
    }

    fn has_value(&self, path: &str, name: &str) -> Result<bool, RegistryError> {
        let Some(key) = self.open(path)? else { return Ok(false) };
        let shown = || format!(r"{}\{name}", self.shown(path));
        let value = present(key.get_value(name)).map_err(|cause| RegistryError::Unreadable { key: shown(), cause })?;
        Ok(value.is_some())
    }

    fn value(&self, key: &Key, path: &str, name: &str) -> Result<Option<String>, RegistryError> {
        let shown = || format!(r"{}\{name}", self.shown(path));
        let value = present(key.get_value(name)).map_err(|cause| RegistryError::Unreadable { key: shown(), cause })?;
        value
            .map(String::try_from)
            .transpose()
            .map_err(|error| RegistryError::NotText { key: shown(), cause: error.into() })
    }

    /// The non-empty strings of a list value; a list that was written badly is still read as far as it goes.
    fn multi(&self, path: &str, name: &str) -> Result<Vec<String>, RegistryError> {
        let Some(key) = self.open(path)? else {
            return Ok(Vec::new());
        };
        let value = present(key.get_value(name))
            .map_err(|cause| RegistryError::Unreadable { key: format!(r"{}\{name}", self.shown(path)), cause })?;
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

    fn unreadable(&self, path: &str, error: windows_result::Error) -> RegistryError {
        RegistryError::Unreadable { key: self.shown(path), cause: error.into() }
    }
}

/// Absent is an answer, not an error. A key that is deleted while it is open is absent too.
fn present<T>(result: windows_registry::Result<T>) -> Result<Option<T>, Win32Error> {
    match result.map_err(Win32Error::from) {
        Ok(value) => Ok(Some(value)),
        Err(Win32Error(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND | ERROR_KEY_DELETED)) => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// A path of a rename list, without the signs in front of it.
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
