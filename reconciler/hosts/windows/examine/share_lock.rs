//! Whether a lock on the share of the claims keeps a second handle out.
//!
//! The claims rest on a lock on a file (`share.rs`). A server for files that accepts a lock and does not enforce it
//! would let two servers claim a pool at once. The two handles here are of one computer: what the server does with
//! those of two computers cannot be tried from one.

use std::fs::{File, TryLockError};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use reconcile_schema::{Fact, FileSeen, Fqdn, ServerName};
use windows_sys::Win32::Foundation::ERROR_SHARING_VIOLATION;

use super::places::seen;
use crate::open;

/// Tries a file of this server's own, and removes it. No server takes it for a record, whose names end with `.json`.
pub fn lock(folder: &str, record: &Fqdn, server: &ServerName) -> Fact<FileSeen> {
    let folder = Path::new(folder);
    let path = folder.join(format!("{record}.{server}.doctor.lock"));
    let tried = tried(&path);
    let _ = std::fs::remove_file(&path); // The next check uses the same file.
    match tried {
        Ok(problem) => Fact::Known(seen(folder, problem.map(str::to_owned))),
        Err(error) => Fact::Unknown(format!("{}: {error}", path.display())),
    }
}

/// What a second handle can do that it should not; none where both locks hold.
fn tried(path: &Path) -> io::Result<Option<&'static str>> {
    let first = open::open(open::options().read(true).write(true).create(true).truncate(false), path)?;
    if !locks(&first)? {
        return Err(io::Error::other("another check of this server uses the file"));
    }
    if locks(&open::to_read(path)?)? {
        return Ok(Some("a second handle locked a file that another one had locked"));
    }
    drop(first);
    let alone = open::open(open::options().read(true).write(true).share_mode(0), path)?;
    let second = open::to_read(path);
    drop(alone);
    match second {
        Ok(_) => Ok(Some("a second handle opened a file that another one had for itself")),
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION.cast_signed()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Locks a file, unless another handle has locked it.
fn locks(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_windows_keeps_a_second_handle_out_and_no_file_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = folder.path().display().to_string();
        let (record, server) =
            ("pool.contoso.example".parse().expect("a name"), "fe01.contoso.example".parse().expect("a name"));
        assert_eq!(lock(&text, &record, &server), Fact::Known(seen(folder.path(), None)));
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
        let missing = lock(&format!(r"{text}\missing"), &record, &server);
        assert!(
            matches!(&missing, Fact::Unknown(why) if why.contains("fe01.contoso.example.doctor.lock: ")),
            "{missing:?}"
        );
    }
}
