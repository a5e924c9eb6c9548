//! `reconcile schedule`: the scheduled task that runs this program unattended.

#[cfg(windows)]
mod register;
mod request;
#[cfg(windows)]
mod start;
mod unattended;

use self::request::{request, tell};
#[cfg(windows)]
use self::{
    register::{install, remove, show},
    start::start,
};
use crate::commands::args;
use crate::manifest::{exit::Exit, problem::Problem};
use crate::show::out::print;
#[cfg(not(windows))]
use crate::work::task::elsewhere;

/// Registers, shows, starts or removes the task.
///
/// # Errors
/// When the task cannot be requested, or the Task Scheduler cannot be used.
pub fn run(command: &args::Schedule) -> Result<Exit, Problem> {
    match command {
        args::Schedule::Install(args) if args.print => {
            let (request, outlook) = request(args)?;
            tell(&outlook);
            print(&request.definition().to_xml(None).map_err(Problem::failed)?)
        }
        #[cfg(windows)]
        args::Schedule::Install(args) => install(args),
        #[cfg(windows)]
        args::Schedule::Show { output } => show(*output),
        #[cfg(windows)]
        args::Schedule::Run(args) => start(args),
        #[cfg(windows)]
        args::Schedule::Remove => remove(),
        #[cfg(not(windows))]
        args::Schedule::Install(_) | args::Schedule::Show { .. } | args::Schedule::Run(_) | args::Schedule::Remove => {
            elsewhere()
        }
    }
}
