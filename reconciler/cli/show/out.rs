//! What the program writes: results to standard output, problems and warnings to standard error.

use std::{
    io::{self, Write},
    path::Path,
};

use reconcile_core::Goal;
use reconcile_hosts::appear;
use reconcile_schema::Damage;

use crate::manifest::{diagnostic::escape, exit::Exit, problem::Problem};
use crate::work::{past::damaged, site::Site};

/// Writes a result to standard output.
pub fn print(text: &str) -> Result<Exit, Problem> {
    let mut out = anstream::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// How it ended to write a result to standard output. A reader that closed the pipe is not an error.
pub fn written(ended: io::Result<()>) -> Result<Exit, Problem> {
    match ended {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::failed(format!("standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(Exit::Done),
    }
}

/// Writes lines to standard output.
pub fn print_lines(lines: &[String]) -> Result<Exit, Problem> {
    print(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

/// Writes a file that is not there yet, for a command that never replaces one.
pub fn write_new(path: &Path, text: &str, command: &str) -> Result<(), Problem> {
    appear::write_new(path, text.as_bytes()).map_err(|error| {
        let path = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            Problem::usage(format!("{path} is there already, and {command} never replaces a file: rename or remove it"))
        } else {
            Problem::failed(format!("{path}: {error}"))
        }
    })
}

/// Writes the reason why a command ended early to standard error; returns its exit code.
pub fn report(problem: &Problem) -> Exit {
    let text = problem.styled();
    let lead = if text.starts_with("error") || text.contains("\u{1b}[") { "" } else { "error: " };
    let _ = writeln!(anstream::stderr(), "{lead}{text}");
    problem.exit()
}

/// Writes a warning to standard error. Nobody may be reading it, which is not an error.
pub fn warn(text: &str) {
    let _ = writeln!(anstream::stderr(), "warning: {}", escape(text));
}

/// Warns of damaged journals, for commands whose answer has no place for it.
pub fn warn_of_damage(site: &Site, goals: &[Goal]) {
    for goal in goals {
        let said = match damaged(site, &goal.server) {
            Ok(None) => continue,
            Ok(Some(damage)) => {
                format!("the journal is damaged: {damage}; {}; see reconcile acknowledge", Damage::MAY_BE_LOST)
            }
            Err(problem) => problem.text(),
        };
        warn(&format!("{}: {said}", goal.server));
    }
}
