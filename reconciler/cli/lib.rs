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

use std::process::ExitCode;

use clap::Parser;

use crate::commands::args::{Args, Command};
use crate::commands::words;
use crate::manifest::exit::Exit;
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
            let asked = !error.use_stderr(); // --help and --version are not errors.
            let _ = error.print();
            return if asked { Exit::Done } else { Exit::Usage }.into();
        }
    };
    if args.verbose && !matches!(args.command, Command::Dsc(_)) {
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
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
