//! The process runner, with this test program itself as the child: each child below is an ignored test.

use std::process::Stdio;

use super::super::record;
use super::*;

/// The path of the ignored test `role` of this program.
fn named(role: &str) -> String {
    format!("{}::{role}", module_path!().split_once("::").expect("a module").1)
}

/// This program, with the arguments that make it play `role`.
fn as_child(role: &str) -> (PathBuf, Vec<OsString>) {
    let program = std::env::current_exe().expect("this program has a path");
    let arguments = ["--ignored", "--exact", &named(role), "--nocapture", "--quiet"].map(OsString::from);
    (program, arguments.to_vec())
}

/// A runner whose watcher is this program too.
fn runner() -> Runner {
    Runner { watcher: || Ok(as_child("watcher_attends")) }
}

#[test]
#[ignore = "the watcher of the tests below"]
fn watcher_attends() {
    crate::windows::watcher::attend().expect("a record");
    std::process::exit(0); // The final output of a test program does not belong to a child.
}

fn interrupt(raised: bool) -> Interrupt {
    let interrupt = Interrupt::default();
    if raised {
        interrupt.end();
    }
    interrupt
}

/// The lifetime of a child in these tests.
#[derive(Clone, Copy)]
enum Lives {
    Ours,
    Finishes,
    /// It outlives its run, as this step.
    Outlives(&'static Step),
}

/// Runs the ignored test `role` of this program as a child.
fn run(role: &str, input: &str, limit: Duration, lives: Lives, interrupted: bool) -> (Ended, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let ended =
        run_in(folder.path(), role, input, limit, lives, &interrupt(interrupted)).expect("the child can be run");
    (ended, folder)
}

/// The same in this folder, which is also the private folder.
fn run_in(
    folder: &Path,
    role: &str,
    input: &str,
    limit: Duration,
    lives: Lives,
    interrupt: &Interrupt,
) -> Result<Ended, ProcessError> {
    let (program, arguments) = as_child(role);
    let (run, held) = (RunId("run 1".into()), File::open(&program).expect("readable"));
    let lifetime = match lives {
        Lives::Ours => Lifetime::Ours,
        Lives::Finishes => Lifetime::Finishes,
        Lives::Outlives(step) => Lifetime::Outlives(Outliving { run: &run, step, held: &held }),
    };
    let (program, arguments, input) = (&program, &arguments, input.as_bytes());
    let child = Child { program, arguments, input, folder, private: folder, limit, lifetime };
    runner().run(&child, &mut |_| {}, interrupt)
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
    let (ended, _folder) = run("child_repeats_its_input", "{\"name\":\"RTCSRV\"}", LONG, Lives::Ours, false);
    assert_eq!(ended.ending, Ending::Exited(0));
    let tail = ended.output.tail();
    assert!(tail.iter().any(|line| line.contains("heard: {\"name\":\"RTCSRV\"}")), "{tail:?}");
}

/// Starts the ignored test `role` of this program as a child that waits, with this first input.
fn started(runner: &Runner, role: &str, input: &str, folder: &Path) -> Waiting {
    let (program, arguments) = as_child(role);
    let (program, arguments, input, lifetime) = (&program, &arguments, input.as_bytes(), Lifetime::Ours);
    let child = Child { program, arguments, input, folder, private: folder, limit: Duration::ZERO, lifetime };
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
    let (folder, runner) = (tempfile::tempdir().expect("a folder"), runner());
    let waiting = started(&runner, "child_repeats_its_lines", "first\n", folder.path());
    while !folder.path().join("heard-first").exists() {
        std::thread::yield_now();
    }
    let (other, _other_folder) = run("child_repeats_its_input", "work", LONG, Lives::Ours, false);
    assert_eq!(other.ending, Ending::Exited(0));
    assert!(!folder.path().join("heard-rest").exists());
    let ended =
        runner.finish(waiting, b"rest\n", LONG, &mut |_| {}, &Interrupt::default()).expect("it can be waited for");
    assert_eq!(ended.ending, Ending::Exited(0));
    assert!(folder.path().join("heard-rest").exists());
}

#[test]
fn a_child_that_waits_is_ended_when_nobody_asks_it() {
    let (folder, runner) = (tempfile::tempdir().expect("a folder"), runner());
    let waiting = started(&runner, "child_waits_for_ever", "first\n", folder.path());
    let pid = waiting.process.id();
    runner.end(waiting);
    assert!(has_ended(pid), "process {pid} still runs");
    let folder = tempfile::tempdir().expect("a folder");
    let waiting = started(&runner, "child_waits_for_ever", "first\n", folder.path());
    let pid = waiting.process.id();
    drop(waiting);
    assert!(has_ended(pid), "process {pid} still runs");
}

#[test]
fn a_child_that_ended_while_it_was_to_wait_says_so_by_its_exit_code() {
    let (folder, runner) = (tempfile::tempdir().expect("a folder"), runner());
    let waiting = started(&runner, "child_ends_with_3010", "first\n", folder.path());
    assert!(has_ended(waiting.process.id()));
    let ended =
        runner.finish(waiting, b"rest\n", LONG, &mut |_| {}, &Interrupt::default()).expect("it can be waited for");
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
    let (ended, _folder) = run("child_ends_with_3010", "unread", LONG, Lives::Ours, false);
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
    let (ended, _folder) = run("child_waits_for_ever", "", Duration::ZERO, Lives::Ours, false);
    assert_eq!(ended.ending, Ending::TimedOut);
    let (ended, _folder) = run("child_waits_for_ever", "", Duration::ZERO, Lives::Finishes, false);
    assert_eq!(ended.ending, Ending::TimedOut);
}

#[test]
fn an_interrupt_ends_a_child_that_is_ours_and_no_other() {
    let (ended, _folder) = run("child_waits_for_ever", "", LONG, Lives::Ours, true);
    assert_eq!(ended.ending, Ending::Interrupted);
    let (ended, _folder) = run("child_repeats_its_input", "work", LONG, Lives::Finishes, true);
    assert_eq!(ended.ending, Ending::Exited(0));
    let (ended, _folder) = run("child_repeats_its_input", "work", LONG, Lives::Outlives(&Step::Install), true);
    assert_eq!(ended.ending, Ending::Exited(0));
}

#[test]
#[ignore = "a child of the tests below"]
fn child_waits_for_a_file() {
    let (gate, began) = (std::env::current_dir().expect("a folder").join("gate"), moment());
    while !gate.exists() {
        assert!(began.elapsed() < 10 * LONG, "nobody opened {}", gate.display());
        std::thread::yield_now();
    }
    std::fs::write("through", "").expect("written");
}

#[test]
fn a_child_that_survives_runs_on_after_its_limit() {
    let (ended, folder) = run("child_waits_for_a_file", "", Duration::ZERO, Lives::Outlives(&Step::Install), false);
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
    let name = named("child_waits_for_a_file");
    #[expect(clippy::zombie_processes, reason = "it is to outlive its parent")]
    let grandchild =
        std::process::Command::new(program).args(["--ignored", "--exact", &name]).spawn().expect("started");
    println!("grandchild {}", grandchild.id());
}

#[test]
fn a_grandchild_does_not_hold_us_and_ends_with_the_job() {
    let (ended, folder) = run("child_starts_a_grandchild", "", LONG, Lives::Ours, false);
    assert_eq!(ended.ending, Ending::Exited(0));
    let tail = ended.output.tail();
    let pid = tail.iter().find_map(|line| line.split_once("grandchild ")?.1.trim().parse().ok()).expect("a grandchild");
    assert!(has_ended(pid), "process {pid} still runs");
    assert!(!folder.path().join("through").exists());
}

/// Waits until a process has ended; false if it has not after a long time.
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
fn a_child_works_in_its_folder_with_the_listed_environment() {
    for lives in [Lives::Ours, Lives::Outlives(&Step::Install)] {
        let (ended, folder) = run("child_shows_its_world", "", LONG, lives, false);
        assert_eq!(ended.ending, Ending::Exited(0));
        let said = std::fs::read_to_string(folder.path().join("stdout.log")).expect("output");
        let temp = format!("TEMP={}", folder.path().join("temp").display());
        assert!(said.lines().any(|line| line.eq_ignore_ascii_case(&temp)), "{said}");
        let at = format!("folder={}", folder.path().display());
        assert!(said.lines().any(|line| line.eq_ignore_ascii_case(&at)), "{said}");
        // Wine adds variables of its own, and the output of libtest contains none.
        let mut missing = crate::windows::environment::listed();
        missing.retain(|name| !said.lines().any(|line| line.starts_with(&format!("{name}="))));
        assert_eq!(missing, [""; 0], "{said}");
    }
}

#[test]
fn a_script_runs_a_program_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let system = crate::windows::environment::system_root().expect("Windows says").join("System32");
    // The bare name, without an ending: found through Path and PATHEXT, as any vendor's script uses it.
    std::fs::write(folder.path().join("script.cmd"), "@hostname\r\n@cmd /c echo by %ComSpec%\r\n").expect("written");
    let (program, arguments) = (system.join("cmd.exe"), ["/c", "script"].map(OsString::from));
    let (private, lifetime) = (folder.path(), Lifetime::Ours);
    let child = Child {
        program: &program,
        arguments: &arguments,
        input: b"",
        folder: folder.path(),
        private,
        limit: LONG,
        lifetime,
    };
    let ended = runner().run(&child, &mut |_| {}, &Interrupt::default()).expect("runs");
    let tail = ended.output.tail();
    assert_eq!(ended.ending, Ending::Exited(0), "{tail:?}");
    assert!(tail.last().is_some_and(|line| line.to_lowercase().ends_with(r"system32\cmd.exe")), "{tail:?}");
    assert_eq!(tail.len(), 2, "{tail:?}");
}

