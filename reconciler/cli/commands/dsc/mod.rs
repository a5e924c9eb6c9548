//! `reconcile dsc`: this program as a resource of Microsoft DSC v3, one process for each operation.
//!
//! Standard output carries the results for the engine: JSON, one value per line. Standard error carries the log: one
//! JSON object per line (`trace.rs`). An exit code other than 0 is a failure, whatever was printed.

mod ask;
mod instance;
mod properties;
mod resource;
mod set;
mod trace;

use reconcile_schema::DscInstance;

use self::{
    ask::Asked,
    instance::{instance, tested},
    properties::unlike,
};
use crate::commands::args::Dsc;
use crate::manifest::{exit::Exit, harmless, problem::Problem};
use crate::show::out::print_lines;
use crate::work::{look::seen, site::Site};

/// Answers the engine, or writes the file by which it finds this program.
///
/// # Errors
/// When that file cannot be written. Errors in an operation are reported to the engine.
pub fn run(command: &Dsc, verbose: bool) -> Result<Exit, Problem> {
    let operation = match command {
        Dsc::Manifest { out } => return resource::write(out),
        Dsc::Get => get,
        Dsc::Test => test,
        Dsc::Set { what_if: false } => set::set,
        Dsc::Set { what_if: true } => set::what_if,
        Dsc::Export => export,
    };
    trace::listen(verbose);
    Ok(Asked::read().and_then(|asked| operation(&asked)).unwrap_or_else(|problem| {
        problem.lines().iter().for_each(|line| tracing::error!("{line}"));
        problem.exit()
    }))
}

/// The actual state of one server.
fn get(asked: &Asked) -> Result<Exit, Problem> {
    let (_, mut site, goal) = asked.server()?;
    let seen = seen(&mut site, &goal)?;
    print_lines(&[harmless::line(&instance(asked, &goal, &seen, site.is_lab()))?])
}

/// The actual state of one server, and the properties that differ from the declaration.
fn test(asked: &Asked) -> Result<Exit, Problem> {
    let (_, mut site, goal) = asked.server()?;
    let mut now = tested(&instance(asked, &goal, &seen(&mut site, &goal)?, site.is_lab()));
    let mut differing = unlike(&now, &now.at_goal())?;
    if asked.wants_removal(&now) {
        now.in_desired_state = Some(false); // `set` refuses it: nothing is ever removed.
        differing.insert(0, "_exist".into());
    }
    if let Some(why) = &now.blocked_by {
        tracing::warn!("{}: {why}", goal.server);
    }
    print_lines(&[harmless::line(&now)?, harmless::line(&differing)?])
}

/// All servers of a manifest, one per line. If the request has properties, a server must have all of them.
fn export(asked: &Asked) -> Result<Exit, Problem> {
    let input = asked.input()?;
    let (mut site, goals) = Site::open(&input, asked.servers())?;
    for goal in &goals {
        let found = instance(asked, goal, &seen(&mut site, goal)?, site.is_lab());
        if asked.fits(&tested(&found))? {
            print_lines(&[harmless::line(&DscInstance { name: Some(goal.server.to_string()), ..found })?])?;
        }
    }
    Ok(Exit::Done)
}
