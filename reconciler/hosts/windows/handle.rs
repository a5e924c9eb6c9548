//! A process, by a handle that allows waiting for it and ending it.

use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{FILETIME, HANDLE, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessTimes, INFINITE, OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, QueryFullProcessImageNameW, TerminateProcess, WaitForSingleObject,
};

use super::win32::{Win32Error, check, owned, text};

/// How long a process may take to go after it was ended.
pub const GOING: Duration = Duration::from_secs(10);

/// The longest path that Windows gives.
const LONGEST: usize = 32_768;

/// A process, by a handle that allows waiting for it and ending it.
#[derive(Debug)]
pub struct Process {
    handle: OwnedHandle,
    id: u32,
}

impl Process {
    /// The process with this handle and number.
    pub const fn new(handle: OwnedHandle, id: u32) -> Self {
        Self { handle, id }
    }

    /// The process with this number, if there is one that we may wait for.
    pub fn open(id: u32) -> Result<Self, Win32Error> {
        Self::with(id, PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION)
    }

    /// The process with this number, if there is one that tells about itself. That is allowed more often than waiting.
    ///
    /// # Errors
    /// When there is none with this number (`ERROR_INVALID_PARAMETER`), or it denies access.
    pub fn open_to_look(id: u32) -> Result<Self, Win32Error> {
        Self::with(id, PROCESS_QUERY_LIMITED_INFORMATION)
    }

    /// The process with this number, if there is one that we may end.
    pub fn open_to_end(id: u32) -> Result<Self, Win32Error> {
        Self::with(id, PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE)
    }

    /// The process with this number, if it is the one that was created then: the number may be reused.
    pub fn open_same(id: u32, created: u64) -> Option<Self> {
        Self::open(id).ok().filter(|process| process.times().is_ok_and(|(then, _)| then == created))
    }

    fn with(id: u32, access: u32) -> Result<Self, Win32Error> {
        // SAFETY: no preconditions; the handle is ours alone.
        let handle = unsafe { owned(OpenProcess(access, 0, id)) }?;
        Ok(Self { handle, id })
    }

    pub fn handle(&self) -> HANDLE {
        self.handle.as_raw_handle()
    }

    /// Its number.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Waits for its end, at most this long; returns its exit code once it has ended.
    pub fn wait(&self, at_most: Duration) -> Result<Option<u32>, Win32Error> {
        let limit = u32::try_from(at_most.as_millis()).unwrap_or(INFINITE);
        // SAFETY: the handle is open and allows waiting.
        match unsafe { WaitForSingleObject(self.handle.as_raw_handle(), limit) } {
            WAIT_OBJECT_0 => {}
            WAIT_TIMEOUT => return Ok(None),
            _ => return Err(Win32Error::last()),
        }
        let mut code = 0;
        // SAFETY: the handle is open; the code goes into our variable.
        check(unsafe { GetExitCodeProcess(self.handle.as_raw_handle(), &raw mut code) })?;
        Ok(Some(code))
    }

    /// Ends it. Only waiting for it shows whether it is gone.
    ///
    /// # Errors
    /// When Windows refuses, or it has ended already.
    pub fn end(&self) -> Result<(), Win32Error> {
        // SAFETY: the handle is open.
        check(unsafe { TerminateProcess(self.handle.as_raw_handle(), 1) })
    }

    /// Its program file. Windows derives it from the open file, not from what the process reports.
    pub fn path(&self) -> Result<String, Win32Error> {
        let mut buffer = vec![0_u16; LONGEST];
        let mut size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        // SAFETY: the handle is open and allows the question; the buffer has the size that is given.
        check(unsafe {
            QueryFullProcessImageNameW(self.handle(), PROCESS_NAME_WIN32, buffer.as_mut_ptr(), &raw mut size)
        })?;
        Ok(text(&buffer))
    }

    /// When it was created, and how much CPU time it has used since, both in units of 100 ns.
    pub fn times(&self) -> Result<(u64, u64), Win32Error> {
        let [mut created, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
        // SAFETY: the handle is open; the times go into our variables.
        check(unsafe {
            GetProcessTimes(
                self.handle.as_raw_handle(),
                &raw mut created,
                &raw mut ended,
                &raw mut kernel,
                &raw mut user,
            )
        })?;
        let [created, kernel, user] =
            [created, kernel, user].map(|time| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime));
        Ok((created, kernel + user))
    }
}

/// Whether the process that was created then still exists.
///
/// # Errors
/// When Windows does not say. The caller decides what is safe then.
pub fn lives(id: u32, created: u64) -> Result<bool, Win32Error> {
    let Some(process) = Process::open_same(id, created) else { return Ok(false) };
    Ok(process.wait(Duration::ZERO)?.is_none())
}
