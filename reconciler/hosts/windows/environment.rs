//! The environment of a child: fixed, safe and newly built, never inherited. `environment.txt` lists it.
//!
//! Otherwise anyone who starts us could control a child that has our rights, with `PATH`, `PSModulePath`,
//! `COR_PROFILER` and the like. But a child must be able to work in it: without `PATHEXT`, PowerShell silently runs no
//! program at all, and the programs that an installer starts may rely on any variable that Windows always has.

use std::ffi::{OsString, c_void};
use std::os::windows::ffi::OsStringExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::TOKEN_QUERY;
use windows_sys::Win32::System::SystemInformation::GetSystemWindowsDirectoryW;

use super::account::{own_name, own_token};
use super::library::{CallError, folder, function, profile_directory};
use super::win32::{check, text, units_at};

/// The variables that a child gets as Windows defines them for everybody; only administrators can change those. Not
/// every Windows defines each of them: then the value next to it is used.
const KEPT: &[(&str, &str)] = &[
    ("SystemRoot", ""),
    ("SystemDrive", ""),
    ("windir", "%SystemRoot%"),
    ("ProgramData", ""),
    ("ALLUSERSPROFILE", "%ProgramData%"),
    ("PUBLIC", r"%SystemDrive%\Users\Public"),
    ("ProgramFiles", ""),
    ("ProgramFiles(x86)", r"%SystemDrive%\Program Files (x86)"),
    ("ProgramW6432", "%ProgramFiles%"),
    ("CommonProgramFiles", ""),
    ("CommonProgramFiles(x86)", r"%SystemDrive%\Program Files (x86)\Common Files"),
    ("CommonProgramW6432", "%CommonProgramFiles%"),
    ("COMPUTERNAME", ""),
    ("NUMBER_OF_PROCESSORS", "1"),
    ("PROCESSOR_IDENTIFIER", ""),
    ("PROCESSOR_LEVEL", ""),
    ("PROCESSOR_REVISION", ""),
];

/// The endings that Windows tries for a bare name, in its order: its own value in all versions.
const EXTENSIONS: &str = ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC";

/// The variables for a child that keeps its temporary files in `temporary`.
///
/// # Errors
/// When Windows does not return the variables.
pub fn environment(temporary: &Path) -> Result<Vec<(OsString, OsString)>, CallError> {
    let defined = defined()?;
    let value = |name: &str| value_of(name, &defined);
    // A value that begins with another variable.
    let expanded = |text: &str| -> Option<OsString> {
        let Some((name, rest)) = text.strip_prefix('%').and_then(|text| text.split_once('%')) else {
            return (!text.is_empty()).then(|| text.into());
        };
        let mut whole = value(name)?;
        whole.push(rest);
        Some(whole)
    };
    let mut variables: Vec<(OsString, OsString)> = KEPT
        .iter()
        .filter_map(|(name, otherwise)| Some((name.into(), value(name).or_else(|| expanded(otherwise))?)))
        .collect();
    let account = own_name()?;
    let (domain, user) = account.split_once('\\').unwrap_or(("", &account));
    let (windows, profile) = (system_root()?, PathBuf::from(profile()?));
    let system = windows.join("System32");
    let shell = system.join(r"WindowsPowerShell\v1.0");
    // This is not the machine's `Path`: products add their folders to that, and not all of those are for administrators
    // only.
    let mut path = OsString::new();
    for folder in [&system, &windows, &system.join("Wbem"), &shell] {
        path.push(folder);
        path.push(";");
    }
    variables.extend([
        ("Path".into(), path),
        ("PATHEXT".into(), EXTENSIONS.into()),
        ("ComSpec".into(), system.join("cmd.exe").into()),
        ("OS".into(), "Windows_NT".into()),
        // The value that a 64-bit program finds on every processor that runs this one.
        ("PROCESSOR_ARCHITECTURE".into(), "AMD64".into()),
        ("USERDOMAIN".into(), domain.into()),
        ("USERNAME".into(), user.into()),
        ("APPDATA".into(), profile.join(r"AppData\Roaming").into()),
        ("LOCALAPPDATA".into(), profile.join(r"AppData\Local").into()),
        ("USERPROFILE".into(), profile.into()),
        ("PSModulePath".into(), shell.join("Modules").into()),
        ("TEMP".into(), temporary.into()),
        ("TMP".into(), temporary.into()),
    ]);
    Ok(variables)
}

