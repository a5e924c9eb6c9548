//! The environment of a child: built anew from a short list, never handed down.
//!
//! Whoever starts us could otherwise steer a child that has our rights, with `PATH`, `PSModulePath`, `COR_PROFILER`
//! and their like.

use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Security::TOKEN_QUERY;
use windows_sys::Win32::System::Environment::{CreateEnvironmentBlock, DestroyEnvironmentBlock};
use windows_sys::Win32::System::SystemInformation::GetSystemWindowsDirectoryW;
use windows_sys::Win32::UI::Shell::GetUserProfileDirectoryW;

use super::account::{own_name, own_token};
use super::win32::{Win32Error, check, text};

/// The variables that a child gets as Windows defines them for everybody.
const KEPT: &[&str] =
    &["SystemRoot", "SystemDrive", "windir", "ProgramFiles", "CommonProgramFiles", "ProgramData", "COMPUTERNAME"];

/// The variables for a child that keeps its temporary files in `temporary`.
///
/// # Errors
/// Windows does not give the variables.
pub fn environment(temporary: &Path) -> Result<Vec<(OsString, OsString)>, Win32Error> {
    let mut variables: Vec<_> = defined()?
        .into_iter()
        .filter_map(|(name, value)| {
            let name = KEPT.iter().find(|kept| name.eq_ignore_ascii_case(kept))?;
            Some((OsString::from(name), value))
        })
        .collect();
    let account = own_name()?;
    let (domain, user) = account.split_once('\\').unwrap_or(("", &account));
    let modules = system_root()?.join(r"System32\WindowsPowerShell\v1.0\Modules");
    variables.extend([
        ("USERDOMAIN".into(), domain.into()),
        ("USERNAME".into(), user.into()),
        ("USERPROFILE".into(), profile()?),
        ("PSModulePath".into(), modules.into()),
        ("TEMP".into(), temporary.into()),
        ("TMP".into(), temporary.into()),
    ]);
    Ok(variables)
}

/// The value of one variable as Windows defines it for everybody.
///
/// # Errors
/// Windows does not give the variables.
pub fn variable(name: &str) -> Result<Option<OsString>, Win32Error> {
    Ok(defined()?.into_iter().find(|(defined, _)| defined.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// The profile folder of the account that we run as.
fn profile() -> Result<OsString, Win32Error> {
    let token = own_token(TOKEN_QUERY)?;
    let mut buffer = [0_u16; 1024];
    let mut size = buffer.len() as u32;
    // SAFETY: the token is open; the buffer has the length that is given.
    check(unsafe { GetUserProfileDirectoryW(token.as_raw_handle(), buffer.as_mut_ptr(), &raw mut size) })?;
    Ok(text(&buffer).into())
}

/// The folder of Windows, such as `C:\Windows`.
///
/// # Errors
/// Windows does not say.
pub fn system_root() -> Result<PathBuf, Win32Error> {
    let mut buffer = [0_u16; 260];
    // SAFETY: the buffer has the length that is given.
    let length = unsafe { GetSystemWindowsDirectoryW(buffer.as_mut_ptr(), buffer.len() as u32) };
    match buffer.get(..length as usize) {
        Some(path) if length > 0 => Ok(OsString::from_wide(path).into()),
        _ => Err(Win32Error::last()),
    }
}

/// Every variable that the registry defines for the whole machine. None that was handed down to us, and none of the
/// account: programs without our rights may set those.
fn defined() -> Result<Vec<(OsString, OsString)>, Win32Error> {
    let mut block = std::ptr::null_mut();
    // SAFETY: no token means the variables of the machine; the block is freed below.
    check(unsafe { CreateEnvironmentBlock(&raw mut block, std::ptr::null_mut(), 0) })?;
    let mut variables = Vec::new();
    let mut at: *const u16 = block.cast_const().cast();
    loop {
        let mut length = 0;
        // SAFETY: the block is a row of NUL-terminated texts that an empty text ends; we stop at that one.
        while unsafe { *at.add(length) } != 0 {
            length += 1;
        }
        if length == 0 {
            break;
        }
        // SAFETY: `length` units were just read one by one.
        let units = unsafe { std::slice::from_raw_parts(at, length) };
        // Names such as `=C:` start with the sign that separates; they are no variables of ours.
        if let Some(sign) = units.iter().position(|&unit| unit == u16::from(b'=')).filter(|&sign| sign > 0) {
            let (name, value) = units.split_at(sign);
            variables.push((OsString::from_wide(name), OsString::from_wide(value.get(1..).unwrap_or_default())));
        }
        // SAFETY: the NUL behind the text belongs to the block.
        at = unsafe { at.add(length + 1) };
    }
    // SAFETY: the block came from CreateEnvironmentBlock and is not used any more.
    unsafe { DestroyEnvironmentBlock(block) };
    Ok(variables)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_child_gets_the_short_list_and_nothing_else() {
        let variables = environment(Path::new(r"C:\private")).expect("Windows gives the variables");
        let mut allowed = KEPT.to_vec();
        allowed.extend(["USERDOMAIN", "USERNAME", "USERPROFILE", "PSModulePath", "TEMP", "TMP"]);
        let mut given: Vec<_> = variables.iter().map(|(name, _)| name.to_str().unwrap_or_default()).collect();
        allowed.sort_unstable();
        given.sort_unstable();
        assert_eq!(given, allowed);
        let value = |wanted: &str| variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        assert_eq!(value("TEMP"), Some(r"C:\private".into()));
        assert_eq!(value("TMP"), Some(r"C:\private".into()));
        assert!(
            value("SystemRoot").is_some_and(|root| system_root().is_ok_and(|known| root.eq_ignore_ascii_case(known)))
        );
        assert!(value("PATH").is_none() && value("Path").is_none());
    }
}
