//! The double of an open management shell: a process that keeps an assembly of the product loaded.

use std::error::Error;
use std::ffi::OsStr;
use std::os::windows::ffi::OsStrExt;

use windows_sys::Win32::System::LibraryLoader::LoadLibraryW;

use super::calls;

/// Loads the file in the first argument and runs until it is killed.
pub fn main() -> Result<u32, Box<dyn Error>> {
    load(&std::env::args_os().nth(1).ok_or("no assembly on the command line")?)?;
    calls::record(&calls::this_call()?)?;
    calls::hang()
}

/// Keeps an assembly loaded for as long as this program runs.
#[expect(unsafe_code, reason = "loading code is unsafe by nature")]
pub fn load(assembly: &OsStr) -> Result<(), Box<dyn Error>> {
    let path: Vec<u16> = assembly.encode_wide().chain([0]).collect();
    // SAFETY: the path ends with a NUL; the driver's assembly has no code of its own that loading could run.
    if unsafe { LoadLibraryW(path.as_ptr()) }.is_null() {
        return Err(std::io::Error::last_os_error().into());
    }
    Ok(())
}
