//! The cost of an unattended run with nothing to do: `cargo bench --bench noop_cost`.
//!
//! Runs `reconcile apply` on a converged lab server, and alternates with a Rust program that does nothing. It prints
//! the ratio of their CPU times (user and system, as Linux accounts for finished children): the median over the rounds,
//! with the lowest and the highest. On a noisy machine ratios are stable, and times are not.
#![expect(clippy::disallowed_methods, reason = "a benchmark starts the programs that it compares")]

use std::{
    error::Error,
    path::Path,
    process::{Command, Stdio},
};

/// The number of rounds that count.
const ROUNDS: usize = 9;
/// Runs of each program in a round. The clock ticks a hundred times a second, so fewer runs would not be exact.
const RUNS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let empty = folder.path().join("empty");
    std::fs::write(folder.path().join("empty.rs"), "fn main() {}\n")?;
    must(Command::new("rustc").arg("-O").arg("-o").arg(&empty).arg(folder.path().join("empty.rs")))?;

    let manifest = folder.path().join("manifest.yaml");
    std::fs::write(&manifest, MANIFEST)?;
    // As it is installed: Linux keeps a file that a linker has just written in smaller pieces, and each run pays for them.
    let reconcile = folder.path().join("reconcile");
    std::fs::copy(env!("CARGO_BIN_EXE_reconcile"), &reconcile)?;
    let apply = || {
        let mut command = Command::new(&reconcile);
        command.arg("apply").arg(&manifest).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    must(&mut apply())?; // This run converges the server, so every later run has nothing to do.

    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let nothing = ticks(|| Command::new(&empty))?;
        let noop = ticks(apply)?;
        ratios.push(noop / nothing);
    }
    ratios.sort_by(f64::total_cmp);
    if let (Some(lowest), Some(median), Some(highest)) = (ratios.first(), ratios.get(ROUNDS / 2), ratios.last()) {
        println!(
            "apply with nothing to do ÷ an empty Rust program, CPU: {median:.1} (from {lowest:.1} to {highest:.1})"
        );
    }
    Ok(())
}

/// The CPU time of some runs of a command.
fn ticks(command: impl Fn() -> Command) -> Result<f64, Box<dyn Error>> {
    let before = spent()?;
    for _ in 0..RUNS {
        must(&mut command())?;
    }
    Ok(spent()? - before)
}

/// The CPU time of all finished children of this process: fields 16 and 17 of `/proc/self/stat`.
fn spent() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or(&stat);
    let fields = after_name.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(fields.sum::<Result<f64, _>>()?)
}

fn must(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let program = Path::new(command.get_program()).display().to_string();
    let status = command.status().map_err(|error| format!("{program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}").into()) }
}

const MANIFEST: &str = r#"
version: 1
updates:
  cu7:
    product: sfb-2019
    release: "7.0.2046.521"
    installer:
      path: 'D:\Updates\SkypeServerUpdateInstaller.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
servers:
  se.lab.example: { role: standard-edition, target: cu7 }
lab:
  world: world.yaml
  servers:
    se.lab.example: { build: "7.0.2046.123" }
"#;
