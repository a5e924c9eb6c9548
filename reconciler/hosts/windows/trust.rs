//! Whether a file is safe to act on with high rights: only administrators can change it, or put another one in its
//! place.

use std::fs::File;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Component, Path, PathBuf, Prefix};

use windows_sys::Win32::Foundation::{GENERIC_ALL, GENERIC_WRITE};
use windows_sys::Win32::Security::Authorization::SE_FILE_OBJECT;
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, EqualSid, GetAce, INHERIT_ONLY_ACE, PSID, WinBuiltinAdministratorsSid,
    WinCreatorOwnerSid, WinLocalSystemSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, DELETE, FILE_APPEND_DATA, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_DELETE_CHILD, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA,
    GetDriveTypeW, GetFileInformationByHandle, READ_CONTROL, WRITE_DAC, WRITE_OWNER,
};

use super::account::{Sid, is_administrator, name_of, with_own_sid};
use super::security::Security;
use super::win32::{Win32Error, check, wide};
use crate::ownership::{Entry, Kind};

/// The service that owns the files of Windows (Microsoft Learn: Windows Resource Protection).
const TRUSTED_INSTALLER: &str = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

/// A drive that is a share (Microsoft Learn: `GetDriveTypeW`).
const DRIVE_REMOTE: u32 = 4;

/// The kinds of entries in an access list (Microsoft Learn: `ACE_HEADER`). All entries that allow access without naming
/// a kind of object have one layout.
const ALLOWED: u8 = 0;
const ALLOWED_CALLBACK: u8 = 9;
const DENIED: [u8; 4] = [1, 6, 10, 12];

/// Rights to replace an entry in a folder, or to take such rights.
const REPLACE: u32 = DELETE | FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_ALL;

/// Rights to change a file, or the content of a folder. Attributes are among them: they can turn a folder into a link.
const CHANGE: u32 =
    REPLACE | FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES | GENERIC_WRITE;

const HELP: &str = "keep it where only administrators can write, such as in C:\\Program Files\\reconcile, \
                    or take their rights from the others (icacls) and give it to Administrators (icacls /setowner)";

/// Why a file is not safe to act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The access rights of it, or of a folder above it, cannot be read.
    #[error("cannot look at who may change {path}: {cause}")]
    Unreadable { path: PathBuf, cause: Win32Error },
    /// It, or a folder above it, is a link to another place.
    #[error("{0} is a link to another place, which may lead elsewhere tomorrow: give the path without links")]
    Link(PathBuf),
    /// It is of another kind.
    #[error("expected {path} to be {expected}")]
    Kind { path: PathBuf, expected: &'static str },
    /// The drive exists for one logon only.
    #[error(
        "the drive of {0} is a share that this logon alone knows by its letter: give the path as \\\\server\\share\\…"
    )]
    Mapped(PathBuf),
    /// Its owner is somebody else, who can give themselves every right.
    #[error("{path} belongs to {owner}, expected SYSTEM, Administrators or TrustedInstaller: {HELP}")]
    Owner { path: PathBuf, owner: String },
    /// Somebody else can change it.
    #[error(
        "{path} can be changed by {who}, and anyone who changes it acts with the rights of an administrator: {HELP}"
    )]
    Open {
        path: PathBuf,
        /// Who can change it.
        who: String,
    },
}

/// The accounts that can change a file that is safe to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusted {
    /// Only the system and the group of administrators.
    ByAdministrators,
    /// Also our own account, an administrator; another account cannot know that we are one.
    ByThisAccount,
}

/// Checks a file, its folder and every folder above, on open handles that follow no links. Only administrators may be
/// able to change the file and its folder, or to put another file in its place through a folder above.
///
/// For a file on a share, this reads the access list of the file system. That of the share can only remove rights.
///
/// # Errors
/// See [`TrustError`]: the first problem, from the file upwards.
pub fn trusted(file: &Path) -> Result<Trusted, TrustError> {
    let file = std::path::absolute(file)
        .map_err(|error| TrustError::Unreadable { path: file.into(), cause: Win32Error::of(&error) })?;
    if is_mapped(&file) {
        return Err(TrustError::Mapped(file));
    }
    let judge = Judge::new().map_err(|cause| TrustError::Unreadable { path: file.clone(), cause })?;
    let mut all = Trusted::ByAdministrators;
    for (above, path) in file.ancestors().enumerate() {
        let (folder, rights) = (above > 0, if above > 1 { REPLACE } else { CHANGE });
        if judge.look(path, folder, rights)? == Trusted::ByThisAccount {
            all = Trusted::ByThisAccount;
        }
    }
    Ok(all)
}

