//! Whether a command can outlive us: not if we are in a job that our child processes cannot leave, as in a remote
//! session.
//!
//! The limits of our own job would not show this, because it may be nested in others. So a process that never runs is
//! used to try it.

use std::fs::File;
use std::os::windows::io::AsHandle;
use std::path::Path;

use windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED;

use super::create::Creation;
use super::job::{is_in_job, is_own_process_in_job};
use super::sleeper::Note;
use super::win32::Win32Error;

/// The result of starting a process that should not be in our job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// It is in no job.
    Outside,
    /// It is in one anyway.
    Inside,
    /// The job does not allow it.
    Refused,
}

/// Whether a process that we start ends with our job.
///
/// # Errors
/// When it cannot be tried.
pub fn is_confined(private: &Path) -> Result<bool, Win32Error> {
    if !is_own_process_in_job()? {
        return Ok(false);
    }
    Ok(confined(attempt(private, true)?, attempt(private, false)?))
}

/// Some jobs release a process that asks for it, others release every process.
const fn confined(asked: Attempt, by_itself: Attempt) -> bool {
    !matches!((asked, by_itself), (Attempt::Outside, _) | (_, Attempt::Outside))
}

fn attempt(private: &Path, breaks_away: bool) -> Result<Attempt, Win32Error> {
    let failed = |error: std::io::Error| Win32Error::of(&error);
    let program = std::env::current_exe().map_err(failed)?;
    let nothing = File::open("NUL").map_err(failed)?;
    let creation = Creation {
        program: &program,
        arguments: &[],
        variables: None,
        folder: None,
        streams: [nothing.as_handle(); 3],
        kept: &[],
        breaks_away,
    };
    let _note = Note::new(private, &program).map_err(failed)?;
    match creation.left_suspended() {
        Ok(process) => {
            let inside = is_in_job(&process);
            let _ = process.end(); // A failure leaves nothing to do.
            Ok(if inside? { Attempt::Inside } else { Attempt::Outside })
        }
        Err(Win32Error(ERROR_ACCESS_DENIED)) => Ok(Attempt::Refused),
        Err(cause) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_job_that_lets_nothing_go_confines() {
        use Attempt::{Inside, Outside, Refused};
        let table = [
            ("a job that lets go what asks for it", Outside, Inside, false),
            ("a job that lets go everything, whether it asks or not", Outside, Outside, false),
            ("a job that lets go everything and knows no asking", Refused, Outside, false),
            ("a job that lets nothing go, as remote sessions have it", Refused, Inside, true),
            ("a job that lets go, within one that does not", Inside, Inside, true),
        ];
        for (what, asked, by_itself, expected) in table {
            assert_eq!(confined(asked, by_itself), expected, "{what}");
        }
    }
}
