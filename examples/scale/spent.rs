//! What a process spent, as Unix accounts for finished children: by way of a small process that has no other child.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use crate::Outcome;

/// What a process and its children spent.
pub struct Spent {
    /// User and system time, in seconds.
    pub cpu: f64,
    /// Time that went by, in seconds.
    pub wall: f64,
    /// The most memory that it held, in MB.
    pub peak: f64,
}

/// Runs a command and says what it spent.
pub fn spend(command: &mut Command) -> Outcome<Spent> {
    let mut child = Command::new(std::env::current_exe()?);
    child.arg("spend").arg(command.get_program()).args(command.get_args());
    let told = String::from_utf8(child.stderr(Stdio::inherit()).output()?.stdout)?;
    let told: Vec<f64> = told.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match told.as_slice() {
        [cpu, wall, peak] => Ok(Spent { cpu: *cpu, wall: *wall, peak: *peak }),
        _ => Err(format!("{command:?} failed").into()),
    }
}

/// Runs a command and prints what it spent, for [`spend`]. Drift is no failure.
pub fn tell(command: &mut Command) -> Outcome<()> {
    let began = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let wall = began.elapsed().as_secs_f64();
    if !matches!(status.code(), Some(0 | 2 | 5)) {
        return Err(format!("{command:?}: {status}").into());
    }
    let (cpu, peak) = children()?;
    println!("{cpu} {wall} {peak}");
    Ok(())
}

/// The CPU time that all finished children took, in seconds, and the most memory that one of them held, in MB.
#[cfg(unix)]
fn children() -> Outcome<(f64, f64)> {
    use nix::sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    };
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time() + usage.system_time();
    Ok((cpu.num_microseconds() as f64 / 1e6, usage.max_rss() as f64 / 1024.0))
}

#[cfg(not(unix))]
fn children() -> Outcome<(f64, f64)> {
    Err("this benchmark measures as Unix accounts for processes".into())
}
