//! `reconcile lab`: shows, resets and breaks simulated servers.

use std::path::Path;

use reconcile_hosts::{
    Lock,
    lab::{Fault, Lab, LabError},
};
use reconcile_schema::{RunId, ServerName};

use crate::commands::args;
use crate::manifest::{diagnostic::escape, exit::Exit, input::Input, problem::Problem};
use crate::show::{lab::show, out::print, topics};
use crate::work::session::{lock, run_name};
use crate::work::site::{lab_path, lab_world, near_fault};
use crate::work::words::plural;

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
            let _lock = lock(&input, &RunId(run_name()))?;
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
    let lock = lock(&input, &RunId(run_name()))?;
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
