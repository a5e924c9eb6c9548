//! A file that appears whole or not at all, because somebody may be reading its folder at this moment.

use std::{
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

/// A new file in the folder of `path`, which is renamed to `path` at the end. It is written for others, so it has the
/// access rights of any other new file.
///
/// # Errors
/// When no file can be created in the folder.
pub fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less what the umask takes away
    builder.prefix(".reconcile-").tempfile_in(folder)
}

/// Writes a file whole, or not at all.
///
/// # Errors
/// When no file can be created in the folder, or the file cannot be written.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(content)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Writes a new file whole, or not at all: one that is there already stays.
///
/// # Errors
/// When there is a file of that name, the folder takes no file, or the file cannot be written.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(content)?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}
