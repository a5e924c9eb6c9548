//! The processes of this machine: the program, owner, session and rights of each.

use std::os::windows::io::{AsRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, ERROR_NO_MORE_FILES, HANDLE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;

use super::account::{owner_of, standing_of};
use super::handle;
use super::win32::{Win32Error, check, owned, text};
use crate::running::{Process, Standing};

/// Every process of this machine, with what the list contains: neither file, session nor time.
///
/// # Errors
/// When they cannot be listed.
pub fn listed() -> Result<Vec<Process>, Win32Error> {
    let snapshot = snapshot(TH32CS_SNAPPROCESS, 0)?;
    let entry = PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..PROCESSENTRY32W::default() };
    let mut all = Vec::new();
    let each = |entry: &PROCESSENTRY32W| {
        let (pid, parent) = (entry.th32ProcessID, entry.th32ParentProcessID);
        let (path, session, created) = (None, None, None);
        all.push(Process { pid, parent, program: text(&entry.szExeFile), path, session, created });
        None::<()>
    };
    // SAFETY: the functions are those for this entry, which says its own size.
    unsafe { find(&snapshot, entry, [Process32FirstW, Process32NextW], each) }?;
    Ok(all)
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
    match handle::Process::open_to_look(listed.pid) {
        Ok(open) => Some(Looked {
            process: with_file(listed, Some(&open)),
            standing: standing_of(open.handle()).unwrap_or(Standing::Unread),
            user: owner_of(open.handle()).unwrap_or_else(hidden),
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
    with_file(listed, handle::Process::open_to_look(listed.pid).ok().as_ref())
}

fn with_file(listed: &Process, open: Option<&handle::Process>) -> Process {
    Process {
        path: open.and_then(|open| open.path().ok()),
        session: session(listed.pid),
        created: open.and_then(|open| open.times().ok()).map(|(created, _)| created),
        ..listed.clone()
    }
}

fn session(pid: u32) -> Option<u32> {
    let mut session = 0;
    // SAFETY: the number goes into our variable.
    check(unsafe { ProcessIdToSessionId(pid, &raw mut session) }).ok().map(|()| session)
}

/// A list of processes, or of their threads, or of the modules of one.
pub fn snapshot(what: u32, pid: u32) -> Result<OwnedHandle, Win32Error> {
    // SAFETY: no preconditions; the handle is ours alone.
    unsafe { owned(CreateToolhelp32Snapshot(what, pid)) }
}

/// A function that writes the first entry of such a list, or the next one.
type Read<E> = unsafe extern "system" fn(HANDLE, *mut E) -> i32;

/// Passes the entries of a list on until `each` returns something.
///
/// # Safety
/// `first` and `next` are the functions for entries of this kind, and `entry` says its own size.
pub unsafe fn find<E, T>(
    list: &OwnedHandle,
    mut entry: E,
    [first, next]: [Read<E>; 2],
    mut each: impl FnMut(&E) -> Option<T>,
) -> Result<Option<T>, Win32Error> {
    let mut read = first;
    loop {
        // SAFETY: the list is open; the rest is as the caller promises.
        match check(unsafe { read(list.as_raw_handle(), &raw mut entry) }) {
            Ok(()) => {}
            Err(Win32Error(ERROR_NO_MORE_FILES)) => return Ok(None),
            Err(cause) => return Err(cause),
        }
        if let Some(found) = each(&entry) {
            return Ok(Some(found));
        }
        read = next;
    }
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
