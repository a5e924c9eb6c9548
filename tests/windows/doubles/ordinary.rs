//! Runs a program as an ordinary user: in its token, the Administrators group can only deny access.

use std::error::Error;
use std::os::windows::ffi::OsStrExt;

use windows_sys::Win32::Security::{
    CreateRestrictedToken, CreateWellKnownSid, SECURITY_MAX_SID_SIZE, SID_AND_ATTRIBUTES, TOKEN_ALL_ACCESS,
    WinBuiltinAdministratorsSid,
};
use windows_sys::Win32::System::Threading::{
    CreateProcessAsUserW, GetCurrentProcess, GetExitCodeProcess, INFINITE, OpenProcessToken, PROCESS_INFORMATION,
    STARTUPINFOW, WaitForSingleObject,
};

/// `ordinary.exe PROGRAM ARGUMENTS…`. No argument may need quotation marks. Ends with the program's exit code.
#[expect(unsafe_code, reason = "tokens are made by Win32 alone")]
pub fn main() -> Result<u32, Box<dyn Error>> {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let line: Vec<u16> = args
        .iter()
        .flat_map(|arg| {
            let quote = std::iter::once(u16::from(b'"'));
            quote.clone().chain(arg.encode_wide()).chain(quote).chain([u16::from(b' ')])
        })
        .collect();
    let mut line: Vec<u16> = line.into_iter().chain([0]).collect();
    let done = |result: i32| if result == 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) };
    let mut administrators = [0_u64; SECURITY_MAX_SID_SIZE as usize / 8 + 1];
    let mut size = SECURITY_MAX_SID_SIZE;
    let (mut token, mut ordinary) = (std::ptr::null_mut(), std::ptr::null_mut());
    let startup = STARTUPINFOW { cb: size_of::<STARTUPINFOW>() as u32, ..STARTUPINFOW::default() };
    let (mut process, mut code) = (PROCESS_INFORMATION::default(), 0);
    // SAFETY: every pointer refers to a local variable that outlives the call. The buffer is large enough for any
    // identifier, and the line ends with a NUL. The handles stay open until the process ends.
    unsafe {
        let sid = administrators.as_mut_ptr().cast();
        done(CreateWellKnownSid(WinBuiltinAdministratorsSid, std::ptr::null_mut(), sid, &raw mut size))?;
        done(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &raw mut token))?;
        let deny = SID_AND_ATTRIBUTES { Sid: sid, Attributes: 0 };
        let (none, null) = (std::ptr::null(), std::ptr::null());
        done(CreateRestrictedToken(token, 0, 1, &raw const deny, 0, none, 0, null, &raw mut ordinary))?;
        done(CreateProcessAsUserW(
            ordinary,
            std::ptr::null(),
            line.as_mut_ptr(),
            std::ptr::null(),
            std::ptr::null(),
            1,
            0,
            std::ptr::null(),
            std::ptr::null(),
            &raw const startup,
            &raw mut process,
        ))?;
        WaitForSingleObject(process.hProcess, INFINITE);
        done(GetExitCodeProcess(process.hProcess, &raw mut code))?;
    }
    Ok(code)
}
