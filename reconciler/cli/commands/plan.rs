//! `reconcile plan`: the steps that apply would run.

use reconcile_hosts::appear;

use crate::commands::args::Plan;
use crate::manifest::{exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::render;
use crate::work::{plan::report, site::Site};

/// Shows the plan, and writes it to the file that `--out` names.
///
/// # Errors
/// When the manifest, a host or the file cannot be used.
pub fn run(args: &Plan) -> Result<Exit, Problem> {
    let input = Input::read(&args.scope.manifest)?;
    input.expect(args.fingerprint)?;
    let (mut site, goals) = Site::open(&input, &args.scope.servers)?;
    let report = report(&mut site, &goals, &input)?;
    if let Some(path) = &args.out {
        let written = appear::write(path, harmless::pretty(&report)?.as_bytes());
        written.map_err(|error| Problem::failed(format!("{}: {error}", path.display())))?;
    }
    let manifest = &args.scope.manifest;
    args.scope.output.print(&report, |report| match &args.out {
        None => render::plan(report),
        Some(path) => format!("{}{}", render::plan(report), render::saved(path, manifest, &args.scope.servers)),
    })?;
    Ok(report.state.into())
}
