//! The update's package: copied into a folder of its own, verified there on one open handle, and held until its child
//! has ended.
//!
//! The verified file is the one that runs: from the first byte of the check on, nobody can write, replace or delete it.
//! Windows loads a program's libraries first from the program's folder. So that folder has a name that nobody can
//! predict, is private from its first moment, holds only this file, and is checked immediately before the start. The
//! journal records which folder it is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reconcile_schema::{Installer, Sha256, StagedCopy};
use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_READ};

use super::access::Access;
use super::own::look;
use super::signature::{SignatureError, signer};
use super::trust::Judge;
use super::win32::Win32Error;
use crate::digest::sha256;
use crate::open::{open_within, options};
use crate::ownership::{Foreign, Kind, beside, is_package, judge};

/// How long the open of a package may take: a virus scanner may first read the whole of it.
const SCANNED: Duration = Duration::from_mins(5);

/// The largest package in bytes: an update of these products has at most some hundred MB. A larger file, which may be
/// sparse, would fill the disk or be read for hours.
const LARGEST: u64 = 4 << 30;

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The manifest does not name a file.
    #[error("expected the absolute path of the installer's .exe, found {0}: correct `installer.path` in the manifest")]
    Path(String),
    /// A file cannot be read or written.
    #[error("cannot {what} {path}: {cause}")]
    File { what: &'static str, path: PathBuf, cause: Win32Error },
    /// It is larger than any update.
    #[error(
        "{path} has {size} bytes, and an update has at most {}: it was not read; check `installer.path` in the manifest",
        LARGEST
    )]
    TooLarge { path: PathBuf, size: u64 },
    /// Its source gave more than the size that it had.
    #[error("{path} had {size} bytes and grew while it was read: run again when it has been written")]
    Grew { path: PathBuf, size: u64 },
    /// It is another file.
    #[error("{path}: expected SHA-256 {expected}, found {found}")]
    Hash {
        path: PathBuf,
        /// The declared hash.
        expected: Sha256,
        /// The hash of the file.
        found: Sha256,
    },
    /// Its signature is invalid, or not its publisher's.
    #[error("{path}: {cause}")]
    Signature {
        path: PathBuf,
        /// What is wrong with it.
        cause: SignatureError,
    },
    /// A folder that should be ours is not.
    #[error("{path} is not reconcile's ({why}): remove it, then run again")]
    Foreign { path: PathBuf, why: Foreign },
    /// Another file is next to the copy.
    #[error(
        "{folder} holds {found} next to the installer, and Windows would take libraries from there first: the installer was not \
         started; find out who put that there, then run again: the update is copied into another folder"
    )]
    NotAlone {
        folder: PathBuf,
        /// The other entries in it.
        found: String,
    },
    /// It is signed by another publisher than the declared one.
    #[error("{path}: expected a signature of {expected}, found one of {found}")]
    Publisher {
        path: PathBuf,
        /// The declared publisher.
        expected: String,
        /// The actual signer.
        found: String,
    },
}

/// A package in the private folder that was verified and has been held since.
#[derive(Debug)]
pub struct Staged {
    /// Its path.
    pub path: PathBuf,
    /// Its hash, the declared one.
    pub sha256: Sha256,
    pub size: u64,
    /// The name of its folder.
    folder: String,
    /// Open for reading, shared for reading only, so that nobody can write, replace or delete it.
    held: File,
}

impl Staged {
    /// The file, for a process that holds it after we are gone.
    pub const fn held(&self) -> &File {
        &self.held
    }

    /// The journal's record of it.
    pub fn copy(&self) -> StagedCopy {
        StagedCopy { folder: self.folder.clone(), sha256: self.sha256.clone() }
    }

    /// Makes sure that it is the only entry in its folder. Must be called immediately before its start.
    ///
    /// # Errors
    /// When there is another entry, or this is unknown.
    pub fn is_alone(&self) -> Result<(), PackageError> {
        let folder = self.path.parent().unwrap_or(&self.path);
        let found = others(folder, &self.path).map_err(|error| failed("look into", folder, &error))?;
        if found.is_empty() {
            return Ok(());
        }
        Err(PackageError::NotAlone { folder: folder.into(), found: found.join(", ") })
    }
}

