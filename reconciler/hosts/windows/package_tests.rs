//! The package: what is staged, what is refused, and what a held file resists. Signed files need a certificate, so they
//! are tested with the whole program.

use windows_sys::Win32::Foundation::ERROR_SHARING_VIOLATION;

use super::super::trust::tests::allow;
use super::*;

/// SHA-256 of `update`.
const UPDATE: &str = "2937013f2181810606b2a799b05bda2849f3e369a20982a4138f0e0a55984ce4";

const NAME: &str = "SkypeServerUpdateInstaller.exe";

/// The folder of a copy.
const FRESH: &str = "0123456789abcdef0123456789abcdef";

/// The journal's record of it.
fn known() -> StagedCopy {
    StagedCopy { folder: FRESH.into(), sha256: UPDATE.parse().expect("a hash") }
}

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn source(&self) -> PathBuf {
        self.0.path().join("update.exe")
    }

    fn private(&self) -> PathBuf {
        self.0.path().join("private")
    }

    fn installer(&self, sha256: &str) -> Installer {
        let path = self.source().to_str().expect("text").to_owned();
        Installer { path, sha256: sha256.parse().expect("a hash"), publisher: "Contoso Ltd".into() }
    }
}

#[test]
fn the_hash_at_the_source_is_that_of_the_file() {
    let scratch = Scratch::new();
    std::fs::write(scratch.source(), "update").expect("written");
    let found = hash_at_source(&scratch.installer(UPDATE)).expect("readable");
    assert_eq!((found.0.as_str(), found.1), (UPDATE, 6));
}

#[test]
fn once_a_target_is_reached_other_packages_are_removed_and_nothing_else_is() {
    let scratch = Scratch::new();
    let packages = scratch.private().join("packages");
    let (hash, other) = ("0123456789abcdef".repeat(4), "fedcba9876543210".repeat(2));
    for name in [FRESH, &other, &hash, "notes"] {
        std::fs::create_dir_all(packages.join(name)).expect("made");
        std::fs::write(packages.join(name).join(NAME), "update").expect("written");
    }
    forget_others(&scratch.private(), Some(&known()));
    let is_there = |name: &str| packages.join(name).join(NAME).is_file();
    assert!(is_there(FRESH) && is_there("notes"));
    assert!(!packages.join(&other).exists(), "that of another update");
    assert!(!packages.join(&hash).exists(), "that of an earlier version");
    forget_others(&scratch.private().join("nowhere"), None);
}

#[test]
fn a_copy_has_a_folder_of_its_own_and_is_made_in_none_that_is_there() {
    let scratch = Scratch::new();
    std::fs::write(scratch.source(), "update").expect("written");
    let planted = scratch.private().join("packages").join(FRESH);
    std::fs::create_dir_all(&planted).expect("made");
    std::fs::write(planted.join("version.dll"), "foreign").expect("written");
    let error = stage(&scratch.private(), NAME, &scratch.installer(UPDATE), FRESH).expect_err("refused").to_string();
    assert!(error.starts_with(&format!("cannot create {}: ", planted.display())), "{error}");
    assert!(planted.join("version.dll").is_file(), "it is left as it was");
}

#[test]
fn a_folder_of_packages_that_is_not_ours_is_refused() {
    let scratch = Scratch::new();
    std::fs::write(scratch.source(), "update").expect("written");
    std::fs::create_dir(scratch.private()).expect("made");
    let packages = scratch.private().join("packages");
    let refused =
        || stage(&scratch.private(), NAME, &scratch.installer(UPDATE), FRESH).expect_err("refused").to_string();
    std::fs::write(&packages, "").expect("written");
    let error = refused();
    assert!(error.contains("it is a file where a folder belongs"), "{error}");
    std::fs::remove_file(&packages).expect("removed");
    std::fs::create_dir(&packages).expect("made");
    allow(&packages, "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)");
    let error = refused();
    assert!(error.contains("Everyone can change it"), "{error}");
}

#[test]
fn a_copy_that_no_journal_knows_does_not_count() {
    let scratch = Scratch::new();
    let folder = scratch.private().join("packages").join(FRESH);
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join(NAME), "update").expect("written");
    let found = |known: Option<&StagedCopy>| find(&scratch.private(), NAME, &scratch.installer(UPDATE), known);
    assert!(found(None).expect("readable").is_none());
    let other = StagedCopy { folder: "fedcba9876543210".repeat(2), ..known() };
    assert!(found(Some(&other)).expect("readable").is_none());
    let elsewhere = StagedCopy { folder: r"..\..\elsewhere".into(), ..known() };
    assert!(found(Some(&elsewhere)).expect("readable").is_none());
    // The copy that the journal records is read, down to its signature.
    assert!(matches!(found(Some(&known())), Err(PackageError::Signature { .. })));
    std::fs::write(folder.join("version.dll"), "foreign").expect("written");
    assert!(found(Some(&known())).expect("readable").is_none(), "something lies next to it");
}

