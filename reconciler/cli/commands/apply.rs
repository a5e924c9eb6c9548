//! `reconcile apply`: brings servers to their goals.

use reconcile_schema::{Mode, REPORT_VERSION, RunReport};

use crate::commands::args::{Apply, Output};
use crate::manifest::{exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::{console::Console, out::print, render, voice::Voice};
use crate::work::converge::{Options, each};
use crate::work::{
    rescue::rescued,
    state::worst,
    unattended::{self, reporter::Reporter},
};

/// Applies a manifest to the servers that can be reached.
///
/// # Errors
/// When the manifest, the approved plan or a host cannot be used.
pub fn run(args: &Apply, verbose: bool) -> Result<Exit, Problem> {
    if args.unattended {
        let work = |input: &Input, reporter: &Reporter| bring(args, input, Some(reporter));
        return unattended::run::run(Mode::Apply, &args.scope.manifest, verbose, work);
    }
    let manifest = &args.scope.manifest;
    let ended = Input::read(manifest).and_then(|input| bring(args, &input, None));
    ended.map_err(|problem| rescued(problem, manifest))
}

/// Brings the servers to their goals, one after the other.
fn bring(args: &Apply, input: &Input, reporter: Option<&Reporter>) -> Result<Exit, Problem> {
    let mut servers = Vec::new();
    let options = Options {
        servers: args.scope.servers.clone(),
        plan: args.plan.clone(),
        retry: args.retry,
        unattended: args.unattended,
        yes: args.yes,
    };
    let (voice, headings) = match args.scope.output {
        Output::Text => (Voice::of_text(), true),
        Output::Json => (Voice::Lines, false),
    };
    let console = Console { voice, headings };
    each(&options, input, reporter, &console, |ran| {
        if args.scope.output == Output::Text {
            print(&render::outcome(&ran.server))?;
        }
        servers.push(ran.server);
        Ok(())
    })?;
    let state = worst(servers.iter().map(|server| server.state));
    let report = RunReport { version: REPORT_VERSION, made_by: env!("CARGO_PKG_VERSION").into(), state, servers };
    match args.scope.output {
        Output::Text => print(&format!("\n{}", render::summary(&report)))?,
        Output::Json => print(&harmless::pretty(&report)?)?,
    };
    Ok(report.state.into())
}
