//! The command line of `reconcile`, in four modules: `manifest` reads what was declared, `work` has the code that
//! commands share, `show` has everything that people and programs read, and `commands` has a thin file for each
//! command.
#![forbid(unsafe_code)]

mod commands;
#[doc(hidden)]
pub mod fuzz;
mod manifest;
#[doc(hidden)]
pub mod pages;
mod show;
mod work;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

use crate::commands::args::{Args, Command};
use crate::commands::words;
use crate::manifest::diagnostic::escape_lines;
use crate::manifest::exit::Exit;
use crate::manifest::harmless::Trace;
use crate::manifest::problem::Problem;
use crate::show::out::report;

/// Runs the program on the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(windows)]
    reconcile_hosts::windows::protect();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let command = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
            if let Some(answer) = words::answer(&error, command.as_deref()) {
                return report(&Problem::usage(answer)).into();
            }
            if !error.use_stderr() {
                let _ = error.print(); // --help and --version are not errors.
                return Exit::Done.into();
            }
            // It quotes the words of the command line, which a pipeline may have received from anywhere.
            let _ = write!(anstream::stderr(), "{}", escape_lines(&error.render().ansi().to_string()));
            return Exit::Usage.into();
        }
    };
    if args.verbose && !matches!(args.command, Command::Dsc(_)) {
        tracing_subscriber::fmt().with_writer(|| Trace::text(io::stderr())).with_target(false).init();
    }
    #[cfg(windows)]
    let for_people = !matches!(args.command, Command::Dsc(_)); // The engine of DSC reads lines of JSON.
    let exit = commands::run(args.command, args.verbose).unwrap_or_else(|problem| report(&problem));
    #[cfg(windows)]
    if for_people {
        reconcile_hosts::windows::moved_aside().iter().for_each(|moved| show::out::warn(moved));
    }
    exit.into()
}
