//! `reconcile plan --fleet`: in which order and when the servers of a fleet are updated.

use crate::commands::args::Plan;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::fleet;
use crate::work::{clock::now, rollout::report};

/// Plans the rollout and shows it.
///
/// # Errors
/// When the manifest or the snapshots as a whole cannot be used.
pub fn run(args: &Plan) -> Result<Exit, Problem> {
    let input = Input::read(&args.scope.manifest)?;
    input.expect(args.fingerprint)?;
    let report = report(&input, args.as_of.unwrap_or_else(now), &args.from)?;
    args.scope.output.print(&report, |report| fleet::of(report, &args.scope.manifest))?;
    Ok(report.state.into())
}