#[test]
fn what_lies_next_to_a_copy_right_before_the_start_is_named() {
    let scratch = Scratch::new();
    std::fs::write(scratch.source(), "update").expect("written");
    let held = open(&scratch.source(), 0).expect("opens");
    let (path, sha256) = (scratch.source(), UPDATE.parse().expect("a hash"));
    let staged = Staged { path, sha256, size: 6, folder: FRESH.into(), held };
    staged.is_alone().expect("alone");
    std::fs::write(scratch.0.path().join("version.dll"), "foreign").expect("written");
    let error = staged.is_alone().expect_err("refused").to_string();
    assert!(error.contains("holds version.dll next to the installer"), "{error}");
}

#[test]
fn a_file_that_is_larger_than_any_update_is_neither_read_nor_copied() {
    let scratch = Scratch::new();
    let file = File::create(scratch.source()).expect("made");
    file.set_len(LARGEST + 1).expect("sparse");
    drop(file);
    std::fs::create_dir(scratch.private()).expect("made");
    let installer = scratch.installer(UPDATE);
    for tried in [hash_at_source(&installer).map(drop), stage(&scratch.private(), NAME, &installer, FRESH).map(drop)] {
        let error = tried.expect_err("refused");
        assert!(matches!(error, PackageError::TooLarge { size, .. } if size == LARGEST + 1), "{error}");
        assert!(error.to_string().contains("4294967297 bytes"), "{error}");
    }
    assert!(!scratch.private().join("packages").exists(), "nothing is copied");
}

#[test]
fn a_source_that_gives_more_than_its_size_is_not_copied_to_its_end() {
    let scratch = Scratch::new();
    let path = scratch.0.path().join("copy.exe");
    let error = copied(io::repeat(0), 6, &path, FRESH, &scratch.installer(UPDATE)).expect_err("refused");
    assert!(matches!(error, PackageError::Grew { size: 6, .. }), "{error}");
    assert_eq!(std::fs::metadata(&path).expect("there").len(), 7);
}

#[test]
fn a_source_that_is_missing_is_named() {
    let scratch = Scratch::new();
    let error = hash_at_source(&scratch.installer(UPDATE)).expect_err("missing").to_string();
    assert!(error.starts_with(&format!("cannot open {}: ", scratch.source().display())), "{error}");
}

#[test]
fn only_an_absolute_exe_is_a_package() {
    let scratch = Scratch::new();
    for path in ["update.exe", r"\update.exe", r"C:update.exe", r"C:\update.cmd", r"C:\", ""] {
        let installer = Installer { path: path.into(), ..scratch.installer(UPDATE) };
        assert!(
            matches!(stage(&scratch.private(), NAME, &installer, FRESH), Err(PackageError::Path(found)) if found == path),
            "{path}"
        );
    }
}

#[test]
fn another_file_than_declared_is_refused_with_both_hashes() {
    let scratch = Scratch::new();
    std::fs::write(scratch.source(), "another file").expect("written");
    std::fs::create_dir(scratch.private()).expect("made");
    let error = stage(&scratch.private(), NAME, &scratch.installer(UPDATE), FRESH).expect_err("refused").to_string();
    assert!(error.contains(&format!("expected SHA-256 {UPDATE}, found ")), "{error}");
    assert!(!scratch.private().join("packages").join(FRESH).exists(), "nothing of it stays");
}

#[test]
fn a_file_without_a_signature_is_refused() {
    let scratch = Scratch::new();
    std::fs::write(scratch.source(), "update").expect("written");
    std::fs::create_dir(scratch.private()).expect("made");
    let error = stage(&scratch.private(), NAME, &scratch.installer(UPDATE), FRESH).expect_err("refused");
    assert!(matches!(error, PackageError::Signature { .. }), "{error}");
}

#[test]
fn a_held_file_can_be_run_but_not_written_replaced_renamed_or_deleted() {
    let scratch = Scratch::new();
    let (path, other) = (scratch.source(), scratch.0.path().join("other.exe"));
    std::fs::copy(std::env::current_exe().expect("a path"), &path).expect("copied");
    std::fs::write(&other, "foreign").expect("written");
    let before = std::fs::read(&path).expect("readable");
    let held = open(&path, FILE_FLAG_OPEN_REPARSE_POINT).expect("opens");

    let refused = |tried: io::Result<()>| tried.map_err(|error| Win32Error::of(&error).0);
    let tries = [
        refused(std::fs::write(&path, "foreign")),
        refused(OpenOptions::new().append(true).open(&path).map(drop)),
        refused(std::fs::rename(&other, &path)),
        refused(std::fs::rename(&path, scratch.0.path().join("moved.exe"))),
        refused(std::fs::remove_file(&path)),
    ];
    for (number, tried) in tries.into_iter().enumerate() {
        // Replacing by a rename is refused with access denied, the other attempts with a sharing violation.
        assert!(matches!(tried, Err(ERROR_SHARING_VIOLATION | 5)), "try {number}: {tried:?}");
    }
    #[expect(clippy::disallowed_methods, reason = "the child is a copy of this test program")]
    let run = std::process::Command::new(&path).args(["--exact", "no such test"]).output().expect("runs");
    assert!(run.status.success());
    assert!(std::fs::read(&path).expect("readable") == before, "not a byte has changed");
    drop(held);
    std::fs::remove_file(&path).expect("free again");
}
