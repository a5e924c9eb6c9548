//! Starts the tested program, undisturbed or with a fault at one of its file operations.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

/// The program, and the library that is preloaded into it (`fault.c`).
pub struct Program {
    pub reconcile: PathBuf,
    pub shim: PathBuf,
}

/// A fault at one operation of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The number of the operation, counted from 1.
    pub operation: usize,
    pub action: Action,
}

/// The effect of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The program is killed before it.
    Before,
    /// Half of the bytes are written, then the program is killed.
    Midway,
    /// The program is killed after it.
    After,
    /// Half of the bytes are written, and the call reports that. Nothing fails.
    Short,
    /// Half of the bytes are written, and from then on the disk is full.
    Full,
    /// This operation meets a full disk.
    NoSpace,
    /// This operation and all later ones meet a full disk.
    NoSpaceOn,
    /// This operation meets a broken disk.
    Broken,
    /// This operation and all later ones meet a broken disk.
    BrokenOn,
}

impl Action {
    /// The name that `fault.c` knows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Midway => "midway",
            Self::After => "after",
            Self::Short => "short",
            Self::Full => "full",
            Self::NoSpace => "enospc",
            Self::NoSpaceOn => "enospc-on",
            Self::Broken => "eio",
            Self::BrokenOn => "eio-on",
        }
    }

    /// Whether it kills the program.
    pub const fn kills(self) -> bool {
        match self {
            Self::Before | Self::Midway | Self::After => true,
            Self::Short | Self::Full | Self::NoSpace | Self::NoSpaceOn | Self::Broken | Self::BrokenOn => false,
        }
    }
}

/// The result of a run of the program.
#[derive(Debug)]
pub struct Ended {
    /// The exit code, or nothing if the program was killed.
    pub code: Option<i32>,
    /// The signal that killed it.
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            signal: signal(output.status),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Its standard output and standard error.
    pub fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Program {
    /// The program, and the library with the faults, which is compiled into this folder.
    #[expect(clippy::disallowed_methods, reason = "runs the compiler")]
    pub fn with_faults(folder: &Path) -> Self {
        let (source, shim) =
            (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/campaigns/fault.c"), folder.join("fault.so"));
        let flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"];
        let compiled = Command::new("cc").args(flags).arg("-o").arg(&shim).arg(&source).status();
        assert!(compiled.is_ok_and(|status| status.success()), "cc cannot compile {}", source.display());
        Self { reconcile: env!("CARGO_BIN_EXE_reconcile").into(), shim }
    }

    /// Runs the program in `folder` to its end.
    pub fn run(&self, folder: &Path, args: &[&str]) -> Ended {
        Ended::of(&self.command(folder, args, &[]).output().unwrap())
    }

    /// The same, with a fault.
    pub fn run_with(&self, folder: &Path, args: &[&str], fault: Fault) -> Ended {
        let fault = format!("{} {}", fault.operation, fault.action.name());
        Ended::of(&self.command(folder, args, &[("FAULT", fault.as_ref())]).output().unwrap())
    }

    /// The names of the program's file operations in order, each with its descriptor or path.
    pub fn operations(&self, folder: &Path, args: &[&str]) -> (Ended, Vec<String>) {
        let trace = folder.with_extension("operations");
        let ended = Ended::of(&self.command(folder, args, &[("FAULT_TRACE", trace.as_os_str())]).output().unwrap());
        let traced = fs::read_to_string(&trace).unwrap();
        fs::remove_file(trace).unwrap();
        (ended, traced.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect())
    }

    /// Kills the program after this time.
    #[expect(clippy::disallowed_methods, reason = "a moment that is drawn, not one that is waited for")]
    pub fn run_for(&self, folder: &Path, args: &[&str], moment: Duration) -> Ended {
        let mut run = self.command(folder, args, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(moment);
        run.kill().unwrap(); // Not an error if the program has ended.
        Ended::of(&run.wait_with_output().unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
    fn command(&self, folder: &Path, args: &[&str], fault: &[(&str, &OsStr)]) -> Command {
        let mut command = Command::new(&self.reconcile);
        command.args(args).current_dir(folder).stdin(Stdio::null()).env("LD_PRELOAD", &self.shim);
        command.env_remove("FAULT").env_remove("FAULT_TRACE").envs(fault.iter().copied());
        command
    }
}

/// The signal that ended a program. Windows has none.
fn signal(status: std::process::ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    return status.code().and(None);
}
