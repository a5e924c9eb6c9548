//! The signer of a file with an Authenticode signature that Windows trusts.

use std::ffi::c_void;
use std::fmt;
use std::os::windows::io::RawHandle;
use std::path::Path;

use windows_sys::Win32::Foundation::{HANDLE, HWND, TRUST_E_NOSIGNATURE};
use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_NAME_ATTR_TYPE, szOID_COMMON_NAME, szOID_ORGANIZATION_NAME,
};
use windows_sys::Win32::Security::WinTrust::{
    CRYPT_PROVIDER_CERT, CRYPT_PROVIDER_DATA, CRYPT_PROVIDER_SGNR, WINTRUST_ACTION_GENERIC_VERIFY_V2, WINTRUST_DATA,
    WINTRUST_DATA_0, WINTRUST_FILE_INFO, WTD_CACHE_ONLY_URL_RETRIEVAL, WTD_CHOICE_FILE, WTD_REVOKE_NONE,
    WTD_STATEACTION_CLOSE, WTD_STATEACTION_VERIFY, WTD_UI_NONE,
};
use windows_sys::core::GUID;

use super::library::{LibraryError, function};
use super::win32::{Win32Error, text, wide};

/// What is wrong with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is missing, or the file is of a kind that has none.
    #[error("expected a signed file, found no signature")]
    Missing,
    /// Windows does not trust it.
    #[error("Windows does not trust the signature: {0}")]
    Untrusted(Win32Error),
    /// Windows trusts it but does not report the signer.
    #[error("the signature is trusted, but Windows does not say whose it is")]
    NoSigner,
    /// It cannot be checked.
    #[error("cannot check the signature: {0}")]
    Library(#[from] LibraryError),
}

/// The functions with which Windows checks signatures: `wintrust.dll` and `crypt32.dll`.
struct Trust {
    verify: unsafe extern "system" fn(HWND, *mut GUID, *mut c_void) -> i32,
    data: unsafe extern "system" fn(HANDLE) -> *mut CRYPT_PROVIDER_DATA,
    signer: unsafe extern "system" fn(*mut CRYPT_PROVIDER_DATA, u32, i32, u32) -> *mut CRYPT_PROVIDER_SGNR,
    certificate: unsafe extern "system" fn(*mut CRYPT_PROVIDER_SGNR, u32) -> *mut CRYPT_PROVIDER_CERT,
    name: unsafe extern "system" fn(*const CERT_CONTEXT, u32, u32, *const c_void, *mut u16, u32) -> u32,
}

impl Trust {
    fn load() -> Result<Self, LibraryError> {
        let wintrust = "wintrust.dll";
        // SAFETY: each signature is the documented one (Microsoft Learn: the function of that name).
        unsafe {
            Ok(Self {
                verify: function(wintrust, c"WinVerifyTrust")?,
                data: function(wintrust, c"WTHelperProvDataFromStateData")?,
                signer: function(wintrust, c"WTHelperGetProvSignerFromChain")?,
                certificate: function(wintrust, c"WTHelperGetProvCertFromChain")?,
                name: function("crypt32.dll", c"CertGetNameStringW")?,
            })
        }
    }

    fn ask(&self, question: &mut WINTRUST_DATA) -> i32 {
        let mut action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
        // SAFETY: no window; the question and what it points to live through the call.
        unsafe { (self.verify)(std::ptr::null_mut(), &raw mut action, (&raw mut *question).cast()) }
    }

    /// # Safety
    /// `state` is the state of an answered question that is not closed.
    unsafe fn signer_in(&self, state: HANDLE) -> Option<Signer> {
        // SAFETY: the state is open, as the caller promises; each pointer is checked and lives as long as the state.
        unsafe {
            let data = (self.data)(state);
            let signer = if data.is_null() { return None } else { (self.signer)(data, 0, 0, 0) };
            let entry = if signer.is_null() { return None } else { (self.certificate)(signer, 0) };
            let certificate = if entry.is_null() { return None } else { (*entry).pCert };
            if certificate.is_null() {
                return None;
            }
            Some(Signer {
                common_name: self.attribute(certificate, szOID_COMMON_NAME),
                organization: self.attribute(certificate, szOID_ORGANIZATION_NAME),
            })
        }
    }