#[test]
#[ignore = "a child of the test below"]
fn child_prints_3_mb_before_its_last_line() {
    let line = format!("WARNING: {}\n", "x".repeat(1_000));
    print!("{}", line.repeat(3_200));
    eprint!("{}", line.repeat(3_200));
    println!("{{\"answer\":1}}");
    eprintln!("the last word");
    std::process::exit(0);
}

#[test]
fn an_answer_and_a_last_word_are_found_behind_3_mb() {
    for lives in [Lives::Ours, Lives::Outlives(&Step::Install)] {
        let (ended, _folder) = run("child_prints_3_mb_before_its_last_line", "", LONG, lives, false);
        assert_eq!(ended.ending, Ending::Exited(0));
        assert_eq!(ended.output.lines().expect("readable").last().map(String::as_str), Some("{\"answer\":1}"));
        assert_eq!(ended.output.tail().last().map(String::as_str), Some("the last word"));
    }
}

#[test]
fn only_an_absolute_exe_is_run() {
    let folder = tempfile::tempdir().expect("a folder");
    for program in
        ["powershell.exe", r".\installer.exe", r"\installer.exe", r"C:\update.cmd", r"C:\update.bat", r"C:\update"]
    {
        let program = Path::new(program);
        let child = Child {
            program,
            arguments: &[],
            input: b"",
            folder: folder.path(),
            private: folder.path(),
            limit: LONG,
            lifetime: Lifetime::Ours,
        };
        let refused = runner().run(&child, &mut |_| {}, &Interrupt::default());
        assert!(matches!(refused, Err(ProcessError::Program(ref named)) if named == program), "{refused:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0, "nothing was prepared");
}

#[test]
fn a_program_that_is_not_there_is_named_in_the_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Path::new(r"C:\nowhere\nothing.exe");
    let child = Child {
        program,
        arguments: &[],
        input: b"",
        folder: folder.path(),
        private: folder.path(),
        limit: LONG,
        lifetime: Lifetime::Ours,
    };
    let error = runner().run(&child, &mut |_| {}, &Interrupt::default()).expect_err("cannot start").to_string();
    assert!(error.starts_with(r"cannot start C:\nowhere\nothing.exe: "), "{error}");
}

#[test]
fn a_pulse_tells_how_long_nothing_moved() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("a path");
    let name = named("child_waits_for_a_file");
    let arguments = ["--ignored", "--exact", &name].map(OsString::from);
    let child = Child {
        program: &program,
        arguments: &arguments,
        input: b"",
        folder: folder.path(),
        private: folder.path(),
        limit: LONG,
        lifetime: Lifetime::Ours,
    };
    let (mut pulses, began) = (0, moment());
    let mut watch = |quiet: Duration| {
        pulses += 1;
        assert!(quiet <= began.elapsed());
        let _ = std::fs::write(folder.path().join("gate"), "");
    };
    let ended = runner().run(&child, &mut watch, &Interrupt::default()).expect("runs");
    assert_eq!(ended.ending, Ending::Exited(0));
    assert!(pulses > 0);
}

