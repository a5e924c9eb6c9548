//! What this process does to itself before anything else, so that nobody else can interfere with it.

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};
use windows_sys::Win32::System::LibraryLoader::LOAD_LIBRARY_SEARCH_SYSTEM32;

use super::library::in_kernel;

/// Makes our standard handles private, and allows libraries from the system's folder only. Must be called once, first
/// in `main`.
///
/// A child that inherits one of our handles and outlives us blocks anyone who reads our output until it ends. A library
/// that somebody put next to the program or into the current folder would run with our rights.
pub fn protect() {
    for which in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: no preconditions; a missing handle is null or invalid, which the second call refuses.
        let handle = unsafe { GetStdHandle(which) };
        // SAFETY: as above. It fails for the pseudo handles of a console before Windows 8, which this flag does not concern.
        unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) };
    }
    // It is looked up and not imported, because Windows Server 2008 R2 has it only with the update KB2533623.
    let Some(function) = in_kernel(c"SetDefaultDllDirectories") else { return };
    // SAFETY: the function of this name has this signature (Microsoft Learn: SetDefaultDllDirectories).
    let set: unsafe extern "system" fn(u32) -> i32 = unsafe { std::mem::transmute(function) };
    // SAFETY: the flag is a documented one.
    unsafe { set(LOAD_LIBRARY_SEARCH_SYSTEM32) };
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Foundation::GetHandleInformation;

    use super::*;

    #[test]
    fn our_handles_are_private_afterwards() {
        protect();
        for which in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
            let mut flags = 0;
            // SAFETY: a handle that is missing is refused; the flags go into our variable.
            let known = unsafe { GetHandleInformation(GetStdHandle(which), &raw mut flags) } != 0;
            assert!(!known || flags & HANDLE_FLAG_INHERIT == 0, "handle {which:#x}");
        }
    }
}
