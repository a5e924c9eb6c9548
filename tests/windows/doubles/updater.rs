//! The double of the cumulative update installer: `LyncServerUpdateInstaller.exe`, `SkypeServerUpdateInstaller.exe`.
//!
//! It refuses with 2 while a service of the product runs. It applies each patch whose component is installed and older,
//! and writes a log in its working directory.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::ptr;

use windows_registry::LOCAL_MACHINE;
use windows_service::service::ServiceState;
use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, GetLastError};
use windows_sys::Win32::System::Threading::CreateMutexW;

use reconcile_doubles::{End, Lab, reaches};

use super::{calls, components, services, shell};

const SERVICES_RUN: u32 = 2;
const INVALID_PARAMETER: u32 = 87;
const INSTALL_ALREADY_RUNNING: u32 = 1618;

/// The update also raises the version of this component below the Real-Time Communications key.
const CONTROL_PANEL: (&str, &str) =
    ("MACP Web Components", r"SOFTWARE\Microsoft\Real-Time Communications\{D00E3324-D7F8-4735-B4CF-206FE63FD577}");

pub fn main() -> Result<u32, Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("--stay") {
        calls::hang(); // A stranger's program with only the same name.
    }
    // An optional library, loaded without a path, so one next to the installer would be loaded.
    let _ = shell::load(OsStr::new("helper.dll"));
    let call = calls::this_call()?;
    let lab = calls::lab()?;
    let run = calls::nth(&lab.updater, calls::record(&call)?);
    if call.args != ["/silentmode"] {
        eprintln!("without /silentmode, and it alone, the installer would wait for a person");
        return Ok(INVALID_PARAMETER);
    }
    let mut log = File::create(calls::program().replace(".exe", ".log"))?;
    if another_installs() {
        writeln!(log, "another installation is in progress")?;
        return Ok(INSTALL_ALREADY_RUNNING);
    }
    if let Some(service) = &run.meets {
        services::start(service)?;
        services::settles(service)?;
    }
    if let Some(service) = first_running(&lab)? {
        writeln!(log, "not all services are stopped: {service}")?;
        return Ok(SERVICES_RUN);
    }
    let due: Vec<_> = components::installed()?
        .into_iter()
        .filter_map(|component| {
            let version = lab.package.get(&component.name)?;
            (!reaches(&component.version, version)).then_some((component, version))
        })
        .collect();
    let complete = run.components.is_none_or(|limit| limit >= due.len());
    for (component, version) in due.iter().take(run.components.unwrap_or(usize::MAX)) {
        calls::take(run.pace);
        component.set_version(version)?;
        let (name, key) = CONTROL_PANEL;
        if component.name.ends_with(name) {
            LOCAL_MACHINE.create(key)?.set_string("Version", version)?;
        }
        writeln!(log, "{}: {} -> {version}", component.name, component.version)?;
    }
    if run.leaves_rename {
        leave_rename()?;
    }
    if complete && run.starts_services {
        for service in &lab.services {
            // A disabled service cannot be started. The others are still starting when the installer ends.
            let _ = services::start(&service.name);
        }
    }
    match run.end {
        End::Exit(code) => {
            writeln!(log, "ends with {code}")?;
            Ok(code)
        }
        End::Crash => std::process::abort(),
        End::Hang => calls::hang(),
    }
}

/// Takes the mutex of Windows Installer for as long as this program runs. Returns whether another process holds it.
#[expect(unsafe_code, reason = "no crate at hand wraps a named mutex")]
fn another_installs() -> bool {
    let name: Vec<u16> = "Global\\_MSIExecute\0".encode_utf16().collect();
    // SAFETY: the name ends with a NUL; the handle stays open until the end of the program, on purpose.
    unsafe { CreateMutexW(ptr::null(), 1, name.as_ptr()) };
    // SAFETY: no precondition.
    unsafe { GetLastError() == ERROR_ALREADY_EXISTS }
}

fn first_running(lab: &Lab) -> Result<Option<&str>, Box<dyn Error>> {
    for service in &lab.services {
        if services::state(&service.name)? != ServiceState::Stopped {
            return Ok(Some(&service.name));
        }
    }
    Ok(None)
}

/// Registers a file to be renamed at the next boot, and the machine then does that.
fn leave_rename() -> Result<(), Box<dyn Error>> {
    std::fs::write(r"C:\lab\in-use.new", "the new file")?;
    let manager = LOCAL_MACHINE.create(r"SYSTEM\CurrentControlSet\Control\Session Manager")?;
    Ok(manager
        .set_multi_string("PendingFileRenameOperations", &[r"\??\C:\lab\in-use.new", r"\??\C:\lab\in-use.dll"])?)
}