/// The record of the last command that was at work here.
fn recorded(private: &Path) -> record::Recorded {
    record::last(private).expect("a record")
}

#[test]
fn a_watcher_hands_on_input_output_and_all_of_the_exit_code() {
    let (ended, folder) = run("child_repeats_its_input", "{\"a\":1}", LONG, Lives::Outlives(&Step::Install), false);
    assert_eq!(ended.ending, Ending::Exited(0));
    let tail = ended.output.tail();
    assert!(tail.iter().any(|line| line.contains("heard: {\"a\":1}")), "{tail:?}");
    assert_eq!(recorded(folder.path()).end, Some(End::Exited(0)));
    let (ended, folder) = run("child_ends_with_3010", "", LONG, Lives::Outlives(&Step::FailOver), false);
    assert_eq!(ended.ending, Ending::Exited(3010));
    assert_eq!(recorded(folder.path()).end, Some(End::Exited(3010)));
    assert!(!recorded(folder.path()).at_work);
}

#[test]
fn only_an_installation_outlasts_its_time_limit() {
    let (ended, folder) = run("child_waits_for_ever", "", Duration::ZERO, Lives::Outlives(&Step::FailOver), false);
    assert_eq!(ended.ending, Ending::TimedOut);
    let (pid, _) = recorded(folder.path()).started.expect("it ran");
    assert!(has_ended(pid), "process {pid} still runs");
    assert_eq!(recorded(folder.path()).end, Some(End::TimedOut));
}

