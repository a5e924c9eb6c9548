//! The trusted root certificates of this computer, and those among them that another certificate issued.

use reconcile_schema::{MisplacedCertificate, TrustedRoots};
use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_HASH_PROP_ID, CERT_STORE_OPEN_EXISTING_FLAG, CERT_STORE_PROV_SYSTEM_W, CERT_STORE_READONLY_FLAG,
    CERT_SYSTEM_STORE_LOCAL_MACHINE, HCERTSTORE,
};

use super::super::library::{CallError, LibraryError, function};
use super::super::win32::{Win32Error, check, wide};
use crate::examined::certificate::names;

/// The functions for stores of certificates: `crypt32.dll`.
struct Stores {
    open: unsafe extern "system" fn(*const u8, u32, usize, u32, *const core::ffi::c_void) -> HCERTSTORE,
    next: unsafe extern "system" fn(HCERTSTORE, *const CERT_CONTEXT) -> *mut CERT_CONTEXT,
    property: unsafe extern "system" fn(*const CERT_CONTEXT, u32, *mut core::ffi::c_void, *mut u32) -> i32,
    close: unsafe extern "system" fn(HCERTSTORE, u32) -> i32,
}

impl Stores {
    fn load() -> Result<Self, LibraryError> {
        let crypt32 = "crypt32.dll";
        // SAFETY: each signature is the documented one (Microsoft Learn: the function of that name).
        unsafe {
            Ok(Self {
                open: function(crypt32, c"CertOpenStore")?,
                next: function(crypt32, c"CertEnumCertificatesInStore")?,
                property: function(crypt32, c"CertGetCertificateContextProperty")?,
                close: function(crypt32, c"CertCloseStore")?,
            })
        }
    }

    /// The SHA-1 of a certificate, as Windows shows it; empty where Windows does not report it.
    ///
    /// # Safety
    /// `certificate` is valid.
    unsafe fn thumbprint(&self, certificate: *const CERT_CONTEXT) -> String {
        let mut hash = [0_u8; 20];
        let mut size = hash.len() as u32;
        // SAFETY: the caller promises the certificate; the buffer has the size that is given.
        let read = unsafe { (self.property)(certificate, CERT_HASH_PROP_ID, hash.as_mut_ptr().cast(), &raw mut size) };
        if check(read).is_err() {
            return String::new();
        }
        hash.iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

/// The certificates in `LocalMachine\Root`.
///
/// # Errors
/// When the store cannot be opened.
pub fn trusted() -> Result<TrustedRoots, CallError> {
    let stores = Stores::load()?;
    let name = wide("Root");
    let flags = CERT_SYSTEM_STORE_LOCAL_MACHINE | CERT_STORE_READONLY_FLAG | CERT_STORE_OPEN_EXISTING_FLAG;
    // SAFETY: this provider takes the name of a store that ends with a NUL; the handle is checked and closed below.
    let store = unsafe { (stores.open)(CERT_STORE_PROV_SYSTEM_W, 0, 0, flags, name.as_ptr().cast()) };
    if store.is_null() {
        return Err(Win32Error::last().into());
    }
    let mut roots = TrustedRoots::default();
    let mut certificate = std::ptr::null_mut();
    loop {
        // SAFETY: the store is open; the call frees the certificate before, and null begins.
        certificate = unsafe { (stores.next)(store, certificate) };
        if certificate.is_null() {
            break;
        }
        // SAFETY: the certificate is valid until the next call, and so are its encoded bytes, if there are any.
        let (thumbprint, encoded) = unsafe {
            let CERT_CONTEXT { pbCertEncoded, cbCertEncoded, .. } = *certificate;
            let encoded: &[u8] = match pbCertEncoded.is_null() {
                true => &[],
                false => std::slice::from_raw_parts(pbCertEncoded, cbCertEncoded as usize),
            };
            (stores.thumbprint(certificate), encoded)
        };
        roots.count = roots.count.saturating_add(1);
        match names(encoded) {
            Ok(names) if names.self_issued => {}
            Ok(names) => {
                roots.misplaced.push(MisplacedCertificate { thumbprint, subject: names.subject, issuer: names.issuer });
            }
            Err(error) => roots.unreadable.push(format!(r"LocalMachine\Root, {thumbprint}: {error}")),
        }
    }
    // SAFETY: the handle is open and not used any more. A failure leaves nothing to do.
    unsafe { (stores.close)(store, 0) };
    Ok(roots)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_roots_of_this_computer_are_counted_and_can_be_read() {
        let roots = trusted().expect("the store opens");
        assert_eq!(roots.unreadable, Vec::<String>::new());
        for one in &roots.misplaced {
            assert!(one.thumbprint.len() == 40 && one.subject != one.issuer, "{one:?}");
        }
    }
}
