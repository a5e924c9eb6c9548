//! The private folder of this host: journal, lock, staged update, scripts and logs, for administrators only.
//!
//! Its ownership is checked entry by entry. A folder that we create is private from its first moment, so everything in
//! it is ours. A folder that existed before is searched once, and entries of others are moved aside; a file in it
//! records that this was done.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_ENVVAR_NOT_FOUND};
use windows_sys::Win32::Storage::FileSystem::{FILE_LIST_DIRECTORY, FILE_SHARE_READ, FILE_SHARE_WRITE, WRITE_DAC};

use super::access::Access;
use super::account::is_administrator;
use super::environment::variable;
use super::own::{Aside, has_links, leads_to, look, open};
use super::state_error::StateError;
use super::trust::Judge;
use super::win32::Win32Error;
use crate::open::{LIMIT, within};
use crate::ownership::{Kind, Top, judge, judge_before, judge_top};

/// The file that records that everything in the folder is ours.
const SETTLED: &str = "private.txt";

/// Its content, for people.
const SETTLED_TEXT: &str = "Everything in this folder belongs to reconcile. Only SYSTEM and Administrators may write here.\r\n\
                            If this file is removed, the next run looks at every entry and moves aside what is not its own.\r\n";

/// How often the folder is created again if somebody creates another one in its place at the same time.
const ATTEMPTS: u32 = 3;

/// The private folder, after everything in it was found to be ours.
#[derive(Debug)]
struct Private {
    path: PathBuf,
    /// Entries that were not ours and were moved aside, in words.
    moved: Vec<String>,
}

/// The result, found once per process: nobody else can change it after that.
static OWNED: OnceLock<Private> = OnceLock::new();

/// The path of the private folder, existing or not: `%ProgramData%\reconcile`.
///
/// # Errors
/// When Windows does not report the folder for program data.
pub fn place() -> Result<PathBuf, StateError> {
    let data = variable("ProgramData").map_err(StateError::NoProgramData)?;
    let data = data.ok_or(StateError::NoProgramData(Win32Error(ERROR_ENVVAR_NOT_FOUND).into()))?;
    Ok(PathBuf::from(data).join("reconcile"))
}

/// The private folder, created if it is missing, and owned with everything in it.
///
/// # Errors
/// See [`StateError`].
pub fn private_folder() -> Result<&'static Path, StateError> {
    if let Some(private) = OWNED.get() {
        return Ok(&private.path);
    }
    let path = place()?;
    // Windows lets everybody create folders there, so one that we create without rights would not count as ours.
    let elevated = is_administrator();
    if !elevated.map_err(|cause| StateError::Folder { what: "find out who may use", path: path.clone(), cause })? {
        return Err(StateError::NotElevated(path));
    }
    let moved = make_private(&path)?;
    Ok(&OWNED.get_or_init(|| Private { path, moved }).path)
}

/// Describes, for people, each entry of the private folder that this process has moved aside, because somebody else owns it or
/// can change it.
pub fn moved_aside() -> &'static [String] {
    OWNED.get().map_or(&[], |private| &private.moved)
}

/// Creates a folder for administrators only, or turns an existing one into such a folder, with everything in it.
/// Returns in words what it moved aside.
///
/// # Errors
/// See [`StateError`].
pub fn make_private(path: &Path) -> Result<Vec<String>, StateError> {
    let failed = |what| move |cause| StateError::Folder { what, path: path.to_owned(), cause };
    let access = Access::private().map_err(failed("describe the access to"))?;
    let eye = Judge::new().map_err(failed("find out who may use"))?;
    let mut aside = Aside::of(path);
    let mut who = None;
    for _ in 0..ATTEMPTS {
        match access.create(path) {
            Ok(()) => {
                settle(path, &eye)?;
                return Ok(aside.said);
            }
            Err(Win32Error(ERROR_ALREADY_EXISTS)) => {}
            Err(cause) => return Err(failed("create")(cause)),
        }
        // While this is open, nobody can rename the folder or put another one in its place: Windows enforces the share
        // mode of a handle with read access. Not every folder lets us have one.
        let held = open(path, WRITE_DAC | FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE);
        let seen = match &held {
            Ok(folder) => eye.entry(folder).map(Some),
            Err(_) => look(path, &eye),
        };
        let Some(top) = seen.map_err(failed("look at"))? else { continue };
        let is_folder = !top.link && !matches!(top.kind, Kind::File(_));
        let settled = is_folder && is_settled(path, &eye).map_err(failed("look through"))?;
        let verdict = judge_top(&top, settled);
        match &verdict {
            Top::Replace(why) => {
                drop(held);
                who = top.stranger.or(who);
                aside.whole(why)?;
                continue;
            }
            Top::Refuse => return Err(StateError::Link(path.to_owned())),
            Top::Ours | Top::LookInside => {}
        }
        let folder = held.map_err(|error| failed("open")(Win32Error::of(&error)))?;
        let was_open = top.writer.is_some();
        if verdict == Top::LookInside {
            Access::close(&folder).map_err(failed("set the access to"))?; // From here on nobody else creates anything in it.
            aside.empty_of_strangers(path, &eye, &judge_before)?;
        }
        pass_on(&folder).map_err(failed("set the access to"))?;
        if verdict == Top::LookInside {
            aside.empty_of_strangers(path, &eye, &|entry| judge(entry, was_open))?;
            settle(path, &eye)?;
        }
        // Until a file of ours was in it, anyone who had it open could still make it a link.
        if leads_to(path, &folder).map_err(failed("look at"))? {
            return Ok(aside.said);
        }
        who = top.writer.or(who);
        break;
    }
    Err(StateError::Contested { path: path.to_owned(), who: who.unwrap_or_else(|| "somebody".into()) })
}

