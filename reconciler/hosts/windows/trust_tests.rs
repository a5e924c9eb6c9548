use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1, SetSecurityInfo,
};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, GetSecurityDescriptorDacl};

use super::*;
use crate::windows::win32::check;

/// Gives a file or folder this access list.
pub fn allow(path: &Path, list: &str) {
    let file = std::fs::OpenOptions::new()
        .access_mode(READ_CONTROL | WRITE_DAC)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)
        .expect("it opens");
    let text = wide(list);
    let mut descriptor = std::ptr::null_mut();
    let (mut present, mut defaulted, mut dacl) = (0, 0, std::ptr::null_mut());
    // SAFETY: the text ends with a NUL; the list points into the descriptor, which is freed afterwards.
    unsafe {
        check(ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            std::ptr::null_mut(),
        ))
        .expect("a list");
        check(GetSecurityDescriptorDacl(descriptor, &raw mut present, &raw mut dacl, &raw mut defaulted))
            .expect("a list");
        let (handle, what) = (file.as_raw_handle(), DACL_SECURITY_INFORMATION);
        let (nobody, none) = (std::ptr::null_mut(), std::ptr::null());
        assert_eq!(SetSecurityInfo(handle, SE_FILE_OBJECT, what, nobody, nobody, dacl, none), 0);
        LocalFree(descriptor);
    }
}

const TIGHT: &str = "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;WD)";
const LOOSE: &str = "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)";

/// A manifest in two folders.
fn manifest() -> (tempfile::TempDir, PathBuf) {
    let above = tempfile::tempdir().expect("a folder");
    let folder = above.path().join("reconcile");
    std::fs::create_dir(&folder).expect("made");
    let file = folder.join("manifest.yaml");
    std::fs::write(&file, "version: 1").expect("written");
    for path in [above.path(), &folder, &file] {
        allow(path, TIGHT);
    }
    (above, file)
}

#[test]
fn what_only_administrators_can_change_is_trusted() {
    let (_above, file) = manifest();
    trusted(&file).expect("trusted");
}

#[test]
fn what_others_can_change_is_not_and_they_are_named() {
    let (above, file) = manifest();
    let folder = file.parent().expect("a folder").to_owned();
    for open in [&file, &folder, &above.path().to_owned()] {
        allow(open, LOOSE);
        let error = trusted(&file).expect_err("refused");
        let TrustError::Open { path, who } = &error else { panic!("{error}") };
        assert!(path == open && who.contains("Everyone"), "{error}");
        allow(open, TIGHT);
    }
    trusted(&file).expect("trusted again");
}

#[test]
fn what_has_no_owner_is_a_strangers() {
    let judge = Judge::new().expect("our account");
    // SAFETY: null is allowed.
    let (trusted, name) = unsafe { (judge.trusts(std::ptr::null_mut()), shown(std::ptr::null_mut())) };
    assert_eq!((trusted, name.as_deref()), (Ok(None), Ok("nobody (it has no owner)")));
}

#[test]
fn a_folder_is_no_file_and_what_is_missing_is_named() {
    let (above, file) = manifest();
    let error = trusted(file.parent().expect("a folder")).expect_err("refused");
    assert!(matches!(error, TrustError::Kind { expected: "a file", .. }), "{error}");
    let missing = above.path().join("missing.yaml");
    let error = trusted(&missing).expect_err("refused");
    assert!(matches!(&error, TrustError::Unreadable { path, cause: Win32Error(2) } if *path == missing), "{error}");
}
