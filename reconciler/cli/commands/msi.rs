//! `reconcile msi`: what the Windows Installer package has this program do. Windows Installer shows no word of a program that it
//! runs, so the reason of a refusal is also kept in a file.

use std::path::PathBuf;

use reconcile_hosts::windows::{journal_path, lock_path, logs_folder};
use reconcile_hosts::{Journal, Lock};
use reconcile_schema::shown_at;

use crate::commands::args::Msi;
use crate::manifest::{exit::Exit, problem::Problem};

/// The file with the reason, in the folder of logs.
const REFUSED: &str = "msi-refused.txt";

/// Does one step of an installation.
///
/// # Errors
/// When the private folder cannot be used, or the program must stay as it is.
pub fn run(step: Msi) -> Result<Exit, Problem> {
    let kept = logs_folder().map_err(Problem::failed)?.join(REFUSED);
    let done = match step {
        Msi::Installed => Ok(()), // The path of the logs has made the private folder.
        Msi::Replace => nobody_runs(),
        Msi::Remove => nobody_runs().and_then(|()| nothing_is_down()),
    };
    match &done {
        Ok(()) => drop(std::fs::remove_file(kept)), // An earlier reason is no longer true.
        Err(problem) => keep(&kept, problem)?,
    }
    done.map(|()| Exit::Done)
}

/// A run starts its watchers from the path of the program, so it must be the same program until the end of the run.
fn nobody_runs() -> Result<(), Problem> {
    let holder = Lock::holder(&lock_path().map_err(Problem::failed)?);
    let refused = |holder| {
        Problem::another_run(format!(
            "a run is at work: {holder}\nThe program stays as it is. Try again when `reconcile status MANIFEST` names no run"
        ))
    };
    holder.map_or(Ok(()), |holder| Err(refused(holder)))
}

/// Nobody but our journal knows which services a run has stopped.
fn nothing_is_down() -> Result<(), Problem> {
    let marks = Journal::read(&journal_path().map_err(Problem::failed)?).map_err(Problem::failed)?;
    if let Some(why) = marks.damaged.and_then(|damage| damage.why) {
        return Err(Problem::failed(why)); // Whether a service is down is unknown.
    }
    let Some(baseline) = marks.baseline else { return Ok(()) };
    Err(Problem::failed(format!(
        "a run has stopped services at {since}, and none has brought them back since: {services}\n\
         The program stays as it is, because only its journal names them. Run `reconcile apply MANIFEST` to its end, then remove it",
        since = shown_at(baseline.since, None),
        services = baseline.running.join(", "),
    )))
}

fn keep(path: &PathBuf, problem: &Problem) -> Result<(), Problem> {
    let text = problem.text().replace('\n', "\r\n") + "\r\n"; // As Notepad on the older servers expects it.
    std::fs::write(path, text).map_err(|error| Problem::failed(format!("cannot write {}: {error}", path.display())))
}
