//! The program's own share of an outage: the CPU time of `reconcile apply` for one step of a lab.

use std::{path::Path, process::Command};

use crate::Ended;

/// The number of measured runs of each kind.
const RUNS: usize = 20;

/// The steps that bring the four servers of the lab to their goals: eight each, and two more for Central Management
/// Stores.
const STEPS: usize = 34;

/// The CPU time for one step, in seconds: that of a run with all steps, minus that of a run with nothing to do. The lab
/// writes its file at each step.
pub fn of_a_step(manifest: &str) -> Ended<f64> {
    let reconcile = Path::new(env!("CARGO_BIN_EXE_reconcile"));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("manifest.yaml");
    std::fs::write(&path, manifest)?;
    let reset = || spent(Command::new(reconcile).args(["lab", "reset"]).arg(&path));
    let apply = || spent(Command::new(reconcile).arg("apply").arg(&path));
    let (mut working, mut idle) = (0.0, 0.0);
    for _ in 0..RUNS {
        reset()?;
        working += apply()?;
        idle += apply()?;
    }
    Ok((working - idle).max(0.0) / (RUNS * STEPS) as f64)
}

/// Runs a command that must succeed; returns its CPU time in seconds.
#[cfg(unix)]
fn spent(command: &mut Command) -> Ended<f64> {
    use std::process::Stdio;
    let program = Path::new(command.get_program()).display().to_string();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let ended = child.and_then(wait4::Wait4::wait4).map_err(|error| format!("{program}: {error}"))?;
    if !ended.status.success() {
        return Err(format!("{program}: {}", ended.status).into());
    }
    Ok((ended.rusage.utime + ended.rusage.stime).as_secs_f64())
}

#[cfg(not(unix))]
fn spent(_: &mut Command) -> Ended<f64> {
    Err("this benchmark measures as Unix accounts for processes".into())
}
