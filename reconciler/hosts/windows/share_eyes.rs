//! What Windows reports about a share: the owner of an open file, the domain of this computer, and the targets of a DFS
//! path.

use std::fs::File;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::Security::Authentication::Identity::{
    LSA_HANDLE, LSA_OBJECT_ATTRIBUTES, LsaClose, LsaFreeMemory, LsaOpenPolicy, LsaQueryInformationPolicy,
    POLICY_PRIMARY_DOMAIN_INFO, POLICY_VIEW_LOCAL_INFORMATION, PolicyPrimaryDomainInformation,
};
use windows_sys::Win32::Security::Authorization::SE_FILE_OBJECT;
use windows_sys::Win32::Storage::DistributedFileSystem::{DFS_INFO_3, DFS_STORAGE_INFO};

use super::account::{known_name, sid_text};
use super::library::function;
use super::security::Security;
use super::win32::{Win32Error, text_at, wide};
use crate::believed::Owner;
use crate::claim_files::Eyes;
use crate::dfs::several;

/// What Windows reports about a share.
pub const EYES: Eyes = Eyes { owner, domain, targets };

/// The owner of an open file.
fn owner(file: &File) -> Owner {
    account_of(file).unwrap_or_else(Owner::Unread)
}

fn account_of(file: &File) -> Result<Owner, String> {
    let words = |cause: Win32Error| cause.to_string();
    let security = Security::owner_of(file.as_raw_handle(), SE_FILE_OBJECT).map_err(words)?;
    if security.owner.is_null() {
        return Err("it has no owner".into());
    }
    // SAFETY: the owner is a valid identifier while its descriptor is kept.
    let (text, name) = unsafe { (sid_text(security.owner), known_name(security.owner)) };
    // A name that cannot be found now is not one that does not exist: it may be the server's own.
    Ok(Owner::Account { sid: text.map_err(words)?, name: name.map_err(words)? })
}

/// The domain that this computer belongs to, by the short name that precedes accounts.
fn domain() -> Option<String> {
    let attributes = LSA_OBJECT_ATTRIBUTES { Length: size_of::<LSA_OBJECT_ATTRIBUTES>() as u32, ..Default::default() };
    let mut policy = LSA_HANDLE::default();
    let access = POLICY_VIEW_LOCAL_INFORMATION.cast_unsigned();
    // SAFETY: a null system means this one; the handle goes into our variable and is closed below.
    if unsafe { LsaOpenPolicy(std::ptr::null(), &raw const attributes, access, &raw mut policy) } != 0 {
        return None;
    }
    let mut found = std::ptr::null_mut();
    // SAFETY: the handle is open; the buffer is freed below.
    let asked = unsafe { LsaQueryInformationPolicy(policy, PolicyPrimaryDomainInformation, &raw mut found) };
    // SAFETY: the handle is open and not used any more.
    unsafe { LsaClose(policy) };
    if asked != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call filled the buffer with this structure.
    let info = unsafe { &*found.cast::<POLICY_PRIMARY_DOMAIN_INFO>() };
    // A computer in a workgroup has a name there but no identifier.
    let is_member = !info.Sid.is_null() && !info.Name.Buffer.is_null();
    // SAFETY: the text has the length in bytes that the structure says.
    let name = is_member.then(|| unsafe {
        String::from_utf16_lossy(std::slice::from_raw_parts(info.Name.Buffer, usize::from(info.Name.Length) / 2))
    });
    // SAFETY: the buffer came from the policy and is not used any more.
    unsafe { LsaFreeMemory(found) };
    name
}

/// The targets of a folder, if it is a DFS path with several.
fn targets(folder: &Path) -> Option<Vec<String>> {
    several(folder.to_str()?, targets_of)
}

/// Returns the root or link of a path (Microsoft Learn: `NetDfsGetClientInfo`).
type ClientInfo = unsafe extern "system" fn(*const u16, *const u16, *const u16, u32, *mut *mut DFS_INFO_3) -> u32;
/// Frees the result (Microsoft Learn: `NetApiBufferFree`).
type Free = unsafe extern "system" fn(*const DFS_INFO_3) -> u32;

/// The information level that includes the targets.
const TARGETS: u32 = 3;

/// The targets of a path, if the DFS client of this computer knows it as a root or a link; it does once the folder was
/// read. An unknown path counts as no DFS path: the pool is still asked for its own readiness.
fn targets_of(path: &str) -> Option<Vec<String>> {
    // SAFETY: the signature is the documented one.
    let ask: ClientInfo = unsafe { function("netapi32.dll", c"NetDfsGetClientInfo") }.ok()?;
    // SAFETY: as above.
    let free: Free = unsafe { function("netapi32.dll", c"NetApiBufferFree") }.ok()?;
    let (path, mut found) = (wide(path), std::ptr::null_mut());
    // SAFETY: the path ends with a NUL; the buffer is freed below.
    let asked = unsafe { ask(path.as_ptr(), std::ptr::null(), std::ptr::null(), TARGETS, &raw mut found) };
    if asked != ERROR_SUCCESS || found.is_null() {
        return None;
    }
    // SAFETY: the call filled the buffer with this structure.
    let info = unsafe { &*found };
    let storages = if info.Storage.is_null() {
        &[]
    } else {
        // SAFETY: the structure says how many there are.
        unsafe { std::slice::from_raw_parts(info.Storage, info.NumberOfStorages as usize) }
    };
    // SAFETY: the texts of the structure end with a NUL, or are null.
    let shown =
        |one: &DFS_STORAGE_INFO| unsafe { format!(r"\\{}\{}", text_at(one.ServerName), text_at(one.ShareName)) };
    let targets = storages.iter().map(shown).collect();
    // SAFETY: the buffer came from the library and is not used any more.
    unsafe { free(found) };
    Some(targets)
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_we_made_belongs_to_an_account_that_has_an_identifier() {
        let file = tempfile::tempfile().expect("a file");
        let Owner::Account { sid, .. } = owner(&file) else { panic!("{}", owner(&file)) };
        assert!(sid.starts_with("S-1-"), "{sid}");
    }

    #[test]
    fn a_folder_that_is_in_no_dfs_has_no_targets() {
        assert_eq!(targets(Path::new(r"\\localhost\nothing")), None);
        let _ = domain(); // There may be a domain or none.
    }
}
