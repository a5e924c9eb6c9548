//! The processes of a machine, as Linux sees them: through these a test cuts the power, or ends one program at once.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The longest wait for anything on a machine, far above the time that a slow computer needs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `condition` returns a value.
pub fn until<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, condition).unwrap_or_else(|| panic!("waited {PATIENCE:?} without effect: {what}"))
}

/// Waits until `condition` returns a value, for at most `patience`.
pub fn within<T>(patience: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        match condition() {
            None if begin.elapsed() < patience => sleep(Duration::from_millis(10)),
            ended => return ended,
        }
    }
}

#[derive(Debug)]
pub struct Process {
    id: String,
    /// The file name of its program, in lower case.
    pub program: String,
    /// Whether it watches a command that outlives its run, as a hidden command of the program under test.
    pub watches: bool,
}

/// The processes of the machine in `prefix`.
fn all(prefix: &Path) -> Vec<Process> {
    let own = format!("WINEPREFIX={}", prefix.display());
    let processes = fs::read_dir("/proc").expect("Linux lists its processes").flatten();
    processes
        .filter_map(|process| {
            // The files of a process vanish when it ends.
            let read = |file| fs::read(process.path().join(file)).unwrap_or_default();
            let is_own = read("environ").split(|&byte| byte == 0).any(|variable| variable == own.as_bytes());
            let command = read("cmdline");
            let mut words = command.split(|&byte| byte == 0);
            let path = words.next().unwrap_or_default();
            let name = path.rsplit(|&byte| byte == b'\\').next().unwrap_or_default();
            is_own.then(|| Process {
                id: process.file_name().to_string_lossy().into_owned(),
                program: String::from_utf8_lossy(name).to_ascii_lowercase(),
                watches: words.next() == Some(b"attend"),
            })
        })
        .collect()
}

/// The processes of the program with this file name, without watchers.
fn find(prefix: &Path, program: &str) -> Vec<String> {
    let is = |process: &Process| process.program.eq_ignore_ascii_case(program) && !process.watches;
    all(prefix).into_iter().filter(is).map(|process| process.id).collect()
}

/// Whether the program with this file name runs.
pub fn run(prefix: &Path, program: &str) -> bool {
    !find(prefix, program).is_empty()
}

fn signal(processes: &[String], signal: &str) {
    // The process may have ended, which is not an error.
    let _ = Command::new("kill").arg(signal).args(processes).output().expect("kill runs");
}

/// Ends these processes at once, and those that they start in the meantime.
fn kill_until_gone(found: impl Fn() -> Vec<String>) {
    until("the processes are gone", || {
        let processes = found();
        signal(&processes, "-KILL");
        processes.is_empty().then_some(())
    });
}

/// Ends the program with this file name at once, as TerminateProcess would. Its watcher keeps running.
pub fn kill(prefix: &Path, program: &str) {
    assert!(run(prefix, program), "{program} does not run");
    kill_until_gone(|| find(prefix, program));
}

/// Waits until some process matches `seen`, then for `later`, and ends every process that matches `whom`.
pub fn kill_when(prefix: &Path, seen: impl Fn(&Process) -> bool, later: Duration, whom: impl Fn(&Process) -> bool) {
    let begin = Instant::now();
    while !all(prefix).iter().any(&seen) {
        assert!(begin.elapsed() < PATIENCE, "waited {PATIENCE:?} without effect for a process");
    }
    let found = Instant::now();
    while found.elapsed() < later {
        std::hint::spin_loop();
    }
    kill_until_gone(|| all(prefix).into_iter().filter(&whom).map(|process| process.id).collect());
}

/// Sends Ctrl-C to the program with this file name.
pub fn interrupt(prefix: &Path, program: &str) {
    let processes = find(prefix, program);
    assert!(!processes.is_empty(), "{program} does not run");
    signal(&processes, "-INT");
}

/// Ends every process of the machine at once, so that nothing more is written.
pub fn kill_all(prefix: &Path) {
    kill_until_gone(|| all(prefix).into_iter().map(|process| process.id).collect());
}
