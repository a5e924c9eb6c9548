//! `reconcile history`: what earlier runs did, from the journal.

use reconcile_core::Goal;
use reconcile_schema::{HistoryReport, REPORT_VERSION, ServerHistory};

use crate::commands::args::History;
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::history::text;
use crate::work::past::{damaged, past};
use crate::work::site::Site;

/// Shows the earlier runs of servers.
///
/// # Errors
/// When the manifest or a journal cannot be used.
pub fn run(args: &History) -> Result<Exit, Problem> {
    let input = Input::read(&args.scope.manifest)?;
    let (site, goals) = Site::open(&input, &args.scope.servers)?;
    let of = |goal: &Goal| {
        let mut runs = past(&site, &goal.server)?;
        runs.drain(..runs.len().saturating_sub(args.last));
        let journal_damaged = damaged(&site, &goal.server)?;
        Ok(ServerHistory {
            name: goal.server.clone(),
            lab: site.is_lab(),
            zone: goal.zone().cloned(),
            journal_damaged,
            runs,
        })
    };
    let servers: Vec<_> = goals.iter().map(of).collect::<Result<_, Problem>>()?;
    let report = HistoryReport { version: REPORT_VERSION, made_by: env!("CARGO_PKG_VERSION").into(), servers };
    args.scope.output.print(&report, |report| report.servers.iter().map(text).collect())
}
