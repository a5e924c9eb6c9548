//! This machine, if it is a Windows server, observed and changed through its own interfaces.
#![expect(unsafe_code, reason = "Win32 is called here and nowhere else; every block says why it is sound")]

mod access;
mod account;
mod act;
mod cancel;
mod clock;
mod confinement;
mod create;
mod databases;
mod discover;
mod environment;
mod error;
pub mod event_log;
mod examine;
mod foreign;
mod handle;
mod installing;
mod job;
mod layered;
mod library;
mod logs;
mod machine;
mod observe;
mod output;
mod own;
mod package;
mod pool_share;
mod pools;
mod powershell;
mod powershell_error;
mod process;
mod processes;
mod protect;
mod record;
mod registry;
mod script;
mod security;
mod services;
mod settle;
mod share_eyes;
mod shells;
mod signature;
mod sleeper;
mod state;
mod state_error;
mod task;
mod trust;
mod watcher;
mod win32;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use reconcile_core::{Expensive, Goal};
use reconcile_schema::{Mark, Marks, PackageSeen, Product, RunId, ServerName, ServiceName, Sha256, Step};

pub(crate) use self::cancel::cancel;
use self::environment::{system_root, variable};
use self::logs::log_folder;
use self::package::{Staged, find, forget_others};
use self::powershell::{Call, PowerShell, Warm};
use self::powershell_error::PowerShellError;
use self::process::Runner;
use self::record::{End, Order};
use self::registry::Registry;
pub(crate) use self::share_eyes::EYES;
use self::sleeper::end_sleepers;
use self::state::private_folder;
use crate::interrupt::Interrupt;
use crate::journal::Journal;
use crate::lock::Lock;

pub use self::error::WindowsError;
pub use self::machine::{MachineError, name, windows_version};
pub use self::process::WATCHER;
pub use self::protect::protect;
pub use self::state::moved_aside;
pub use self::task::{Installed, Scheduler, SchedulerError};
pub use self::trust::{TrustError, Trusted, program_is_safe, trusted};
pub use self::watcher::attend;

/// This machine, for observing.
pub struct WindowsHost {
    name: ServerName,
    registry: Registry,
    /// The services of other products that the goal names.
    also: Arc<[ServiceName]>,
    expensive: Expensive,
    runner: Runner,
    /// The shell that waits for a question about databases.
    warm: Option<Warm>,
    /// The update, from the moment when it was verified: nobody can change it any more.
    staged: Option<Staged>,
    /// The hash of a copied package that is not the declared one, and what is wrong with it.
    refused: Option<(Sha256, PackageSeen)>,
    /// The scripts, from the first stop on: nobody can change or remove them.
    scripts: Vec<std::fs::File>,
    /// Raised when somebody wants the run to end.
    interrupt: Interrupt,
    /// Whether this is the run that acts. A command that only observes opens no shell while a run acts, because the
    /// shell would hold assemblies that the installer replaces.
    acts: bool,
}

/// This machine, for acting: the journal of its runs is open. Its creator holds the lock.
pub struct ActingHost<'a> {
    host: &'a mut WindowsHost,
    journal: Journal,
    sleepers: Vec<String>,
}

/// The publisher that signed a file, as a manifest names it.
///
/// # Errors
/// The file cannot be read, or has no signature that Windows trusts; in words.
pub fn publisher(path: &Path) -> Result<String, String> {
    use std::os::windows::io::AsRawHandle;
    let file = crate::open::to_read(path).map_err(|error| error.to_string())?;
    let signer = signature::signer(file.as_raw_handle(), path).map_err(|error| error.to_string())?;
    Ok(signer.publisher().to_owned())
}

/// The lock file of this machine; its folder is created if it is missing.
///
/// # Errors
/// When the private folder cannot be used.
pub fn lock_path() -> Result<PathBuf, WindowsError> {
    Ok(lock_in(private_folder()?))
}

/// Our account, as `DOMAIN\name`.
///
/// # Errors
/// When Windows does not report it.
pub fn user() -> Result<String, MachineError> {
    account::own_name().map_err(|cause| MachineError::Unreadable { what: "the name of this account", cause })
}

/// Whether we run as an elevated administrator.
///
/// # Errors
/// When Windows does not report it.
pub fn is_administrator() -> Result<bool, MachineError> {
    let what = "whether this account is an administrator";
    account::is_administrator().map_err(|cause| MachineError::Unreadable { what, cause })
}

/// The name for calls about databases in the folder of logs.
const TEST_DATABASES: &str = "test-databases";

/// The journal of this machine; nothing is created.
///
/// # Errors
/// When Windows does not report its folders.
pub fn journal_path() -> Result<PathBuf, WindowsError> {
    Ok(journal_in(&state::place()?))
}

/// The folder of this machine's logs; the private folder around it is created if it is missing.
///
/// # Errors
/// When the private folder cannot be used.
pub fn logs_folder() -> Result<PathBuf, WindowsError> {
    Ok(logs_in(private_folder()?))
}

/// The place of that folder, whether it exists or not.
///
/// # Errors
/// When Windows does not report its folders.
pub fn logs_place() -> Result<PathBuf, WindowsError> {
    Ok(logs_in(&state::place()?))
}

fn logs_in(private: &Path) -> PathBuf {
    private.join("logs")
}

fn lock_in(private: &Path) -> PathBuf {
    private.join("lock")
}

/// How often a shell that only observes checks the lock.
const GLANCE: Duration = Duration::from_millis(200);

