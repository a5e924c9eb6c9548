//! A job: the group of a child and everything that it starts, so that they can be watched and ended together.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr::null;

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, IsProcessInJob, JOB_OBJECT_LIMIT_BREAKAWAY_OK,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectBasicAccountingInformation, JobObjectExtendedLimitInformation, QueryInformationJobObject,
    SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME};

use super::win32::{Win32Error, check};

/// A job object. When it ends the group with us, closing it ends the group, also when we crash.
#[derive(Debug)]
pub struct Job {
    handle: OwnedHandle,
    holds: bool,
}

impl Job {
    /// An empty job; `ends_with_us` says whether its processes end when this value is dropped.
    pub fn new(ends_with_us: bool) -> Result<Self, Win32Error> {
        // SAFETY: no security attributes (so the handle is not inheritable) and no name.
        let handle = unsafe { CreateJobObjectW(null(), null()) };
        if handle.is_null() {
            return Err(Win32Error::last());
        }
        // SAFETY: the handle is open and ours alone.
        let job = Self { handle: unsafe { OwnedHandle::from_raw_handle(handle) }, holds: false };
        if ends_with_us {
            let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
            limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
            let size = size_of_val(&limits) as u32;
            // SAFETY: the handle is open; the structure and its size belong to the class that is named.
            check(unsafe {
                SetInformationJobObject(job.raw(), JobObjectExtendedLimitInformation, (&raw const limits).cast(), size)
            })?;
        }
        Ok(job)
    }

    /// Takes a process in. Before Windows 8 a process can be in one job only: where we are in one already (the Task
    /// Scheduler does that), the process stays outside, and only itself can be watched and ended.
    pub fn take(&mut self, process: RawHandle) -> Result<(), Win32Error> {
        // SAFETY: both handles are open.
        match check(unsafe { AssignProcessToJobObject(self.raw(), process as HANDLE) }) {
            Ok(()) => self.holds = true,
            Err(Win32Error(ERROR_ACCESS_DENIED)) => self.holds = false,
            Err(cause) => return Err(cause),
        }
        Ok(())
    }

    /// Whether the job holds the process that it was to take in.
    pub const fn holds(&self) -> bool {
        self.holds
    }

    /// CPU time that the group has used, in units of 100 ns; grows while anything in it works.
    pub fn cpu_time(&self) -> u64 {
        let mut used = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        let size = size_of_val(&used) as u32;
        // SAFETY: the handle is open; the structure and its size belong to the class that is named.
        let asked = check(unsafe {
            QueryInformationJobObject(
                self.raw(),
                JobObjectBasicAccountingInformation,
                (&raw mut used).cast(),
                size,
                std::ptr::null_mut(),
            )
        });
        // A sign of life that cannot be read is no sign of life.
        asked.map_or(0, |()| used.TotalUserTime.cast_unsigned().wrapping_add(used.TotalKernelTime.cast_unsigned()))
    }

    /// Ends every process of the group at once.
    pub fn end(&self) -> Result<(), Win32Error> {
        // SAFETY: the handle is open.
        check(unsafe { TerminateJobObject(self.raw(), 1) })
    }

    fn raw(&self) -> HANDLE {
        self.handle.as_raw_handle()
    }
}

/// Whether we are in somebody's job that lets children leave it: a child that must survive us then has to.
pub fn may_break_away() -> bool {
    let mut inside = 0;
    // SAFETY: the pseudo handle of this process is always valid; a null job means any job.
    let asked = check(unsafe { IsProcessInJob(GetCurrentProcess(), std::ptr::null_mut(), &raw mut inside) });
    if asked.is_err() || inside == 0 {
        return false;
    }
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    let size = size_of_val(&limits) as u32;
    // SAFETY: a null job means the job of this process; the structure and its size belong to the class that is named.
    let asked = check(unsafe {
        QueryInformationJobObject(
            std::ptr::null_mut(),
            JobObjectExtendedLimitInformation,
            (&raw mut limits).cast(),
            size,
            std::ptr::null_mut(),
        )
    });
    asked.is_ok() && limits.BasicLimitInformation.LimitFlags & JOB_OBJECT_LIMIT_BREAKAWAY_OK != 0
}

/// Lets a process run that was created suspended.
pub fn resume(pid: u32) -> Result<(), Win32Error> {
    // SAFETY: no preconditions; a snapshot of all threads.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(Win32Error::last());
    }
    // SAFETY: the handle is open and ours alone.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
    let mut thread = THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..THREADENTRY32::default() };
    // SAFETY: the snapshot is open; the entry says its own size.
    let mut more = check(unsafe { Thread32First(snapshot.as_raw_handle(), &raw mut thread) });
    while more.is_ok() {
        if thread.th32OwnerProcessID == pid {
            return resume_thread(thread.th32ThreadID);
        }
        // SAFETY: as above.
        more = check(unsafe { Thread32Next(snapshot.as_raw_handle(), &raw mut thread) });
    }
    more
}

fn resume_thread(id: u32) -> Result<(), Win32Error> {
    // SAFETY: no preconditions; the handle is checked.
    let thread = unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, id) };
    if thread.is_null() {
        return Err(Win32Error::last());
    }
    // SAFETY: the handle is open and ours alone.
    let thread = unsafe { OwnedHandle::from_raw_handle(thread) };
    // SAFETY: the handle is open and allows resuming.
    if unsafe { ResumeThread(thread.as_raw_handle()) } == u32::MAX { Err(Win32Error::last()) } else { Ok(()) }
}
