//! Libraries that not every Windows knows by name: loaded at run time from the folder of Windows, by their full path.
//!
//! Windows searches for a program's imports first in the program's own folder, before any of its code runs, unless an
//! import is one of the libraries that are already mapped (`tests/windows/known-dlls` lists them). So nothing else is
//! imported. That also applies to imports that other crates would add: the last part of this file prevents them.

use std::ffi::{CStr, OsString, c_void};
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;

use windows_sys::Win32::Foundation::{
    ERROR_NOT_SUPPORTED, FARPROC, HANDLE, HMODULE, INVALID_HANDLE_VALUE, SetLastError,
};
use windows_sys::Win32::System::LibraryLoader::{
    GetModuleHandleW, GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LOAD_WITH_ALTERED_SEARCH_PATH, LoadLibraryExW,
};
use windows_sys::Win32::System::SystemInformation::GetSystemDirectoryW;

use super::win32::{Win32Error, wide};

/// Why a function of a library cannot be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// The library cannot be loaded.
    #[error("cannot load {library} from the folder of Windows: {cause}")]
    Missing {
        /// Its file name.
        library: &'static str,
        /// What Windows said.
        cause: Win32Error,
    },
    /// It has no such function.
    #[error("expected the function {function} in {library} of this Windows, found none: {cause}")]
    NoFunction {
        library: &'static str,
        function: &'static str,
        /// What Windows said.
        cause: Win32Error,
    },
}

/// Why a call into a library that is loaded at run time failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It could not be called.
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    Failed(#[from] Win32Error),
}

/// The function `name` of `library`.
///
/// # Errors
/// When this Windows has no such library, or no such function in it.
///
/// # Safety
/// `F` is the type of a pointer to a function with the signature that Microsoft documents for `name`.
pub unsafe fn function<F: Copy>(library: &'static str, name: &'static CStr) -> Result<F, LibraryError> {
    const { assert!(size_of::<F>() == size_of::<FARPROC>(), "a pointer to a function") };
    let module = load(library).map_err(|cause| LibraryError::Missing { library, cause })?;
    // SAFETY: the module is loaded and never let go; the name ends with a NUL.
    let Some(found) = (unsafe { GetProcAddress(module, name.as_ptr().cast()) }) else {
        let function = name.to_str().unwrap_or_default();
        return Err(LibraryError::NoFunction { library, function, cause: Win32Error::last() });
    };
    // SAFETY: both are pointers to functions of one size; that the signature is right is promised by the caller.
    Ok(unsafe { std::mem::transmute_copy(&found) })
}

/// A function that `kernel32.dll` has only in some versions of Windows.
pub fn in_kernel(name: &CStr) -> FARPROC {
    let kernel = wide("kernel32.dll");
    // SAFETY: the name ends with a NUL; kernel32 is part of every process and never leaves it.
    let kernel = unsafe { GetModuleHandleW(kernel.as_ptr()) };
    // SAFETY: the name ends with a NUL; a module or a function that is not there is null.
    unsafe { GetProcAddress(kernel, name.as_ptr().cast()) }
}

/// Loads a library from the folder of Windows. Its own imports come from there too.
fn load(library: &str) -> Result<HMODULE, Win32Error> {
    // This function and the flag were introduced together (Microsoft Learn: LoadLibraryExW): Windows Server 2008 R2 has
    // them only with the update KB2533623. The other flag begins the search in the folder of the library, which is the
    // same folder.
    let flags = match in_kernel(c"SetDefaultDllDirectories") {
        Some(_) => LOAD_LIBRARY_SEARCH_SYSTEM32,
        None => LOAD_WITH_ALTERED_SEARCH_PATH,
    };
    let path = wide(system_folder()?.join(library));
    // SAFETY: the path is absolute and ends with a NUL; no file handle is given, as documented.
    let module = unsafe { LoadLibraryExW(path.as_ptr(), std::ptr::null_mut(), flags) };
    if module.is_null() { Err(Win32Error::last()) } else { Ok(module) }
}

