//! `reconcile drift`: how the servers of a fleet differ from their manifest.

use std::thread;

use reconcile_hosts::snapshot::Sources;

use crate::commands::args::{Drift, Judged};
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::drift::forms::{Form, form_of};
use crate::show::drift::{report::Head, reports::Reports};
use crate::work::judge::{Judge, Options};
use crate::work::{clock::now, drift::Fleet};

/// Judges every snapshot, and says which servers have none.
///
/// # Errors
/// When the manifest, the snapshots as a whole or a report cannot be used.
pub fn run(args: &Drift) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let as_of = args.as_of.unwrap_or_else(now);
    let shows_seen = |form| form == Form::Html;
    let keeps = shows_seen(args.output) || args.reports.iter().any(|path| form_of(path).is_some_and(shows_seen));
    let builds_alone = args.judge == Judged::Builds;
    let judge = Judge::new(&input, Options { as_of, max_age: args.max_age, builds_alone, keeps })?;
    let servers: Vec<_> = args.servers.iter().map(|name| input.named(name)).collect();
    for name in &servers {
        judge
            .roster()
            .find_host(name)
            .map_err(|_| Problem::input(format!("the manifest does not name the server {name}")))?;
    }
    let (made_by, manifest) = (env!("CARGO_PKG_VERSION"), args.manifest.display().to_string());
    let head = Head { made_by, manifest, fingerprint: input.fingerprint(), as_of };
    let mut reports = Reports::open(args.output, &args.reports, &head, input.releases())?;
    if builds_alone {
        reports.summary.not_judged = ["services", "databases"].map(str::to_owned).into();
    }
    let fleet = Fleet::of(&judge, &servers, |judged| reports.server(judged));
    if args.from.is_empty() {
        fleet.look(&input)?;
    } else {
        let sources = Sources::open(&args.from).map_err(Problem::input)?;
        fleet.read(sources, thread::available_parallelism().map_or(1, usize::from))?;
    }
    reports.finish()
}
