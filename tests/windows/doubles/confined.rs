//! Runs a program in a job, as a remote session or the agent of a CI system does.

use std::error::Error;
use std::process::Command;
use std::ptr::null;

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_BREAKAWAY_OK, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// `confined.exe tight|loose PROGRAM ARGUMENTS…`: no process can leave a tight job, and a process can ask to leave a
/// loose one. Ends with the program's exit code.
#[expect(unsafe_code, reason = "jobs are made by Win32 alone")]
pub fn main() -> Result<u32, Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let loose = args.next().is_some_and(|how| how == "loose");
    let program = args.next().ok_or("no program on the command line")?;
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | if loose { JOB_OBJECT_LIMIT_BREAKAWAY_OK } else { 0 };
    let done = |result: i32| if result == 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) };
    let size = size_of_val(&limits) as u32;
    // SAFETY: the job has no name and no attributes, and lives as long as this process. The structure and its size
    // match the information class.
    unsafe {
        let job = CreateJobObjectW(null(), null());
        if job.is_null() {
            return Err(std::io::Error::last_os_error().into());
        }
        done(SetInformationJobObject(job, JobObjectExtendedLimitInformation, (&raw const limits).cast(), size))?;
        done(AssignProcessToJobObject(job, GetCurrentProcess()))?;
    }
    let ended = Command::new(program).args(args).status()?;
    Ok(ended.code().unwrap_or_default().cast_unsigned())
}
