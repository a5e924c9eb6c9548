//! What the program itself adds to an outage: the CPU time of `reconcile apply` for a step of a lab.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::Ended;

/// Runs of each kind that are measured.
const RUNS: usize = 20;

/// The steps that bring the four servers of the lab to their goals: eight each, and two more for Central Management Stores.
const STEPS: usize = 34;

/// The CPU time of a run that does everything, without that of one with nothing to do, for one step, in seconds. The lab
/// writes its file at each of them.
pub fn of_a_step(manifest: &str) -> Ended<f64> {
    let reconcile = std::env::current_exe()?.with_file_name("../reconcile");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("manifest.yaml");
    std::fs::write(&path, manifest)?;
    let reset = || must(Command::new(&reconcile).args(["lab", "reset"]).arg(&path));
    let apply = || must(Command::new(&reconcile).args(["apply"]).arg(&path));
    let (mut working, mut idle) = (0.0, 0.0);
    for _ in 0..RUNS {
        reset()?;
        working += spent(apply)?;
        idle += spent(apply)?;
    }
    Ok((working - idle).max(0.0) / (RUNS * STEPS) as f64)
}

fn spent(run: impl FnOnce() -> Ended<()>) -> Ended<f64> {
    let before = children()?;
    run()?;
    Ok(children()? - before)
}

fn must(command: &mut Command) -> Ended<()> {
    let program = Path::new(command.get_program()).display().to_string();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.map_err(|error| format!("{program}: {error}; run `cargo build --release` first"))?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}").into()) }
}

/// The CPU time that all finished children took, in seconds.
#[cfg(unix)]
fn children() -> Ended<f64> {
    use nix::sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    };
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

#[cfg(not(unix))]
fn children() -> Ended<f64> {
    Err("this benchmark measures as Unix accounts for processes".into())
}
