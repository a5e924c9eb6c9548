//! `reconcile observe`: what is seen of servers, as snapshots.

use std::{io::Write, path::Path};

use reconcile_core::{Ask, Goal, Observe};
use reconcile_schema::{SNAPSHOT_VERSION, Snapshot};

use crate::{appear, args, exit::Exit, input::Input, plan::json, print, problem::Problem, site::Site};

/// Looks at everything there is to see, dear facts too. Prints one line of JSON for each server, or writes one file.
///
/// # Errors
/// When the manifest, a host or the folder cannot be used.
pub fn run(args: &args::Observe) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    for goal in &goals {
        let snapshot = snapshot(&mut site, goal)?;
        match &args.to {
            Some(folder) => write(folder, &snapshot)?,
            None => {
                let mut line = serde_json::to_string(&snapshot).map_err(Problem::failed)?;
                line.push('\n');
                print(&line)?;
            }
        }
    }
    Ok(Exit::Done)
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
    for ask in [Ask::Rights, Ask::Package, Ask::Disk, Ask::Shells].into_iter().chain(stores) {
        host.look(goal, &ask).map_err(Problem::failed)?;
    }
    Ok(Snapshot {
        version: SNAPSHOT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        lab,
        seen: host.observe().map_err(Problem::failed)?,
        marks: host.marks().map_err(Problem::failed)?,
    })
}

/// Writes a snapshot whole, or not at all: somebody may be collecting the folder at this moment.
fn write(folder: &Path, snapshot: &Snapshot) -> Result<(), Problem> {
    let path = folder.join(format!("{}.json", snapshot.seen.host));
    let failed =
        |error: std::io::Error| Problem::failed(format!("cannot write the snapshot {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = appear::beside(&path).map_err(failed)?;
    file.write_all(json(snapshot)?.as_bytes()).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}
