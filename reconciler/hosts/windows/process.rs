//! Runs a child process: private handles, a job, a time limit, and a check whether it makes progress.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeWriter, Write};
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, thread};

use reconcile_schema::{RunId, Step};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_BROKEN_PIPE};

use super::clock::moment;
use super::create::Creation;
use super::environment::environment;
use super::handle::Process;
use super::job::{Job, is_own_process_in_job};
use super::library::CallError;
use super::output::Output;
use super::record::{End, Entry, Order, Record};
use super::sleeper::Note;
use super::win32::Win32Error;
use crate::interrupt::Interrupt;

/// How often a running child is checked.
const TICK: Duration = Duration::from_millis(250);

/// How long a child may take for work that takes no time: to get its first input, to be gone after it was ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// The hidden command of this program for a watcher.
pub const WATCHER: &str = "attend";

/// A program to be run.
#[derive(Debug)]
pub struct Child<'a> {
    /// The `.exe`, by its absolute path: Windows never searches for it.
    pub program: &'a Path,
    pub arguments: &'a [OsString],
    /// What it reads from standard input, which is then closed.
    pub input: &'a [u8],
    /// A private folder for this child only: its working directory, with its output.
    pub folder: &'a Path,
    /// The private folder of this machine.
    pub private: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// What happens to it when it must not continue.
    pub lifetime: Lifetime<'a>,
}

/// What happens to a child at its time limit, when the user interrupts, and when we die.
#[derive(Debug, Clone, Copy)]
pub enum Lifetime<'a> {
    /// It is ended in each case.
    Ours,
    /// It may finish its work when the user interrupts. It is ended at its time limit, when the run ends at once, and
    /// when we die.
    Finishes,
    /// It continues when the user interrupts, when the run ends at once, and when we die: an interruption would leave a
    /// machine half patched or a database half updated. A watcher of our own is its parent, and records how it ended.
    Outlives(Outliving<'a>),
}

/// A child that outlives us.
#[derive(Debug, Clone, Copy)]
pub struct Outliving<'a> {
    /// The run that starts it.
    pub run: &'a RunId,
    /// Its step. An installation is never ended, and continues after its time limit; everything else is ended then.
    pub step: &'a Step,
    /// The file that nobody may change while it runs, so that the verified file is the one that runs, even after we are
    /// gone.
    pub held: &'a File,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this exit code.
    Exited(u32),
    /// By us, at its time limit.
    TimedOut,
    /// By us, because the user interrupted.
    Interrupted,
    /// Not at all: the time limit is over, or the run ends at once, and the child is still running.
    StillRunning { pid: u32 },
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) if *code > 0xFFFF => write!(f, "ended with exit code 0x{code:08X}"),
            Self::Exited(code) => write!(f, "ended with exit code {code}"),
            Self::TimedOut => f.write_str("did not end within its time limit and was ended"),
            Self::Interrupted => f.write_str("was ended because of an interrupt"),
            Self::StillRunning { pid } => write!(f, "has not ended and runs on as process {pid}"),
        }
    }
}

/// The result of a run.
#[derive(Debug)]
pub struct Ended {
    pub ending: Ending,
    pub output: Output,
}

/// Why a child could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Windows would have to search for the program, or it is no program.
    #[error("expected the absolute path of an .exe, found {0}")]
    Program(PathBuf),
    /// The folder of the child cannot be prepared.
    #[error("cannot prepare the folder {folder} for {program}: {cause}")]
    Folder { folder: PathBuf, program: PathBuf, cause: io::Error },
    /// It cannot be given an environment.
    #[error("cannot give an environment to {program}: {cause}")]
    Environment { program: PathBuf, cause: CallError },
    /// A step of starting it failed, or its record cannot be read.
    #[error("cannot {what} {program}: {cause}")]
    Start {
        /// Which step.
        what: &'static str,
        program: PathBuf,
        cause: Win32Error,
    },
    /// A watcher did not start the command.
    #[error("{program} was not started: {why}")]
    NotStarted { program: PathBuf, why: String },
    /// Its watcher is gone, and so is the command.
    #[error("{program} has ended, and nobody saw how: the process of reconcile that watched it was ended")]
    Unseen { program: PathBuf },
    /// It is running, but cannot be waited for.
    #[error("cannot wait for {program} (process {pid}): {cause}")]
    Wait {
        program: PathBuf,
        /// Its process; 0 if that is no longer known.
        pid: u32,
        cause: Win32Error,
    },
}

/// Runs children.
pub struct Runner {
    /// The program of the watcher, with its arguments.
    watcher: fn() -> io::Result<(PathBuf, Vec<OsString>)>,
}

