//! Snapshots: all observable facts about a server, as a file.

use std::path::Path;

use reconcile_core::{Ask, Goal, Observe, asks};
use reconcile_hosts::appear;
use reconcile_schema::{Marks, Observed, SNAPSHOT_VERSION, Snapshot};

use crate::manifest::{harmless, problem::Problem};
use crate::work::site::Site;

/// What every snapshot has; `observe --doctor` adds the rest.
#[must_use]
pub fn usual(goal: &Goal) -> Vec<Ask> {
    let answers = goal.pool_stores().next().is_some();
    let is_usual = |ask: &Ask| *ask != Ask::Examination && (*ask != Ask::Claim || answers);
    asks(goal).into_iter().filter(is_usual).collect()
}

/// A snapshot of the server of `goal`, with these expensive facts.
///
/// # Errors
/// When the server cannot be observed at all.
pub fn snapshot(site: &mut Site, goal: &Goal, asks: &[Ask]) -> Result<Snapshot, Problem> {
    let lab = site.is_lab();
    match site {
        Site::Lab(simulated) => look(&mut simulated.host(&goal.server).map_err(Problem::input)?, goal, asks, lab),
        #[cfg(windows)]
        Site::Machine(host) => look(host.as_mut(), goal, asks, lab),
    }
}

fn look<H: Observe>(host: &mut H, goal: &Goal, asks: &[Ask], lab: bool) -> Result<Snapshot, Problem> {
    for ask in asks {
        host.look(goal, ask).map_err(Problem::failed)?;
    }
    let seen = host.observe(goal).map_err(Problem::failed)?;
    Ok(of(goal, lab, seen, host.marks().map_err(Problem::failed)?))
}

/// The snapshot that holds these facts.
pub fn of(goal: &Goal, lab: bool, seen: Observed, marks: Marks) -> Snapshot {
    Snapshot {
        version: SNAPSHOT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        lab,
        builds_only: false,
        manifest_fingerprint: goal.manifest,
        seen,
        marks,
    }
}

/// Writes a snapshot completely or not at all, because somebody may be collecting the folder at this moment.
///
/// # Errors
/// When the folder or the file cannot be used.
pub fn write(folder: &Path, snapshot: &Snapshot) -> Result<(), Problem> {
    let path = folder.join(format!("{}.json", snapshot.seen.host));
    let failed =
        |error: std::io::Error| Problem::failed(format!("cannot write the snapshot {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    appear::write(&path, harmless::pretty(snapshot)?.as_bytes()).map_err(failed)
}
