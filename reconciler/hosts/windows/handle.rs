//! A process, by a handle that allows waiting for it and ending it.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{FILETIME, HANDLE, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessTimes, INFINITE, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
    PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
};

use super::win32::{Win32Error, check};

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
        // SAFETY: no preconditions; the handle is checked.
        let handle = unsafe { OpenProcess(PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, 0, id) };
        Self::opened(handle, id)
    }

    /// The process with this number, if there is one that we may end.
    pub fn open_to_end(id: u32) -> Result<Self, Win32Error> {
        let access = PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE;
        // SAFETY: no preconditions; the handle is checked.
        let handle = unsafe { OpenProcess(access, 0, id) };
        Self::opened(handle, id)
    }

    fn opened(handle: HANDLE, id: u32) -> Result<Self, Win32Error> {
        if handle.is_null() {
            return Err(Win32Error::last());
        }
        // SAFETY: the handle is open and ours alone.
        Ok(Self { handle: unsafe { OwnedHandle::from_raw_handle(handle) }, id })
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
    pub fn end(&self) {
        // SAFETY: the handle is open. One that has ended already is no trouble.
        unsafe { TerminateProcess(self.handle.as_raw_handle(), 1) };
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
