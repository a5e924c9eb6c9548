//! This machine: its name, its boot, its free disk space, its version, whether Windows Installer works, and its restart.

use std::os::windows::io::AsRawHandle;
use std::path::Path;

use jiff::Timestamp;
use reconcile_schema::{BootId, Period, ServerName, WindowsVersion};
use windows_sys::Wdk::System::SystemInformation::{NtQuerySystemInformation, SystemTimeOfDayInformation};
use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE, ERROR_MORE_DATA, ERROR_SHUTDOWN_IN_PROGRESS,
    ERROR_SHUTDOWN_IS_SCHEDULED, RtlNtStatusToDosError, WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Storage::FileSystem::{GetDiskFreeSpaceExW, READ_CONTROL};
use windows_sys::Win32::System::Shutdown::{
    InitiateSystemShutdownExW, SHTDN_REASON_FLAG_PLANNED, SHTDN_REASON_MAJOR_APPLICATION,
    SHTDN_REASON_MINOR_INSTALLATION,
};
use windows_sys::Win32::System::SystemInformation::{
    COMPUTER_NAME_FORMAT, ComputerNamePhysicalDnsFullyQualified, ComputerNamePhysicalDnsHostname, GetComputerNameExW,
    GetTickCount64, OSVERSIONINFOW,
};
use windows_sys::Win32::System::Threading::{
    MUTEX_MODIFY_STATE, OpenMutexW, PROCESS_SYNCHRONIZE, ReleaseMutex, WaitForSingleObject,
};
use windows_sys::Win32::System::WindowsProgramming::SYSTEM_TIMEOFDAY_INFORMATION;

use super::account::{Enabled, is_administrator, owner_of_object};
use super::clock::now;
use super::win32::{Win32Error, check, owned, text, wide};

/// How many minutes users have between the announcement of a restart and the restart: to save their work, or to cancel.
const GRACE: u32 = 2;

/// The mutex that Windows Installer holds while it changes the machine (Microsoft Learn: Windows Installer, "_MSIExecute Mutex").
pub const MSI_EXECUTE: &str = r"Global\_MSIExecute";

/// Why this machine does not report a fact about itself, or refuses a restart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    #[error("cannot read {what}: {cause}")]
    Unreadable { what: &'static str, cause: Win32Error },
    /// The name of this machine cannot be a server's name.
    #[error("the name of this machine, {0}, is not a host name")]
    Name(String),
    /// The restart was refused.
    #[error("cannot restart this machine: {0}; restart it by hand, then run again")]
    Restart(Win32Error),
}

/// The name of this machine, with its domain if it has one.
///
/// # Errors
/// When Windows does not report it, or the name is not a host name.
pub fn name() -> Result<ServerName, MachineError> {
    let read =
        |kind| computer_name(kind).map_err(|cause| MachineError::Unreadable { what: "the computer name", cause });
    let full = match read(ComputerNamePhysicalDnsFullyQualified)? {
        full if full.is_empty() => read(ComputerNamePhysicalDnsHostname)?,
        full => full,
    };
    full.parse().map_err(|_| MachineError::Name(full))
}

fn computer_name(kind: COMPUTER_NAME_FORMAT) -> Result<String, Win32Error> {
    let mut buffer = vec![0_u16; 256];
    loop {
        let mut size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        // SAFETY: the buffer has the size that is given.
        match check(unsafe { GetComputerNameExW(kind, buffer.as_mut_ptr(), &raw mut size) }) {
            Ok(()) => return Ok(text(&buffer)),
            Err(Win32Error(ERROR_MORE_DATA)) if size as usize > buffer.len() => buffer.resize(size as usize, 0),
            Err(cause) => return Err(cause),
        }
    }
}