#[test]
fn a_program_that_a_watcher_cannot_start_is_named_in_the_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (run, held) = (RunId("run 1".into()), File::open("NUL").expect("there"));
    let child = Child {
        program: Path::new(r"C:\nowhere\nothing.exe"),
        arguments: &[],
        input: b"",
        folder: folder.path(),
        private: folder.path(),
        limit: LONG,
        lifetime: Lifetime::Outlives(Outliving { run: &run, step: &Step::Install, held: &held }),
    };
    let error = runner().run(&child, &mut |_| {}, &Interrupt::default()).expect_err("cannot start").to_string();
    assert!(error.contains(r"cannot start C:\nowhere\nothing.exe: "), "{error}");
}

#[test]
#[ignore = "a run that is ended in the tests below"]
fn run_that_is_ended() {
    let folder = std::env::current_dir().expect("a folder").join("of the run");
    std::fs::create_dir(&folder).expect("made");
    let outlives = Lives::Outlives(&Step::Install);
    let ended = run_in(&folder, "child_waits_for_a_file", "", LONG, outlives, &Interrupt::default());
    unreachable!("it was to be ended before: {ended:?}");
}

/// Starts a run in a folder, and returns it with the child that outlives it, once the child runs.
fn started_run(folder: &Path) -> (std::process::Child, PathBuf, u32) {
    let (program, arguments) = as_child("run_that_is_ended");
    #[expect(clippy::zombie_processes, reason = "who asks for it ends it")]
    let run = std::process::Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let private = folder.join("of the run");
    loop {
        if let Some((pid, _)) = record::last(&private).and_then(|recorded| recorded.started) {
            return (run, private, pid);
        }
        std::thread::yield_now();
    }
}

#[test]
fn what_outlives_its_run_is_recorded_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut run, private, pid) = started_run(folder.path());
    run.kill().expect("ended");
    run.wait().expect("gone");
    assert!(recorded(&private).at_work);
    assert!(Record::begin(&recorded(&private).order).is_err(), "one command at a time");
    std::fs::write(private.join("gate"), "").expect("written");
    assert!(has_ended(pid), "process {pid} still runs");
    while recorded(&private).at_work {
        std::thread::yield_now();
    }
    assert_eq!(recorded(&private).end, Some(End::Exited(0)));
    assert!(private.join("through").exists());
}

