//! Open management shells: processes that hold the product's management assemblies, so that an update cannot replace them.
//!
//! What is seen is what the module list of a process shows. An assembly that the runtime has read without mapping it as
//! a module is not seen.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use reconcile_schema::Shell;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BAD_LENGTH, ERROR_INVALID_PARAMETER, ERROR_NO_MORE_FILES, ERROR_NOACCESS,
    ERROR_PARTIAL_COPY, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, MODULEENTRY32W, Module32FirstW, Module32NextW, PROCESSENTRY32W, Process32FirstW,
    Process32NextW, TH32CS_SNAPMODULE, TH32CS_SNAPMODULE32, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess,
    WaitForSingleObject,
};

use super::account::owner_of;
use super::services::{ServiceError, Services};
use super::win32::{Win32Error, check, text};

/// Programs that host a management shell, in any session: PowerShell, its remote host, the management console.
const HOSTS: &[&str] = &["powershell.exe", "powershell_ise.exe", "pwsh.exe", "wsmprovhost.exe", "mmc.exe"];

/// How often a module list that changes while it is read is read again.
const PASSES: usize = 8;

/// How long a process may take to go after it was ended, in milliseconds.
const GOING: u32 = 10_000;

/// Why the open shells cannot be told or closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    /// The processes cannot be listed.
    #[error("cannot list the processes: {0}")]
    Processes(Win32Error),
    /// It cannot be told which of them are services.
    #[error(transparent)]
    Services(#[from] ServiceError),
    /// The modules of a process that may be a shell cannot be listed.
    #[error(
        "cannot tell whether {program} (process {pid}) holds the product's assemblies: {cause}; run as an administrator of this computer"
    )]
    Modules {
        /// Its program.
        program: String,
        /// The process.
        pid: u32,
        /// What Windows said.
        cause: Win32Error,
    },
    /// A shell cannot be ended.
    #[error("cannot end {program} (process {pid}): {cause}; close it by hand")]
    End {
        /// Its program.
        program: String,
        /// The process.
        pid: u32,
        /// What Windows said.
        cause: Win32Error,
    },
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The number of the process that started it. That one may be gone, and its number another one's.
    pub parent: u32,
    /// The file name of its program.
    pub program: String,
}

/// Every process of this machine.
///
/// # Errors
/// They cannot be listed.
pub fn processes() -> Result<Vec<Process>, ShellError> {
    let snapshot = snapshot(TH32CS_SNAPPROCESS, 0).map_err(ShellError::Processes)?;
    let mut entry = PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..PROCESSENTRY32W::default() };
    let mut found = Vec::new();
    // SAFETY: the snapshot is open; the entry says its own size.
    let mut more = check(unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) });
    while more.is_ok() {
        let (pid, parent) = (entry.th32ProcessID, entry.th32ParentProcessID);
        found.push(Process { pid, parent, program: text(&entry.szExeFile) });
        // SAFETY: as above.
        more = check(unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) });
    }
    match more {
        Ok(()) | Err(Win32Error(ERROR_NO_MORE_FILES)) => Ok(found),
        Err(cause) => Err(ShellError::Processes(cause)),
    }
}

/// The open management shells, without ourselves.
///
/// # Errors
/// They cannot be told: a process that may be one does not let us look.
pub fn open_shells() -> Result<Vec<Shell>, ShellError> {
    let mut shells = Vec::new();
    let services: Vec<_> = Services::open()?.list()?.into_iter().map(|service| service.pid).collect();
    for Process { pid, program, .. } in processes()? {
        if pid == std::process::id() || !may_be_shell(pid, &program, &services) {
            continue;
        }
        match holds_assemblies(pid) {
            Ok(false) => {}
            Ok(true) => {
                let user = query(pid).and_then(|process| owner_of(process.as_raw_handle()));
                let user = user.unwrap_or_else(|cause| format!("an account that cannot be read ({cause})"));
                shells.push(Shell { pid, program, user });
            }
            // A service in a session of its own that we may not look into is no shell, and neither is a process that has
            // no modules yet; a shell that we may not look into is unknown.
            Err(Win32Error(ERROR_ACCESS_DENIED | ERROR_NOACCESS | ERROR_PARTIAL_COPY)) if !is_host(&program) => {}
            Err(cause) => return Err(ShellError::Modules { program, pid, cause }),
        }
    }
    Ok(shells)
}

