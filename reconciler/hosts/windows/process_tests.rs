//! The process runner, with this test program itself as the child: each child below is an ignored test of it.

use super::*;

/// Runs the ignored test `role` of this program as a child.
fn run(role: &str, input: &str, limit: Duration, lifetime: Lifetime, interrupted: bool) -> (Ended, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("this program has a path");
    let name = format!("{}::{role}", module_path!().split_once("::").expect("a module").1);
    let arguments = ["--ignored", "--exact", &name, "--nocapture", "--quiet"].map(OsString::from);
    let child = Child {
        program: &program,
        arguments: &arguments,
        input: input.as_bytes(),
        folder: folder.path(),
        limit,
        lifetime,
    };
    let ended = Runner::default().run(&child, &mut |_| {}, &|| interrupted).expect("the child can be run");
    (ended, folder)
}

const LONG: Duration = Duration::from_secs(60);

#[test]
#[ignore = "a child of the tests below"]
fn child_repeats_its_input() {
    let input = io::read_to_string(io::stdin()).expect("input");
    println!("heard: {input}");
}

#[test]
fn input_reaches_the_child_and_output_comes_back() {
    let (ended, _folder) = run("child_repeats_its_input", "{\"name\":\"RTCSRV\"}", LONG, Lifetime::Ours, false);
    assert_eq!(ended.ending, Ending::Exited(0));
    let tail = ended.output.tail();
    assert!(tail.iter().any(|line| line.contains("heard: {\"name\":\"RTCSRV\"}")), "{tail:?}");
}

/// Starts the ignored test `role` of this program as a child that waits, with this first input.
fn started(runner: &Runner, role: &str, input: &str, folder: &Path) -> Waiting {
    let program = std::env::current_exe().expect("this program has a path");
    let name = format!("{}::{role}", module_path!().split_once("::").expect("a module").1);
    let arguments = ["--ignored", "--exact", &name, "--nocapture", "--quiet"].map(OsString::from);
    let (input, lifetime) = (input.as_bytes(), Lifetime::Ours);
    let child = Child { program: &program, arguments: &arguments, input, folder, limit: Duration::ZERO, lifetime };
    runner.start(&child).expect("the child can be started")
}

#[test]
#[ignore = "a child of the tests below"]
fn child_repeats_its_lines() {
    let mut lines = io::stdin().lines();
    while let Some(Ok(line)) = lines.next() {
        std::fs::write(format!("heard-{line}"), "").expect("written");
    }
}

#[test]
fn a_child_that_waits_works_on_its_first_input_while_another_runs_and_ends_with_the_rest() {
    let (folder, runner) = (tempfile::tempdir().expect("a folder"), Runner::default());
    let waiting = started(&runner, "child_repeats_its_lines", "first\n", folder.path());
    while !folder.path().join("heard-first").exists() {
        std::thread::yield_now();
    }
    let (other, _other_folder) = run("child_repeats_its_input", "work", LONG, Lifetime::Ours, false);
    assert_eq!(other.ending, Ending::Exited(0));
    assert!(!folder.path().join("heard-rest").exists());
    let ended = runner.finish(waiting, b"rest\n", LONG, &mut |_| {}, &|| false).expect("it can be waited for");
    assert_eq!(ended.ending, Ending::Exited(0));
    assert!(folder.path().join("heard-rest").exists());
}

#[test]
fn a_child_that_waits_is_ended_when_nobody_asks_it() {
    let (folder, runner) = (tempfile::tempdir().expect("a folder"), Runner::default());
    let waiting = started(&runner, "child_waits_for_ever", "first\n", folder.path());
    let pid = waiting.process.id().expect("it runs");
    runner.end(waiting);
    assert!(has_ended(pid), "process {pid} still runs");
    let folder = tempfile::tempdir().expect("a folder");
    let waiting = started(&runner, "child_waits_for_ever", "first\n", folder.path());
    let pid = waiting.process.id().expect("it runs");
    drop(waiting);
    assert!(has_ended(pid), "process {pid} still runs");
}

#[test]
fn a_child_that_ended_while_it_was_to_wait_says_so_by_its_exit_code() {
    let (folder, runner) = (tempfile::tempdir().expect("a folder"), Runner::default());
    let waiting = started(&runner, "child_ends_with_3010", "first\n", folder.path());
    assert!(has_ended(waiting.process.id().expect("it was started")));
    let ended = runner.finish(waiting, b"rest\n", LONG, &mut |_| {}, &|| false).expect("it can be waited for");
    assert_eq!(ended.ending, Ending::Exited(3010));
}

#[test]
#[ignore = "a child of the tests below"]
fn child_ends_with_3010() {
    eprintln!("a restart is needed");
    std::process::exit(3010);
}

#[test]
fn an_exit_code_arrives_whole_and_input_that_nobody_reads_is_no_trouble() {
    let (ended, _folder) = run("child_ends_with_3010", "unread", LONG, Lifetime::Ours, false);
    assert_eq!(ended.ending, Ending::Exited(3010));
    assert_eq!(ended.output.tail().last().map(String::as_str), Some("a restart is needed"));
}

#[test]
#[ignore = "a child of the tests below"]
fn child_waits_for_ever() {
    loop {
        std::thread::park();
    }
}

#[test]
fn a_child_is_ended_at_its_limit() {
    let (ended, _folder) = run("child_waits_for_ever", "", Duration::ZERO, Lifetime::Ours, false);
    assert_eq!(ended.ending, Ending::TimedOut);
    let (ended, _folder) = run("child_waits_for_ever", "", Duration::ZERO, Lifetime::Finishes, false);
    assert_eq!(ended.ending, Ending::TimedOut);
}