#[test]
fn a_run_looks_after_a_child_whose_watcher_was_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("logs")).expect("made");
    let mut ends_watcher = |_: Duration| {
        // Only the child has the watcher as its parent.
        let seen = record::last(folder.path()).and_then(|recorded| recorded.started);
        let all = crate::windows::processes::listed().expect("listed");
        let child = seen.and_then(|(pid, _)| all.into_iter().find(|process| process.pid == pid));
        if let Some(watcher) = child.and_then(|child| Process::open_to_end(child.parent).ok()) {
            let _ = watcher.end();
            std::fs::write(folder.path().join("gate"), "").expect("written");
        }
    };
    let (program, arguments) = as_child("child_waits_for_a_file");
    let (run, held) = (RunId("run 1".into()), File::open(&program).expect("readable"));
    let child = Child {
        program: &program,
        arguments: &arguments,
        input: b"",
        folder: folder.path(),
        private: folder.path(),
        limit: LONG,
        lifetime: Lifetime::Outlives(Outliving { run: &run, step: &Step::Install, held: &held }),
    };
    let ended = runner().run(&child, &mut ends_watcher, &Interrupt::default()).expect("it runs");
    assert_eq!(ended.ending, Ending::Exited(0));
    assert_eq!(recorded(folder.path()).end, Some(End::Exited(0)));
}

/// The null device, for reading and writing.
fn nothing() -> File {
    std::fs::OpenOptions::new().read(true).write(true).open("NUL").expect("there")
}

#[test]
fn a_run_that_ends_at_once_leaves_what_must_not_be_cut_off_and_ends_the_rest() {
    let at_once = Interrupt::default();
    at_once.leave();
    for step in [&Step::Install, &Step::FailOver] {
        let folder = tempfile::tempdir().expect("a folder");
        let ended = run_in(folder.path(), "child_waits_for_a_file", "", LONG, Lives::Outlives(step), &at_once);
        assert!(matches!(ended.expect("runs").ending, Ending::StillRunning { .. }), "{step}");
        while recorded(folder.path()).started.is_none() {
            std::thread::yield_now();
        }
        assert!(recorded(folder.path()).at_work);
        std::fs::write(folder.path().join("gate"), "").expect("written");
        while recorded(folder.path()).at_work {
            std::thread::yield_now();
        }
        assert_eq!(recorded(folder.path()).end, Some(End::Exited(0)));
    }
    for lives in [Lives::Ours, Lives::Finishes] {
        let folder = tempfile::tempdir().expect("a folder");
        let ended = run_in(folder.path(), "child_waits_for_ever", "", LONG, lives, &at_once).expect("runs");
        assert_eq!(ended.ending, Ending::Interrupted);
    }
}

#[test]
#[ignore = "a maker that is ended in the test below"]
fn maker_is_ended_before_it_lets_its_child_go() {
    let folder = std::env::current_dir().expect("a folder");
    let (program, arguments) = as_child("child_waits_for_ever");
    let nothing = nothing();
    let creation = Creation {
        program: &program,
        arguments: &arguments,
        variables: None,
        folder: None,
        streams: [nothing.as_handle(); 3],
        kept: &[],
        breaks_away: false,
    };
    let note = Note::new(&folder, &program).expect("noted");
    let sleeper = creation.left_suspended().expect("created");
    std::fs::write("sleeper", sleeper.id().to_string()).expect("written");
    std::mem::forget(note);
    std::process::exit(0);
}

#[test]
fn what_sleeps_because_its_maker_was_ended_is_named_and_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, arguments) = as_child("maker_is_ended_before_it_lets_its_child_go");
    let made = std::process::Command::new(program).args(arguments).current_dir(folder.path()).status();
    assert!(made.expect("started").success());
    let pid: u32 =
        std::fs::read_to_string(folder.path().join("sleeper")).expect("a sleeper").parse().expect("a number");
    let ended = crate::windows::sleeper::end_sleepers(folder.path());
    assert!(matches!(&ended[..], [one] if one.ends_with(&format!("(process {pid})"))), "{ended:?}");
    assert!(has_ended(pid), "process {pid} still sleeps");
    assert_eq!(crate::windows::sleeper::end_sleepers(folder.path()), [""; 0], "once");
}

#[test]
fn a_child_that_is_created_suspended_runs_as_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, arguments) = as_child("child_ends_with_3010");
    let nothing = nothing();
    let creation = Creation {
        program: &program,
        arguments: &arguments,
        variables: None,
        folder: Some(folder.path()),
        streams: [nothing.as_handle(); 3],
        kept: &[],
        breaks_away: false,
    };
    let mut job = Job::new(true).expect("a job");
    let process = creation.start_suspended(&mut job, || Note::new(folder.path(), &program)).expect("started");
    assert_eq!(process.wait(LONG), Ok(Some(3010)));
    assert!(job.holds);
    assert_eq!(std::fs::read_dir(folder.path().join("starting")).expect("readable").count(), 0, "no note is left");
}
