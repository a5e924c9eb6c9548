//! The processes of this machine: the program, owner, session and rights of each.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NO_MORE_FILES, FILETIME, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

use super::account::{owner_of, standing_of};
use super::win32::{Win32Error, check, text};
use crate::running::{Process, Standing};

/// The longest path that Windows gives.
const LONGEST: usize = 32_768;

/// Every process of this machine, with what the list contains: neither file, session nor time.
///
/// # Errors
/// When they cannot be listed.
pub fn listed() -> Result<Vec<Process>, Win32Error> {
    let snapshot = snapshot(TH32CS_SNAPPROCESS, 0)?;
    let mut entry = PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..PROCESSENTRY32W::default() };
    let mut found = Vec::new();
    // SAFETY: the snapshot is open; the entry says its own size.
    let mut more = check(unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) });
    while more.is_ok() {
        let (pid, parent) = (entry.th32ProcessID, entry.th32ParentProcessID);
        let (path, session, created) = (None, None, None);
        found.push(Process { pid, parent, program: text(&entry.szExeFile), path, session, created });
        // SAFETY: as above.
        more = check(unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) });
    }
    match more {
        Ok(()) | Err(Win32Error(ERROR_NO_MORE_FILES)) => Ok(found),
        Err(cause) => Err(cause),
    }
}

/// An observed process.
pub struct Looked {
    pub process: Process,
    /// Its rights.
    pub standing: Standing,
    /// Its owner, in words.
    pub user: String,
}

impl Looked {
    /// The process, its session, its file and its user, in words.
    pub fn shown(&self) -> String {
        let Process { pid, program, path, session, .. } = &self.process;
        let session = session.map_or_else(String::new, |session| format!(", session {session}"));
        let path = path.as_ref().map_or_else(String::new, |path| format!(", {path}"));
        format!("{program} (process {pid}{session}{path}) of {}", self.user)
    }
}

/// Observes a process through one handle: while that is open, no other process can get its number. None where it has
/// ended.
pub fn look(listed: &Process) -> Option<Looked> {
    match open(listed.pid, PROCESS_QUERY_LIMITED_INFORMATION) {
        Ok(handle) => Some(Looked {
            process: with_file(listed, Some(&handle)),
            standing: standing_of(handle.as_raw_handle()).unwrap_or(Standing::Unread),
            user: owner_of(handle.as_raw_handle()).unwrap_or_else(hidden),
        }),
        Err(Win32Error(ERROR_INVALID_PARAMETER)) => None,
        Err(cause) => {
            Some(Looked { process: with_file(listed, None), standing: Standing::Unread, user: hidden(cause) })
        }
    }
}

fn hidden(cause: Win32Error) -> String {
    format!("an account that cannot be read ({cause})")
}

/// The same process with its file, its session and the time of its creation, as far as it allows access.
pub fn placed(listed: &Process) -> Process {
    with_file(listed, open(listed.pid, PROCESS_QUERY_LIMITED_INFORMATION).ok().as_ref())
}

fn with_file(listed: &Process, handle: Option<&OwnedHandle>) -> Process {
    Process {
        path: handle.and_then(|handle| path(handle).ok()),
        session: session(listed.pid),
        created: handle.and_then(|handle| created(handle).ok()),
        ..listed.clone()
    }
}

/// The program file of a process. Windows derives it from the open file, not from what the process reports.
pub fn path(process: &OwnedHandle) -> Result<String, Win32Error> {
    let mut buffer = vec![0_u16; LONGEST];
    let mut size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    // SAFETY: the handle is open and allows the question; the buffer has the size that is given.
    check(unsafe {
        QueryFullProcessImageNameW(process.as_raw_handle(), PROCESS_NAME_WIN32, buffer.as_mut_ptr(), &raw mut size)
    })?;
    Ok(text(&buffer))
}

fn session(pid: u32) -> Option<u32> {
    let mut session = 0;
    // SAFETY: the number goes into our variable.
    check(unsafe { ProcessIdToSessionId(pid, &raw mut session) }).ok().map(|()| session)
}

fn created(process: &OwnedHandle) -> Result<u64, Win32Error> {
    let [mut created, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: the handle is open and allows the question; the times go into our variables.
    check(unsafe {
        GetProcessTimes(process.as_raw_handle(), &raw mut created, &raw mut ended, &raw mut kernel, &raw mut user)
    })?;
    Ok(u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime))
}

/// Opens a process.
///
/// # Errors
/// When there is none with this number (`ERROR_INVALID_PARAMETER`), or it denies access.
pub fn open(pid: u32, access: u32) -> Result<OwnedHandle, Win32Error> {
    // SAFETY: no preconditions; the handle is checked.
    let process = unsafe { OpenProcess(access, 0, pid) };
    // SAFETY: a handle that is not null is open and ours alone.
    if process.is_null() { Err(Win32Error::last()) } else { Ok(unsafe { OwnedHandle::from_raw_handle(process) }) }
}

/// A list of processes, or of the modules of one.
pub fn snapshot(what: u32, pid: u32) -> Result<OwnedHandle, Win32Error> {
    // SAFETY: no preconditions; the handle is checked.
    let snapshot = unsafe { CreateToolhelp32Snapshot(what, pid) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(Win32Error::last());
    }
    // SAFETY: the handle is open and ours alone.
    Ok(unsafe { OwnedHandle::from_raw_handle(snapshot) })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn we_are_among_the_processes_with_our_file_our_session_and_our_rights() {
        let own = listed().expect("listed").into_iter().find(|process| process.pid == std::process::id());
        let program = std::env::current_exe().expect("a path");
        let own = look(&own.expect("listed")).expect("we live");
        assert_eq!(Some(own.process.program.as_ref()), program.file_name().map(std::ffi::OsStr::to_owned).as_deref());
        assert!(own.process.path.as_ref().is_some_and(|path| program.as_os_str().eq_ignore_ascii_case(path)));
        assert!(own.process.session.is_some() && own.process.created.is_some(), "{:?}", own.process);
        assert_eq!(Ok(own.standing == Standing::Administrator), super::super::account::is_administrator());
        assert_eq!(Ok(own.user), super::super::account::own_name());
    }

    #[test]
    fn a_process_that_has_ended_is_none() {
        let none = Process { pid: !3, parent: 0, program: "gone.exe".into(), path: None, session: None, created: None };
        assert!(look(&none).is_none());
    }
}
