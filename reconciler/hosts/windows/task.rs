//! Our scheduled task on this machine, through `schtasks.exe`. Its output is in the language of Windows and for people
//! only.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reconcile_schema::TaskDifference;

use super::account::canonical;
use super::environment::{environment, system_root};
use super::error::WindowsError;
use super::logs::log_folder;
use super::output::decode;
use super::powershell::said;
use super::process::{Child, Ended, Ending, Lifetime, Runner};
use super::state::private_folder;
use super::win32::Win32Error;
use crate::interrupt::Interrupt;
use crate::task::{self, Account, DocumentError, Element, Request, differences};

/// How long `schtasks.exe` may take; it asks a service of this machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Why the task cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// `schtasks.exe` cannot be run.
    #[error(transparent)]
    Windows(#[from] WindowsError),
    /// It refused a request.
    #[error("cannot {what} the task {}: schtasks.exe {ending} ({said}); its log folder is {}", task::PATH, folder.display())]
    Refused {
        /// The request.
        what: &'static str,
        ending: Ending,
        said: String,
        /// The folder with its output.
        folder: PathBuf,
    },
    /// Its output is no definition of a task.
    #[error("cannot read the task {} as schtasks.exe gives it, in {}: {cause}", task::PATH, folder.display())]
    Unreadable {
        cause: DocumentError,
        /// The folder with its output.
        folder: PathBuf,
    },
    /// The registered task differs from the given one.
    #[error(
        "the task {} was registered, and is not as it was given:\n{}", task::PATH,
        .0.iter().map(|one| format!("  {}", task::told(one))).collect::<Vec<_>>().join("\n")
    )]
    Altered(Vec<TaskDifference>),
    /// The account does not exist.
    #[error("cannot find the account {account}: {cause}")]
    Account { account: String, cause: Win32Error },
    /// A file could not be written or read.
    #[error("cannot use {}: {cause}", path.display())]
    File { path: PathBuf, cause: std::io::Error },
}

/// The result of registering the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// It was missing.
    New,
    /// It existed, as wanted.
    Already,
    /// It existed, with these differences.
    Mended(Vec<TaskDifference>),
}

/// Our task in the Task Scheduler of this machine.
pub struct Scheduler {
    runner: Runner,
    private: PathBuf,
    program: PathBuf,
}

impl Scheduler {
    /// Prepares the private folder, which needs an administrator.
    ///
    /// # Errors
    /// When the private folder cannot be used.
    pub fn open() -> Result<Self, WindowsError> {
        let program = system_root()?.join(r"System32\schtasks.exe");
        Ok(Self { runner: Runner::default(), private: private_folder()?.to_owned(), program })
    }

    /// The account under the name that Windows uses, so that two names of one account are no difference.
    ///
    /// # Errors
    /// When Windows does not know it.
    pub fn known(&self, account: &Account) -> Result<Account, SchedulerError> {
        let name = canonical(account.user_id());
        let name = name.map_err(|cause| SchedulerError::Account { account: account.to_string(), cause })?;
        Ok(Account::of(&name, account.logon_type().unwrap_or_default()))
    }

    /// The definition of the registered task, with the account names that Windows uses; none where no task is
    /// registered.
    ///
    /// # Errors
    /// When it is unknown whether a task is registered, or the task cannot be read.
    pub fn registered(&self) -> Result<Option<Element>, SchedulerError> {
        let (ended, folder) = self.run("query", &["/query", "/tn", task::PATH, "/xml"])?;
        if ended.ending != Ending::Exited(0) {
            // A missing task and every other failure have the same code. The list of all tasks shows which it is.
            return if self.is_listed()? { Err(refused("read", &ended, folder)) } else { Ok(None) };
        }
        let bytes = ended.output.bytes().map_err(|cause| SchedulerError::File { path: folder.clone(), cause })?;
        let text = task::decode(&bytes).unwrap_or_else(|| decode(&bytes));
        let mut found = Element::read(&text).map_err(|cause| SchedulerError::Unreadable { cause, folder })?;
        found.rename_accounts(&|name| canonical(name).ok());
        Ok(Some(found))
    }

    /// Whether the task is in the list of all tasks. Their names are the first column, in every language.
    fn is_listed(&self) -> Result<bool, SchedulerError> {
        let (ended, folder) = self.run("list", &["/query", "/fo", "csv", "/nh"])?;
        if ended.ending != Ending::Exited(0) {
            return Err(refused("look for", &ended, folder));
        }
        let bytes = ended.output.bytes().map_err(|cause| SchedulerError::File { path: folder, cause })?;
        let ours = format!("\"{}\"", task::PATH).to_lowercase();
        Ok(decode(&bytes).lines().any(|line| line.to_lowercase().starts_with(&ours)))
    }

