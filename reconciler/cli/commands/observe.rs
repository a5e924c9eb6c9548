//! `reconcile observe`: snapshots of servers.

use reconcile_core::{Goal, Run, Seen, asks};
use reconcile_schema::Mode;

use crate::commands::args::Observe;
use crate::manifest::{diagnostic::escape, exit::Exit, harmless, input::Input, problem::Problem};
use crate::show::out::{print, warn_of_damage};
use crate::show::render;
use crate::work::session::{Patience, lock, nobody_acts, safe_program, trace_moved};
use crate::work::snapshot::{snapshot, usual, write};
use crate::work::{
    site::{Site, lab_path},
    state::worst,
    unattended::{self, judgement::Judgement, reporter::Reporter, watch::Watch},
};

/// Reads every fact, expensive ones too. Prints one line of JSON for each server, or writes one file.
///
/// # Errors
/// When the manifest, a host or the folder cannot be used.
pub fn run(args: &Observe, verbose: bool) -> Result<Exit, Problem> {
    if args.unattended {
        let work = |input: &Input, reporter: &Reporter| report(args, input, reporter);
        return unattended::run::run(Mode::Observe, &args.manifest, verbose, work);
    }
    let input = Input::read(&args.manifest)?;
    safe_program(&input)?;
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    warn_of_damage(&site, &goals);
    for goal in &goals {
        let facts = if args.doctor { asks(goal) } else { usual(goal) };
        let snapshot = snapshot(&mut site, goal, &facts)?;
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

/// Reads, compares as `drift` does, and reports as the manifest says. Never during a run: the services that a run stops are not
/// drift, and no management shell may be open next to it.
fn report(args: &Observe, input: &Input, reporter: &Reporter) -> Result<Exit, Problem> {
    safe_program(input)?;
    // A lab is read under its lock, as by every command that works on it. On a server, a run that begins meanwhile is not
    // delayed, and no `hold` fails, for the sake of an observation: what a server is, it reports when it is observed.
    let free = || match lab_path(input) {
        Some(_) => lock(input, &reporter.run, Patience::NONE).map(Some),
        None => nobody_acts(input).map(|()| None),
    };
    let (mut site, goals, _lock) = Site::open_once(input, &args.servers, free)?;
    trace_moved();
    let mut states = Vec::new();
    let goals: Vec<_> = goals.into_iter().map(Goal::unexamined).collect();
    for goal in &goals {
        let watch = Watch::begin(reporter, goal, site.last_run(&goal.server)?);
        let snapshot = match snapshot(&mut site, goal, &usual(goal)) {
            Ok(snapshot) => snapshot,
            Err(problem) => {
                watch.broke(&problem);
                return Err(problem);
            }
        };
        let seen = Seen { host: snapshot.seen, marks: snapshot.marks, run: Run::new(reporter.run.clone()) };
        let judgement = Judgement::of_look(goal, &seen, site.is_lab());
        let (state, outcome) = (judgement.state, escape(&judgement.outcome));
        print(&format!("{}: {}; {outcome}\n", goal.server, render::word(state)))?;
        states.push(state);
        watch.end(judgement, &seen, site.is_lab(), input.stale(&seen.marks, seen.host.at).as_ref(), input.follows());
    }
    Ok(worst(states).into())
}
