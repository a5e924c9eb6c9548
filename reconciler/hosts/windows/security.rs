//! The owner and the access list of an open object.

use std::os::windows::io::RawHandle;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, LocalFree};
use windows_sys::Win32::Security::Authorization::{GetSecurityInfo, SE_OBJECT_TYPE};
use windows_sys::Win32::Security::{
    ACL, DACL_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID,
};

use super::win32::Win32Error;

/// The owner and the access list of an object, with the descriptor that they are in.
pub struct Security {
    descriptor: PSECURITY_DESCRIPTOR,
    /// A valid identifier while this value lives; null in a file system without owners.
    pub owner: PSID,
    /// Valid while this value lives; null where there is none, or where it was not asked for.
    pub list: *mut ACL,
}

impl Security {
    /// The owner of an object of this kind.
    ///
    /// # Errors
    /// When its handle does not allow the query.
    pub fn owner_of(object: RawHandle, kind: SE_OBJECT_TYPE) -> Result<Self, Win32Error> {
        Self::read(object, kind, OWNER_SECURITY_INFORMATION)
    }

    /// The owner and the access list of an object of this kind.
    ///
    /// # Errors
    /// When its handle does not allow the query.
    pub fn of(object: RawHandle, kind: SE_OBJECT_TYPE) -> Result<Self, Win32Error> {
        Self::read(object, kind, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)
    }

    fn read(object: RawHandle, kind: SE_OBJECT_TYPE, what: u32) -> Result<Self, Win32Error> {
        let mut security = Self { descriptor: null_mut(), owner: null_mut(), list: null_mut() };
        let (owner, list) = (&raw mut security.owner, &raw mut security.list);
        let (group, audit) = (null_mut(), null_mut());
        // SAFETY: the handle is open; what is asked for points into the descriptor, which lives as long as we do.
        match unsafe { GetSecurityInfo(object, kind, what, owner, group, list, audit, &raw mut security.descriptor) } {
            ERROR_SUCCESS => Ok(security),
            code => Err(Win32Error(code)),
        }
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: the descriptor came from the system's heap, or is null, and is not used any more.
        unsafe { LocalFree(self.descriptor) };
    }
}