impl Default for Runner {
    fn default() -> Self {
        Self { watcher: || Ok((std::env::current_exe()?, vec![WATCHER.into()])) }
    }
}

impl Runner {
    /// Runs a child until it ends, or until its time limit.
    ///
    /// A few times a second, `watch` is told how long the child has shown no activity: no output, no log file in its
    /// folder, no CPU time. `interrupt` is checked as often.
    ///
    /// # Errors
    /// When it cannot be started or waited for. Its end, with whatever exit code, is not an error here.
    pub fn run(
        &self,
        child: &Child<'_>,
        watch: &mut dyn FnMut(Duration),
        interrupt: &Interrupt,
    ) -> Result<Ended, ProcessError> {
        let waiting = self.spawn(child)?;
        self.finish(waiting, child.input, child.limit, watch, interrupt)
    }

    /// Starts a child that then waits for the rest of its input. It has received `child.input`, and has no time limit
    /// yet.
    ///
    /// # Errors
    /// When it cannot be started, or does not read its input.
    pub fn start(&self, child: &Child<'_>) -> Result<Waiting, ProcessError> {
        let mut waiting = self.spawn(child)?;
        // A pipe accepts this little at once, but a child must not be able to block us anyway.
        waiting.stdin = waiting.stdin.take().and_then(|stdin| {
            let (done, taken) = std::sync::mpsc::channel();
            let (mut stdin, input) = (stdin, child.input.to_owned());
            thread::spawn(move || stdin.write_all(&input).is_ok().then(|| done.send(stdin)));
            taken.recv_timeout(PATIENCE).ok()
        });
        if waiting.stdin.is_some() {
            return Ok(waiting);
        }
        let cause = Win32Error(ERROR_BROKEN_PIPE);
        Err(ProcessError::Start { what: "give its input to", program: child.program.to_owned(), cause })
    }

    /// Gives a waiting child the rest of its input, and waits for its end like [`Runner::run`].
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn finish(
        &self,
        mut waiting: Waiting,
        input: &[u8],
        limit: Duration,
        watch: &mut dyn FnMut(Duration),
        interrupt: &Interrupt,
    ) -> Result<Ended, ProcessError> {
        if let Some(mut stdin) = waiting.stdin.take() {
            let input = input.to_owned();
            // In parallel to the wait: a child that ends without reading must not block us, and the way it ends shows
            // that.
            thread::spawn(move || stdin.write_all(&input));
        }
        let ending = waiting.attend(limit, watch, interrupt)?;
        Ok(Ended { ending, output: waiting.output.clone() })
    }

    /// Ends a waiting child, and gives it time to go.
    pub fn end(&self, waiting: Waiting) {
        waiting.job.end_with(&waiting.process);
        // Any later list of processes shows whether it is gone in time.
        let _ = waiting.process.wait(PATIENCE);
    }

    fn spawn(&self, child: &Child<'_>) -> Result<Waiting, ProcessError> {
        let program = child.program;
        let is_exe = program.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe"));
        if !program.is_absolute() || !is_exe {
            return Err(ProcessError::Program(program.to_owned()));
        }
        let folder = |cause| ProcessError::Folder { folder: child.folder.into(), program: program.into(), cause };
        let temporary = child.folder.join("temp");
        std::fs::create_dir(&temporary).map_err(folder)?;
        let (output, stdout, stderr) = Output::create(child.folder).map_err(folder)?;
        let variables = environment(&temporary)
            .map_err(|cause| ProcessError::Environment { program: program.to_owned(), cause })?;
        let (process, job, stdin, record) = match child.lifetime {
            Lifetime::Ours | Lifetime::Finishes => {
                let (process, job, stdin) = inside(child, &variables, &stdout, &stderr)?;
                (process, job, stdin, None)
            }
            Lifetime::Outlives(outliving) => {
                let (process, job, record) = self.watched(child, outliving, &variables, &stdout, &stderr)?;
                (process, job, None, Some(record))
            }
        };
        let (program, folder) = (program.to_owned(), child.folder.to_owned());
        let interruptible = matches!(child.lifetime, Lifetime::Ours);
        let runs_on = matches!(child.lifetime, Lifetime::Outlives(outliving) if outliving.runs_on());
        Ok(Waiting { process, job, stdin, record, output, program, folder, interruptible, runs_on, unwatched: false })
    }

