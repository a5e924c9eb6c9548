//! The command line of `reconcile`: reads manifests, asks the hosts, and tells people and programs.
#![forbid(unsafe_code)]

mod advice;
mod appear;
mod apply;
mod args;
mod catalogue;
mod check;
mod claims;
mod comeback;
mod diagnostic;
mod drift;
mod dsc;
mod exit;
mod finding;
mod fleet;
#[doc(hidden)]
pub mod fuzz;
mod harmless;
mod history;
mod hold;
mod input;
mod interrupt;
mod inventory;
mod lab;
mod observe;
mod outage;
mod plan;
mod problem;
mod progress;
mod releases;
mod render;
mod rescue;
mod schedule;
mod schemas;
mod session;
mod signed;
mod site;
mod source;
mod status;
mod text;
mod typed;
mod unattended;
mod validate;
mod voice;
mod world;
mod yaml;

use std::{io::Write, process::ExitCode};

use clap::{CommandFactory, Parser};

use crate::{
    args::{Args, Command},
    exit::Exit,
    problem::Problem,
};

/// Runs the program on the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(windows)]
    reconcile_hosts::windows::protect();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let asked = !error.use_stderr(); // --help and --version are no errors.
            let _ = error.print();
            return if asked { Exit::Done } else { Exit::Usage }.into();
        }
    };
    if args.verbose && !matches!(args.command, Command::Dsc(_)) {
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    }
    #[cfg(windows)]
    let for_people = !matches!(args.command, Command::Dsc(_)); // Its engine reads lines of JSON.
    let exit = run(args.command, args.verbose).unwrap_or_else(|problem| problem.report());
    #[cfg(windows)]
    if for_people {
        for moved in reconcile_hosts::windows::moved_aside() {
            let _ = writeln!(anstream::stderr(), "warning: {}", diagnostic::escape(moved));
        }
    }
    exit.into()
}

fn run(command: Command, verbose: bool) -> Result<Exit, Problem> {
    match command {
        Command::Apply(args) => apply::run(&args, verbose),
        Command::Plan(args) if args.fleet => fleet::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Inventory(args) => inventory::run(&args),
        Command::Drift(args) => drift::run(&args),
        Command::Observe(args) => observe::run(&args, verbose),
        Command::Validate { manifests, strict } => validate::run(&manifests, strict),
        Command::Schema { format } => print(&schemas::text(format)),
        Command::Releases(args) => releases::run(&args),
        Command::Status(scope) => status::run(&scope),
        Command::History(args) => history::run(&args),
        Command::Hold(args) => hold::hold(&args),
        Command::Release(args) => hold::release(&args),
        Command::Acknowledge(args) => hold::acknowledge(&args),
        Command::Claims(args) => claims::run(&args),
        Command::Lab(command) => lab::run(&command),
        Command::Schedule(command) => schedule::run(&command),
        Command::Dsc(command) => dsc::run(&command, verbose),
        #[cfg(windows)]
        Command::Attend => {
            reconcile_hosts::windows::attend().map_err(Problem::failed)?;
            Ok(Exit::Done)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "reconcile", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}

/// Writes a result to standard output. A reader that went away is no failure of ours.
fn print(text: &str) -> Result<Exit, Problem> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Problem::failed(format!("standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(Exit::Done),
    }
}
