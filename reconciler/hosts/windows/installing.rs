//! Whether another installation is running on this machine, and whether services may start meanwhile.

use reconcile_schema::{Product, Step};

use super::account::is_administrator;
use super::error::WindowsError;
use super::machine::{MSI_EXECUTE, Mutex, msi_mutex};
use super::processes::{Looked, listed, look};
use super::record::Recorded;
use super::registry::Registry;
use super::shells::ShellError;
use super::state;
use super::win32::Win32Error;
use crate::recognise::is_at_or_below;
use crate::running::{Process, Standing, installs};

/// The installations that are running.
pub struct UnderWay {
    /// An installer that is known to run: one of ours from an earlier run, or an administrator's.
    pub installer: Option<String>,
    /// That one, or whatever else keeps an installer from beginning.
    pub any: Result<Option<String>, WindowsError>,
}

/// The installations that are running on this machine. `recorded` is our last command that outlives its run.
pub fn under_way(registry: &Registry, recorded: Option<&Recorded>) -> UnderWay {
    let ours = recorded.filter(|recorded| recorded.order.step == Step::Install);
    let at_work = ours.filter(|ours| ours.at_work).map(in_words);
    let (installer, failed) = match running(ours) {
        Ok(found) => (found.or(at_work), None),
        Err(cause) => (at_work, Some(cause)),
    };
    let any = match (&installer, failed) {
        (Some(installer), _) => Ok(Some(installer.clone())),
        (None, Some(cause)) => Err(ShellError::Processes(cause).into()),
        (None, None) => windows_installer(registry),
    };
    UnderWay { installer, any }
}

/// The first running process that is an installer of an update.
fn running(ours: Option<&Recorded>) -> Result<Option<String>, Win32Error> {
    let (private, looks) = (state::place().ok(), is_administrator().unwrap_or(false));
    let is_named = |program: &str| Product::ALL.iter().any(|product| program.eq_ignore_ascii_case(product.installer()));
    let lies_in_ours =
        |path: &String| private.as_ref().is_some_and(|private| is_at_or_below(path, &private.to_string_lossy()));
    let goes_on = |process: &Process| {
        let installer = ours.filter(|ours| ours.end.is_none()).and_then(|ours| ours.started);
        installer.filter(|(pid, _)| *pid == process.parent && *pid != process.pid)
    };
    let at_work = |looked: &Looked| {
        let Looked { process, standing, .. } = looked;
        let named =
            is_named(&process.program) && installs(*standing, process.path.as_ref().is_some_and(lies_in_ours), looks);
        // Child processes of our installer whose end nobody saw: the number alone may belong to another process by now.
        let later = |(_, began)| process.created.is_some_and(|created| created >= began);
        named || *standing == Standing::Administrator && goes_on(process).is_some_and(later)
    };
    let suspects = listed()?.into_iter().filter(|process| is_named(&process.program) || goes_on(process).is_some());
    Ok(suspects.filter_map(|process| look(&process)).find(at_work).map(|looked| looked.shown()))
}

/// An installer that outlived its run and is still at work, in words.
fn in_words(recorded: &Recorded) -> String {
    let program = recorded.order.program.file_name().unwrap_or_default().to_string_lossy();
    let process = recorded.started.map_or_else(String::new, |(pid, _)| format!(" (process {pid})"));
    format!("{program}{process} of run {}", recorded.order.run.0)
}

/// Why an installation would end with 1618, in words.
fn windows_installer(registry: &Registry) -> Result<Option<String>, WindowsError> {
    let maker = match msi_mutex()? {
        // A key that an interrupted installation left prevents no installation: Windows Installer itself rolls it back,
        // or continues with it at the next installation.
        Mutex::Free => return Ok(None),
        Mutex::Held(maker) => maker,
        Mutex::Foreign(cause) => return Ok(Some(foreign(cause))),
    };
    Ok(Some(match registry.in_progress()? {
        Some(key) => format!("Windows Installer is changing this machine ({key})"),
        None => format!(
            "somebody holds the mutex of Windows Installer, which belongs to {maker}, so that an installer would end with 1618"
        ),
    }))
}

/// An object in the place of Windows Installer's mutex, in words.
fn foreign(cause: Win32Error) -> String {
    format!(
        "somebody who is not Windows Installer made the object {MSI_EXECUTE}, the name of its mutex, and denies looking at it \
         ({cause}), so that no installer can begin; find the process that has it open (Sysinternals: handle -a _MSIExecute), and \
         end that process"
    )
}