/// The folder of Windows' libraries, such as `C:\Windows\System32`.
fn system_folder() -> Result<PathBuf, Win32Error> {
    // SAFETY: the call writes into the buffer up to the length that is given.
    folder(|buffer, length| unsafe { GetSystemDirectoryW(buffer, length) })
}

/// The folder that a call writes into a buffer of the given length; it returns the length of the path.
pub fn folder(call: impl FnOnce(*mut u16, u32) -> u32) -> Result<PathBuf, Win32Error> {
    let mut buffer = [0_u16; 260];
    let length = call(buffer.as_mut_ptr(), buffer.len() as u32);
    match buffer.get(..length as usize) {
        Some(path) if length > 0 => Ok(OsString::from_wide(path).into()),
        _ => Err(Win32Error::last()),
    }
}

/// The folder of an account's profile: `userenv.dll`.
pub type ProfileDirectory = unsafe extern "system" fn(HANDLE, *mut u16, *mut u32) -> i32;

/// Loads that function.
///
/// # Errors
/// When this Windows has no such function.
pub fn profile_directory() -> Result<ProfileDirectory, LibraryError> {
    // SAFETY: the signature is the documented one (Microsoft Learn: GetUserProfileDirectoryW).
    unsafe { function("userenv.dll", c"GetUserProfileDirectoryW") }
}

/// The function that the standard library's `home_dir` calls. Because it is defined here, the linker imports none from
/// `userenv.dll`.
#[unsafe(no_mangle)]
extern "system" fn GetUserProfileDirectoryW(token: HANDLE, folder: *mut u16, size: *mut u32) -> i32 {
    match profile_directory() {
        // SAFETY: what the caller gives is what the function of Windows wants.
        Ok(function) => unsafe { function(token, folder, size) },
        Err(LibraryError::Missing { cause, .. } | LibraryError::NoFunction { cause, .. }) => {
            // SAFETY: no preconditions.
            unsafe { SetLastError(cause.0) };
            0
        }
    }
}

/// The function that the registry's crate calls for transactions, which we never create. Because this one and the next
/// are defined here, the linker imports none from `ktmw32.dll`.
#[unsafe(no_mangle)]
extern "system" fn CreateTransaction(
    _: *const c_void,
    _: *const c_void,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: *const u16,
) -> HANDLE {
    // SAFETY: no preconditions.
    unsafe { SetLastError(ERROR_NOT_SUPPORTED) };
    INVALID_HANDLE_VALUE
}

/// The other one.
#[unsafe(no_mangle)]
extern "system" fn CommitTransaction(_: HANDLE) -> i32 {
    // SAFETY: no preconditions.
    unsafe { SetLastError(ERROR_NOT_SUPPORTED) };
    0
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_library_comes_from_the_folder_of_windows() {
        profile_directory().expect("every Windows has it");
        let folder = system_folder().expect("Windows says");
        assert!(folder.is_absolute() && folder.join("userenv.dll").is_file(), "{}", folder.display());
    }

    #[test]
    fn what_is_missing_is_named() {
        // SAFETY: there is no such function, so none is called.
        let missing = unsafe { function::<ProfileDirectory>("no-such-library.dll", c"Nothing") };
        let missing = missing.expect_err("missing").to_string();
        assert!(missing.starts_with("cannot load no-such-library.dll from the folder of Windows: "), "{missing}");
        // SAFETY: as above.
        let missing = unsafe { function::<ProfileDirectory>("userenv.dll", c"NoSuchFunction") };
        let missing = missing.expect_err("missing").to_string();
        assert!(
            missing.starts_with("expected the function NoSuchFunction in userenv.dll of this Windows"),
            "{missing}"
        );
    }

    #[test]
    fn the_standard_library_still_finds_the_profile() {
        assert!(std::env::home_dir().is_some_and(|home| home.is_absolute()));
    }

    #[test]
    fn a_transaction_is_refused_and_not_begun() {
        assert!(windows_registry::Transaction::new().is_err());
    }
}