/// Does `work`, and interrupts it as soon as a run begins. Returns the holder of the lock as well.
fn until_a_run_begins<T>(lock: &Path, interrupt: &Interrupt, work: impl FnOnce() -> T) -> (T, Option<String>) {
    std::thread::scope(|scope| {
        let (working, ends) = mpsc::channel::<()>();
        let watch = scope.spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = ends.recv_timeout(GLANCE) {
                if let Some(holder) = Lock::holder(lock) {
                    interrupt.end();
                    return Some(holder);
                }
            }
            None
        });
        let done = work();
        drop(working);
        (done, watch.join().ok().flatten())
    })
}

fn journal_in(private: &Path) -> PathBuf {
    private.join("journal.jsonl")
}

/// How an installer ended whose end is not in the journal: its watcher saw it after the run was gone.
fn unseen_end(private: &Path, marks: &Marks) -> Option<(RunId, Mark)> {
    let attempt = marks.attempt.as_ref().filter(|attempt| attempt.code.is_none())?;
    let recorded = record::last(private)?;
    let Order { run, step, folder, .. } = recorded.order;
    match recorded.end {
        // Nobody compared what it moved, so services may hold files that it replaced.
        Some(End::Exited(code)) if step == Step::Install && run == attempt.run => {
            Some((run, Mark::Installed { code, moved: true, log: Some(folder.display().to_string()) }))
        }
        Some(End::Exited(_) | End::TimedOut | End::NotStarted(_)) | None => None,
    }
}

impl ActingHost<'_> {
    /// Removes packages of earlier targets, which are not needed once the goal is reached.
    pub fn tidy(&mut self, goal: &Goal) {
        if let Ok(private) = private_folder() {
            let kept = self.journal.marks().staged.as_ref().filter(|copy| copy.sha256 == goal.installer.sha256);
            forget_others(private, kept);
        }
    }

    /// Processes that earlier runs created but never resumed, because they were ended before. They are ended now, and
    /// named here.
    #[must_use]
    pub fn sleepers(&self) -> &[String] {
        &self.sleepers
    }
}

impl WindowsHost {
    /// This machine, for observing only.
    ///
    /// # Errors
    /// When it does not report its name.
    pub fn open() -> Result<Self, WindowsError> {
        Ok(Self {
            name: name()?,
            registry: Registry::machine(),
            also: Arc::default(),
            expensive: Expensive::default(),
            runner: Runner::default(),
            warm: None,
            staged: None,
            refused: None,
            scripts: Vec::new(),
            interrupt: Interrupt::default(),
            acts: false,
        })
    }

    /// From now on this is the run that acts: its caller holds the lock.
    pub fn begin(&mut self) {
        self.acts = true;
    }

    /// The same machine, for acting. `interrupt` is raised when somebody wants the run to end. The caller holds the
    /// lock at [`lock_path`].
    ///
    /// # Errors
    /// When the private folder or the journal cannot be used.
    pub fn to_act(&mut self, interrupt: Interrupt) -> Result<ActingHost<'_>, WindowsError> {
        let private = private_folder()?;
        let sleepers = end_sleepers(private);
        let mut journal = Journal::open(&journal_in(private))?;
        if let Some((run, mark)) = unseen_end(private, journal.marks()) {
            journal.append(&run, clock::now(), &mark)?;
        }
        self.interrupt = interrupt;
        self.begin();
        Ok(ActingHost { host: self, journal, sleepers })
    }

    /// The copy of the update that the journal records, if it is unchanged.
    fn staged(&self, goal: &Goal) -> Result<Option<Staged>, WindowsError> {
        let private = private_folder()?;
        let known = Journal::read(&journal_in(private))?.staged;
        Ok(find(private, goal.product.installer(), &goal.installer, known.as_ref())?)
    }

    /// Runs `call` in the management shell of `product`, in a log folder of its own.
    fn shell<T>(
        &mut self,
        product: Product,
        what: &str,
        limit: Duration,
        call: impl FnOnce(&PowerShell<'_>, Call<'_>) -> Result<T, PowerShellError>,
    ) -> Result<T, WindowsError> {
        let private = private_folder()?;
        let lock = lock_in(private);
        if !self.acts
            && let Some(holder) = Lock::holder(&lock)
        {
            return Err(WindowsError::RunActs(holder));
        }
        let folder = log_folder(private, what)?;
        let common = variable("CommonProgramFiles")?.unwrap_or_default();
        let shell = PowerShell {
            private: private.to_owned(),
            runner: &self.runner,
            program: powershell::program(&system_root()?),
            module: powershell::module(Path::new(&common), product),
        };
        if self.acts {
            return Ok(call(&shell, Call { folder: &folder, limit, interrupt: &self.interrupt })?);
        }
        let interrupt = Interrupt::default();
        let call_at = Call { folder: &folder, limit, interrupt: &interrupt };
        match until_a_run_begins(&lock, &interrupt, || call(&shell, call_at)) {
            (_, Some(holder)) => Err(WindowsError::RunActs(holder)),
            (answered, None) => Ok(answered?),
        }
    }

    /// Starts the management shell that will be asked about the databases, and lets it load the product's module while
    /// other work is done.
    fn warm_up(&mut self, product: Product) {
        let warmed = self.shell(product, TEST_DATABASES, Duration::ZERO, |shell, call| shell.warm(call.folder));
        match warmed {
            Ok(warm) => self.warm = Some(warm),
            Err(error) => tracing::warn!(%error, "the management shell is not started ahead"),
        }
    }

    /// Ends the waiting shell, if there is one. It holds the product's assemblies like any other shell.
    fn cool_down(&mut self) {
        if let Some(warm) = self.warm.take() {
            warm.end(&self.runner);
        }
    }
}
