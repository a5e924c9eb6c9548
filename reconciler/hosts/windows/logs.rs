//! The log folders of children: one for each, named by time and purpose. The oldest of each kind are removed.

use std::io;
use std::path::{Path, PathBuf};

use super::clock;
use super::error::WindowsError;

/// How many folders of one kind are kept. They are counted by kind, so that frequent runs do not push out the logs of
/// installations.
const KEPT: usize = 100;

/// The form of the time in a name; names of one kind sort by it.
const WHEN: &str = "%Y-%m-%dT%H-%M-%SZ";

/// A new folder for the log of one child, named by time and purpose. If there are too many of its kind, older ones are
/// removed.
///
/// # Errors
/// When it cannot be created. A failure to remove an old one is not an error.
pub fn log_folder(private: &Path, what: &str) -> Result<PathBuf, WindowsError> {
    let logs = private.join("logs");
    let failed = |path: &Path, cause| WindowsError::Log { path: path.to_owned(), cause };
    std::fs::create_dir_all(&logs).map_err(|cause| failed(&logs, cause))?;
    let stem = format!("{}-{what}", clock::now().strftime(WHEN));
    let mut path = logs.join(&stem);
    let mut number = 1;
    loop {
        match std::fs::create_dir(&path) {
            Ok(()) => break,
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                path = logs.join(format!("{stem}-{number}"));
            }
            Err(cause) => return Err(failed(&path, cause)),
        }
    }
    if let Err(error) = prune(&logs, what, &path) {
        tracing::warn!(folder = %logs.display(), %error, "old logs cannot be removed");
    }
    Ok(path)
}

/// Removes the oldest folders of one kind, never `own`.
fn prune(logs: &Path, what: &str, own: &Path) -> io::Result<()> {
    let mut alike = Vec::new();
    for entry in std::fs::read_dir(logs)? {
        let entry = entry?;
        let name = entry.file_name();
        let age = name.to_str().and_then(|name| age(name, what));
        if let (Some(age), true) = (age, entry.file_type()?.is_dir()) {
            alike.push((age, entry.path()));
        }
    }
    alike.sort();
    let surplus = alike.len().saturating_sub(KEPT);
    let mut result = Ok(());
    for (_, folder) in alike.iter().take(surplus).filter(|(_, folder)| folder != own) {
        // A folder that somebody has open stays, but does not hold up the others.
        result = result.and(std::fs::remove_dir_all(folder));
    }
    result
}

/// When a folder of this kind was created, and its number within that second; none for every other name.
fn age(name: &str, what: &str) -> Option<(jiff::civil::DateTime, u32)> {
    let length = "2000-01-01T00-00-00Z".len();
    let (when, kind) = name.split_at_checked(length)?;
    let when = jiff::civil::DateTime::strptime(WHEN, when).ok()?;
    match kind.strip_prefix('-')?.strip_prefix(what)? {
        "" => Some((when, 1)),
        number => Some((when, number.strip_prefix('-')?.parse().ok()?)),
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_its_time_and_its_kind_in_its_name() {
        let times = ["2026-03-01T04-05-06Z-install", "2026-03-01T04-05-06Z-install-2", "2026-03-01T04-05-07Z-install"];
        let ages = times.map(|name| age(name, "install"));
        assert!(ages.is_sorted() && ages.iter().all(Option::is_some), "{ages:?}");
        for other in ["2026-03-01T04-05-06Z-install-databases", "install", "2026-13-01T04-05-06Z-install", "notes.txt"]
        {
            assert_eq!(age(other, "install"), None, "{other}");
        }
    }

    #[test]
    fn the_oldest_of_a_kind_make_room_and_nothing_else() {
        let private = tempfile::tempdir().expect("a folder");
        let logs = private.path().join("logs");
        let old = |number: usize, what: &str| {
            logs.join(format!("2020-01-01T00-{:02}-{:02}Z-{what}", number / 60, number % 60))
        };
        let made: Vec<_> = (0..KEPT + 2).map(|number| old(number, "membership")).collect();
        let others = [old(0, "install"), logs.join("notes of an administrator")];
        for folder in made.iter().chain(&others) {
            std::fs::create_dir_all(folder).expect("created");
            std::fs::write(folder.join("stdout.log"), "said").expect("written");
        }
        // The oldest is open: it stays, but does not keep the others.
        let open = made.first().expect("many").join("stdout.log");
        let held = std::os::windows::fs::OpenOptionsExt::share_mode(std::fs::OpenOptions::new().read(true), 0)
            .open(&open)
            .expect("open");
        let own = log_folder(private.path(), "membership").expect("made");
        let gone: Vec<_> = made.iter().filter(|folder| !folder.exists()).collect();
        assert_eq!(gone, made.iter().skip(1).take(2).collect::<Vec<_>>());
        assert!(own.exists() && open.exists() && others.iter().all(|other| other.exists()));
        drop(held);
        let second = log_folder(private.path(), "membership").expect("made");
        assert!(own.exists() && second.exists() && !open.exists());
        assert_eq!(std::fs::read_dir(&logs).expect("readable").count(), KEPT + others.len());
    }
}
