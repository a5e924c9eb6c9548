//! `reconcile why`: what must be true before the next step on a server, what is true now, and who can make it so.

use crate::commands::args::Scope;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::why;
use crate::work::{session::safe_program, site::Site, why::report};

/// Reads what the next step depends on, and changes nothing.
///
/// # Errors
/// When the manifest or a host cannot be used.
pub fn run(scope: &Scope) -> Result<Exit, Problem> {
    let input = Input::read(&scope.manifest)?;
    safe_program(&input)?;
    let (mut site, goals) = Site::open(&input, &scope.servers)?;
    let report = report(&mut site, &goals, &input)?;
    scope.output.print(&report, why::text)?;
    Ok(report.state.into())
}