    /// Starts the watcher, which starts the child; returns the watcher and its record.
    fn watched(
        &self,
        child: &Child<'_>,
        outliving: Outliving<'_>,
        variables: &[(OsString, OsString)],
        stdout: &File,
        stderr: &File,
    ) -> Result<(Process, Job, Record), ProcessError> {
        let program = child.program;
        let start = |what| move |cause| ProcessError::Start { what, program: program.to_owned(), cause };
        let failed = |what| move |error: io::Error| start(what)(Win32Error::of(&error));
        let (watcher, arguments) = (self.watcher)().map_err(failed("find the program that watches"))?;
        let input = child.folder.join("stdin.log");
        if !child.input.is_empty() {
            std::fs::write(&input, child.input).map_err(failed("give its input to"))?;
        }
        let order = Order {
            run: outliving.run.clone(),
            step: outliving.step.clone(),
            program: program.to_owned(),
            // All our arguments are Unicode: paths below the private folder, and options.
            arguments: child.arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect(),
            input: (!child.input.is_empty()).then_some(input),
            limit: (!outliving.runs_on()).then_some(child.limit.as_secs()),
            folder: child.folder.to_owned(),
            private: child.private.to_owned(),
        };
        let record = Record::begin(&order).map_err(failed("begin the record of"))?;
        let mut job = Job::new(false).map_err(start("make a job for"))?;
        let _note = Note::new(child.private, &watcher).map_err(failed("note the start of"))?;
        let mut creation = Creation {
            program: &watcher,
            arguments: &arguments,
            variables: Some(variables),
            folder: Some(child.folder),
            streams: [record.file().as_handle(), stdout.as_handle(), stderr.as_handle()],
            kept: &[outliving.held.as_handle()],
            breaks_away: is_own_process_in_job().unwrap_or(false),
        };
        let process = match creation.start(&mut job) {
            // A job that releases every process may refuse one that asks for it.
            Err(Win32Error(ERROR_ACCESS_DENIED)) if creation.breaks_away => {
                creation.breaks_away = false;
                creation.start(&mut job)
            }
            started => started,
        };
        let process = process.map_err(start("start the watcher of"))?;
        Ok((process, job, record))
    }
}

/// Starts a child that ends with us, and returns the other end of its input, if it has any.
fn inside(
    child: &Child<'_>,
    variables: &[(OsString, OsString)],
    stdout: &File,
    stderr: &File,
) -> Result<(Process, Job, Option<PipeWriter>), ProcessError> {
    let program = child.program;
    let start = |what| move |cause| ProcessError::Start { what, program: program.to_owned(), cause };
    let failed = |what| move |error: io::Error| start(what)(Win32Error::of(&error));
    let mut job = Job::new(true).map_err(start("make a job for"))?;
    let create = |stdin: BorrowedHandle<'_>, job: &mut Job| {
        let creation = Creation {
            program,
            arguments: child.arguments,
            variables: Some(variables),
            folder: Some(child.folder),
            streams: [stdin, stdout.as_handle(), stderr.as_handle()],
            kept: &[],
            breaks_away: false,
        };
        creation.start_inside(job, || Note::new(child.private, program)).map_err(start("start"))
    };
    let (process, stdin) = if child.input.is_empty() {
        let nothing = File::open("NUL").map_err(failed("give its input to"))?;
        (create(nothing.as_handle(), &mut job)?, None)
    } else {
        let (read, write) = io::pipe().map_err(failed("give its input to"))?;
        (create(read.as_handle(), &mut job)?, Some(write))
    };
    Ok((process, job, stdin))
}

impl Outliving<'_> {
    /// Whether it continues after its time limit: an interrupted installation leaves a machine half patched.
    fn runs_on(&self) -> bool {
        *self.step == Step::Install
    }
}

/// A started child. When this value is dropped, the child is ended, unless it outlives us.
#[derive(Debug)]
pub struct Waiting {
    /// The child, or its watcher.
    process: Process,
    job: Job,
    stdin: Option<PipeWriter>,
    /// The record of its watcher; none for a child that ends with us.
    record: Option<Record>,
    output: Output,
    program: PathBuf,
    folder: PathBuf,
    interruptible: bool,
    runs_on: bool,
    /// Whether its watcher is gone, so that we observe the child itself.
    unwatched: bool,
}