    /// Registers the task, unless it is registered as wanted, and reads the registered task back.
    ///
    /// # Errors
    /// When it cannot be registered, or was registered differently.
    pub fn install(&self, wanted: &Request) -> Result<Installed, SchedulerError> {
        let definition = wanted.definition();
        let outcome = match self.registered()? {
            None => Installed::New,
            Some(found) => match differences(&definition, &found) {
                none if none.is_empty() => return Ok(Installed::Already),
                some => Installed::Mended(some),
            },
        };
        self.create(wanted, &definition)?;
        match self.registered()?.map(|found| differences(&definition, &found)) {
            Some(none) if none.is_empty() => Ok(outcome),
            Some(some) => Err(SchedulerError::Altered(some)),
            None => Err(SchedulerError::Altered(vec![TaskDifference {
                element: "Task".into(),
                expected: Some(task::PATH.into()),
                found: None,
            }])),
        }
    }

    fn create(&self, wanted: &Request, definition: &Element) -> Result<(), SchedulerError> {
        let folder = log_folder(&self.private, "schtasks-create")?;
        let path = folder.join("task.xml");
        let written = task::file(definition).and_then(|bytes| std::fs::write(&path, bytes));
        written.map_err(|cause| SchedulerError::File { path: path.clone(), cause })?;
        let mut arguments: Vec<OsString> = ["/create", "/tn", task::PATH, "/xml"].map(OsString::from).into();
        arguments.extend([path.clone().into(), "/f".into()]);
        if let Account::Managed(name) = &wanted.account {
            // The domain has the password. An empty one keeps schtasks.exe from asking for it, when nobody could
            // answer.
            arguments.extend(["/ru", name, "/rp", ""].map(OsString::from));
        }
        if let Account::WithPassword(name) = &wanted.account {
            arguments.extend(["/ru", name, "/rp", "*"].map(OsString::from));
            return self.on_this_console(&arguments, folder);
        }
        let ended = self.child(&folder, &arguments)?;
        if ended.ending == Ending::Exited(0) { Ok(()) } else { Err(refused("register", &ended, folder)) }
    }

    /// Lets `schtasks.exe` use this console: it asks the person for the password, and nobody else reads the answer.
    #[expect(clippy::disallowed_methods, reason = "the one child that has our console: nothing of it is read or kept")]
    fn on_this_console(&self, arguments: &[OsString], folder: PathBuf) -> Result<(), SchedulerError> {
        let variables = environment(&folder).map_err(WindowsError::Folders)?;
        let ended = std::process::Command::new(&self.program).args(arguments).env_clear().envs(variables).status();
        let ended = ended.map_err(|cause| SchedulerError::File { path: self.program.clone(), cause })?;
        if ended.success() {
            return Ok(());
        }
        let ending = Ending::Exited(ended.code().unwrap_or(-1).cast_unsigned());
        Err(SchedulerError::Refused {
            what: "register",
            ending,
            said: "schtasks.exe reported the cause on this console".into(),
            folder,
        })
    }

    /// Starts the task now. A task that is at work is not started a second time, and that is not reported.
    ///
    /// # Errors
    /// When the Task Scheduler refuses.
    pub fn start(&self) -> Result<(), SchedulerError> {
        let (ended, folder) = self.run("run", &["/run", "/tn", task::PATH])?;
        if ended.ending == Ending::Exited(0) { Ok(()) } else { Err(refused("start", &ended, folder)) }
    }

    /// Removes the task, and returns whether there was one. A run that it started continues (Microsoft Learn: schtasks
    /// delete).
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> Result<bool, SchedulerError> {
        if !self.is_listed()? {
            return Ok(false);
        }
        let (ended, folder) = self.run("delete", &["/delete", "/tn", task::PATH, "/f"])?;
        if ended.ending == Ending::Exited(0) && !self.is_listed()? {
            Ok(true)
        } else {
            Err(refused("remove", &ended, folder))
        }
    }

    fn run(&self, what: &str, arguments: &[&str]) -> Result<(Ended, PathBuf), SchedulerError> {
        let folder = log_folder(&self.private, &format!("schtasks-{what}"))?;
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        Ok((self.child(&folder, &arguments)?, folder))
    }

    fn child(&self, folder: &Path, arguments: &[OsString]) -> Result<Ended, SchedulerError> {
        let (program, lifetime) = (self.program.as_path(), Lifetime::Ours);
        let private = &self.private;
        let child = Child { program, arguments, input: b"", folder, private, limit: LIMIT, lifetime };
        Ok(self.runner.run(&child, &mut |_| {}, &Interrupt::default()).map_err(WindowsError::from)?)
    }
}

fn refused(what: &'static str, ended: &Ended, folder: PathBuf) -> SchedulerError {
    SchedulerError::Refused { what, ending: ended.ending, said: said(&ended.output.tail()), folder }
}