#[test]
fn an_interrupt_ends_a_child_that_is_ours_and_no_other() {
    let (ended, _folder) = run("child_waits_for_ever", "", LONG, Lifetime::Ours, true);
    assert_eq!(ended.ending, Ending::Interrupted);
    let (ended, _folder) = run("child_repeats_its_input", "work", LONG, Lifetime::Finishes, true);
    assert_eq!(ended.ending, Ending::Exited(0));
    let (ended, _folder) = run("child_repeats_its_input", "work", LONG, Lifetime::Survives, true);
    assert_eq!(ended.ending, Ending::Exited(0));
}

#[test]
#[ignore = "a child of the tests below"]
fn child_waits_for_a_file() {
    let gate = std::env::current_dir().expect("a folder").join("gate");
    while !gate.exists() {
        std::thread::yield_now();
    }
    std::fs::write("through", "").expect("written");
}

#[test]
fn a_child_that_survives_runs_on_after_its_limit() {
    let (ended, folder) = run("child_waits_for_a_file", "", Duration::ZERO, Lifetime::Survives, false);
    assert!(matches!(ended.ending, Ending::StillRunning { pid } if pid != 0), "{:?}", ended.ending);
    std::fs::write(folder.path().join("gate"), "").expect("written");
    while !folder.path().join("through").exists() {
        std::thread::yield_now();
    }
}

#[test]
#[ignore = "a child of the tests below"]
fn child_starts_a_grandchild() {
    let program = std::env::current_exe().expect("a path");
    let name = format!("{}::child_waits_for_a_file", module_path!().split_once("::").expect("a module").1);
    #[expect(clippy::zombie_processes, reason = "it is to outlive its parent")]
    let grandchild =
        std::process::Command::new(program).args(["--ignored", "--exact", &name]).spawn().expect("started");
    println!("grandchild {}", grandchild.id());
}

#[test]
fn a_grandchild_does_not_hold_us_and_ends_with_the_job() {
    let (ended, folder) = run("child_starts_a_grandchild", "", LONG, Lifetime::Ours, false);
    assert_eq!(ended.ending, Ending::Exited(0));
    let tail = ended.output.tail();
    let pid = tail.iter().find_map(|line| line.split_once("grandchild ")?.1.trim().parse().ok()).expect("a grandchild");
    assert!(has_ended(pid), "process {pid} still runs");
    assert!(!folder.path().join("through").exists());
}

/// Waits until a process has ended; false when it has not after a long time.
fn has_ended(pid: u32) -> bool {
    use windows_sys::Win32::Foundation::{CloseHandle, WAIT_OBJECT_0};
    use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject};
    // SAFETY: no preconditions; the handle is checked.
    let process = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid) };
    if process.is_null() {
        return true;
    }
    // SAFETY: the handle is open, and closed once.
    let waited = unsafe { WaitForSingleObject(process, 60_000) };
    // SAFETY: as above.
    unsafe { CloseHandle(process) };
    waited == WAIT_OBJECT_0
}

#[test]
#[ignore = "a child of the tests below"]
fn child_shows_its_world() {
    for (name, value) in std::env::vars() {
        println!("{name}={value}");
    }
    println!("folder={}", std::env::current_dir().expect("a folder").display());
}

#[test]
fn a_child_works_in_its_folder_with_the_short_environment() {
    let (ended, folder) = run("child_shows_its_world", "", LONG, Lifetime::Ours, false);
    assert_eq!(ended.ending, Ending::Exited(0));
    let said = std::fs::read_to_string(folder.path().join("stdout.log")).expect("output");
    let temp = format!("TEMP={}", folder.path().join("temp").display());
    assert!(said.lines().any(|line| line.eq_ignore_ascii_case(&temp)), "{said}");
    assert!(!said.lines().any(|line| line.to_ascii_uppercase().starts_with("PATH=")), "{said}");
}

#[test]
fn only_an_absolute_exe_is_run() {
    let folder = tempfile::tempdir().expect("a folder");
    for program in
        ["powershell.exe", r".\installer.exe", r"\installer.exe", r"C:\update.cmd", r"C:\update.bat", r"C:\update"]
    {
        let program = Path::new(program);
        let child =
            Child { program, arguments: &[], input: b"", folder: folder.path(), limit: LONG, lifetime: Lifetime::Ours };
        let refused = Runner::default().run(&child, &mut |_| {}, &|| false);
        assert!(matches!(refused, Err(ProcessError::Program(ref named)) if named == program), "{refused:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0, "nothing was prepared");
}

#[test]
fn a_program_that_is_not_there_is_named_in_the_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Path::new(r"C:\nowhere\nothing.exe");
    let child =
        Child { program, arguments: &[], input: b"", folder: folder.path(), limit: LONG, lifetime: Lifetime::Ours };
    let error = Runner::default().run(&child, &mut |_| {}, &|| false).expect_err("cannot start").to_string();
    assert!(error.starts_with(r"cannot start C:\nowhere\nothing.exe: "), "{error}");
}

#[test]
fn a_pulse_tells_how_long_nothing_moved() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("a path");
    let name = format!("{}::child_waits_for_a_file", module_path!().split_once("::").expect("a module").1);
    let arguments = ["--ignored", "--exact", &name].map(OsString::from);
    let child = Child {
        program: &program,
        arguments: &arguments,
        input: b"",
        folder: folder.path(),
        limit: LONG,
        lifetime: Lifetime::Ours,
    };
    let mut pulses = 0;
    let mut watch = |pulse: Pulse| {
        pulses += 1;
        assert!(pulse.quiet <= pulse.elapsed);
        let _ = std::fs::write(folder.path().join("gate"), "");
    };
    let ended = Runner::default().run(&child, &mut watch, &|| false).expect("runs");
    assert_eq!(ended.ending, Ending::Exited(0));
    assert!(pulses > 0);
}