/// Whether another command of this program has started a shell: one that only looks.
pub fn is_of_another_command(shell: &Shell) -> bool {
    let Ok(all) = processes() else { return false };
    let of = |pid: u32| all.iter().find(|process| process.pid == pid);
    let (parent, own) = (of(shell.pid).and_then(|shell| of(shell.parent)), of(std::process::id()));
    parent
        .zip(own)
        .is_some_and(|(parent, own)| parent.pid != own.pid && parent.program.eq_ignore_ascii_case(&own.program))
}

/// Ends a shell, if the process of that number is still the shell that was seen.
///
/// # Errors
/// It cannot be ended.
pub fn close(shell: &Shell) -> Result<(), ShellError> {
    let failed = |cause| ShellError::End { program: shell.program.clone(), pid: shell.pid, cause };
    let access = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE | PROCESS_SYNCHRONIZE;
    // Opened before it is looked at: while we hold it, its number cannot become another process's.
    let process = match open(shell.pid, access) {
        Ok(process) => process,
        Err(Win32Error(ERROR_INVALID_PARAMETER)) => return Ok(()),
        Err(cause) => return Err(failed(cause)),
    };
    if !open_shells()?.contains(shell) {
        return Ok(());
    }
    // SAFETY: the handle is open and allows it.
    check(unsafe { TerminateProcess(process.as_raw_handle(), 1) }).map_err(failed)?;
    // SAFETY: the handle is open and allows waiting. Whether the shell is gone is seen at the next look.
    unsafe { WaitForSingleObject(process.as_raw_handle(), GOING) };
    Ok(())
}

/// A program that hosts shells, or any program of a user's session that is no service. In session 0 live the services, the
/// product's own among them: those are stopped by their own step.
fn may_be_shell(pid: u32, program: &str, services: &[u32]) -> bool {
    let mut session = 0;
    // SAFETY: the number goes into our variable.
    let asked = check(unsafe { ProcessIdToSessionId(pid, &raw mut session) });
    is_host(program) || (asked.is_ok() && session != 0 && !services.contains(&pid))
}

fn is_host(program: &str) -> bool {
    HOSTS.iter().any(|host| program.eq_ignore_ascii_case(host))
}

/// The first module of the product in the list of a service's process: an assembly, or a file that lies where the product's
/// do. None where the process has ended meanwhile, or is one of those that Windows lets nobody look into.
///
/// # Errors
/// The modules cannot be listed.
pub fn products_module(pid: u32, is_products: &dyn Fn(&str) -> bool) -> Result<Option<String>, ShellError> {
    match module(pid, &|name, path| is_assembly(name) || is_products(path)) {
        Ok(found) => Ok(found),
        Err(Win32Error(ERROR_ACCESS_DENIED)) => Ok(None),
        Err(cause) => Err(ShellError::Modules { program: "a service".to_owned(), pid, cause }),
    }
}

/// Whether a process has got so far that it has a list of modules.
pub fn has_modules(pid: u32) -> bool {
    snapshot(TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32, pid).is_ok()
}

/// Whether a module `Microsoft.Rtc.*.dll` is in the list of a process; not, where the process has ended meanwhile.
fn holds_assemblies(pid: u32) -> Result<bool, Win32Error> {
    Ok(module(pid, &|name, _| is_assembly(name))?.is_some())
}

