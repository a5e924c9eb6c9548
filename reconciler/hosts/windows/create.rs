//! Creates a process. Program, handles, environment and job are given here; nothing else is inherited or searched for.
//!
//! A process belongs to its job from its first instruction, and nobody has to resume it afterwards: a process that was
//! created suspended sleeps forever if its creator is ended before resuming it. Windows supports this since Server
//! 2016. On earlier versions, a child that must not outlive us is still created suspended, and noted meanwhile
//! (`sleeper.rs`).

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED, HANDLE, HANDLE_FLAG_INHERIT,
    SetHandleInformation,
};
use windows_sys::Win32::System::Threading::{
    CREATE_BREAKAWAY_FROM_JOB, CREATE_NO_WINDOW, CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessW,
    DeleteProcThreadAttributeList, EXTENDED_STARTUPINFO_PRESENT, InitializeProcThreadAttributeList,
    LPPROC_THREAD_ATTRIBUTE_LIST, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROC_THREAD_ATTRIBUTE_JOB_LIST,
    PROCESS_INFORMATION, ResumeThread, STARTF_USESTDHANDLES, STARTUPINFOEXW, UpdateProcThreadAttribute,
};

use super::handle::Process;
use super::job::Job;
use super::sleeper::Note;
use super::win32::{Win32Error, check, wide};
use crate::command_line::command_line;

/// What a process is created from.
pub struct Creation<'a> {
    /// The `.exe`, by its absolute path.
    pub program: &'a Path,
    pub arguments: &'a [OsString],
    /// Its environment; without one, ours.
    pub variables: Option<&'a [(OsString, OsString)]>,
    /// Its working directory; without one, ours.
    pub folder: Option<&'a Path>,
    /// Standard input, output and error.
    pub streams: [BorrowedHandle<'a>; 3],
    /// Further handles that it keeps open while it runs.
    pub kept: &'a [BorrowedHandle<'a>],
    /// Whether it leaves our job.
    pub breaks_away: bool,
}

impl Creation<'_> {
    /// A process in a job that does not end it. It runs from the start, even if it cannot be put into the job when it is
    /// created.
    pub fn start(&self, job: &mut Job) -> Result<Process, Win32Error> {
        if let Some(process) = self.start_within(job)? {
            return Ok(process);
        }
        let process = self.create(None, 0)?.0;
        // It may have ended by then, and its earlier child processes stay outside: only their time is missing in the
        // count.
        let _ = job.take(process.handle());
        Ok(process)
    }

    /// A process that ends with us, like all its child processes. If it has to be created suspended, `note` names it to
    /// later runs until it runs.
    pub fn start_inside(&self, job: &mut Job, note: impl FnOnce() -> io::Result<Note>) -> Result<Process, Win32Error> {
        match self.start_within(job)? {
            Some(process) => Ok(process),
            None => self.start_suspended(job, note),
        }
    }

    /// A process within the job from its first instruction; none where Windows cannot create it there.
    fn start_within(&self, job: &mut Job) -> Result<Option<Process>, Win32Error> {
        match self.create(Some(job), 0) {
            Err(Win32Error(ERROR_NOT_SUPPORTED | ERROR_INVALID_PARAMETER | ERROR_ACCESS_DENIED)) => Ok(None),
            created => {
                job.holds = created.is_ok();
                Ok(Some(created?.0))
            }
        }
    }

    /// The same for a Windows that cannot create a process within a job.
    pub fn start_suspended(
        &self,
        job: &mut Job,
        note: impl FnOnce() -> io::Result<Note>,
    ) -> Result<Process, Win32Error> {
        let _note = note().map_err(|error| Win32Error::of(&error))?;
        let (process, thread) = self.create(None, CREATE_SUSPENDED)?;
        let released = job.take(process.handle()).and_then(|()| {
            // SAFETY: the handle is open and allows resuming.
            if unsafe { ResumeThread(thread.as_raw_handle()) } == u32::MAX { Err(Win32Error::last()) } else { Ok(()) }
        });
        if let Err(cause) = released {
            let _ = process.end(); // It has not run a single instruction, so ending it loses nothing.
            return Err(cause);
        }
        Ok(process)
    }

    /// A process that never runs, and that the caller ends.
    pub fn left_suspended(&self) -> Result<Process, Win32Error> {
        Ok(self.create(None, CREATE_SUSPENDED)?.0)
    }

    fn create(&self, job: Option<&Job>, more: u32) -> Result<(Process, OwnedHandle), Win32Error> {
        let inherited: Vec<HANDLE> = self.streams.iter().chain(self.kept).map(AsRawHandle::as_raw_handle).collect();
        let _inheritable = Inheritable::new(&inherited)?;
        let mut handles = inherited.clone();
        handles.sort_unstable();
        handles.dedup(); // A handle that is named twice is rejected.
        let jobs: Vec<HANDLE> = job.map(Job::raw).into_iter().collect();
        let mut attributes = Attributes::new(2)?;
        attributes.set(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &handles)?;
        if !jobs.is_empty() {
            attributes.set(PROC_THREAD_ATTRIBUTE_JOB_LIST, &jobs)?;
        }
        let mut startup = STARTUPINFOEXW { lpAttributeList: attributes.list(), ..STARTUPINFOEXW::default() };
        startup.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
        startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        let [stdin, stdout, stderr] = self.streams.map(|stream| stream.as_raw_handle());
        (startup.StartupInfo.hStdInput, startup.StartupInfo.hStdOutput) = (stdin, stdout);
        startup.StartupInfo.hStdError = stderr;
        let (program, mut line) = (wide(self.program), line_of(self.program, self.arguments));
        let block = self.variables.map(environment_block);
        let folder = self.folder.map(wide);
        let mut flags = CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT | more;
        if self.breaks_away {
            flags |= CREATE_BREAKAWAY_FROM_JOB;
        }
        let mut made = PROCESS_INFORMATION::default();
        // SAFETY: the texts and the block end with a NUL and outlive the call, the line can be written to; the startup
        // information says its own size, and its attributes point to lists that outlive the call.
        check(unsafe {
            CreateProcessW(
                program.as_ptr(),
                line.as_mut_ptr(),
                null(),
                null(),
                1,
                flags,
                block.as_ref().map_or(null(), |block| block.as_ptr().cast()),
                folder.as_ref().map_or(null(), Vec::as_ptr).cast(),
                (&raw const startup.StartupInfo).cast(),
                &raw mut made,
            )
        })?;
        // SAFETY: both handles are open and ours alone.
        let (handle, thread) =
            unsafe { (OwnedHandle::from_raw_handle(made.hProcess), OwnedHandle::from_raw_handle(made.hThread)) };
        Ok((Process::new(handle, made.dwProcessId), thread))
    }
}

