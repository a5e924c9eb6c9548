//! The private folder of this host: journal, lock, staged update, scripts and logs, for administrators only.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_ENVVAR_NOT_FOUND, ERROR_SUCCESS, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1, SE_FILE_OBJECT,
    SetSecurityInfo,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, EqualSid, GetSecurityDescriptorDacl, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES, WinBuiltinAdministratorsSid,
    WinLocalSystemSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateDirectoryW, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FILE_SHARE_READ, FILE_SHARE_WRITE, READ_CONTROL, WRITE_DAC,
};

use super::account::{Sid, is_administrator, name_of, with_own_sid};
use super::environment::variable;
use super::win32::{Win32Error, check, wide};

/// Who may use the folder: the system and administrators, wholly, and what is created in it likewise. `P`: nothing is
/// inherited from above, where every user may create files.
const ACCESS: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// Why the private folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Windows does not say where programs keep their data.
    #[error("cannot find the folder for program data: {0}")]
    NoProgramData(Win32Error),
    /// It cannot be created or opened.
    #[error("cannot {what} the private folder {path}: {cause}; run as an administrator of this computer")]
    Folder {
        /// Which step failed.
        what: &'static str,
        /// The folder.
        path: PathBuf,
        /// What Windows said.
        cause: Win32Error,
    },
    /// Something else stands there.
    #[error(
        "the private folder {path} is {found}; somebody may mean to redirect what is written there: remove it, then run again"
    )]
    NotAFolder {
        /// The folder.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
    },
    /// Somebody else made it.
    #[error(
        "the private folder {path} belongs to {owner}, expected the system or an administrator: remove it, then run again"
    )]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: String,
    },
}

/// Where the private folder is, or will be: `%ProgramData%\reconcile`.
///
/// # Errors
/// Windows does not say where programs keep their data.
pub fn place() -> Result<PathBuf, StateError> {
    let data = variable("ProgramData").map_err(StateError::NoProgramData)?;
    let data = data.ok_or(StateError::NoProgramData(Win32Error(ERROR_ENVVAR_NOT_FOUND)))?;
    Ok(PathBuf::from(data).join("reconcile"))
}

/// The private folder, created where it is missing; one that is there already must belong to an administrator.
///
/// # Errors
/// See [`StateError`].
pub fn private_folder() -> Result<PathBuf, StateError> {
    let path = place()?;
    make_private(&path)?;
    Ok(path)
}

/// Creates a folder for administrators only, or makes one so that is there already.
///
/// # Errors
/// See [`StateError`].
pub fn make_private(path: &Path) -> Result<(), StateError> {
    let failed = |what| move |cause| StateError::Folder { what, path: path.to_owned(), cause };
    let access = Access::new().map_err(failed("describe the access to"))?;
    match access.create(path) {
        Ok(()) | Err(Win32Error(ERROR_ALREADY_EXISTS)) => {}
        Err(cause) => return Err(failed("create")(cause)),
    }
    // Looked at through one handle, also where we created it: nobody can change it between the looks.
    let folder = open(path).map_err(|error| failed("open")(Win32Error::of(&error)))?;
    let metadata = folder.metadata().map_err(|error| failed("look at")(Win32Error::of(&error)))?;
    if metadata.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err(StateError::NotAFolder { path: path.to_owned(), found: "a link to another place" });
    }
    if metadata.file_attributes() & FILE_ATTRIBUTE_DIRECTORY == 0 {
        return Err(StateError::NotAFolder { path: path.to_owned(), found: "a file" });
    }
    if let Some(owner) = foreign_owner(&folder).map_err(failed("read the owner of"))? {
        return Err(StateError::ForeignOwner { path: path.to_owned(), owner });
    }
    access.set(&folder).map_err(failed("set the access to"))
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .access_mode(FILE_READ_ATTRIBUTES | READ_CONTROL | WRITE_DAC)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)
}

/// The owner's name, where the owner is not the system, the administrators or the administrator that we run as.
fn foreign_owner(folder: &File) -> Result<Option<String>, Win32Error> {
    let trusted = [Sid::well_known(WinLocalSystemSid)?, Sid::well_known(WinBuiltinAdministratorsSid)?];
    let (mut owner, mut descriptor): (PSID, PSECURITY_DESCRIPTOR) = (std::ptr::null_mut(), std::ptr::null_mut());
    let null = std::ptr::null_mut();
    // SAFETY: the handle is open; the owner points into the descriptor, which is freed when `_kept` is dropped.
    let asked = unsafe {
        GetSecurityInfo(
            folder.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            null,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    if asked != ERROR_SUCCESS {
        return Err(Win32Error(asked));
    }
    let _kept = Access(descriptor);
    // SAFETY: all identifiers are valid for as long as they are compared.
    let same = |sid: PSID| unsafe { EqualSid(owner, sid) } != 0;
    if trusted.iter().any(|sid| same(sid.as_ptr())) || (is_administrator()? && with_own_sid(same)?) {
        return Ok(None);
    }
    // SAFETY: the owner is a valid identifier until the descriptor is freed.
    unsafe { name_of(owner) }.map(Some)
}

/// A security descriptor from the system's heap.
struct Access(PSECURITY_DESCRIPTOR);

impl Access {
    fn new() -> Result<Self, Win32Error> {
        let text = wide(ACCESS);
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

    fn create(&self, path: &Path) -> Result<(), Win32Error> {
        let path = wide(path);
        let attributes = SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        };
        // SAFETY: the path ends with a NUL; the attributes point to a valid descriptor.
        check(unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) })
    }

    fn set(&self, folder: &File) -> Result<(), Win32Error> {
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

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_is_made_once_and_found_again() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("reconcile");
        make_private(&path).expect("made");
        std::fs::write(path.join("journal"), "kept").expect("written");
        make_private(&path).expect("found");
        assert_eq!(std::fs::read_to_string(path.join("journal")).expect("readable"), "kept");
    }

    #[test]
    fn a_file_in_its_place_is_refused() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("reconcile");
        std::fs::write(&path, "").expect("written");
        let error = make_private(&path).expect_err("refused");
        assert!(matches!(error, StateError::NotAFolder { found: "a file", .. }), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("missing").join("reconcile");
        let error = make_private(&path).expect_err("refused").to_string();
        assert!(error.starts_with(&format!("cannot create the private folder {}: ", path.display())), "{error}");
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let parent = tempfile::tempdir().expect("a folder");
        let (path, elsewhere) = (parent.path().join("reconcile"), parent.path().join("elsewhere"));
        std::fs::create_dir(&elsewhere).expect("made");
        // Wine 8 reports success and makes no link.
        if std::os::windows::fs::symlink_dir(&elsewhere, &path).is_err() || !path.is_symlink() {
            eprintln!("not shown here: this system makes no symbolic links");
            return;
        }
        let error = make_private(&path).expect_err("refused");
        assert!(matches!(error, StateError::NotAFolder { found: "a link to another place", .. }), "{error}");
    }
}