/// The other entries in the folder of a copy.
fn others(folder: &Path, copy: &Path) -> io::Result<Vec<String>> {
    let name = copy.file_name().unwrap_or_default().to_string_lossy();
    let found: io::Result<Vec<_>> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect();
    Ok(beside(&name, found?))
}

/// The copy of `installer` that the journal records, called `name`; none where it is missing, incomplete, or changed.
///
/// # Errors
/// When it exists and cannot be read, or its signature is not the declared one.
pub fn find(
    private: &Path,
    name: &str,
    installer: &Installer,
    known: Option<&StagedCopy>,
) -> Result<Option<Staged>, PackageError> {
    let Some(copy) = known.filter(|copy| copy.sha256 == installer.sha256 && is_package(&copy.folder)) else {
        return Ok(None);
    };
    let folder = packages(private).join(&copy.folder);
    let path = folder.join(name);
    if !as_made(&folder, &path)? {
        return Ok(None);
    }
    let held = match open(&path, FILE_FLAG_OPEN_REPARSE_POINT) {
        Ok(held) => held,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(failed("open", &path, &error)),
    };
    match checked(held, &path, &copy.folder, installer) {
        Ok(staged) => Ok(Some(staged)),
        // A copy that was changed is made again.
        Err(PackageError::Hash { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a copy and its folder are as we created them: ours, no links, and no other entry in the folder.
fn as_made(folder: &Path, path: &Path) -> Result<bool, PackageError> {
    let unreadable = |cause| PackageError::File { what: "look at", path: path.to_owned(), cause };
    let eye = Judge::new().map_err(unreadable)?;
    for path in [folder, path] {
        let Some(entry) = look(path, &eye).map_err(unreadable)? else { return Ok(false) };
        if let Err(why) = judge(&entry, false) {
            tracing::warn!(path = %path.display(), %why, "a copy of the update is not ours any more, and is made again");
            return Ok(false);
        }
    }
    let found = others(folder, path).map_err(|error| failed("look into", folder, &error))?;
    if !found.is_empty() {
        tracing::warn!(folder = %folder.display(), ?found, "something lies next to the copy of the update, which is made again");
    }
    Ok(found.is_empty())
}

/// The hash of the package at its source, and its size in bytes.
///
/// # Errors
/// When it cannot be read.
pub fn hash_at_source(installer: &Installer) -> Result<(Sha256, u64), PackageError> {
    let source = source(installer)?;
    let (file, size) = sized(source)?;
    let mut bounded = (&file).take(size.saturating_add(1));
    let hash = sha256(&mut bounded).map_err(|error| failed("read", source, &error))?;
    if bounded.limit() == 0 {
        return Err(PackageError::Grew { path: source.into(), size });
    }
    Ok((hash, size))
}

/// Opens the package at its source, and returns its size in bytes.
fn sized(source: &Path) -> Result<(File, u64), PackageError> {
    let file = open(source, 0).map_err(|error| failed("open", source, &error))?;
    let size = file.metadata().map_err(|error| failed("read", source, &error))?.len();
    if size > LARGEST {
        return Err(PackageError::TooLarge { path: source.into(), size });
    }
    Ok((file, size))
}

/// Copies the package from its source into a new folder `fresh`, where it is called `name`, and verifies the copy.
/// `fresh` is a word that nobody can predict.
///
/// # Errors
/// When it cannot be copied, or is not the declared one; then nothing of it stays.
pub fn stage(private: &Path, name: &str, installer: &Installer, fresh: &str) -> Result<Staged, PackageError> {
    let source = source(installer)?;
    let (from, size) = sized(source)?;
    let folder = home(private)?.join(fresh);
    let access = Access::private().and_then(|access| access.create(&folder)); // An existing folder is none of ours.
    access.map_err(|cause| PackageError::File { what: "create", path: folder.clone(), cause })?;
    copied(&from, size, &folder.join(name), fresh, installer).inspect_err(|_| {
        let _ = std::fs::remove_dir_all(&folder); // If it stays, it is removed together with other packages.
    })
}

/// Copies and verifies. No more than `size` bytes are copied: the source may lie on a computer that lets others write
/// it meanwhile.
fn copied(
    from: impl Read,
    size: u64,
    path: &Path,
    folder: &str,
    installer: &Installer,
) -> Result<Staged, PackageError> {
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .share_mode(0)
        .open(path)
        .map_err(|error| failed("write", path, &error))?;
    let copied = io::copy(&mut from.take(size.saturating_add(1)), &mut to);
    if copied.map_err(|error| failed("copy the package to", path, &error))? > size {
        return Err(PackageError::Grew { path: installer.path.clone().into(), size });
    }
    to.sync_all().map_err(|error| failed("write", path, &error))?;
    drop(to);
    let held = open(path, FILE_FLAG_OPEN_REPARSE_POINT).map_err(|error| failed("open", path, &error))?;
    let staged = checked(held, path, folder, installer)?;
    staged.is_alone()?;
    Ok(staged)
}

/// The folder of packages, created if it is missing, and ours.
fn home(private: &Path) -> Result<PathBuf, PackageError> {
    let path = packages(private);
    let file = |what| move |cause| PackageError::File { what, path: packages(private), cause };
    match Access::private().and_then(|access| access.create(&path)) {
        Ok(()) | Err(Win32Error(ERROR_ALREADY_EXISTS)) => {}
        Err(cause) => return Err(file("create")(cause)),
    }
    let eye = Judge::new().map_err(file("look at"))?;
    let why = match look(&path, &eye).map_err(file("look at"))? {
        None => return Err(file("look at")(Win32Error(ERROR_PATH_NOT_FOUND))),
        Some(entry) => judge(&entry, false).and(match entry.kind {
            Kind::File(_) => Err(Foreign::Kind),
            Kind::Folder | Kind::EmptyFolder => Ok(()),
        }),
    };
    why.map_err(|why| PackageError::Foreign { path: path.clone(), why })?;
    Ok(path)
}

/// The only place where a [`Staged`] is created: hash and signature are read through the handle that it keeps.
fn checked(mut held: File, path: &Path, folder: &str, installer: &Installer) -> Result<Staged, PackageError> {
    let found = sha256(&held).map_err(|error| failed("read", path, &error))?;
    if found != installer.sha256 {
        return Err(PackageError::Hash { path: path.into(), expected: installer.sha256.clone(), found });
    }
    held.rewind().map_err(|error| failed("read", path, &error))?;
    let signer =
        signer(held.as_raw_handle(), path).map_err(|cause| PackageError::Signature { path: path.into(), cause })?;
    if !signer.is(&installer.publisher) {
        let (expected, found) = (installer.publisher.clone(), signer.to_string());
        return Err(PackageError::Publisher { path: path.into(), expected, found });
    }
    let size = held.metadata().map_err(|error| failed("read", path, &error))?.len();
    Ok(Staged { path: path.into(), sha256: installer.sha256.clone(), size, folder: folder.into(), held })
}

/// Removes every package except the kept one: those of other updates, those that no journal records, and those of
/// earlier versions, in folders that are named after a hash. A package that somebody has open is removed another time.
pub fn forget_others(private: &Path, kept: Option<&StagedCopy>) {
    let Ok(entries) = std::fs::read_dir(packages(private)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_other = is_package(&name) && kept.is_none_or(|copy| copy.folder != name);
        if is_other && let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::debug!(%error, package = %entry.path().display(), "an earlier package is not removed");
        }
    }
}

/// Opens a file so that nobody can write, replace or delete it while it is open.
fn open(path: &Path, flags: u32) -> io::Result<File> {
    open_within(SCANNED, options().read(true).share_mode(FILE_SHARE_READ).custom_flags(flags), path)
}

fn source(installer: &Installer) -> Result<&Path, PackageError> {
    let path = Path::new(&installer.path);
    let is_exe = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe"));
    if path.is_absolute() && is_exe { Ok(path) } else { Err(PackageError::Path(installer.path.clone())) }
}

/// Every update of a product has the same file name, which identifies a running one, so each has a folder of its own.
fn packages(private: &Path) -> PathBuf {
    private.join("packages")
}

fn failed(what: &'static str, path: &Path, error: &io::Error) -> PackageError {
    PackageError::File { what, path: path.into(), cause: Win32Error::of(error) }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(Win32Error::of(error).0, ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "package_tests.rs"]
mod tests;