/// Checks this program, like [`trusted`]. On the oldest servers, Windows loads libraries that our libraries need at run
/// time from the program's folder, and anyone who can write there can replace the program itself.
///
/// # Errors
/// See [`TrustError`].
pub fn program_is_safe() -> Result<(), TrustError> {
    let program = std::env::current_exe()
        .map_err(|error| TrustError::Unreadable { path: "reconcile.exe".into(), cause: Win32Error::of(&error) })?;
    trusted(&program).map(drop)
}

/// Whether the drive letter of a path stands for a share.
fn is_mapped(file: &Path) -> bool {
    let Some(Component::Prefix(prefix)) = file.components().next() else { return false };
    let (Prefix::Disk(letter) | Prefix::VerbatimDisk(letter)) = prefix.kind() else { return false };
    let root = wide(format!(r"{}:\", char::from(letter)));
    // SAFETY: the root ends with a NUL.
    (unsafe { GetDriveTypeW(root.as_ptr()) }) == DRIVE_REMOTE
}

/// The identity, the kind and the names of an open file or folder.
pub fn information(file: &File) -> Result<BY_HANDLE_FILE_INFORMATION, Win32Error> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open; the answer goes into our variable.
    check(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut found) })?;
    Ok(found)
}

/// The accounts that may change what we act on.
pub struct Judge {
    trusted: [Sid; 4],
    administrator: bool,
}

impl Judge {
    /// # Errors
    /// When Windows does not report our account.
    pub fn new() -> Result<Self, Win32Error> {
        let trusted = [
            Sid::well_known(WinLocalSystemSid)?,
            Sid::well_known(WinBuiltinAdministratorsSid)?,
            Sid::read(TRUSTED_INSTALLER)?,
            // It stands for the owner, who is checked, in entries that are created in a folder; nobody's token contains
            // it.
            Sid::well_known(WinCreatorOwnerSid)?,
        ];
        Ok(Self { trusted, administrator: is_administrator()? })
    }

