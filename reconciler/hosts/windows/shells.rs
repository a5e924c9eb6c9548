//! Open shells: processes of any user that hold modules of the product, so that an update cannot replace them.
//!
//! A process is found by its module list. An assembly that the runtime has read without mapping it as a module is not
//! found.

use reconcile_schema::{ServiceName, Shell};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BAD_LENGTH, ERROR_INVALID_PARAMETER, ERROR_NOACCESS, ERROR_PARTIAL_COPY,
};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    MODULEENTRY32W, Module32FirstW, Module32NextW, TH32CS_SNAPMODULE, TH32CS_SNAPMODULE32,
};

use super::account::{Enabled, is_administrator};
use super::discover::{known_places, service_processes};
use super::handle::{self, GOING};
use super::processes::{find, listed, look, placed, snapshot};
use super::services::ServiceError;
use super::win32::{Win32Error, text};
use crate::running::{Process, may_be_shell};

/// Programs that host a management shell, in any session: PowerShell, its remote host, the management console. One
/// without a readable list of modules is suspicious; with one, it is judged by its modules like any other process.
const HOSTS: &[&str] = &["powershell.exe", "powershell_ise.exe", "pwsh.exe", "wsmprovhost.exe", "mmc.exe"];

/// How often a module list that changes during reading is read again.
const PASSES: usize = 8;

/// With this privilege, administrators can read the processes of other users, which by default allow only their own
/// user and the system.
const LOOKING: &str = "SeDebugPrivilege";

/// Why the open shells are unknown or cannot be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    /// The processes cannot be listed.
    #[error("cannot list the processes: {0}")]
    Processes(Win32Error),
    /// It is unknown which of them are services.
    #[error(transparent)]
    Services(#[from] ServiceError),
    /// The modules of a process that may be a shell cannot be listed.
    #[error(
        "cannot tell whether {process} holds modules of the product: {cause}; run as an administrator of this computer"
    )]
    Modules {
        /// The process, in words.
        process: String,
        cause: Win32Error,
    },
    /// A shell cannot be ended.
    #[error("cannot end {program} (process {pid}): {cause}; close it by hand")]
    End { program: String, pid: u32, cause: Win32Error },
}

/// The open shells, without our own process. Services do not count, nor do processes that end with those that the
/// procedure stops, including `also`.
///
/// # Errors
/// When they are unknown, because an administrator's process that may be one denies access.
pub fn open_shells(also: &[ServiceName]) -> Result<Vec<Shell>, ShellError> {
    let _looking = Enabled::new(LOOKING); // Without it, fewer processes allow access.
    let places = known_places()?;
    let (services, all) = (service_processes(also)?, listed().map_err(ShellError::Processes)?);
    let all: Vec<_> = all.iter().map(placed).collect();
    let mut shells = Vec::new();
    for process in &all {
        // For process 0, Windows would list our own modules.
        if [0, std::process::id()].contains(&process.pid) || places.goes_with_a_service(process, &all, &services) {
            continue;
        }
        match module(process.pid, &|path| places.is_products_module(path)) {
            Ok(None) => {}
            Ok(module @ Some(_)) => shells.extend(shell(process, module)),
            Err(cause) => is_no_shell(process, cause)?,
        }
    }
    Ok(shells)
}

fn shell(process: &Process, module: Option<String>) -> Option<Shell> {
    let looked = look(process)?;
    let Process { pid, program, session, path, .. } = looked.process;
    Some(Shell { pid, program, user: looked.user, session, path, module })
}