/// The current boot of this machine: every observation in one boot gives the same text.
///
/// Windows changes the boot time when somebody sets the clock, and stores the sum of these changes next to it: the
/// difference of the two stays the same. (The fields of `SYSTEM_TIMEOFDAY_INFORMATION` are not documented one by one;
/// `NtQuerySystemInformation` is.)
///
/// # Errors
/// When Windows does not report it.
pub fn boot() -> Result<BootId, MachineError> {
    let mut information = SYSTEM_TIMEOFDAY_INFORMATION::default();
    let size = size_of::<SYSTEM_TIMEOFDAY_INFORMATION>() as u32;
    let (class, into) = (SystemTimeOfDayInformation, (&raw mut information).cast());
    // SAFETY: the buffer is the structure of this class and has the size that is given.
    let status = unsafe { NtQuerySystemInformation(class, into, size, std::ptr::null_mut()) };
    if status < 0 {
        // SAFETY: no preconditions.
        let cause = Win32Error(unsafe { RtlNtStatusToDosError(status) });
        return Err(MachineError::Unreadable { what: "the boot time", cause });
    }
    let (words, _) = information.Reserved1.as_chunks::<8>();
    let word = |index: usize| words.get(index).copied().map_or(0, i64::from_ne_bytes);
    // In units of 100 ns: boot time, current time, time zone bias, time zone and reserved, boot time bias, sleep time bias.
    Ok(BootId(format!("{:x}", word(0).wrapping_sub(word(4)))))
}

/// How long this boot has lasted, by a clock that nobody can set.
pub fn uptime() -> Period {
    // SAFETY: no preconditions.
    let milliseconds = unsafe { GetTickCount64() };
    Period::seconds(u32::try_from(milliseconds / 1000).unwrap_or(u32::MAX))
}

/// Free bytes on the volume of `path`, for our account.
///
/// # Errors
/// When Windows does not report it.
pub fn free_disk(path: &Path) -> Result<u64, MachineError> {
    let path = wide(path);
    let (mut free, null) = (0, std::ptr::null_mut());
    // SAFETY: the path ends with a NUL; the number goes into our variable.
    check(unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &raw mut free, null, null) })
        .map_err(|cause| MachineError::Unreadable { what: "the free disk space", cause })?;
    Ok(free)
}

/// The real version of Windows, such as `6.3.9600`, whatever the compatibility mode of this process.
pub fn windows_version() -> String {
    let WindowsVersion { major, minor, build } = version();
    format!("{major}.{minor}.{build}")
}

/// The same as numbers.
pub fn version() -> WindowsVersion {
    let mut version =
        OSVERSIONINFOW { dwOSVersionInfoSize: size_of::<OSVERSIONINFOW>() as u32, ..OSVERSIONINFOW::default() };
    // SAFETY: the structure says its own size. The call cannot fail.
    unsafe { RtlGetVersion(&raw mut version) };
    WindowsVersion { major: version.dwMajorVersion, minor: version.dwMinorVersion, build: version.dwBuildNumber }
}

/// The mutex of Windows Installer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutex<Owner = ()> {
    /// Nobody holds it.
    Free,
    /// Somebody holds it, and it belongs to this account.
    Held(Owner),
    /// Somebody else made an object of this name that nobody can wait for.
    Foreign(Win32Error),
}

/// The owner of Windows Installer's mutex, while somebody holds it: until then no installer of its kind can begin
/// (1618).
///
/// The existence of the mutex means nothing, because it can outlive the installation; what counts is whether somebody
/// holds it. Any user can do that, so nothing that brings services back may wait for it.
///
/// # Errors
/// When Windows does not report it.
pub fn msi_mutex() -> Result<Mutex<String>, MachineError> {
    let unreadable = |cause| MachineError::Unreadable { what: "whether Windows Installer is busy", cause };
    let administrator = is_administrator().unwrap_or(false);
    Ok(match held(MSI_EXECUTE, administrator).map_err(unreadable)? {
        Mutex::Free => Mutex::Free,
        Mutex::Held(()) => Mutex::Held(maker(MSI_EXECUTE)),
        Mutex::Foreign(cause) => Mutex::Foreign(cause),
    })
}