/// The name of the first module of a process whose name and path are wanted; none where the process has ended meanwhile.
fn module(pid: u32, wanted: &dyn Fn(&str, &str) -> bool) -> Result<Option<String>, Win32Error> {
    let mut passes = 0;
    let snapshot = loop {
        passes += 1;
        match snapshot(TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32, pid) {
            Ok(snapshot) => break snapshot,
            // The list changed while it was read (Microsoft Learn: CreateToolhelp32Snapshot asks for a retry).
            Err(Win32Error(ERROR_BAD_LENGTH | ERROR_PARTIAL_COPY)) if passes < PASSES => {}
            Err(Win32Error(ERROR_INVALID_PARAMETER)) => return Ok(None),
            Err(cause) => return Err(cause),
        }
    };
    let mut entry = MODULEENTRY32W { dwSize: size_of::<MODULEENTRY32W>() as u32, ..MODULEENTRY32W::default() };
    // SAFETY: the snapshot is open; the entry says its own size.
    let mut more = check(unsafe { Module32FirstW(snapshot.as_raw_handle(), &raw mut entry) });
    while more.is_ok() {
        let name = text(&entry.szModule);
        if wanted(&name, &text(&entry.szExePath)) {
            return Ok(Some(name));
        }
        // SAFETY: as above.
        more = check(unsafe { Module32NextW(snapshot.as_raw_handle(), &raw mut entry) });
    }
    match more {
        Ok(()) | Err(Win32Error(ERROR_NO_MORE_FILES)) => Ok(None),
        Err(cause) => Err(cause),
    }
}

fn is_assembly(module: &str) -> bool {
    let module = module.to_ascii_lowercase();
    module.starts_with("microsoft.rtc.") && module.ends_with(".dll")
}

fn query(pid: u32) -> Result<OwnedHandle, Win32Error> {
    // PROCESS_QUERY_LIMITED_INFORMATION suffices to open the token of a process (Microsoft Learn: OpenProcessToken).
    open(pid, PROCESS_QUERY_LIMITED_INFORMATION)
}

fn open(pid: u32, access: u32) -> Result<OwnedHandle, Win32Error> {
    // SAFETY: no preconditions; the handle is checked.
    let process = unsafe { OpenProcess(access, 0, pid) };
    // SAFETY: a handle that is not null is open and ours alone.
    if process.is_null() { Err(Win32Error::last()) } else { Ok(unsafe { OwnedHandle::from_raw_handle(process) }) }
}

fn snapshot(what: u32, pid: u32) -> Result<OwnedHandle, Win32Error> {
    // SAFETY: no preconditions; the handle is checked.
    let snapshot = unsafe { CreateToolhelp32Snapshot(what, pid) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(Win32Error::last());
    }
    // SAFETY: the handle is open and ours alone.
    Ok(unsafe { OwnedHandle::from_raw_handle(snapshot) })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn we_are_among_the_processes_and_hold_no_assembly() {
        let own = processes().expect("listed").into_iter().find(|process| process.pid == std::process::id());
        let program = std::env::current_exe().expect("a path");
        assert_eq!(own.map(|own| own.program.into()), program.file_name().map(std::ffi::OsStr::to_owned));
        assert_eq!(holds_assemblies(std::process::id()), Ok(false));
    }

    #[test]
    fn only_the_products_assemblies_count() {
        for module in ["Microsoft.Rtc.Management.dll", "MICROSOFT.RTC.COMMON.NI.DLL"] {
            assert!(is_assembly(module), "{module}");
        }
        for module in ["Microsoft.Rtc.Management.exe", "System.Management.Automation.dll", "Not.Microsoft.Rtc.dll"] {
            assert!(!is_assembly(module), "{module}");
        }
    }

    #[test]
    fn a_shell_that_is_gone_is_closed_already() {
        let shell = Shell { pid: !3, program: "powershell.exe".into(), user: "CONTOSO\\admin".into() };
        assert_eq!(close(&shell), Ok(()));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the child is this test program itself")]
    fn a_process_that_is_no_shell_is_not_ended() {
        let mut child = std::process::Command::new(std::env::current_exe().expect("a path"))
            .args(["--ignored", "--exact", "no such test"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("started");
        let shell = Shell { pid: child.id(), program: "powershell.exe".into(), user: "CONTOSO\\admin".into() };
        assert_eq!(close(&shell), Ok(()));
        assert!(child.wait().expect("ends").success(), "it ended by itself");
    }
}
