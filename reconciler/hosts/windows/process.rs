//! Runs a child process: private handles, a job, a time limit, and a watch on whether it gets on.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::os::windows::io::RawHandle;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use std::{fmt, io};

use tokio::io::AsyncWriteExt;
use tokio::process::{Child as Process, ChildStdin, Command};
use tokio::runtime::{Builder, Runtime};
use windows_sys::Win32::System::Threading::{CREATE_BREAKAWAY_FROM_JOB, CREATE_NO_WINDOW, CREATE_SUSPENDED};

use super::clock::moment;
use super::environment::environment;
use super::job::{Job, may_break_away, resume};
use super::output::Output;
use super::win32::Win32Error;

/// How often a running child is looked at.
const TICK: Duration = Duration::from_millis(250);

/// How long a child may take for what takes no time: to get its first input, to be gone once it was ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// A program to be run.
#[derive(Debug)]
pub struct Child<'a> {
    /// The `.exe`, by its absolute path: nothing is ever searched for.
    pub program: &'a Path,
    /// Its arguments, one by one.
    pub arguments: &'a [OsString],
    /// What it reads from standard input, which is then closed.
    pub input: &'a [u8],
    /// A private folder of this child alone: its working directory, and where its output is kept.
    pub folder: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// What becomes of it when it must not go on.
    pub lifetime: Lifetime,
}

/// What becomes of a child at its time limit, when the user interrupts, and when we die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// It is ended each time.
    Ours,
    /// It may end its work when the user interrupts; it is ended at its time limit and when we die.
    Finishes,
    /// It is never ended: an installation that is cut off leaves a machine half patched. At its time limit it is left
    /// running, and says so.
    Survives,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this exit code.
    Exited(u32),
    /// By us, at its time limit.
    TimedOut,
    /// By us, since the user interrupted.
    Interrupted,
    /// Not at all: the time limit is over and it runs on.
    StillRunning {
        /// Its process.
        pid: u32,
    },
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) if *code > 0xFFFF => write!(f, "ended with exit code 0x{code:08X}"),
            Self::Exited(code) => write!(f, "ended with exit code {code}"),
            Self::TimedOut => f.write_str("did not end within its time limit and was ended"),
            Self::Interrupted => f.write_str("was ended because of an interrupt"),
            Self::StillRunning { pid } => write!(f, "did not end within its time limit and runs on as process {pid}"),
        }
    }
}

/// What is left of a run.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub ending: Ending,
    /// What it printed.
    pub output: Output,
}

/// A look at a child that runs.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    /// How long it has run.
    pub elapsed: Duration,
    /// For how long nothing has moved: no output, no log file in its folder, no CPU time.
    pub quiet: Duration,
}

/// Why a child could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program is named in a way that Windows would search for, or is no program.
    #[error("expected the absolute path of an .exe, found {0}")]
    Program(PathBuf),
    /// The folder of the child cannot be prepared.
    #[error("cannot prepare the folder {folder} for {program}: {cause}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The program that was to run there.
        program: PathBuf,
        /// What went wrong.
        cause: io::Error,
    },
    /// A step of starting it failed.
    #[error("cannot {what} {program}: {cause}")]
    Start {
        /// Which step.
        what: &'static str,
        /// The program.
        program: PathBuf,
        /// What Windows said.
        cause: Win32Error,
    },
    /// It runs, and cannot be waited for.
    #[error("cannot wait for {program} (process {pid}): {cause}")]
    Wait {
        /// The program.
        program: PathBuf,
        /// Its process; 0 where it is not known any more.
        pid: u32,
        /// What Windows said.
        cause: Win32Error,
    },
}

/// Runs children. Its asynchronous runtime is built with the first child: a run that needs none pays nothing.
#[derive(Default)]
pub struct Runner {
    runtime: OnceCell<Runtime>,
}