/// Sets the access to the folder, and to what inherits it. Windows opens every entry for that, and somebody may hold an
/// oplock on one.
fn pass_on(folder: &File) -> Result<(), Win32Error> {
    let folder = folder.try_clone().map_err(|error| Win32Error::of(&error))?;
    let set = within(LIMIT, move || Ok(Access::private().and_then(|access| access.set(&folder))));
    set.map_err(|error| Win32Error::of(&error)).flatten()
}

/// Whether an earlier run has found everything in the folder to be ours, and no entry directly in it is a link.
fn is_settled(path: &Path, eye: &Judge) -> Result<bool, Win32Error> {
    let said = look(&path.join(SETTLED), eye)?.is_some_and(|entry| judge(&entry, false).is_ok());
    Ok(said && !has_links(path).map_err(|error| Win32Error::of(&error))?)
}

/// Records that everything in the folder is ours.
fn settle(path: &Path, eye: &Judge) -> Result<(), StateError> {
    let at = path.join(SETTLED);
    let failed = |cause| StateError::Folder { what: "write into", path: path.to_owned(), cause };
    let written = OpenOptions::new().write(true).create_new(true).open(&at);
    match written.and_then(|mut file| file.write_all(SETTLED_TEXT.as_bytes())) {
        Ok(()) => Ok(()),
        // It is ours, like everything here by now; another run may have written it at this moment.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match look(&at, eye).map_err(failed)? {
            Some(_) => Ok(()),
            None => Err(failed(Win32Error::of(&error))),
        },
        Err(error) => Err(failed(Win32Error::of(&error))),
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use std::os::windows::fs::OpenOptionsExt;

    use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_DELETE;

    use super::super::trust::tests::allow;
    use super::*;

    /// The access rights of Windows' own folder for program data: everybody may write.
    const LOOSE: &str = "D:(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;WD)";

    /// The same, for a folder alone: its content does not inherit it.
    const LOOSE_ALONE: &str = "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)";

    struct Scratch(tempfile::TempDir);

    impl Scratch {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("reconcile")
        }

        /// Creates a file in the private folder, with the folders above it.
        fn put(&self, name: &str) -> PathBuf {
            let path = self.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, name).expect("written");
            path
        }

        /// The names of the entries that were moved aside, without their numbers.
        fn aside(&self) -> Vec<String> {
            let beside = std::fs::read_dir(self.0.path()).expect("readable").flatten().map(|entry| entry.path());
            let foreign = beside.filter(|path| path.file_name() != self.path().file_name());
            let inside = foreign.flat_map(|folder| std::fs::read_dir(folder).expect("readable").flatten());
            let names = inside.map(|entry| entry.file_name().to_string_lossy().into_owned());
            let mut names: Vec<_> =
                names.map(|name| name.split_once('-').map_or(name.clone(), |(_, name)| name.into())).collect();
            names.sort();
            names
        }
    }

    #[test]
    fn a_private_folder_is_made_once_and_found_again() {
        let scratch = Scratch::new();
        assert!(make_private(&scratch.path()).expect("made").is_empty());
        let journal = scratch.put("journal.jsonl");
        assert!(make_private(&scratch.path()).expect("found").is_empty());
        assert_eq!(std::fs::read_to_string(journal).expect("kept"), "journal.jsonl");
    }

    #[test]
    fn a_file_in_its_place_is_moved_aside() {
        let scratch = Scratch::new();
        std::fs::write(scratch.path(), "a stranger's").expect("written");
        let moved = make_private(&scratch.path()).expect("made");
        assert!(scratch.path().is_dir());
        let [said] = moved.as_slice() else { unreachable!("{moved:?}") };
        assert!(said.contains("it is a file where a folder belongs"), "{said}");
        assert!(said.contains("reconcile.foreign-"), "{said}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("missing").join("reconcile");
        let error = make_private(&path).expect_err("refused").to_string();
        assert!(error.starts_with(&format!("cannot create the private folder {}: ", path.display())), "{error}");
    }

    #[test]
    fn what_others_can_change_is_moved_aside_and_what_is_ours_stays() {
        let scratch = Scratch::new();
        let kept = ["journal.jsonl", r"logs\2026-03-01T04-05-06Z-install\stdout.log"].map(|name| scratch.put(name));
        let planted = [r"packages\0123\version.dll", r"logs\hosts.log", "last-run.json"].map(|name| scratch.put(name));
        for path in &planted {
            allow(path, LOOSE);
        }
        allow(&scratch.path().join("packages"), LOOSE);
        let moved = make_private(&scratch.path()).expect("made private");
        assert_eq!(scratch.aside(), ["hosts.log", "last-run.json", "packages", "version.dll"], "{moved:?}");
        assert!(kept.iter().all(|path| path.is_file()) && !planted.iter().any(|path| path.exists()), "{moved:?}");
        let everything = moved.join("\n");
        assert!(everything.contains("Everyone can change it"), "{everything}");

        // A later run checks only the top folder, until somebody changes its access rights.
        let planted = scratch.put("planted.txt");
        allow(&planted, LOOSE);
        assert!(make_private(&scratch.path()).expect("found").is_empty() && planted.exists());
        allow(&scratch.path(), LOOSE_ALONE);
        assert_eq!(make_private(&scratch.path()).expect("private again").len(), 1);
        assert!(!planted.exists() && kept.iter().all(|path| path.is_file()));
    }

    #[test]
    fn a_planted_journal_is_not_believed_and_that_is_said() {
        let scratch = Scratch::new();
        let journal = scratch.put("journal.jsonl");
        allow(&journal, LOOSE);
        let moved = make_private(&scratch.path()).expect("made private").join("\n");
        assert!(!journal.exists() && moved.contains("is not believed: if a hold stood in it, set it again"), "{moved}");
    }

    #[test]
    fn a_file_with_a_second_name_and_an_empty_folder_that_was_open_are_not_ours() {
        let scratch = Scratch::new();
        let (named, elsewhere) = (scratch.put("lock"), scratch.0.path().join("elsewhere"));
        std::fs::create_dir(scratch.path().join("logs")).expect("made");
        std::fs::create_dir(&elsewhere).expect("made");
        std::fs::hard_link(&named, elsewhere.join("lock")).expect("linked");
        allow(&scratch.path(), LOOSE_ALONE);
        let moved = make_private(&scratch.path()).expect("made private").join("\n");
        assert!(moved.contains("it is one file under 2 names"), "{moved}");
        assert!(moved.contains("it is an empty folder"), "{moved}");
        assert!(!named.exists() && !scratch.path().join("logs").exists());
    }

    #[test]
    fn a_folder_in_the_place_of_the_one_that_is_held_is_noticed() {
        let scratch = Scratch::new();
        make_private(&scratch.path()).expect("made");
        let held = open(&scratch.path(), 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE).expect("open");
        assert_eq!(leads_to(&scratch.path(), &held), Ok(true));
        std::fs::rename(scratch.path(), scratch.0.path().join("moved")).expect("moved");
        make_private(&scratch.path()).expect("made");
        assert_eq!(leads_to(&scratch.path(), &held), Ok(false));
    }

    #[test]
    fn an_entry_with_the_longest_name_is_moved_as_well() {
        let scratch = Scratch::new();
        let planted = scratch.put(&"n".repeat(255));
        allow(&planted, LOOSE);
        assert_eq!(make_private(&scratch.path()).expect("made private").len(), 1);
        assert!(!planted.exists());
    }

    #[test]
    fn a_name_that_means_another_file_does_not_hide_an_entry() {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.path()).expect("made");
        let top = scratch.path().display().to_string();
        for name in ["nul", "x.", "y "] {
            let planted = PathBuf::from(format!(r"\\?\{top}\{name}"));
            std::fs::write(&planted, "a stranger's").expect("written");
            allow(&planted, LOOSE);
        }
        let moved = make_private(&scratch.path()).expect("made private");
        assert_eq!(moved.len(), 3, "{moved:?}");
        let left = std::fs::read_dir(scratch.path()).expect("readable").flatten().map(|entry| entry.file_name());
        assert_eq!(left.collect::<Vec<_>>(), [SETTLED]);
    }

    #[test]
    fn what_cannot_be_moved_away_is_named_with_what_to_do() {
        let scratch = Scratch::new();
        std::fs::write(scratch.path(), "").expect("written");
        let held = OpenOptions::new().read(true).share_mode(FILE_SHARE_READ).open(scratch.path()).expect("open");
        let error = make_private(&scratch.path()).expect_err("refused").to_string();
        assert!(error.contains("cannot be moved away") && error.contains("end that process"), "{error}");
        drop(held);
        make_private(&scratch.path()).expect("made");
    }

    #[test]
    fn a_link_that_an_administrator_made_is_refused() {
        let scratch = Scratch::new();
        let elsewhere = scratch.0.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).expect("made");
        // Wine 8 reports success and creates no link.
        if std::os::windows::fs::symlink_dir(&elsewhere, scratch.path()).is_err() || !scratch.path().is_symlink() {
            eprintln!("not shown here: this system makes no symbolic links");
            return;
        }
        let error = make_private(&scratch.path()).expect_err("refused").to_string();
        assert!(error.contains("is a link that an administrator made"), "{error}");
        assert!(scratch.path().is_symlink() && std::fs::read_dir(elsewhere).expect("readable").count() == 0);
    }
}
