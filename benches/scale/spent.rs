//! The resources that a process spent, as Unix accounts for them when it has ended.

use std::process::Command;

use crate::Outcome;

/// The resources of a process and its children.
pub struct Spent {
    /// User and system time, in seconds.
    pub cpu: f64,
    /// Elapsed time, in seconds.
    pub wall: f64,
    /// The peak of its memory, in MB.
    pub peak: f64,
}

/// Runs a command; returns the resources that it spent. Finding drift is not a failure.
#[cfg(unix)]
pub fn spend(command: &mut Command) -> Outcome<Spent> {
    use std::{process::Stdio, time::Instant};
    use wait4::Wait4;
    let began = Instant::now();
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?.wait4()?;
    let wall = began.elapsed().as_secs_f64();
    if !matches!(ended.status.code(), Some(0 | 2 | 5)) {
        return Err(format!("{command:?}: {}", ended.status).into());
    }
    let cpu = (ended.rusage.utime + ended.rusage.stime).as_secs_f64();
    Ok(Spent { cpu, wall, peak: ended.rusage.maxrss as f64 / 1024.0 / 1024.0 })
}

/// Only Unix reports what a child spent.
#[cfg(not(unix))]
pub fn spend(_: &mut Command) -> Outcome<Spent> {
    Err("this benchmark measures as Unix accounts for processes".into())
}
