//! Starts the tested program, in a folder and without a terminal.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Output, Stdio},
};

/// The result of a command.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The result of a program that ended. Checks that it did not panic.
pub fn ended(output: Output) -> Ended {
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(!err.contains("panicked"), "{err}");
    Ended { code: output.status.code(), out, err }
}

/// The program (a test's own `CARGO_BIN_EXE_reconcile`) with these arguments, to be started in a folder.
#[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
pub fn command(program: impl AsRef<OsStr>, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}
