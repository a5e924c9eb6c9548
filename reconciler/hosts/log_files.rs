//! The files below a folder of logs, and the ends of them: what is sent to somebody who helps has a limit.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::open;

/// How deep folders are followed: an installer's logs lie in a folder of their run, and TEMP within it.
const DEPTH: usize = 8;

/// A file of a log, not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    pub path: PathBuf,
    /// Its path below the folder, with `/` between its parts.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    changed: SystemTime,
}

/// The files below a folder, the newest first, and what could not be listed.
#[derive(Debug, Default)]
pub struct LogFiles {
    pub files: Vec<LogFile>,
    pub unread: Vec<(PathBuf, io::Error)>,
}

impl LogFiles {
    /// The files below `folder`; none where it is missing. Links are not followed.
    #[must_use]
    pub fn below(folder: &Path) -> Self {
        let mut all = Self::default();
        match folder.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => all.unread.push((folder.to_owned(), error)),
            Ok(_) => all.collect(folder, "", DEPTH),
        }
        all.files.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| b.name.cmp(&a.name)));
        all
    }

    fn collect(&mut self, folder: &Path, above: &str, deep: usize) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unread.push((folder.to_owned(), error)),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.unread.push((folder.to_owned(), error)),
            };
            let (path, name) = (entry.path(), format!("{above}{}", entry.file_name().to_string_lossy()));
            match entry.metadata() {
                Err(error) => self.unread.push((path, error)),
                Ok(found) if found.is_dir() && deep == 0 => {
                    self.unread.push((path, io::Error::other(format!("it lies more than {DEPTH} folders deep"))));
                }
                Ok(found) if found.is_dir() => self.collect(&path, &format!("{name}/"), deep - 1),
                Ok(found) if found.is_file() => {
                    let changed = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    self.files.push(LogFile { path, name, size: found.len(), changed });
                }
                Ok(_) => {} // A link, a pipe: no run writes one.
            }
        }
    }
}

impl LogFile {
    /// The last `most` bytes of the file, an even number before its end: many installers log in UTF-16.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn end(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut file = open::to_read(&self.path)?;
        let size = file.metadata()?.len();
        let skipped = size.saturating_sub(most);
        let skipped = skipped + skipped % 2;
        file.seek(SeekFrom::Start(skipped))?;
        let mut end = Vec::new();
        file.take(most).read_to_end(&mut end)?; // It may be growing.
        Ok(end)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::{fs::File, time::Duration};

    use super::*;

    #[test]
    fn the_newest_come_first_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("install/temp")).unwrap();
        for (age, name) in ["a.log", "install/installer.log", "install/temp/Bootstrapper.log"].into_iter().enumerate() {
            std::fs::write(path(name), name).unwrap();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + age as u64);
            File::options().append(true).open(path(name)).unwrap().set_modified(at).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("..", path("install/up")).unwrap();
        let found = LogFiles::below(folder.path());
        let names: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["install/temp/Bootstrapper.log", "install/installer.log", "a.log"]);
        assert!(found.unread.is_empty() && LogFiles::below(&path("missing")).files.is_empty());
    }

    #[test]
    fn the_end_of_a_file_begins_between_two_signs_of_utf_16() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("odd.log"), b"0123456").unwrap();
        let found = LogFiles::below(folder.path());
        let file = found.files.first().unwrap();
        assert_eq!((file.size, file.end(100).unwrap(), file.end(4).unwrap()), (7, b"0123456".into(), b"456".into()));
    }
}
