//! The update's package: copied to the private folder, checked there on one open handle, and held until its child has ended.
//!
//! What was checked is what runs: from the first byte of the check on, nobody can write, replace or delete the file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use reconcile_schema::{Installer, Sha256};
use sha2::Digest;
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND};
use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;

use super::signature::{SignatureError, signer};
use super::win32::Win32Error;

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The manifest does not name a file.
    #[error("expected the absolute path of the installer's .exe, found {0}: correct `installer.path` in the manifest")]
    Path(String),
    /// A file cannot be read or written.
    #[error("cannot {what} {path}: {cause}")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What Windows said.
        cause: Win32Error,
    },
    /// It is another file.
    #[error("{path}: expected SHA-256 {expected}, found {found}")]
    Hash {
        /// The file.
        path: PathBuf,
        /// The declared hash.
        expected: Sha256,
        /// The hash of the file.
        found: String,
    },
    /// Its signature does not hold, or is not its publisher's.
    #[error("{path}: {cause}")]
    Signature {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: SignatureError,
    },
    /// It is signed by somebody else.
    #[error("{path}: expected a signature of {expected}, found one of {found}")]
    Publisher {
        /// The file.
        path: PathBuf,
        /// The declared publisher.
        expected: String,
        /// Whose signature it is.
        found: String,
    },
}

/// A package in the private folder that was checked and has been held since.
#[derive(Debug)]
pub struct Staged {
    /// Where it lies.
    pub path: PathBuf,
    /// Its hash, the declared one.
    pub sha256: Sha256,
    /// How many bytes it has.
    pub size: u64,
    /// Open for reading, shared for reading only: nobody writes, replaces or deletes it.
    held: File,
}

impl Staged {
    /// The file, for who holds it on when we are gone.
    pub const fn held(&self) -> &File {
        &self.held
    }
}

/// The package of `installer`, called `name`, in `folder`; none when it is not there, or not whole.
///
/// # Errors
/// It is there and cannot be read, or its signature is not what was declared.
pub fn find(folder: &Path, name: &str, installer: &Installer) -> Result<Option<Staged>, PackageError> {
    let path = place(folder, name, installer);
    let held = match open(&path) {
        Ok(held) => held,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(failed("open", &path, &error)),
    };
    match checked(held, &path, installer) {
        Ok(staged) => Ok(Some(staged)),
        // A copy that was cut off. It is made again.
        Err(PackageError::Hash { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The hash of the package at its source, and its size in bytes.
///
/// # Errors
/// It cannot be read.
pub fn hash_at_source(installer: &Installer) -> Result<(Sha256, u64), PackageError> {
    let source = source(installer)?;
    let file = open(source).map_err(|error| failed("open", source, &error))?;
    let failed = |error| failed("read", source, &error);
    let (found, size) = (hash(&file).map_err(failed)?, file.metadata().map_err(failed)?.len());
    let sha256 = found.parse().map_err(|_| PackageError::Hash {
        path: source.into(),
        expected: installer.sha256.clone(),
        found,
    });
    Ok((sha256?, size))
}

/// Copies the package from its source into `folder`, where it is called `name`, and checks the copy.
///
/// # Errors
/// It cannot be copied, or is not what was declared.
pub fn stage(folder: &Path, name: &str, installer: &Installer) -> Result<Staged, PackageError> {
    let (source, path) = (source(installer)?, place(folder, name, installer));
    let from = open(source).map_err(|error| failed("open", source, &error))?;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| failed("create", parent, &error))?;
    }
    let mut to = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .share_mode(0)
        .open(&path)
        .map_err(|error| failed("write", &path, &error))?;
    io::copy(&mut &from, &mut to).map_err(|error| failed("copy the package to", &path, &error))?;
    to.sync_all().map_err(|error| failed("write", &path, &error))?;
    drop(to);
    let held = open(&path).map_err(|error| failed("open", &path, &error))?;
    checked(held, &path, installer)
}

/// The only place where a [`Staged`] is made: hash and signature are read through the handle that it keeps.
fn checked(mut held: File, path: &Path, installer: &Installer) -> Result<Staged, PackageError> {
    let found = hash(&held).map_err(|error| failed("read", path, &error))?;
    if found != installer.sha256.as_str() {
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
    Ok(Staged { path: path.into(), sha256: installer.sha256.clone(), size, held })
}

/// Removes the packages of other updates from `folder`: each lies in a folder that is named after its hash. What cannot be removed
/// now, because somebody has it open, is removed another time.
pub fn forget_others(folder: &Path, installer: &Installer) {
    let packages = folder.join("packages");
    let Ok(entries) = std::fs::read_dir(&packages) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_hash = name.parse::<Sha256>().is_ok_and(|hash| hash != installer.sha256);
        if is_hash && let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::debug!(%error, package = %entry.path().display(), "an earlier package is not removed");
        }
    }
}

/// Opens a file that nobody may write, replace or delete while it is open.
fn open(path: &Path) -> io::Result<File> {
    crate::open::options().read(true).share_mode(FILE_SHARE_READ).open(path)
}

fn hash(mut file: &File) -> io::Result<String> {
    let (mut digest, mut buffer) = (sha2::Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => digest.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn source(installer: &Installer) -> Result<&Path, PackageError> {
    let path = Path::new(&installer.path);
    let is_exe = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe"));
    if path.is_absolute() && is_exe { Ok(path) } else { Err(PackageError::Path(installer.path.clone())) }
}

/// Every update of a product has the same file name, by which a running one is known; a folder named after the hash keeps
/// them apart.
fn place(folder: &Path, name: &str, installer: &Installer) -> PathBuf {
    folder.join("packages").join(installer.sha256.as_str()).join(name)
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