/// Handles that a child may inherit, for the lifetime of this value.
struct Inheritable<'a>(&'a [HANDLE]);

impl<'a> Inheritable<'a> {
    fn new(handles: &'a [HANDLE]) -> Result<Self, Win32Error> {
        for handle in handles {
            // SAFETY: the handle is open.
            check(unsafe { SetHandleInformation(*handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) })?;
        }
        Ok(Self(handles))
    }
}

impl Drop for Inheritable<'_> {
    fn drop(&mut self) {
        for handle in self.0 {
            // SAFETY: the handle is open.
            unsafe { SetHandleInformation(*handle, HANDLE_FLAG_INHERIT, 0) };
        }
    }
}

/// The attributes of a process at its creation, in addition to the usual parameters.
struct Attributes(Vec<u64>);

impl Attributes {
    fn new(count: u32) -> Result<Self, Win32Error> {
        let mut size = 0;
        // SAFETY: without a list the call only returns the size, and reports that as a failure.
        unsafe { InitializeProcThreadAttributeList(null_mut(), count, 0, &raw mut size) };
        let mut made = Self(vec![0; size.div_ceil(size_of::<u64>())]);
        // SAFETY: the buffer has the size that was asked for.
        check(unsafe { InitializeProcThreadAttributeList(made.list(), count, 0, &raw mut size) })?;
        Ok(made)
    }

    fn list(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.0.as_mut_ptr().cast()
    }

    /// Sets one attribute to these handles, which must outlive the creation.
    fn set(&mut self, attribute: u32, handles: &[HANDLE]) -> Result<(), Win32Error> {
        let (list, size) = (self.list(), size_of_val(handles));
        // SAFETY: the list was initialised; the handles have the size that is given.
        check(unsafe {
            UpdateProcThreadAttribute(list, 0, attribute as usize, handles.as_ptr().cast(), size, null_mut(), null())
        })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the list was initialised and is not used any more.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}

/// The command line of a program, with its closing NUL.
fn line_of(program: &Path, arguments: &[OsString]) -> Vec<u16> {
    let units = |text: &OsStr| text.encode_wide().collect::<Vec<u16>>();
    let arguments: Vec<_> = arguments.iter().map(|argument| units(argument)).collect();
    let mut line = command_line(&units(program.as_os_str()), &arguments);
    line.push(0);
    line
}

/// The variables in the form and the order that Windows requires.
fn environment_block(variables: &[(OsString, OsString)]) -> Vec<u16> {
    let mut sorted: Vec<_> = variables.iter().collect();
    sorted.sort_by_key(|(name, _)| name.to_ascii_uppercase());
    let mut block = Vec::new();
    for (name, value) in sorted {
        block.extend(name.encode_wide());
        block.push(u16::from(b'='));
        block.extend(value.encode_wide());
        block.push(0);
    }
    block.push(0);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_in_the_order_that_windows_wants() {
        let variables =
            [("windir", "C:\\w"), ("Path", "p"), ("SystemRoot", "s")].map(|(name, value)| (name.into(), value.into()));
        let block = String::from_utf16_lossy(&environment_block(&variables));
        assert_eq!(block, "Path=p\0SystemRoot=s\0windir=C:\\w\0\0");
    }
}