    /// One attribute of a certificate's subject; empty where it has none.
    ///
    /// # Safety
    /// `certificate` is valid and `oid` ends with a NUL.
    unsafe fn attribute(&self, certificate: *const CERT_CONTEXT, oid: *const u8) -> String {
        let mut buffer = [0_u16; 512];
        let length = buffer.len() as u32;
        // SAFETY: the caller promises both pointers; the buffer has the length that is given.
        unsafe { (self.name)(certificate, CERT_NAME_ATTR_TYPE, 0, oid.cast(), buffer.as_mut_ptr(), length) };
        text(&buffer)
    }
}

/// The signer of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    common_name: String,
    organization: String,
}

impl Signer {
    /// Whether this is the publisher with that name: the subject's common name or its organisation, letter by letter.
    pub fn is(&self, publisher: &str) -> bool {
        !publisher.is_empty() && (self.common_name == publisher || self.organization == publisher)
    }

    /// The name by which a manifest calls it: its organisation, or its common name where it has none.
    pub fn publisher(&self) -> &str {
        if self.organization.is_empty() { &self.common_name } else { &self.organization }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.common_name, self.organization)
    }
}

/// The signer of the file with this open handle; `path` is only for messages of Windows.
///
/// Revocation is not checked: that needs the network, and the pinned hash covers an old update whose certificate was
/// revoked. Windows judges expired certificates, because it knows the time stamp of the signature.
///
/// # Errors
/// When there is no signature, or none that Windows trusts.
pub fn signer(file: RawHandle, path: &Path) -> Result<Signer, SignatureError> {
    let (path, trust) = (wide(path), Trust::load()?);
    let mut subject = WINTRUST_FILE_INFO {
        cbStruct: size_of::<WINTRUST_FILE_INFO>() as u32,
        pcwszFilePath: path.as_ptr(),
        hFile: file as HANDLE,
        pgKnownSubject: std::ptr::null_mut(),
    };
    let mut question = WINTRUST_DATA {
        cbStruct: size_of::<WINTRUST_DATA>() as u32,
        dwUIChoice: WTD_UI_NONE,
        fdwRevocationChecks: WTD_REVOKE_NONE,
        dwUnionChoice: WTD_CHOICE_FILE,
        Anonymous: WINTRUST_DATA_0 { pFile: &raw mut subject },
        dwStateAction: WTD_STATEACTION_VERIFY,
        dwProvFlags: WTD_CACHE_ONLY_URL_RETRIEVAL,
        ..WINTRUST_DATA::default()
    };
    let verdict = trust.ask(&mut question);
    let signer = match verdict {
        // SAFETY: the state belongs to this question, which was answered and is not closed yet.
        0 => unsafe { trust.signer_in(question.hWVTStateData) }.ok_or(SignatureError::NoSigner),
        TRUST_E_NOSIGNATURE => Err(SignatureError::Missing),
        other => Err(SignatureError::Untrusted(Win32Error(other.cast_unsigned()))),
    };
    question.dwStateAction = WTD_STATEACTION_CLOSE;
    trust.ask(&mut question); // Frees the state. A failure needs no action.
    signer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_is_the_common_name_or_the_organisation_and_nothing_like_it() {
        let signer = Signer { common_name: "Contoso Updates".into(), organization: "Contoso Ltd".into() };
        assert!(signer.is("Contoso Updates") && signer.is("Contoso Ltd"));
        for other in ["", "Contoso", "contoso ltd", "Contoso Ltd ", "Contoso Ltd, Inc"] {
            assert!(!signer.is(other), "{other}");
        }
        let nameless = Signer { common_name: String::new(), organization: String::new() };
        assert!(!nameless.is(""));
    }
}
