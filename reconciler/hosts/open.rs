//! Opening what somebody else has named: a path in a manifest, a file on a share. The opened object never learns to act
//! as us.
//!
//! A path can lead to a pipe, today or tomorrow, and a server at its other end could take on the identity of its
//! opener. So all such opens allow identification only (Microsoft Learn: `CreateFileW`, `SECURITY_IDENTIFICATION`;
//! Impersonation Levels).

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    path::Path,
};

/// `SECURITY_IDENTIFICATION` of `CreateFileW`; std adds `SECURITY_SQOS_PRESENT`.
#[cfg(windows)]
const IDENTIFICATION: u32 = 0x0001_0000;

/// The options for opening such a file; the caller adds the kind of access.
#[must_use]
pub fn options() -> OpenOptions {
    #[allow(unused_mut, reason = "on Windows it is changed")]
    let mut options = OpenOptions::new();
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::security_qos_flags(&mut options, IDENTIFICATION);
    options
}

/// Opens a file for reading.
///
/// # Errors
/// As [`File::open`].
pub fn to_read(path: &Path) -> io::Result<File> {
    options().read(true).open(path)
}

/// The metadata of a path, with links followed.
///
/// # Errors
/// When it does not exist or cannot be read; on Windows also when it is a pipe.
pub fn metadata(path: &Path) -> io::Result<Metadata> {
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        /// `FILE_READ_ATTRIBUTES`, `FILE_FLAG_BACKUP_SEMANTICS`: folders can be opened as well.
        const LOOK: (u32, u32) = (0x80, 0x0200_0000);
        options().access_mode(LOOK.0).custom_flags(LOOK.1).open(path)?.metadata()
    }
    #[cfg(not(windows))]
    std::fs::metadata(path)
}