    /// The kind of an open entry, and who can change it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn entry(&self, file: &File) -> Result<Entry, Win32Error> {
        let found = information(file)?;
        let security = Security::of(file.as_raw_handle(), SE_FILE_OBJECT)?;
        let name = |who| {
            // SAFETY: the identifier points into the descriptor, which is kept, or is null.
            unsafe { shown(who) }
        };
        // SAFETY: the owner is null, or a valid identifier while the descriptor is kept.
        let owned = unsafe { self.trusts(security.owner) }?;
        let mut writer = None;
        for entry in entries(&security)? {
            writer = match entry {
                Access::Everybody => Some("everybody, since it has no access list,".into()),
                Access::Unknown(kind) => Some(format!("whomever an entry of kind {kind} of its list names")),
                // SAFETY: as above.
                Access::Allows { mask, who } if mask & CHANGE != 0 && unsafe { self.trusts(who) }?.is_none() => {
                    Some(name(who)?)
                }
                Access::Allows { .. } => continue,
            };
            break;
        }
        Ok(Entry {
            link: found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT != 0,
            kind: match found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY {
                0 => Kind::File(found.nNumberOfLinks),
                _ => Kind::Folder,
            },
            stranger: if owned.is_some() { None } else { Some(name(security.owner)?) },
            writer,
        })
    }

    fn look(&self, path: &Path, folder: bool, rights: u32) -> Result<Trusted, TrustError> {
        let unreadable = |cause| TrustError::Unreadable { path: path.to_owned(), cause };
        let mut options = crate::open::options();
        options
            .access_mode(FILE_READ_ATTRIBUTES | READ_CONTROL)
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
        let opened = crate::open::open(&options, path).map_err(|error| unreadable(Win32Error::of(&error)))?;
        let attributes = opened.metadata().map_err(|error| unreadable(Win32Error::of(&error)))?.file_attributes();
        if attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
            return Err(TrustError::Link(path.to_owned()));
        }
        if (attributes & FILE_ATTRIBUTE_DIRECTORY != 0) != folder {
            let expected = if folder { "a folder" } else { "a file" };
            return Err(TrustError::Kind { path: path.to_owned(), expected });
        }
        let security = Security::of(opened.as_raw_handle(), SE_FILE_OBJECT).map_err(unreadable)?;
        // SAFETY: the owner is null, or a valid identifier while the descriptor is kept.
        let owner = unsafe { self.trusts(security.owner) }.map_err(unreadable)?;
        let Some(owner) = owner else {
            // SAFETY: as above.
            let owner = unsafe { shown(security.owner) }.map_err(unreadable)?;
            return Err(TrustError::Owner { path: path.to_owned(), owner });
        };
        let open = |who| TrustError::Open { path: path.to_owned(), who };
        let mut all = owner;
        for entry in entries(&security).map_err(unreadable)? {
            match entry {
                Access::Everybody => return Err(open("everybody: it has no access list".into())),
                Access::Unknown(kind) => {
                    return Err(open(format!("whomever an entry of kind {kind} of its list names")));
                }
                Access::Allows { mask, who } if mask & rights != 0 => {
                    // SAFETY: the identifier is part of the list, which is kept.
                    match unsafe { self.trusts(who) }.map_err(unreadable)? {
                        Some(Trusted::ByAdministrators) => {}
                        Some(Trusted::ByThisAccount) => all = Trusted::ByThisAccount,
                        // SAFETY: as above.
                        None => return Err(open(unsafe { name_of(who) }.map_err(unreadable)?)),
                    }
                }
                Access::Allows { .. } => {}
            }
        }
        Ok(all)
    }

    /// Whether an account may change what we act on, and in which role. In a file system without owners anyone may be
    /// the owner.
    ///
    /// # Safety
    /// `sid` is null or a valid identifier.
    unsafe fn trusts(&self, sid: PSID) -> Result<Option<Trusted>, Win32Error> {
        if sid.is_null() {
            return Ok(None);
        }
        // SAFETY: both identifiers are valid.
        let same = |other: PSID| unsafe { EqualSid(sid, other) } != 0;
        if self.trusted.iter().any(|trusted| same(trusted.as_ptr())) {
            return Ok(Some(Trusted::ByAdministrators));
        }
        Ok((self.administrator && with_own_sid(same)?).then_some(Trusted::ByThisAccount))
    }
}

/// The name of an account, or that there is none.
///
/// # Errors
/// When Windows does not report it.
///
/// # Safety
/// `sid` is null or a valid identifier.
unsafe fn shown(sid: PSID) -> Result<String, Win32Error> {
    // SAFETY: an identifier that is not null is valid, as the caller promises.
    if sid.is_null() { Ok("nobody (it has no owner)".into()) } else { unsafe { name_of(sid) } }
}

/// An entry of an access list that counts.
enum Access {
    /// There is no list.
    Everybody,
    /// It grants access in a form that we do not know.
    Unknown(u8),
    /// It allows these rights.
    Allows { mask: u32, who: PSID },
}

/// The entries that grant access here.
fn entries(security: &Security) -> Result<Vec<Access>, Win32Error> {
    if security.list.is_null() {
        return Ok(vec![Access::Everybody]);
    }
    let mut entries = Vec::new();
    // SAFETY: the list is valid while the descriptor is kept.
    for index in 0..u32::from(unsafe { (*security.list).AceCount }) {
        let mut entry = std::ptr::null_mut();
        // SAFETY: the list is valid and has an entry of this number.
        check(unsafe { GetAce(security.list, index, &raw mut entry) })?;
        // SAFETY: every entry starts with a header.
        let header = unsafe { entry.cast::<ACE_HEADER>().read_unaligned() };
        if u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0 || DENIED.contains(&header.AceType) {
            continue;
        }
        entries.push(match header.AceType {
            ALLOWED | ALLOWED_CALLBACK => {
                let allowed = entry.cast::<ACCESS_ALLOWED_ACE>();
                // SAFETY: an entry of these kinds has this layout; the identifier begins in its last field.
                unsafe {
                    Access::Allows {
                        mask: (&raw const (*allowed).Mask).read_unaligned(),
                        who: (&raw mut (*allowed).SidStart).cast(),
                    }
                }
            }
            kind => Access::Unknown(kind),
        });
    }
    Ok(entries)
}

#[cfg(test)]
#[expect(clippy::expect_used, clippy::panic, reason = "a test may panic")]
#[path = "trust_tests.rs"]
pub mod tests;
