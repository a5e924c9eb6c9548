//! `reconcile plan --fleet`: in which order and when the servers of a fleet are updated.

use jiff::Timestamp;

use crate::commands::args::{Output, Plan};
use crate::manifest::{exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::{fleet, out::print};
use crate::work::rollout::report;

/// Plans the rollout and shows it.
///
/// # Errors
/// When the manifest or the snapshots as a whole cannot be used.
pub fn run(args: &Plan) -> Result<Exit, Problem> {
    let input = Input::read(&args.scope.manifest)?;
    input.expect(args.fingerprint)?;
    let report = report(&input, args.as_of.unwrap_or_else(now), &args.from)?;
    match args.scope.output {
        Output::Text => print(&fleet::of(&report, &args.scope.manifest))?,
        Output::Json => print(&harmless::pretty(&report)?)?,
    };
    Ok(report.state.into())
}

#[expect(clippy::disallowed_methods, reason = "the edge: a rollout begins now, unless somebody says otherwise")]
fn now() -> Timestamp {
    Timestamp::now()
}