/// The value of one variable as Windows defines it for everybody.
///
/// # Errors
/// When Windows does not return the variables.
pub fn variable(name: &str) -> Result<Option<OsString>, CallError> {
    Ok(value_of(name, &defined()?))
}

fn value_of(name: &str, defined: &[(OsString, OsString)]) -> Option<OsString> {
    defined.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}

/// The profile folder of our account.
fn profile() -> Result<OsString, CallError> {
    let (token, profile) = (own_token(TOKEN_QUERY)?, profile_directory()?);
    let mut buffer = [0_u16; 1024];
    let mut size = buffer.len() as u32;
    // SAFETY: the token is open; the buffer has the length that is given.
    check(unsafe { profile(token.as_raw_handle(), buffer.as_mut_ptr(), &raw mut size) })?;
    Ok(text(&buffer).into())
}

/// The folder of Windows, such as `C:\Windows`.
///
/// # Errors
/// When Windows does not report it.
pub fn system_root() -> Result<PathBuf, CallError> {
    // SAFETY: the call writes into the buffer up to the length that is given.
    Ok(folder(|buffer, length| unsafe { GetSystemWindowsDirectoryW(buffer, length) })?)
}

/// Every variable that the registry defines for the whole machine. Variables that we inherited, and those of the
/// account, are left out, because programs without our rights may set those.
fn defined() -> Result<Vec<(OsString, OsString)>, CallError> {
    // SAFETY: the signatures are the documented ones (Microsoft Learn: CreateEnvironmentBlock, DestroyEnvironmentBlock).
    let (create, destroy) = unsafe {
        (
            function::<unsafe extern "system" fn(*mut *mut c_void, HANDLE, i32) -> i32>(
                "userenv.dll",
                c"CreateEnvironmentBlock",
            )?,
            function::<unsafe extern "system" fn(*const c_void) -> i32>("userenv.dll", c"DestroyEnvironmentBlock")?,
        )
    };
    let mut block = std::ptr::null_mut();
    // SAFETY: no token means the variables of the machine; the block is freed below.
    check(unsafe { create(&raw mut block, std::ptr::null_mut(), 0) })?;
    let mut variables = Vec::new();
    let mut at: *const u16 = block.cast_const().cast();
    loop {
        // SAFETY: the block is a row of NUL-terminated texts that an empty text ends; we stop at that one.
        let units = unsafe { units_at(at) };
        if units.is_empty() {
            break;
        }
        // Names such as `=C:` start with the separator; they are not real variables.
        if let Some(sign) = units.iter().position(|&unit| unit == u16::from(b'=')).filter(|&sign| sign > 0) {
            let (name, value) = units.split_at(sign);
            variables.push((OsString::from_wide(name), OsString::from_wide(value.get(1..).unwrap_or_default())));
        }
        // SAFETY: the NUL behind the text belongs to the block.
        at = unsafe { at.add(units.len() + 1) };
    }
    // SAFETY: the block came from CreateEnvironmentBlock and is not used any more.
    unsafe { destroy(block) };
    Ok(variables)
}

/// The list of a child's variables, for people and for tests: a name on each line, and its meaning.
#[cfg(test)]
pub fn listed() -> Vec<&'static str> {
    let list = include_str!("environment.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    list.filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect()
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_child_gets_what_the_list_says_and_nothing_else() {
        let variables = environment(Path::new(r"C:\private")).expect("Windows gives the variables");
        let mut given: Vec<_> = variables.iter().map(|(name, _)| name.to_str().unwrap_or_default()).collect();
        let mut listed = listed();
        given.sort_unstable();
        listed.sort_unstable();
        assert_eq!(given, listed);
        let value = |wanted: &str| variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        assert_eq!(value("TEMP"), Some(r"C:\private".into()));
        assert_eq!(value("TMP"), Some(r"C:\private".into()));
        let windows = system_root().expect("Windows says");
        assert!(value("SystemRoot").is_some_and(|root| root.eq_ignore_ascii_case(&windows)));
        let path = value("Path").expect("listed").into_string().expect("Unicode");
        let folders = path.split_terminator(';').map(Path::new);
        assert!(folders.clone().all(|folder| folder.starts_with(&windows)), "nobody else's folder: {path}");
        assert_eq!(folders.count(), 4);
    }
}