impl Runner {
    /// Runs a child to its end, or to the end of our patience.
    ///
    /// `watch` sees the child a few times a second; `interrupted` is asked as often.
    ///
    /// # Errors
    /// It cannot be started or waited for. How it ended, whatever the exit code, is no error here.
    pub fn run(
        &self,
        child: &Child<'_>,
        watch: &mut dyn FnMut(Pulse),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Ended, ProcessError> {
        let waiting = self.spawn(child)?;
        self.finish(waiting, child.input, child.limit, watch, interrupted)
    }

    /// Starts a child that is to wait for the rest of its input. It has got `child.input` by then, and no time limit yet.
    ///
    /// # Errors
    /// It cannot be started, or does not take its input.
    pub fn start(&self, child: &Child<'_>) -> Result<Waiting, ProcessError> {
        let mut waiting = self.spawn(child)?;
        let took = self.runtime(child.program)?.block_on(async {
            // A pipe takes so little at once; a child must not hold us all the same.
            let stdin = waiting.process.stdin.as_mut()?;
            let write = async { stdin.write_all(child.input).await.is_ok() && stdin.flush().await.is_ok() };
            tokio::time::timeout(PATIENCE, write).await.ok().filter(|written| *written)
        });
        if took.is_some() {
            return Ok(waiting);
        }
        let cause = Win32Error(windows_sys::Win32::Foundation::ERROR_BROKEN_PIPE);
        Err(ProcessError::Start { what: "give its input to", program: child.program.to_owned(), cause })
    }

    /// Gives a child that waits the rest of its input, and waits for its end as [`Runner::run`] does.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn finish(
        &self,
        mut waiting: Waiting,
        input: &[u8],
        limit: Duration,
        watch: &mut dyn FnMut(Pulse),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Ended, ProcessError> {
        let program = waiting.program.clone();
        self.runtime(&program)?.block_on(async {
            if let Some(stdin) = waiting.process.stdin.take() {
                give(stdin, input.to_owned());
            }
            let ending = waiting.attend(limit, watch, interrupted).await?;
            Ok(Ended { ending, output: waiting.output.clone() })
        })
    }

    /// Ends a child that waits, and lets it be gone.
    pub fn end(&self, mut waiting: Waiting) {
        waiting.end();
        if let Some(runtime) = self.runtime.get() {
            // Whether it is gone in time, is seen by whoever looks for processes.
            let _ = runtime.block_on(async { tokio::time::timeout(PATIENCE, waiting.process.wait()).await });
        }
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
        let start = |what| move |cause| ProcessError::Start { what, program: program.to_owned(), cause };
        let variables = environment(&temporary).map_err(start("give an environment to"))?;

        let mut flags = CREATE_SUSPENDED | CREATE_NO_WINDOW;
        if child.lifetime == Lifetime::Survives && may_break_away() {
            flags |= CREATE_BREAKAWAY_FROM_JOB;
        }
        #[expect(clippy::disallowed_methods, reason = "this is the place where children are started")]
        let mut command = Command::new(program);
        command
            .args(child.arguments)
            .current_dir(child.folder)
            .env_clear()
            .envs(variables)
            .stdin(if child.input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(stdout)
            .stderr(stderr)
            .creation_flags(flags);
        let mut job = Job::new(child.lifetime != Lifetime::Survives).map_err(start("make a job for"))?;
        self.runtime(program)?.block_on(async {
            let mut process = command.spawn().map_err(|error| start("start")(Win32Error::of(&error)))?;
            if let Err((what, cause)) = release(&process, &mut job) {
                // It has not run one instruction: ending it loses nothing.
                let _ = process.kill().await;
                return Err(start(what)(cause));
            }
            let (program, folder, lifetime) = (program.to_owned(), child.folder.to_owned(), child.lifetime);
            Ok(Waiting { process, job, output, program, folder, lifetime })
        })
    }

    fn runtime(&self, program: &Path) -> Result<&Runtime, ProcessError> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = Builder::new_current_thread().enable_time().build().map_err(|error| ProcessError::Start {
            what: "build the runtime for",
            program: program.to_owned(),
            cause: Win32Error::of(&error),
        })?;
        Ok(self.runtime.get_or_init(|| runtime))
    }
}

/// Gives a child its input, beside the wait: a child that ends without reading must not hold us.
fn give(mut stdin: ChildStdin, input: Vec<u8>) {
    tokio::spawn(async move {
        // A child that does not read its input says so by how it ends.
        let _ = stdin.write_all(&input).await;
    });
}

/// Puts a suspended child into its job and lets it run.
fn release(process: &Process, job: &mut Job) -> Result<(), (&'static str, Win32Error)> {
    let gone = Win32Error(windows_sys::Win32::Foundation::ERROR_INVALID_HANDLE);
    let handle: RawHandle = process.raw_handle().ok_or(("start", gone))?;
    job.take(handle).map_err(|cause| ("put into a job", cause))?;
    resume(process.id().ok_or(("start", gone))?).map_err(|cause| ("resume", cause))
}

/// A child that was started. Dropped, it is ended, unless it is one that survives.
#[derive(Debug)]
pub struct Waiting {
    process: Process,
    job: Job,
    output: Output,
    program: PathBuf,
    folder: PathBuf,
    lifetime: Lifetime,
}

impl Waiting {
    /// Ends it. Where the job does not hold the child, or does not end it, the child alone is ended.
    fn end(&mut self) {
        if !self.job.holds() || self.job.end().is_err() {
            let _ = self.process.start_kill();
        }
    }

