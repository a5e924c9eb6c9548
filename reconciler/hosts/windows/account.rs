//! The owner of a process, and the rights of our own account.

use std::os::windows::io::{AsRawHandle, OwnedHandle, RawHandle};

use windows_sys::Win32::Foundation::{ERROR_INVALID_OWNER, ERROR_NONE_MAPPED, LUID, LocalFree};
use windows_sys::Win32::Security::Authorization::{ConvertSidToStringSidW, ConvertStringSidToSidW, SE_KERNEL_OBJECT};
use windows_sys::Win32::Security::{
    AdjustTokenPrivileges, CheckTokenMembership, CopySid, CreateWellKnownSid, EqualSid, GetTokenInformation,
    LUID_AND_ATTRIBUTES, LookupAccountNameW, LookupAccountSidW, LookupPrivilegeValueW, PSID, SE_PRIVILEGE_ENABLED,
    SECURITY_MAX_SID_SIZE, SID_AND_ATTRIBUTES, TOKEN_ADJUST_PRIVILEGES, TOKEN_GROUPS, TOKEN_INFORMATION_CLASS,
    TOKEN_PRIVILEGES, TOKEN_QUERY, TOKEN_USER, TokenGroups, TokenUser, WELL_KNOWN_SID_TYPE,
    WinBuiltinAdministratorsSid, WinLocalSystemSid,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::security::Security;
use super::win32::{Win32Error, check, filled, owned, text, text_at, wide};
use crate::running::Standing;

/// The attribute of a group that grants access, instead of only denying it (winnt.h: `SE_GROUP_ENABLED`).
const ENABLED: u32 = 4;

/// A security identifier in a buffer of its own, which is large enough for any.
#[derive(Clone, Copy)]
#[repr(align(8))]
pub struct Sid([u8; SECURITY_MAX_SID_SIZE as usize]);

impl Sid {
    /// A well-known identifier of this machine.
    pub fn well_known(kind: WELL_KNOWN_SID_TYPE) -> Result<Self, Win32Error> {
        let mut sid = Self([0; SECURITY_MAX_SID_SIZE as usize]);
        let mut size = SECURITY_MAX_SID_SIZE;
        // SAFETY: the buffer holds any identifier and its size is given.
        check(unsafe { CreateWellKnownSid(kind, std::ptr::null_mut(), sid.0.as_mut_ptr().cast(), &raw mut size) })?;
        Ok(sid)
    }

    /// The identifier in a text such as `S-1-5-18`.
    pub fn read(text: &str) -> Result<Self, Win32Error> {
        let (text, mut made) = (wide(text), std::ptr::null_mut());
        // SAFETY: the text ends with a NUL; the identifier is freed below.
        check(unsafe { ConvertStringSidToSidW(text.as_ptr(), &raw mut made) })?;
        let mut sid = Self([0; SECURITY_MAX_SID_SIZE as usize]);
        // SAFETY: the buffer holds any identifier and its size is given; the other one is valid.
        let copied = check(unsafe { CopySid(SECURITY_MAX_SID_SIZE, sid.0.as_mut_ptr().cast(), made) });
        // SAFETY: the identifier came from ConvertStringSidToSidW and is not used any more.
        unsafe { LocalFree(made) };
        copied.map(|()| sid)
    }

    /// The identifier of the account of a name such as `DOMAIN\name`.
    fn of_account(name: &str) -> Result<Self, Win32Error> {
        let name = wide(name);
        let (mut sid, mut domain) = (Self([0; SECURITY_MAX_SID_SIZE as usize]), [0_u16; 257]);
        let (mut size, mut domain_size, mut kind) = (SECURITY_MAX_SID_SIZE, domain.len() as u32, 0);
        // SAFETY: a null system means this one; the name ends with a NUL; the buffers have the sizes that are given.
        check(unsafe {
            LookupAccountNameW(
                std::ptr::null(),
                name.as_ptr(),
                sid.0.as_mut_ptr().cast(),
                &raw mut size,
                domain.as_mut_ptr(),
                &raw mut domain_size,
                &raw mut kind,
            )
        })?;
        Ok(sid)
    }

    /// For calls that only read the identifier.
    pub fn as_ptr(&self) -> PSID {
        self.0.as_ptr().cast_mut().cast()
    }
}

/// The token of this process.
pub fn own_token(access: u32) -> Result<OwnedHandle, Win32Error> {
    // SAFETY: the pseudo handle of this process is always valid.
    token_of(unsafe { GetCurrentProcess() }, access)
}

/// The token of a process whose handle allows queries.
fn token_of(process: RawHandle, access: u32) -> Result<OwnedHandle, Win32Error> {
    let mut token = std::ptr::null_mut();
    // SAFETY: the process handle is open.
    check(unsafe { OpenProcessToken(process, access, &raw mut token) })?;
    // SAFETY: the token is open and ours alone.
    unsafe { owned(token) }
}

/// The account that we run as, as `DOMAIN\name`.
///
/// # Errors
/// When Windows does not report it.
pub fn own_name() -> Result<String, Win32Error> {
    // SAFETY: the pseudo handle of this process is always valid.
    owner_of(unsafe { GetCurrentProcess() })
}

/// The account of a process, as `DOMAIN\name`; its identifier where no name is known.
///
/// # Errors
/// When the process denies access.
pub fn owner_of(process: RawHandle) -> Result<String, Win32Error> {
    let user = user(&token_of(process, TOKEN_QUERY)?)?;
    // SAFETY: the identifier points into the buffer, which lives until the end.
    unsafe { name_of((*user.as_ptr().cast::<TOKEN_USER>()).User.Sid) }
}

/// The owner of a kernel object, as `DOMAIN\name`.
///
/// # Errors
/// When its handle does not allow the query.
pub fn owner_of_object(object: RawHandle) -> Result<String, Win32Error> {
    let security = Security::owner_of(object, SE_KERNEL_OBJECT)?;
    if security.owner.is_null() {
        return Err(Win32Error(ERROR_INVALID_OWNER));
    }
    // SAFETY: the owner is a valid identifier while its descriptor is kept.
    unsafe { name_of(security.owner) }
}

/// The rights of a process: whether the Administrators group grants access in its token, as in the system's token, or
/// whether it is the system. In an administrator's token that is not elevated, the group only denies access.
///
/// # Errors
/// When the process denies access.
pub fn standing_of(process: RawHandle) -> Result<Standing, Win32Error> {
    let token = token_of(process, TOKEN_QUERY)?;
    let (administrators, system) = (Sid::well_known(WinBuiltinAdministratorsSid)?, Sid::well_known(WinLocalSystemSid)?);
    let (user, groups) = (user(&token)?, information(&token, TokenGroups)?);
    // SAFETY: the buffers were filled with these structures, aligned by their words, and live until the end; the groups are as many
    // as is said; the identifiers are valid.
    let rules = unsafe {
        let (user, groups) = (&*user.as_ptr().cast::<TOKEN_USER>(), &*groups.as_ptr().cast::<TOKEN_GROUPS>());
        let groups = std::slice::from_raw_parts((&raw const groups.Groups).cast(), groups.GroupCount as usize);
        let counts = |group: &SID_AND_ATTRIBUTES| {
            group.Attributes & ENABLED != 0 && EqualSid(group.Sid, administrators.as_ptr()) != 0
        };
        EqualSid(user.User.Sid, system.as_ptr()) != 0 || groups.iter().any(counts)
    };
    Ok(if rules { Standing::Administrator } else { Standing::Ordinary })
}

/// Runs `look` with the identifier of the account that we run as.
pub fn with_own_sid<T>(look: impl FnOnce(PSID) -> T) -> Result<T, Win32Error> {
    let user = user(&own_token(TOKEN_QUERY)?)?;
    // SAFETY: the call filled the buffer with a TOKEN_USER, aligned by the words of the buffer.
    Ok(look(unsafe { (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid }))
}

/// A `TOKEN_USER` with its identifier.
fn user(token: &OwnedHandle) -> Result<Vec<u64>, Win32Error> {
    information(token, TokenUser)
}

/// A structure of a token with the identifiers that it points to.
fn information(token: &OwnedHandle, class: TOKEN_INFORMATION_CLASS) -> Result<Vec<u64>, Win32Error> {
    filled(|buffer, size, needed| {
        // SAFETY: the token is open; `buffer` has `size` bytes, aligned for pointers (see `filled`).
        unsafe { GetTokenInformation(token.as_raw_handle(), class, buffer.cast(), size, needed) }
    })
}

/// The name of an account for people, as `DOMAIN\name`; its identifier where no name can be found, such as while no
/// domain controller answers.
///
/// # Errors
/// When Windows does not report the identifier.
///
/// # Safety
/// `sid` is a valid identifier.
pub unsafe fn name_of(sid: PSID) -> Result<String, Win32Error> {
    // SAFETY: the identifier is valid as the caller promises.
    unsafe { named(known_name(sid), || sid_text(sid)) }
}

/// That a name cannot be found keeps nobody from reading the rest of a message.
fn named(
    found: Result<Option<String>, Win32Error>,
    identifier: impl FnOnce() -> Result<String, Win32Error>,
) -> Result<String, Win32Error> {
    match found {
        Ok(Some(name)) => Ok(name),
        Ok(None) | Err(_) => identifier(),
    }
}

/// The name of an account for a decision, as `DOMAIN\name`; none where no account has this identifier.
///
/// # Errors
/// When this is not known.
///
/// # Safety
/// `sid` is a valid identifier.
pub unsafe fn known_name(sid: PSID) -> Result<Option<String>, Win32Error> {
    let (mut name, mut domain) = ([0_u16; 257], [0_u16; 257]);
    let (mut name_size, mut domain_size) = (name.len() as u32, domain.len() as u32);
    let mut kind = 0;
    // SAFETY: the identifier is valid as the caller promises; the buffers have the sizes that are given.
    let found = check(unsafe {
        LookupAccountSidW(
            std::ptr::null(),
            sid,
            name.as_mut_ptr(),
            &raw mut name_size,
            domain.as_mut_ptr(),
            &raw mut domain_size,
            &raw mut kind,
        )
    });
    match found {
        Ok(()) => Ok(Some(format!(r"{}\{}", text(&domain), text(&name)).trim_start_matches('\\').to_owned())),
        Err(Win32Error(ERROR_NONE_MAPPED)) => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// An identifier as text, such as `S-1-5-18`.
///
/// # Errors
/// When Windows does not report it.
///
/// # Safety
/// `sid` is a valid identifier.
pub unsafe fn sid_text(sid: PSID) -> Result<String, Win32Error> {
    let mut shown = std::ptr::null_mut();
    // SAFETY: the identifier is valid as the caller promises; the text is freed below.
    check(unsafe { ConvertSidToStringSidW(sid, &raw mut shown) })?;
    // SAFETY: the call gave a NUL-terminated text.
    let name = unsafe { text_at(shown) };
    // SAFETY: the text came from ConvertSidToStringSidW and is not used any more.
    unsafe { LocalFree(shown.cast()) };
    Ok(name)
}

/// The canonical name of an account that is given by a name or an identifier: `DOMAIN\name`, and `S-1-5-18` for SYSTEM,
/// whose name depends on the language.
///
/// # Errors
/// When Windows does not know it.
pub fn canonical(account: &str) -> Result<String, Win32Error> {
    let sid = if account.starts_with("S-1-") { Sid::read(account)? } else { Sid::of_account(account)? };
    // SAFETY: both identifiers are valid.
    if unsafe { EqualSid(sid.as_ptr(), Sid::well_known(WinLocalSystemSid)?.as_ptr()) } != 0 {
        return Ok("S-1-5-18".into());
    }
    // SAFETY: the identifier is valid. Two names are compared, so a name that cannot be found now is an error.
    unsafe { known_name(sid.as_ptr())?.map_or_else(|| sid_text(sid.as_ptr()), Ok) }
}

/// Whether we run as an elevated member of the local Administrators group.
///
/// The membership in the token decides, as for Windows itself: for a member whose token is not elevated, the group only
/// denies access.
///
/// # Errors
/// When Windows does not report it.
pub fn is_administrator() -> Result<bool, Win32Error> {
    let administrators = Sid::well_known(WinBuiltinAdministratorsSid)?;
    let mut member = 0;
    // SAFETY: a null token means the one of this thread; the identifier is valid.
    check(unsafe { CheckTokenMembership(std::ptr::null_mut(), administrators.as_ptr(), &raw mut member) })?;
    Ok(member != 0)
}

/// A privilege of our token, such as `SeShutdownPrivilege`, that is enabled for the lifetime of this value. Processes
/// that we start meanwhile have it too.
pub struct Enabled {
    token: OwnedHandle,
    privilege: LUID,
    was_on: bool,
}

impl Enabled {
    /// # Errors
    /// When the token does not have it.
    pub fn new(privilege: &str) -> Result<Self, Win32Error> {
        let (token, name) = (own_token(TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY)?, wide(privilege));
        let mut enabled = Self { token, privilege: LUID::default(), was_on: false };
        // SAFETY: a null system means this one; the name ends with a NUL.
        check(unsafe { LookupPrivilegeValueW(std::ptr::null(), name.as_ptr(), &raw mut enabled.privilege) })?;
        let before = enabled.set(SE_PRIVILEGE_ENABLED)?;
        // Changed states are returned; a privilege that was enabled already is not. Wine returns the old state in both
        // cases.
        let [privilege] = before.Privileges;
        enabled.was_on = before.PrivilegeCount == 0 || privilege.Attributes & SE_PRIVILEGE_ENABLED != 0;
        Ok(enabled)
    }

    fn set(&self, attributes: u32) -> Result<TOKEN_PRIVILEGES, Win32Error> {
        let one = LUID_AND_ATTRIBUTES { Luid: self.privilege, Attributes: attributes };
        let (wanted, mut before) =
            (TOKEN_PRIVILEGES { PrivilegeCount: 1, Privileges: [one] }, TOKEN_PRIVILEGES::default());
        let (token, mut size) = (self.token.as_raw_handle(), size_of::<TOKEN_PRIVILEGES>() as u32);
        // SAFETY: the token is open for this; both structures hold the one privilege that they count, and the size is theirs.
        check(unsafe { AdjustTokenPrivileges(token, 0, &raw const wanted, size, &raw mut before, &raw mut size) })?;
        // Success with a remainder: the call reports a missing privilege only through the last error.
        match Win32Error::last() {
            Win32Error(0) => Ok(before),
            missing => Err(missing),
        }
    }
}

impl Drop for Enabled {
    fn drop(&mut self) {
        if !self.was_on {
            let _ = self.set(0); // It is no error to keep a privilege that we no longer need.
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn we_have_a_name_and_know_our_rights() {
        let name = own_name().expect("Windows says");
        assert!(!name.is_empty() && !name.starts_with('\\'), "{name}");
        assert!(is_administrator().is_ok());
    }

    #[test]
    fn an_account_whose_name_cannot_be_found_is_shown_by_its_identifier() {
        let identifier = || Ok("S-1-5-21-1-2-3-1104".to_owned());
        let unreachable = Win32Error(1722); // No domain controller answers.
        for (found, shown) in [
            (Ok(Some(r"CONTOSO\alex".to_owned())), r"CONTOSO\alex"),
            (Ok(None), "S-1-5-21-1-2-3-1104"),
            (Err(unreachable), "S-1-5-21-1-2-3-1104"),
        ] {
            assert_eq!(named(found, identifier).as_deref(), Ok(shown));
        }
    }

    #[test]
    fn an_account_has_one_name() {
        assert_eq!(canonical("S-1-5-18").as_deref(), Ok("S-1-5-18"));
        assert_eq!(canonical("SYSTEM").as_deref(), Ok("S-1-5-18"));
        let administrators = canonical("S-1-5-32-544").expect("known");
        assert_eq!(canonical(&administrators), Ok(administrators));
        assert!(canonical(r"NOWHERE\nobody").is_err());
    }

    #[test]
    fn a_privilege_that_does_not_exist_is_an_error() {
        assert!(Enabled::new("SeNoSuchPrivilege").is_err());
    }

    #[test]
    fn a_privilege_that_is_on_may_be_turned_on_again() {
        let once = Enabled::new("SeBackupPrivilege").expect("an administrator has it");
        assert!(Enabled::new("SeBackupPrivilege").is_ok());
        drop(once);
    }
}