/// No act of an ordinary user makes the open shells unknown; a shell of an administrator that denies access does.
fn is_no_shell(process: &Process, cause: Win32Error) -> Result<(), ShellError> {
    let host = HOSTS.iter().any(|host| process.program.eq_ignore_ascii_case(host));
    let looks = is_administrator().unwrap_or(false);
    match look(process) {
        Some(looked) if may_be_shell(host, looked.standing, looks) => {
            Err(ShellError::Modules { process: looked.shown(), cause })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether the shell was started by another command of this program, one that only observes.
pub fn is_of_another_command(shell: &Shell) -> bool {
    let Ok(all) = listed() else { return false };
    let of = |pid: u32| all.iter().find(|process| process.pid == pid).map(placed);
    let (Some(own), Some(shell)) = (of(std::process::id()), of(shell.pid)) else { return false };
    let Some(parent) = of(shell.parent) else { return false };
    let same = own.path.zip(parent.path).is_some_and(|(own, parent)| own.eq_ignore_ascii_case(&parent));
    let older = parent.created.zip(shell.created).is_some_and(|(parent, shell)| parent <= shell);
    parent.pid != own.pid && same && older
}

/// Ends a shell, if the process with that number is still the observed shell.
///
/// # Errors
/// When it cannot be ended.
pub fn close(shell: &Shell, also: &[ServiceName]) -> Result<(), ShellError> {
    let failed = |cause| ShellError::End { program: shell.program.clone(), pid: shell.pid, cause };
    let _looking = Enabled::new(LOOKING);
    // It is opened before the check: while we hold it, no other process can get its number.
    let process = match handle::Process::open_to_end(shell.pid) {
        Ok(process) => process,
        Err(Win32Error(ERROR_INVALID_PARAMETER)) => return Ok(()),
        Err(cause) => return Err(failed(cause)),
    };
    let is_seen = |open: &Shell| {
        let key = |shell: &Shell| (shell.pid, shell.session, shell.path.clone(), shell.user.clone());
        key(open) == key(shell) && open.path == process.path().ok()
    };
    if !open_shells(also)?.iter().any(is_seen) {
        return Ok(());
    }
    process.end().map_err(failed)?;
    let _ = process.wait(GOING); // Whether the shell is gone is seen at the next look.
    Ok(())
}

/// The first module of the product in the list of a service's process. None where the process has ended meanwhile, or
/// is one of those that Windows protects from everybody.
///
/// # Errors
/// When the modules cannot be listed.
pub fn products_module(
    service: &str,
    pid: u32,
    is_products: &dyn Fn(&str) -> bool,
) -> Result<Option<String>, ShellError> {
    match module(pid, is_products) {
        Ok(found) => Ok(found),
        Err(Win32Error(ERROR_ACCESS_DENIED)) => Ok(None),
        Err(cause) => Err(ShellError::Modules { process: format!("the service {service} (process {pid})"), cause }),
    }
}

/// Whether a process has started far enough to have a list of modules.
pub fn has_modules(pid: u32) -> bool {
    snapshot(TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32, pid).is_ok()
}

/// The name of the first module of a process whose path is wanted. None where the process has ended meanwhile, or has
/// no module yet: a process that was created suspended never does, and holds nothing.
fn module(pid: u32, wanted: &dyn Fn(&str) -> bool) -> Result<Option<String>, Win32Error> {
    let mut passes = 0;
    let snapshot = loop {
        passes += 1;
        match snapshot(TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32, pid) {
            Ok(snapshot) => break snapshot,
            // The list changed during reading (Microsoft Learn: CreateToolhelp32Snapshot asks for a retry).
            Err(Win32Error(ERROR_BAD_LENGTH | ERROR_PARTIAL_COPY)) if passes < PASSES => {}
            Err(Win32Error(ERROR_INVALID_PARAMETER | ERROR_PARTIAL_COPY | ERROR_NOACCESS)) => return Ok(None),
            Err(cause) => return Err(cause),
        }
    };
    let entry = MODULEENTRY32W { dwSize: size_of::<MODULEENTRY32W>() as u32, ..MODULEENTRY32W::default() };
    let each = |entry: &MODULEENTRY32W| wanted(&text(&entry.szExePath)).then(|| text(&entry.szModule));
    // SAFETY: the functions are those for this entry, which says its own size.
    unsafe { find(&snapshot, entry, [Module32FirstW, Module32NextW], each) }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn shell(pid: u32) -> Shell {
        let (program, user) = ("powershell.exe".into(), "CONTOSO\\admin".into());
        Shell { pid, program, user, session: Some(1), path: None, module: None }
    }

    #[test]
    fn we_hold_no_module_of_the_product_and_are_no_shell() {
        let places = known_places().expect("known");
        assert_eq!(module(std::process::id(), &|path| places.is_products_module(path)), Ok(None));
        assert!(module(std::process::id(), &|path| path.ends_with(".exe")).expect("listed").is_some());
        let own = open_shells(&[]).expect("told").into_iter().find(|shell| shell.pid == std::process::id());
        assert_eq!(own, None);
    }

    #[test]
    fn a_shell_that_is_gone_is_closed_already() {
        assert_eq!(close(&shell(!3), &[]), Ok(()));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the child is this test program itself")]
    fn a_process_that_is_no_shell_is_not_ended() {
        let mut child = std::process::Command::new(std::env::current_exe().expect("a path"))
            .args(["--ignored", "--exact", "no such test"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("started");
        assert_eq!(close(&shell(child.id()), &[]), Ok(()));
        assert!(child.wait().expect("ends").success(), "it ended by itself");
    }
}