fn maker(mutex: &str) -> String {
    let name = wide(mutex);
    // SAFETY: the name ends with a NUL; the handle is ours alone.
    let mutex = unsafe { owned(OpenMutexW(READ_CONTROL, 0, name.as_ptr())) };
    let owner = mutex.and_then(|mutex| owner_of_object(mutex.as_raw_handle()));
    owner.unwrap_or_else(|cause| format!("an account that cannot be read ({cause})"))
}

/// Whether the object of this name, which cannot be opened for this reason, is somebody else's: administrators may wait
/// for Windows Installer's own mutex, and an object of another kind is none.
const fn is_foreign(cause: Win32Error, administrator: bool) -> bool {
    match cause {
        Win32Error(ERROR_INVALID_HANDLE) => true,
        Win32Error(ERROR_ACCESS_DENIED) => administrator,
        Win32Error(_) => false,
    }
}

fn held(mutex: &str, administrator: bool) -> Result<Mutex, Win32Error> {
    let name = wide(mutex);
    // The right to wait has the same number for every kind of object.
    // SAFETY: the name ends with a NUL; the handle is ours alone.
    let mutex = match unsafe { owned(OpenMutexW(PROCESS_SYNCHRONIZE | MUTEX_MODIFY_STATE, 0, name.as_ptr())) } {
        Err(Win32Error(ERROR_FILE_NOT_FOUND)) => return Ok(Mutex::Free),
        Err(cause) if is_foreign(cause, administrator) => return Ok(Mutex::Foreign(cause)),
        opened => opened?,
    };
    // SAFETY: the handle is open and allows waiting.
    match unsafe { WaitForSingleObject(mutex.as_raw_handle(), 0) } {
        WAIT_OBJECT_0 | WAIT_ABANDONED => {
            // SAFETY: this thread owns the mutex since the wait.
            check(unsafe { ReleaseMutex(mutex.as_raw_handle()) })?;
            Ok(Mutex::Free)
        }
        WAIT_TIMEOUT => Ok(Mutex::Held(())),
        _ => Err(Win32Error::last()),
    }
}

/// Requests a restart of this machine after a short time, and shows its users why, when, and how to cancel it. Work
/// that they have not saved by then is lost, so a policy must have allowed it. The result is when the machine goes down, in whole
/// seconds; nothing if somebody else's restart is in progress already.
///
/// # Errors
/// When Windows refuses. A restart already in progress is not an error.
pub fn restart(why: &str) -> Result<Option<Timestamp>, MachineError> {
    let _may = Enabled::new("SeShutdownPrivilege").map_err(MachineError::Restart)?;
    let (message, seconds) = (wide(announcement(why)), GRACE * 60);
    let reason = SHTDN_REASON_MAJOR_APPLICATION | SHTDN_REASON_MINOR_INSTALLATION | SHTDN_REASON_FLAG_PLANNED;
    // SAFETY: a null machine means this one; the message ends with a NUL.
    match check(unsafe { InitiateSystemShutdownExW(std::ptr::null(), message.as_ptr(), seconds, 1, 1, reason) }) {
        Ok(()) => Ok(Timestamp::from_second(now().as_second() + 1 + i64::from(seconds)).ok()),
        Err(Win32Error(ERROR_SHUTDOWN_IN_PROGRESS | ERROR_SHUTDOWN_IS_SCHEDULED)) => Ok(None),
        Err(cause) => Err(MachineError::Restart(cause)),
    }
}

