//! A job: the group of a child and all its child processes, so that they can be watched and ended together.

use std::os::windows::io::{AsRawHandle, OwnedHandle, RawHandle};
use std::ptr::null;

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, HANDLE};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, IsProcessInJob, JOB_OBJECT_LIMIT_BREAKAWAY_OK,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectBasicAccountingInformation, JobObjectExtendedLimitInformation, QueryInformationJobObject,
    SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::handle::Process;
use super::win32::{Win32Error, check, owned};

/// A job object. If the group must end with us, closing the job ends the group, even when we crash.
#[derive(Debug)]
pub struct Job {
    handle: OwnedHandle,
    /// Whether it holds the process that was to be added or created in it.
    pub holds: bool,
}

impl Job {
    /// An empty job; with `ends_with_us`, its processes end when this value is dropped.
    pub fn new(ends_with_us: bool) -> Result<Self, Win32Error> {
        // SAFETY: no security attributes (so the handle is not inheritable) and no name; the handle is ours alone.
        let job = Self { handle: unsafe { owned(CreateJobObjectW(null(), null())) }?, holds: false };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        // A job that ends no process keeps none in it either: an installer may start a process that is to leave it.
        limits.BasicLimitInformation.LimitFlags =
            if ends_with_us { JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE } else { JOB_OBJECT_LIMIT_BREAKAWAY_OK };
        let size = size_of_val(&limits) as u32;
        // SAFETY: the handle is open; the structure and its size belong to the class that is named.
        check(unsafe {
            SetInformationJobObject(job.raw(), JobObjectExtendedLimitInformation, (&raw const limits).cast(), size)
        })?;
        Ok(job)
    }

    /// Adds a process. Before Windows 8 a process can belong to one job only. If we are in a job already (the Task
    /// Scheduler does that), the process stays outside, and only the process itself can be watched and ended.
    pub fn take(&mut self, process: RawHandle) -> Result<(), Win32Error> {
        // SAFETY: both handles are open.
        match check(unsafe { AssignProcessToJobObject(self.raw(), process as HANDLE) }) {
            Ok(()) => self.holds = true,
            Err(Win32Error(ERROR_ACCESS_DENIED)) => self.holds = false,
            Err(cause) => return Err(cause),
        }
        Ok(())
    }

    /// The CPU time that the group has used, in units of 100 ns; grows while any of its processes works.
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
        // A sign of life that cannot be read counts as none.
        asked.map_or(0, |()| used.TotalUserTime.cast_unsigned().wrapping_add(used.TotalKernelTime.cast_unsigned()))
    }

    /// Ends every process of the group at once. If the job does not hold the process that was to be added, or does not
    /// end it, only the process is ended.
    pub fn end_with(&self, process: &Process) {
        // SAFETY: the handle is open.
        if !self.holds || check(unsafe { TerminateJobObject(self.raw(), 1) }).is_err() {
            let _ = process.end(); // One that has ended already is no trouble.
        }
    }

    /// The job, for creating a process in it.
    pub fn raw(&self) -> HANDLE {
        self.handle.as_raw_handle()
    }
}

/// Whether we are in a job of somebody else.
pub fn is_own_process_in_job() -> Result<bool, Win32Error> {
    // SAFETY: no preconditions; a pseudo handle, which is always valid.
    in_job(unsafe { GetCurrentProcess() })
}

/// Whether a process is in any job.
pub fn is_in_job(process: &Process) -> Result<bool, Win32Error> {
    in_job(process.handle())
}

fn in_job(process: HANDLE) -> Result<bool, Win32Error> {
    let mut inside = 0;
    // SAFETY: the handle is open; a null job means any job; the answer goes into our variable.
    check(unsafe { IsProcessInJob(process, std::ptr::null_mut(), &raw mut inside) })?;
    Ok(inside != 0)
}
