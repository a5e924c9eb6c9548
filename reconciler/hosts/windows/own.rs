//! Reads the entries of the private folder without following links, and moves aside those that are not ours.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf, Prefix};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, READ_CONTROL,
};

use super::access::Access;
use super::account::Enabled;
use super::state_error::{StateError, way_out};
use super::trust::{Judge, information};
use super::win32::Win32Error;
use crate::open::{LIMIT, within};
use crate::ownership::{Entry, Foreign, Kind};

/// The journal's file name: a message says what is lost with it.
const JOURNAL: &str = "journal.jsonl";

/// A word that nobody can predict: 128 bits of the system's randomness.
///
/// # Errors
/// When the system gives none.
pub fn unforeseen() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(format!("no random name: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Opens an entry itself, whatever it leads to, with these rights in addition to reading its metadata. Others may have
/// the access `share` meanwhile.
pub fn open(path: &Path, more: u32, share: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .access_mode(FILE_READ_ATTRIBUTES | READ_CONTROL | more)
        .share_mode(share)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    crate::open::open(&options, &literal(path))
}

/// The same path in the form that Windows takes literally. A stranger may call an entry `nul` or `x.`, and otherwise such
/// a name leads to a device or to another file (Microsoft Learn: Naming Files, Paths, and Namespaces).
fn literal(path: &Path) -> PathBuf {
    let mut literal = OsString::from(r"\\?\");
    match path.components().next() {
        Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::Disk(_)) && path.is_absolute() => {
            literal.push(path.components().collect::<PathBuf>()); // This form knows no `/`.
            literal.into()
        }
        _ => path.to_owned(),
    }
}

/// The kind and the owner of an entry; none if it no longer exists.
///
/// # Errors
/// When it cannot be read.
pub fn look(path: &Path, judge: &Judge) -> Result<Option<Entry>, Win32Error> {
    let look = || open(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    let opened = look().or_else(|error| match Win32Error::of(&error).0 {
        // Its owner can exclude even administrators, but not one with the right to make backups.
        ERROR_ACCESS_DENIED => Enabled::new("SeBackupPrivilege").map_or(Err(error), |_on| look()),
        _ => Err(error),
    });
    match opened {
        Ok(file) => judge.entry(&file).map(Some),
        Err(error) => match Win32Error::of(&error) {
            Win32Error(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND) => Ok(None),
            cause => Err(cause),
        },
    }
}

/// Whether a path leads to this open folder, and to no other place. While anything is in it, it cannot be made a link.
///
/// # Errors
/// When it cannot be read.
pub fn leads_to(path: &Path, folder: &File) -> Result<bool, Win32Error> {
    let again = open(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    let again = information(&again.map_err(|error| Win32Error::of(&error))?)?;
    let folder = information(folder)?;
    let id = |of: &BY_HANDLE_FILE_INFORMATION| (of.dwVolumeSerialNumber, of.nFileIndexHigh, of.nFileIndexLow);
    Ok(id(&again) == id(&folder) && again.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT == 0)
}

/// Whether any entry directly in a folder leads elsewhere: the list of the folder shows that, so nothing is opened.
pub fn has_links(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        if entry?.metadata()?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The folder for entries that are not ours, and what was moved there.
pub struct Aside<'a> {
    top: &'a Path,
    /// That folder, once it exists.
    folder: Option<PathBuf>,
    /// What was moved, in words.
    pub said: Vec<String>,
}

impl<'a> Aside<'a> {
    /// The start, before anything was moved out of `top`.
    pub const fn of(top: &'a Path) -> Self {
        Self { top, folder: None, said: Vec::new() }
    }

    /// Moves the whole private folder, or whatever is in its place.
    pub fn whole(&mut self, why: &Foreign) -> Result<(), StateError> {
        let to = self.place().map_err(|cause| self.stuck(self.top, why, &cause))?;
        self.rename(self.top, &to, why)
    }

    /// Goes through `folder` and moves aside entries that are not ours by `judge`; returns its kind afterwards.
    pub fn empty_of_strangers(
        &mut self,
        folder: &Path,
        eye: &Judge,
        judge: &dyn Fn(&Entry) -> Result<(), Foreign>,
    ) -> Result<Kind, StateError> {
        let unreadable = |path: &Path, cause| StateError::Folder { what: "look through", path: path.to_owned(), cause };
        let mut kind = Kind::EmptyFolder;
        let entries = fs::read_dir(literal(folder)).map_err(|error| unreadable(folder, Win32Error::of(&error)))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(folder, Win32Error::of(&error)))?;
            let path = folder.join(entry.file_name());
            let Some(mut entry) = look(&path, eye).map_err(|cause| unreadable(&path, cause))? else { continue };
            let mut verdict = judge(&entry);
            if verdict.is_ok() && entry.kind == Kind::Folder {
                entry.kind = self.empty_of_strangers(&path, eye, judge)?;
                verdict = judge(&entry);
            }
            match verdict {
                Ok(()) => kind = Kind::Folder,
                Err(why) => self.entry(&path, &why)?,
            }
        }
        Ok(kind)
    }

    fn entry(&mut self, path: &Path, why: &Foreign) -> Result<(), StateError> {
        let folder = match self.folder.clone() {
            Some(folder) => folder,
            None => {
                let folder = self.place().map_err(|cause| self.stuck(path, why, &cause))?;
                let access = Access::private().and_then(|access| access.create(&folder));
                access.map_err(|cause| StateError::Folder { what: "create", path: folder.clone(), cause })?;
                self.folder.insert(folder).clone()
            }
        };
        // A stranger may give it the longest name that there is.
        let name: String = path.file_name().unwrap_or_default().to_string_lossy().chars().take(100).collect();
        self.rename(path, &folder.join(format!("{}-{name}", self.said.len() + 1)), why)
    }

    fn rename(&mut self, path: &Path, to: &Path, why: &Foreign) -> Result<(), StateError> {
        // To move an entry is to open it, and its owner may hold an oplock on it.
        let moved = || {
            let (from, to) = (literal(path), to.to_owned());
            within(LIMIT, move || fs::rename(from, to))
        };
        let moved = moved().or_else(|error| match Win32Error::of(&error).0 {
            // Its owner can exclude even administrators, but not one with the rights to make backups and to restore them.
            ERROR_ACCESS_DENIED => {
                let _on = ["SeBackupPrivilege", "SeRestorePrivilege"].map(Enabled::new);
                moved()
            }
            _ => Err(error),
        });
        match moved {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()), // Another run has moved it.
            Err(error) => return Err(self.stuck(path, why, &error)),
        }
        let mut said = format!(
            "{} is not reconcile's ({why}): moved to {}; look at it, then remove it",
            path.display(),
            to.display()
        );
        if path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(JOURNAL)) || to.join(JOURNAL).exists() {
            said += ". A journal that others could write is not believed: if a hold stood in it, set it again";
        }
        self.said.push(said);
        Ok(())
    }

    /// A path next to the private folder that nobody can have used.
    fn place(&self) -> io::Result<PathBuf> {
        Ok(self.top.with_added_extension(format!("foreign-{}", unforeseen()?)))
    }

    fn stuck(&self, path: &Path, why: &Foreign, cause: &io::Error) -> StateError {
        let todo = way_out(Win32Error::of(cause));
        StateError::Stuck { path: path.to_owned(), why: why.clone(), cause: cause.to_string(), todo }
    }
}