fn announcement(why: &str) -> String {
    format!("{why} This server restarts in {GRACE} minutes: save your work. To cancel the restart, run: shutdown /a")
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use windows_sys::Win32::Security::Authorization::{
        ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
    };
    use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
    use windows_sys::Win32::System::Threading::{CreateEventW, CreateMutexW};

    use super::*;

    #[test]
    fn the_machine_has_a_name_and_a_version() {
        assert!(name().is_ok(), "{:?}", name());
        let version = windows_version();
        assert_eq!(version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3, "{version}");
    }

    #[test]
    fn two_looks_in_one_boot_give_the_same_boot() {
        let (first, second) = (boot().expect("known"), boot().expect("known"));
        assert_eq!(first, second);
        assert_ne!(first, BootId("0".into()));
    }

    #[test]
    fn the_disk_has_a_size_and_a_place_that_is_not_there_has_none() {
        let here = std::env::temp_dir();
        assert!(free_disk(&here).is_ok_and(|free| free > 0));
        assert!(free_disk(Path::new(r"C:\nowhere\at\all")).is_err());
    }

    #[test]
    fn people_are_told_why_the_machine_restarts_when_and_how_to_cancel_it() {
        let said = announcement("reconcile brings Skype for Business Server 2019 to 7.0.2046.521.");
        for part in ["reconcile", "Skype for Business Server 2019", "7.0.2046.521", "in 2 minutes", "shutdown /a"] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_mutex_counts_only_while_somebody_holds_it() {
        let name = format!("Local\\reconcile-test-{}", std::process::id());
        assert_eq!(held(&name, true), Ok(Mutex::Free), "it is not there");
        let wide_name = wide(&name);
        // SAFETY: the name ends with a NUL; the handle is ours alone.
        let mutex = unsafe { owned(CreateMutexW(std::ptr::null(), 1, wide_name.as_ptr())) }.expect("created");
        let asked = std::thread::scope(|scope| scope.spawn(|| held(&name, true)).join());
        assert_eq!(asked.expect("asked"), Ok(Mutex::Held(())), "this thread holds it");
        assert!(!maker(&name).is_empty(), "Wine knows no owner of a mutex, which is said");
        // SAFETY: this thread owns the mutex.
        assert_ne!(unsafe { ReleaseMutex(mutex.as_raw_handle()) }, 0);
        assert_eq!(held(&name, true), Ok(Mutex::Free), "it is there and free");
    }

    #[test]
    fn an_object_that_denies_the_wait_or_is_no_mutex_is_somebody_elses() {
        let name = format!("Local\\reconcile-test-foreign-{}", std::process::id());
        let wide_name = wide(&name);
        // SAFETY: the name ends with a NUL; the handle is ours alone.
        let event = unsafe { owned(CreateEventW(std::ptr::null(), 1, 0, wide_name.as_ptr())) }.expect("created");
        assert_eq!(held(&name, true), Ok(Mutex::Foreign(Win32Error(ERROR_INVALID_HANDLE))));
        drop(event);

        let (nobody, mut descriptor, size) = (wide("D:"), std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the text ends with a NUL; the descriptor is kept until the test program ends.
        check(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                nobody.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                size,
            )
        })
        .expect("a list");
        let length = size_of::<SECURITY_ATTRIBUTES>() as u32;
        let denied = SECURITY_ATTRIBUTES { nLength: length, lpSecurityDescriptor: descriptor, bInheritHandle: 0 };
        // SAFETY: the attributes point to a valid descriptor; the rest is as above.
        let _mutex = unsafe { owned(CreateMutexW(&raw const denied, 1, wide_name.as_ptr())) }.expect("created");
        assert_eq!(held(&name, true), Ok(Mutex::Foreign(Win32Error(ERROR_ACCESS_DENIED))));
        assert_eq!(held(&name, false), Err(Win32Error(ERROR_ACCESS_DENIED)), "it may be Windows Installer's");
    }

    #[test]
    fn only_an_answer_that_windows_installer_cannot_give_is_somebody_elses() {
        for (code, administrator, foreign) in [
            (ERROR_INVALID_HANDLE, true, true),
            (ERROR_INVALID_HANDLE, false, true),
            (ERROR_ACCESS_DENIED, true, true),
            (ERROR_ACCESS_DENIED, false, false),
            (ERROR_MORE_DATA, true, false),
        ] {
            assert_eq!(is_foreign(Win32Error(code), administrator), foreign, "{code} {administrator}");
        }
    }
}
