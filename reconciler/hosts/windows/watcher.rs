//! The watcher: a small process of our own that starts a command, outlives the run, and records how the command ended.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::time::Duration;

use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;

use super::create::Creation;
use super::handle::{GOING, Process};
use super::job::Job;
use super::record::{End, Entry, Order, Record};
use super::sleeper::Note;
use super::win32::Win32Error;

/// Carries out the order in the record on our standard input, and records how it ended. Its output goes to our output.
///
/// # Errors
/// When there is no such record, or it cannot be written.
pub fn attend() -> io::Result<()> {
    // SAFETY: the routine is one, and part of this program.
    unsafe { SetConsoleCtrlHandler(Some(stay), 1) };
    let given = io::stdin().as_handle().try_clone_to_owned()?;
    let mut record = Record::of(File::from(given));
    let Some(recorded) = record.read()? else {
        return Err(io::Error::other("standard input is not the record of a run"));
    };
    if recorded.started.is_some() || recorded.end.is_some() {
        return Err(io::Error::other("what is ordered here was begun already"));
    }
    let end = match begin(&recorded.order) {
        Ok((process, job)) => {
            let (created, _) = process.times().unwrap_or_default();
            record.add(&Entry::Started { pid: process.id(), created })?;
            wait(&process, &job, recorded.order.limit.map(Duration::from_secs))?
        }
        Err(why) => End::NotStarted(why),
    };
    record.add(&Entry::Ended(end))
}

/// Ignores the console, a logoff and a shutdown: a watcher ends after its command, and sees it end.
unsafe extern "system" fn stay(_: u32) -> i32 {
    1
}

/// Starts the command, in our folder and with our environment, which the run chose.
fn begin(order: &Order) -> Result<(Process, Job), String> {
    let failed = |what: &str, cause: Win32Error| format!("cannot {what} {}: {cause}", order.program.display());
    let read = |error: io::Error| failed("give its input to", Win32Error::of(&error));
    let input = order.input.as_deref().unwrap_or("NUL".as_ref());
    let input = File::open(input).map_err(read)?;
    let (out, err) = (io::stdout(), io::stderr());
    let streams: [BorrowedHandle<'_>; 3] = [input.as_handle(), out.as_handle(), err.as_handle()];
    let arguments: Vec<OsString> = order.arguments.iter().map(OsString::from).collect();
    let mut job = Job::new(false).map_err(|cause| failed("make a job for", cause))?;
    let _note = Note::new(&order.private, &order.program)
        .map_err(|error| failed("note the start of", Win32Error::of(&error)))?;
    let creation = Creation {
        program: &order.program,
        arguments: &arguments,
        variables: None,
        folder: None,
        streams,
        kept: &[],
        breaks_away: false,
    };
    let process = creation.start(&mut job).map_err(|cause| failed("start", cause))?;
    Ok((process, job))
}

/// Waits for the end, and ends the command when the time limit is over. Meanwhile the watcher sleeps, because its own
/// CPU time would look like a sign of life of the command.
fn wait(process: &Process, job: &Job, limit: Option<Duration>) -> io::Result<End> {
    let failed = |cause: Win32Error| io::Error::from_raw_os_error(cause.0.cast_signed());
    if let Some(code) = process.wait(limit.unwrap_or(Duration::MAX)).map_err(failed)? {
        return Ok(End::Exited(code));
    }
    job.end_with(process);
    let _ = process.wait(GOING);
    Ok(End::TimedOut)
}
