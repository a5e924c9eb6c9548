//! `reconcile lab`: shows, resets and breaks simulated servers.

use std::path::Path;

use jiff::Timestamp;
use reconcile_hosts::{
    Lock,
    lab::{Fault, Lab, LabError},
};
use reconcile_schema::{Period, RunId, ServerName};

use crate::commands::args;
use crate::manifest::{diagnostic::escape, exit::Exit, input::Input, problem::Problem};
use crate::show::{
    lab::{pace_set, show},
    out::print,
    rehearsal::Listing,
    topics,
    voice::Voice,
};
use crate::work::interrupt::{Interrupts, ROLLOUT_ENDS, wait};
use crate::work::rehearsal::{self, Happens};
use crate::work::session::{Patience, lock, run_name};
use crate::work::site::{lab_path, lab_world, near_fault};
use crate::work::{clock::now, state::worst, words::plural};

/// Shows, resets, waits or breaks.
///
/// # Errors
/// When the manifest has no lab, or the lab cannot be read or written.
pub fn run(command: &args::Lab) -> Result<Exit, Problem> {
    match command {
        args::Lab::Show { manifest } => print(&show(&open(manifest)?)),
        args::Lab::Reset { manifest } => {
            let input = Input::read(manifest)?;
            let path = path(&input)?;
            let world = lab_world(&input)?;
            let _lock = lock(&input, &RunId(run_name()), Patience::NONE)?;
            let lab = Lab::reset(&path, world).map_err(Problem::failed)?;
            let servers = lab.world().servers.len();
            let path = escape(&path.display().to_string());
            print(&format!("{path}: {servers} simulated {}, as the manifest says\n", plural(servers, "server")))
        }
        args::Lab::Wait { manifest, period } => {
            let (mut lab, _lock) = to_change(manifest)?;
            lab.pass(*period).map_err(Problem::failed)?;
            print(&show(&lab))
        }
        args::Lab::Pace { manifest, pace } => {
            let (mut lab, _lock) = to_change(manifest)?;
            lab.set_pace(*pace).map_err(Problem::failed)?;
            print(&pace_set(*pace, &escape(&manifest.display().to_string())))
        }
        args::Lab::Rollout { manifest, as_of, fail } => rollout(manifest, *as_of, fail),
        args::Lab::Break { manifest, server: Some(server), faults } if !faults.is_empty() => {
            let server = Input::read(manifest)?.named(server);
            let (mut lab, _lock) = to_change(manifest)?;
            damage(&mut lab, &server, faults)?;
            print(&show(&lab))
        }
        args::Lab::Break { .. } => {
            print(&format!("name a server and one or more of these faults:\n\n{}", topics::faults()))
        }
    }
}

/// Plays a rollout over the lab of a manifest, or over real servers that are simulated in memory.
fn rollout(manifest: &Path, as_of: Option<Timestamp>, fail: &[ServerName]) -> Result<Exit, Problem> {
    let input = Input::read(manifest)?;
    let fail: Vec<_> = fail.iter().map(|server| input.named(server)).collect();
    input.goals(&fail)?; // Names each that the manifest does not have.
    let mut held = None;
    let mut lab = if lab_path(&input).is_some() {
        let (lab, lock) = to_change(manifest)?;
        held = Some(lock);
        lab
    } else {
        Lab::in_memory(rehearsal::world(&input)?)
    };
    rehearsal::fail(&mut lab, &fail)?;
    let clock = held.as_ref().and_then(|_| lab.world().servers.values().map(|server| server.clock).max());
    if let Some((as_of, clock)) = as_of.zip(clock).filter(|(as_of, clock)| as_of < clock) {
        return Err(Problem::usage(format!(
            "--as-of {as_of} is before the lab's clock, {clock}: name a later time, or make the lab again with reconcile lab reset"
        )));
    }
    let at = as_of.or(clock).unwrap_or_else(now);
    let pace = lab.world().pace;
    let zone = input.goals(&[])?.iter().find_map(|goal| goal.zone().cloned());
    let interrupts = Interrupts::new(Voice::Lines.says(), ROLLOUT_ENDS);
    if pace.is_some() {
        interrupts.listen();
    }
    let (servers, manifest) = (lab.world().servers.len(), escape(&manifest.display().to_string()));
    print(&format!(
        "{manifest}: {servers} simulated {}; no machine is touched, and the times are a lab's\n",
        plural(servers, "server")
    ))?;
    let mut listing = Listing::new(zone, pace.is_some());
    let mut states = Vec::new();
    let rehearsed = rehearsal::rehearse(&input, &mut lab, at, &interrupts, |happens| match happens {
        Happens::Passing(from, until, at_work) => {
            // Nobody waits for a window to open.
            let pace = pace.filter(|_| !at_work.is_empty());
            let moments = pace.into_iter().flat_map(|pace| pace.moments(Period::between(from, until)));
            for (moment, passed) in moments.take_while(|_| !interrupts.leaves()) {
                wait(moment);
                listing.at(passed.after(from), &at_work);
            }
            Ok(())
        }
        Happens::Ended(turn) => {
            states.push(turn.run.state);
            let line = listing.over(&turn);
            listing.above(|| print(&line).map(drop))
        }
    })?;
    let state = worst(states.into_iter().chain([rehearsed.state()]));
    print(&listing.end(&rehearsed))?;
    Ok(state.into())
}

fn path(input: &Input) -> Result<std::path::PathBuf, Problem> {
    let none = || Problem::usage(format!("{} has no `lab:`, so its servers are real", input.path.display()));
    lab_path(input).ok_or_else(none)
}

/// The lab of a manifest, locked.
fn to_change(manifest: &Path) -> Result<(Lab, Lock), Problem> {
    let input = Input::read(manifest)?;
    // Errors of the manifest come first.
    path(&input)?;
    lab_world(&input)?;
    let lock = lock(&input, &RunId(run_name()), Patience::NONE)?;
    Ok((open(manifest)?, lock))
}

fn open(manifest: &Path) -> Result<Lab, Problem> {
    let input = Input::read(manifest)?;
    let (path, world) = (path(&input)?, lab_world(&input)?);
    Lab::open(&path, || world).map_err(Problem::input)
}

fn damage(lab: &mut Lab, server: &ServerName, names: &[String]) -> Result<(), Problem> {
    let named = |name: &String| {
        Fault::named(name).ok_or_else(|| Problem::usage(format!("no fault is named \"{name}\"; {}", near_fault(name))))
    };
    let faults: Vec<_> = names.iter().map(named).collect::<Result<_, _>>()?;
    let changed = lab.change(server, |simulated| simulated.faults.extend(faults));
    changed
        .map_err(|error| if let LabError::NoServer(_) = error { Problem::usage(error) } else { Problem::failed(error) })
}
