//! `reconcile observe`: what is seen of servers, as snapshots.

use std::{io::Write, path::Path};

use reconcile_core::{Ask, Goal, Observe, Run, Seen};
use reconcile_schema::{Mode, RunId, SNAPSHOT_VERSION, Snapshot};

use crate::{
    appear, args,
    diagnostic::escape,
    exit::{Exit, worst},
    harmless, history,
    input::Input,
    print,
    problem::Problem,
    render,
    session::{nobody_acts, run_name, safe_program, trace_moved},
    site::Site,
    unattended::{self, Judgement, Reporter, Watch},
};

/// Looks at everything there is to see, dear facts too. Prints one line of JSON for each server, or writes one file.
///
/// # Errors
/// When the manifest, a host or the folder cannot be used.
pub fn run(args: &args::Observe, verbose: bool) -> Result<Exit, Problem> {
    if args.unattended {
        let work = |input: &Input, reporter: &Reporter| report(args, input, reporter);
        return unattended::run(Mode::Observe, &args.manifest, verbose, work);
    }
    let input = Input::read(&args.manifest)?;
    safe_program(&input)?;
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    history::warn(&site, &goals);
    for goal in &goals {
        let snapshot = snapshot(&mut site, goal)?;
        match &args.to {
            Some(folder) => write(folder, &snapshot)?,
            None => {
                let mut line = harmless::line(&snapshot)?;
                line.push('\n');
                print(&line)?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Looks, compares as `drift` does, and reports as the manifest says. Not while a run is under way: it takes services down
/// that are no drift, and no shell may be open beside it.
fn report(args: &args::Observe, input: &Input, reporter: &Reporter) -> Result<Exit, Problem> {
    safe_program(input)?;
    let (mut site, goals) = Site::open(input, &args.servers)?;
    let run = RunId(run_name());
    nobody_acts(input)?;
    trace_moved();
    let mut states = Vec::new();
    for goal in &goals {
        let watch = Watch::begin(reporter, goal, site.last_run(&goal.server)?);
        let snapshot = match snapshot(&mut site, goal) {
            Ok(snapshot) => snapshot,
            Err(problem) => {
                watch.broke(&problem);
                return Err(problem);
            }
        };
        let seen = Seen { host: snapshot.seen, marks: snapshot.marks, run: Run::new(run.clone()) };
        let judgement = Judgement::of_look(goal, &seen, site.is_lab());
        let (state, outcome) = (judgement.state, escape(&judgement.outcome));
        print(&format!("{}: {}; {outcome}\n", goal.server, render::word(state)))?;
        states.push(state);
        watch.end(judgement, &seen, site.is_lab(), input.stale(&seen.marks, seen.host.at).as_ref());
    }
    Ok(worst(states).into())
}

/// A snapshot of the server of `goal`.
///
/// # Errors
/// When the server cannot be looked at at all.
pub fn snapshot(site: &mut Site, goal: &Goal) -> Result<Snapshot, Problem> {
    let lab = site.is_lab();
    match site {
        Site::Lab(simulated) => look(&mut simulated.host(&goal.server).map_err(Problem::input)?, goal, lab),
        #[cfg(windows)]
        Site::Machine(host) => look(host.as_mut(), goal, lab),
    }
}

fn look<H: Observe>(host: &mut H, goal: &Goal, lab: bool) -> Result<Snapshot, Problem> {
    let stores = goal.stores.iter().cloned().map(Ask::Databases);
    let pool = goal.is_in_pool().then_some(Ask::Pool);
    for ask in [Ask::Rights, Ask::Package, Ask::Disk, Ask::Shells, Ask::Foreign].into_iter().chain(stores).chain(pool) {
        host.look(goal, &ask).map_err(Problem::failed)?;
    }
    Ok(Snapshot {
        version: SNAPSHOT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        lab,
        builds_only: false,
        seen: host.observe(goal).map_err(Problem::failed)?,
        marks: host.marks().map_err(Problem::failed)?,
    })
}

/// Writes a snapshot whole, or not at all: somebody may be collecting the folder at this moment.
///
/// # Errors
/// When the folder or the file cannot be used.
pub fn write(folder: &Path, snapshot: &Snapshot) -> Result<(), Problem> {
    let path = folder.join(format!("{}.json", snapshot.seen.host));
    let failed =
        |error: std::io::Error| Problem::failed(format!("cannot write the snapshot {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = appear::beside(&path).map_err(failed)?;
    file.write_all(harmless::pretty(snapshot)?.as_bytes()).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}
