//! The commands, a thin file for each.

mod answer;
mod apply;
pub mod args;
mod claims;
mod doctor;
mod drift;
mod dsc;
mod explain;
mod fleet;
mod help;
mod history;
mod hold;
mod init;
mod inventory;
mod lab;
#[cfg(windows)]
mod msi;
mod observe;
mod plan;
mod releases;
mod schedule;
mod status;
mod support;
mod validate;
mod why;
pub mod words;

use clap::CommandFactory;

use self::args::{Args, Command};
use crate::manifest::{exit::Exit, problem::Problem, schemas};
use crate::show::out::print;

/// Runs the command.
///
/// # Errors
/// Those of the command.
pub fn run(command: Command, verbose: bool) -> Result<Exit, Problem> {
    match command {
        Command::Apply(args) => apply::run(&args, verbose),
        Command::Plan(args) if args.fleet => fleet::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Inventory(args) => inventory::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Drift(args) => drift::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Observe(args) => observe::run(&args, verbose),
        Command::Validate { manifests, strict } => validate::run(&manifests, strict),
        Command::Explain(args) => explain::run(&args),
        Command::Help { words } => help::run(&words),
        Command::Schema { format } => print(&schemas::text(format)),
        Command::Releases(args) => releases::run(&args),
        Command::Why(scope) => why::run(&scope),
        Command::Support(args) => support::run(&args),
        Command::Status(scope) => status::run(&scope),
        Command::History(args) => history::run(&args),
        Command::Hold(args) => hold::hold(&args),
        Command::Unhold(args) => hold::unhold(&args),
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
        #[cfg(windows)]
        Command::Msi(step) => msi::run(step),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "reconcile", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}
