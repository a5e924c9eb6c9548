//! `reconcile apply`: brings servers to their goals.

use std::path::Path;

use reconcile_schema::{Mode, REPORT_VERSION, RunReport};

use crate::commands::args::{Apply, Output};
use crate::manifest::{exit::Exit, input::Input, problem::Problem};
use crate::show::{
    console::Console,
    out::{print, warn},
    render,
    voice::Voice,
};
use crate::work::converge::{Options, each};
use crate::work::{
    clock::now,
    rescue::rescued,
    session::safe_program,
    site::lab_path,
    state::worst,
    unattended::{
        self,
        log::{self, Listening},
        reporter::Reporter,
    },
};

/// Applies a manifest to the servers that can be reached.
///
/// # Errors
/// When the manifest, the approved plan or a host cannot be used.
pub fn run(args: &Apply, verbose: bool) -> Result<Exit, Problem> {
    if args.unattended {
        let work = |input: &Input, reporter: &Reporter| {
            bring(args, input, Some(reporter), reporter.log().filter(|_| lab_path(input).is_none()))
        };
        return unattended::run::run(Mode::Apply, &args.scope.manifest, verbose, work);
    }
    let manifest = &args.scope.manifest;
    let ended = Input::read(manifest).and_then(|input| {
        let log = logged(&input, verbose)?;
        bring(args, &input, None, log.as_ref().map(|log| log.path.as_path()))
    });
    ended.map_err(|problem| rescued(problem, manifest))
}

/// The log of a run that a person started. If it cannot be written, the run continues without one. The world of a lab records what a
/// run does, and only Windows has a real server.
///
/// # Errors
/// When others can change the program: it touches nothing on the server then.
fn logged(input: &Input, verbose: bool) -> Result<Option<Listening>, Problem> {
    if cfg!(not(windows)) || lab_path(input).is_some() {
        return Ok(None);
    }
    safe_program(input)?;
    Ok(log::begin(input, now(), verbose).unwrap_or_else(|error| {
        warn(&format!("this run has no log: {error}"));
        None
    }))
}

/// Brings the servers to their goals, one after the other.
fn bring(args: &Apply, input: &Input, reporter: Option<&Reporter>, log: Option<&Path>) -> Result<Exit, Problem> {
    input.expect(args.fingerprint)?;
    let mut servers = Vec::new();
    let options = Options {
        servers: args.scope.servers.clone(),
        plan: args.plan.clone(),
        retry: args.retry,
        unattended: args.unattended,
        lock_wait: args.lock_wait,
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
    let report = RunReport {
        version: REPORT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        manifest_fingerprint: Some(input.fingerprint()),
        state,
        log: log.map(|log| log.display().to_string()),
        servers,
    };
    args.scope.output.print(&report, |report| format!("\n{}", render::summary(report)))?;
    Ok(report.state.into())
}
