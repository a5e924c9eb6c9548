//! The access rights of our folders: full access for the system and for administrators, none for others.

use std::fs::File;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1, SE_FILE_OBJECT, SetSecurityInfo,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetSecurityDescriptorDacl, PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR,
    SECURITY_ATTRIBUTES, SetKernelObjectSecurity,
};
use windows_sys::Win32::Storage::FileSystem::CreateDirectoryW;

use super::win32::{Win32Error, check, wide};

/// The accounts that may use such a folder and its content. `P`: nothing is inherited from above, where every user may
/// create files.
const ACCESS: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// The same without a word about the content.
const ALONE: &str = "D:P(A;;FA;;;SY)(A;;FA;;;BA)";

/// A security descriptor from the system's heap.
pub struct Access(PSECURITY_DESCRIPTOR);

impl Access {
    /// The access rights of a private folder.
    pub fn private() -> Result<Self, Win32Error> {
        Self::of(ACCESS)
    }

    fn of(text: &str) -> Result<Self, Win32Error> {
        let text = wide(text);
        let mut descriptor = std::ptr::null_mut();
        let size = std::ptr::null_mut();
        // SAFETY: the text ends with a NUL; the descriptor is freed when dropped.
        check(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                size,
            )
        })?;
        Ok(Self(descriptor))
    }

    /// Creates a folder with these access rights from its first moment. An existing folder is an error.
    pub fn create(&self, path: &Path) -> Result<(), Win32Error> {
        let path = wide(path);
        let attributes = SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        };
        // SAFETY: the path ends with a NUL; the attributes point to a valid descriptor.
        check(unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) })
    }

    /// Takes the access to an open folder from others, so that nobody else creates anything in it. Its content keeps its
    /// own access, which shows what others could do so far.
    pub fn close(folder: &File) -> Result<(), Win32Error> {
        let alone = Self::of(ALONE)?;
        let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        // SAFETY: the handle is open for this; the descriptor is valid, and only its list is set.
        check(unsafe { SetKernelObjectSecurity(folder.as_raw_handle(), what, alone.0) })
    }

    /// Sets these access rights on an open folder. Windows passes them on to entries that inherit them.
    pub fn set(&self, folder: &File) -> Result<(), Win32Error> {
        let (mut present, mut defaulted, mut list) = (0, 0, std::ptr::null_mut());
        // SAFETY: the descriptor is valid; the list points into it.
        check(unsafe { GetSecurityDescriptorDacl(self.0, &raw mut present, &raw mut list, &raw mut defaulted) })?;
        let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        let (owner, group, audit) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null());
        // SAFETY: the handle is open for this; only the list is set.
        match unsafe { SetSecurityInfo(folder.as_raw_handle(), SE_FILE_OBJECT, what, owner, group, list, audit) } {
            ERROR_SUCCESS => Ok(()),
            code => Err(Win32Error(code)),
        }
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        // SAFETY: the descriptor came from the system's heap and is not used any more.
        unsafe { LocalFree(self.0) };
    }
}
