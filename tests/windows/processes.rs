//! The processes of a machine, as Linux sees them: the way to take its power, or to end one program at once.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything on a machine may take before the test gives up. Far above what it takes on a slow computer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `condition` gives a value.
pub fn until<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, condition).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain: {what}"))
}

/// Waits at most so long until `condition` gives a value.
pub fn within<T>(patience: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        match condition() {
            None if begin.elapsed() < patience => sleep(Duration::from_millis(10)),
            ended => return ended,
        }
    }
}

/// The processes of the machine in `prefix`: those of the program with this file name, or all.
fn find(prefix: &Path, program: Option<&str>) -> Vec<String> {
    let own = format!("WINEPREFIX={}", prefix.display());
    let processes = fs::read_dir("/proc").expect("Linux lists its processes").flatten();
    processes
        .filter(|process| {
            // A process that has ended meanwhile has no files any more.
            let read = |file| fs::read(process.path().join(file)).unwrap_or_default();
            let is_own = read("environ").split(|&byte| byte == 0).any(|variable| variable == own.as_bytes());
            let command = read("cmdline");
            let path = command.split(|&byte| byte == 0).next().unwrap_or_default();
            let name = path.rsplit(|&byte| byte == b'\\').next().unwrap_or_default();
            is_own && program.is_none_or(|program| name.eq_ignore_ascii_case(program.as_bytes()))
        })
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Whether the program with this file name runs.
pub fn run(prefix: &Path, program: &str) -> bool {
    !find(prefix, Some(program)).is_empty()
}

/// Sends a signal to these processes.
fn signal(processes: &[String], signal: &str) {
    // One that has ended meanwhile is no error.
    let _ = Command::new("kill").arg(signal).args(processes).output().expect("kill runs");
}

/// Ends these processes at once, and those that they start meanwhile.
fn kill_until_gone(prefix: &Path, program: Option<&str>) {
    until("the processes are gone", || {
        let processes = find(prefix, program);
        signal(&processes, "-KILL");
        processes.is_empty().then_some(())
    });
}

/// Ends the program with this file name at once, as TerminateProcess would.
pub fn kill(prefix: &Path, program: &str) {
    assert!(!find(prefix, Some(program)).is_empty(), "{program} does not run");
    kill_until_gone(prefix, Some(program));
}

/// Sends Ctrl-C to the program with this file name.
pub fn interrupt(prefix: &Path, program: &str) {
    let processes = find(prefix, Some(program));
    assert!(!processes.is_empty(), "{program} does not run");
    signal(&processes, "-INT");
}

/// Ends all of the machine at once, so that nothing more is written.
pub fn kill_all(prefix: &Path) {
    kill_until_gone(prefix, None);
}
