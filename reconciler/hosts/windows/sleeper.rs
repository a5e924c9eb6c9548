//! Sleepers: processes whose creator was ended while it created them. They never run, and would block every later run.
//!
//! Windows itself creates every process suspended for a moment, even if that was not requested. So anyone who creates a
//! process that does not end with its creator writes a note before, and removes it when the process runs. If a note is
//! left and its creator is gone, the next run searches for the process.

use std::fs;
use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::Threading::{OpenThread, ResumeThread, SuspendThread, THREAD_SUSPEND_RESUME};

use super::handle::{GOING, Process, lives};
use super::processes::{find, listed, snapshot};
use super::shells::has_modules;
use super::win32::{Win32Error, owned};

/// The folder of the notes, below the private folder.
const NOTES: &str = "starting";

/// A process is being created. Dropped when it runs.
#[derive(Debug)]
pub struct Note(PathBuf);

/// The content of a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    /// The creating process.
    maker: u32,
    /// When the creator itself was created.
    created: u64,
    /// The program of the created process.
    program: String,
}

/// The observed facts about a process that may be a sleeper.
struct Suspect<'a> {
    parent: u32,
    program: &'a str,
    created: u64,
    /// Whether it can have run: it has used CPU time, and its loader has mapped something. Wine reports the first
    /// wrongly.
    ran: bool,
    suspended: bool,
}

impl Note {
    /// Writes a note that we are about to start `program`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(private: &Path, program: &Path) -> io::Result<Self> {
        let maker = std::process::id();
        let own = Process::open(maker).and_then(|own| own.times());
        let (created, _) = own.map_err(|cause| io::Error::from_raw_os_error(cause.0.cast_signed()))?;
        let program = program.to_string_lossy().into_owned();
        let notes = private.join(NOTES);
        fs::create_dir_all(&notes)?;
        let path = notes.join(format!("{maker}.json"));
        fs::write(&path, serde_json::to_vec(&Noted { maker, created, program })?)?;
        Ok(Self(path))
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0); // A note that remains means nothing for a process that runs.
    }
}

impl Noted {
    /// Whether this process is the created one and never ran. A number may be reused, so the times count too.
    fn is_of(&self, found: &Suspect<'_>) -> bool {
        found.parent == self.maker
            && found.program.eq_ignore_ascii_case(&self.program)
            && found.created >= self.created
            && !found.ran
            && found.suspended
    }
}

/// Ends the sleepers of earlier runs, and returns their names.
pub fn end_sleepers(private: &Path) -> Vec<String> {
    let notes = fs::read_dir(private.join(NOTES)).into_iter().flatten().flatten();
    let mut ended = Vec::new();
    for path in notes.map(|note| note.path()) {
        let noted = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Noted>(&text).ok());
        if noted.as_ref().is_some_and(|noted| lives(noted.maker, noted.created).unwrap_or(true)) {
            continue;
        }
        // An incomplete note was written before its process was created, so there is none.
        let left = noted.map_or_else(Vec::new, |noted| end_those_of(&noted));
        ended.extend(left);
        let _ = fs::remove_file(&path);
    }
    ended
}

fn end_those_of(noted: &Noted) -> Vec<String> {
    let mut ended = Vec::new();
    for found in listed().unwrap_or_default() {
        // It is observed through one handle: while that is open, no other process can get the number.
        let Ok(process) = Process::open_to_end(found.pid) else { continue };
        if found.parent != noted.maker {
            continue;
        }
        let Ok((created, cpu)) = process.times() else { continue };
        let (ran, suspended) = (cpu > 0 && has_modules(found.pid), is_suspended(found.pid));
        let file = process.path().unwrap_or_default();
        if noted.is_of(&Suspect { parent: found.parent, program: &file, created, ran, suspended }) {
            let _ = process.end();
            let _ = process.wait(GOING); // When it is gone, everything that it holds is free.
            ended.push(format!("{} (process {})", found.program, found.pid));
        }
    }
    ended
}

/// Whether every thread of a process is suspended. To find out, each is suspended again and resumed.
fn is_suspended(pid: u32) -> bool {
    let threads = threads(pid).unwrap_or_default();
    !threads.is_empty() && threads.into_iter().all(|thread| was_suspended(thread).unwrap_or(false))
}

fn was_suspended(id: u32) -> Result<bool, Win32Error> {
    // SAFETY: no preconditions; the handle is ours alone.
    let thread = unsafe { owned(OpenThread(THREAD_SUSPEND_RESUME, 0, id)) }?;
    // SAFETY: the handle is open and allows suspending.
    let before = unsafe { SuspendThread(thread.as_raw_handle()) };
    if before == u32::MAX {
        return Err(Win32Error::last());
    }
    // SAFETY: the handle is open and allows resuming.
    unsafe { ResumeThread(thread.as_raw_handle()) };
    Ok(before > 0)
}

fn threads(pid: u32) -> Result<Vec<u32>, Win32Error> {
    let snapshot = snapshot(TH32CS_SNAPTHREAD, 0)?; // Of all processes.
    let entry = THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..THREADENTRY32::default() };
    let mut all = Vec::new();
    let each = |thread: &THREADENTRY32| {
        all.extend((thread.th32OwnerProcessID == pid).then_some(thread.th32ThreadID));
        None::<()>
    };
    // SAFETY: the functions are those for this entry, which says its own size.
    unsafe { find(&snapshot, entry, [Thread32First, Thread32Next], each) }?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_being_created_and_never_ran_is_a_sleeper() {
        let noted = Noted { maker: 7, created: 1_000, program: r"C:\Windows\powershell.exe".into() };
        let program = r"C:\WINDOWS\PowerShell.exe";
        let sleeper = || Suspect { parent: 7, program, created: 2_000, ran: false, suspended: true };
        assert!(noted.is_of(&sleeper()));
        let others = [
            ("another one's child", Suspect { parent: 8, ..sleeper() }),
            ("another program", Suspect { program: r"C:\Windows\notepad.exe", ..sleeper() }),
            ("another one of its name", Suspect { program: r"C:\Users\x\powershell.exe", ..sleeper() }),
            ("older than its maker: the number was used before", Suspect { created: 999, ..sleeper() }),
            ("it has run", Suspect { ran: true, ..sleeper() }),
            ("it runs", Suspect { suspended: false, ..sleeper() }),
        ];
        for (what, other) in others {
            assert!(!noted.is_of(&other), "{what}");
        }
    }
}