    async fn attend(
        &mut self,
        limit: Duration,
        watch: &mut dyn FnMut(Pulse),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Ending, ProcessError> {
        let (pid, began) = (self.process.id().unwrap_or(0), moment());
        let mut ticks = tokio::time::interval(TICK);
        let (mut signs, mut moved) = (self.signs_of_life(), began);
        loop {
            tokio::select! {
                biased;
                ended = self.process.wait() => return self.ended(ended, pid),
                _ = ticks.tick() => {}
            }
            let (seen, now) = (self.signs_of_life(), moment());
            if seen != signs {
                (signs, moved) = (seen, now);
            }
            self.output.trim();
            let elapsed = now - began;
            watch(Pulse { elapsed, quiet: now - moved });
            let why = match self.lifetime {
                Lifetime::Ours if interrupted() => Ending::Interrupted,
                Lifetime::Ours | Lifetime::Finishes if elapsed >= limit => Ending::TimedOut,
                Lifetime::Survives if elapsed >= limit => return Ok(Ending::StillRunning { pid }),
                Lifetime::Ours | Lifetime::Finishes | Lifetime::Survives => continue,
            };
            self.end();
            // It may have ended by itself before we could end it; what it did then counts as cut off all the same.
            let ended = self.process.wait().await;
            return self.ended(ended, pid).map(|_| why);
        }
    }

    fn ended(&self, ended: io::Result<ExitStatus>, pid: u32) -> Result<Ending, ProcessError> {
        let status = ended.map_err(|error| ProcessError::Wait {
            program: self.program.clone(),
            pid,
            cause: Win32Error::of(&error),
        })?;
        // Windows always has a code.
        Ok(Ending::Exited(status.code().unwrap_or_default().cast_unsigned()))
    }

    /// Numbers that change while the child gets on: CPU time, and the bytes in the files of its folder.
    fn signs_of_life(&self) -> (u64, u64) {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        // By path and not by directory entry: an entry shows the size of an open file late.
        let bytes = files.filter_map(|file| std::fs::metadata(file.path()).ok()).map(|file| file.len()).sum();
        (self.job.cpu_time(), bytes)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // One that has ended is ended once more, which does nothing, save to what it has left running.
        if self.lifetime != Lifetime::Survives {
            self.end();
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::disallowed_methods, reason = "a test may panic; its child is this test program")]
#[path = "process_tests.rs"]
mod tests;
