//! Opening what somebody else has named: a path in a manifest, a file on a share. The opened object never learns to act
//! as us.
//!
//! A path can lead to a pipe, today or tomorrow, and a server at its other end could take on the identity of its
//! opener. So all such opens allow identification only (Microsoft Learn: `CreateFileW`, `SECURITY_IDENTIFICATION`;
//! Impersonation Levels).
//!
//! On Windows, any user who may read a file can take an oplock on it. Then an open waits until that user answers
//! (Microsoft Learn: Breaking Oplocks), even while services are down. So on Windows such an open has a limited time.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    path::Path,
    time::Duration,
};
#[cfg(any(windows, test))]
use std::{
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
};

/// How long an open may take. An honest holder of an oplock (an indexer, a file server) answers in milliseconds, and a
/// server that can be reached answers in seconds.
pub const LIMIT: Duration = Duration::from_secs(30);

/// An open was given up after this number of seconds.
#[cfg(any(windows, test))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it did not open within {0} s: a process holds it (an oplock), or its server does not answer; end that process (Sysinternals: handle), or see to the server, and run again"
)]
pub struct GivenUp(pub u16);

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

/// Opens a file with these options; on Windows within [`LIMIT`].
///
/// # Errors
/// As [`OpenOptions::open`]; [`io::ErrorKind::TimedOut`] if it was given up.
pub fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    open_within(LIMIT, options, path)
}

/// The same, with another limit.
///
/// # Errors
/// As [`open`].
#[cfg_attr(
    not(windows),
    expect(unused_variables, reason = "Linux has no oplocks that make an open wait without limit")
)]
pub fn open_within(limit: Duration, options: &OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(windows)]
    {
        let (options, path) = (options.clone(), path.to_owned());
        within(limit, move || options.open(path))
    }
    #[cfg(not(windows))]
    options.open(path)
}

/// Calls `act` on a thread of its own and waits for it at most this long. A thread that is given up may go on, or wait
/// for ever: nothing waits for it, and its result is dropped.
///
/// # Errors
/// As `act`; [`GivenUp`] with [`io::ErrorKind::TimedOut`] after `limit`.
#[cfg(any(windows, test))]
pub fn within<T: Send + 'static>(
    limit: Duration,
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, result) = sync_channel(1);
    let thread = thread::Builder::new().name("open".into()).spawn(move || drop(done.send(act())))?;
    match result.recv_timeout(limit) {
        Ok(result) => result,
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the thread that opens it has panicked")),
        Err(RecvTimeoutError::Timeout) => {
            #[cfg(windows)]
            crate::windows::cancel(&thread);
            drop(thread);
            let seconds = u16::try_from(limit.as_secs()).unwrap_or(u16::MAX);
            Err(io::Error::new(io::ErrorKind::TimedOut, GivenUp(seconds)))
        }
    }
}

/// Opens a file for reading.
///
/// # Errors
/// As [`open`].
pub fn to_read(path: &Path) -> io::Result<File> {
    open(options().read(true), path)
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
        open(options().access_mode(LOOK.0).custom_flags(LOOK.1), path)?.metadata()
    }
    #[cfg(not(windows))]
    std::fs::metadata(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_never_returns_is_given_up_and_what_returns_is_not() {
        let limit = Duration::from_millis(20);
        let error = within(limit, || -> io::Result<()> {
            loop {
                thread::park();
            }
        });
        let error = error.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().starts_with("it did not open within 0 s: a process holds it"), "{error}");
        assert_eq!(within(LIMIT, || Ok(7)).unwrap(), 7);
        let missing = within(LIMIT, || File::open("no such file")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(windows)]
    #[test]
    fn the_thread_that_is_given_up_stops_waiting_in_the_kernel() {
        let (mut reader, _writer) = io::pipe().unwrap();
        let (ended, end) = sync_channel(1);
        let read = within(Duration::from_secs(1), move || {
            let read = io::Read::read(&mut reader, &mut [0]);
            ended.send(()).map_err(io::Error::other)?;
            read
        });
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        end.recv_timeout(LIMIT).unwrap();
    }
}
