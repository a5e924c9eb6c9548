//! `reconcile doctor`: every assumption, and every known reason why services do not come back, checked on servers.

use crate::commands::args::{Doctor, Written};
use crate::manifest::{exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::{
    doctor,
    out::{print, warn_of_damage},
};
use crate::work::{doctor::report, session::safe_program, site::Site};

/// Checks, and changes nothing.
///
/// # Errors
/// When the manifest or a host cannot be used.
pub fn run(args: &Doctor) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    safe_program(&input)?;
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    let report = report(&mut site, &goals)?;
    warn_of_damage(&site, &goals);
    match args.output {
        Written::Text => print(&doctor::text(&report))?,
        Written::Json => print(&harmless::pretty(&report)?)?,
        Written::Markdown => print(&doctor::markdown(&report))?,
    };
    Ok(report.state.into())
}