impl Waiting {
    fn attend(
        &mut self,
        limit: Duration,
        watch: &mut dyn FnMut(Duration),
        interrupt: &Interrupt,
    ) -> Result<Ending, ProcessError> {
        let began = moment();
        let (mut signs, mut moved, mut patience) = (self.signs_of_life(), began, Duration::ZERO);
        loop {
            if let Some(code) = self.wait(patience)? {
                match self.ended(code)? {
                    Some(ending) => return Ok(ending),
                    None => continue,
                }
            }
            patience = TICK;
            let (seen, now) = (self.signs_of_life(), moment());
            if seen.differs(signs) {
                (signs, moved) = (seen, now);
            }
            self.output.trim();
            let elapsed = now - began;
            watch(now - moved);
            let why = match self.record {
                None if interrupt.leaves() || self.interruptible && interrupt.ends() => Ending::Interrupted,
                Some(_) if interrupt.leaves() => return Ok(self.still_running()),
                None if elapsed >= limit => Ending::TimedOut,
                Some(_) if self.runs_on && elapsed >= limit => return Ok(self.still_running()),
                // Its watcher has ended it by then, or cannot.
                Some(_) if elapsed >= limit.saturating_add(2 * PATIENCE) => return Ok(self.still_running()),
                Some(_) | None => continue,
            };
            self.job.end_with(&self.process);
            // It may have ended by itself before we could end it; its work counts as interrupted anyway.
            return self.wait(PATIENCE).map(|_| why);
        }
    }

    fn wait(&self, at_most: Duration) -> Result<Option<u32>, ProcessError> {
        let (program, pid) = (self.program.clone(), self.process.id());
        self.process.wait(at_most).map_err(|cause| ProcessError::Wait { program, pid, cause })
    }

    fn still_running(&self) -> Ending {
        let recorded = self.record.as_ref().and_then(|record| record.read().ok().flatten());
        let started = recorded.and_then(|recorded| recorded.started);
        Ending::StillRunning { pid: started.map_or(self.process.id(), |(pid, _)| pid) }
    }

    /// How it ended: by its own code, or by its watcher's record. None yet, if somebody ended the watcher before it.
    fn ended(&mut self, code: u32) -> Result<Option<Ending>, ProcessError> {
        let Some(record) = &mut self.record else { return Ok(Some(Ending::Exited(code))) };
        let program = self.program.clone();
        if self.unwatched {
            let _ = record.add(&Entry::Ended(End::Exited(code))); // We saw it end, even if somebody else did too.
            return Ok(Some(Ending::Exited(code)));
        }
        let recorded = record.read().map_err(|error| ProcessError::Start {
            what: "read the record of",
            program: program.clone(),
            cause: Win32Error::of(&error),
        })?;
        match recorded.as_ref().and_then(|recorded| recorded.end.clone()) {
            Some(End::Exited(code)) => return Ok(Some(Ending::Exited(code))),
            Some(End::TimedOut) => return Ok(Some(Ending::TimedOut)),
            Some(End::NotStarted(why)) => return Err(ProcessError::NotStarted { program, why }),
            None => {}
        }
        let Some((pid, created)) = recorded.and_then(|recorded| recorded.started) else {
            let said = self.output.tail().join(" | ");
            let why = format!("its watcher ended with exit code {code} ({said})");
            return Err(ProcessError::NotStarted { program, why });
        };
        let Some(process) = Process::open_same(pid, created) else { return Err(ProcessError::Unseen { program }) };
        (self.process, self.unwatched) = (process, true);
        Ok(None)
    }

    fn signs_of_life(&self) -> Signs {
        Signs { cpu: self.job.cpu_time(), bytes: bytes_in(&self.folder, DEPTH) }
    }
}

/// How deep logs can be below the folder of a child.
const DEPTH: u32 = 3;

/// CPU time, in units of 100 ns, that is not a sign of life: a program that only checks a clock uses this much.
const IDLE: u64 = 500_000;

/// Numbers that change while a child makes progress: the CPU time of it and of all its child processes, and the bytes
/// in the files of its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Signs {
    cpu: u64,
    bytes: u64,
}

impl Signs {
    /// Whether the child has made progress since `before`.
    const fn differs(self, before: Self) -> bool {
        self.bytes != before.bytes || self.cpu.wrapping_sub(before.cpu) > IDLE
    }
}

fn bytes_in(folder: &Path, depth: u32) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |path: PathBuf| {
        // By path and not by directory entry: an entry shows the size of an open file late.
        let file = std::fs::symlink_metadata(&path).ok()?;
        Some(if file.is_dir() && depth > 0 { bytes_in(&path, depth - 1) } else { file.len() })
    };
    files.filter_map(|file| size(file.path())).sum()
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Ending a child that has already ended does nothing, except to its remaining child processes.
        if self.record.is_none() {
            self.job.end_with(&self.process);
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::disallowed_methods, reason = "a test may panic; its child is this test program")]
#[path = "process_tests.rs"]
mod tests;
