//! A plain file of limited size: a pipe or a device has no end, and a larger file is none of ours.

use std::{
    io::{self, Read},
    path::Path,
};

use crate::open;

const NOT_PLAIN: &str = "expected a plain file, found a folder, a pipe or a device";

const NOT_OURS: &str = "expected a plain file, found a link, a folder, a pipe or a device";

/// Refuses a path of one of our own files where anything else lies: a pipe would keep its opener waiting, and through a
/// link the file of somebody else would be written. There may be no file yet.
///
/// # Errors
/// When there is something else, or that cannot be found out.
pub fn ours(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(io::Error::other(NOT_OURS)),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Reads a plain file of at most `limit` bytes.
///
/// # Errors
/// When it does not exist, is not a plain file, is larger, or cannot be read.
pub fn read_plain(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let found = open::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other(NOT_PLAIN));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len().min(limit)).unwrap_or_default());
    open::to_read(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("expected at most {} MiB, found more", limit >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_too_large_or_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (size, is_read) in [(0, true), (1 << 20, true), ((1 << 20) + 1, false)] {
            fs::write(&path, vec![b'x'; size]).unwrap();
            assert_eq!(read_plain(&path, 1 << 20).ok().map(|bytes| bytes.len()), is_read.then_some(size));
        }
        assert_eq!(read_plain(folder.path(), 1).unwrap_err().to_string(), NOT_PLAIN);
        assert_eq!(read_plain(&folder.path().join("none"), 1).unwrap_err().kind(), io::ErrorKind::NotFound);
        #[cfg(unix)]
        assert_eq!(read_plain(Path::new("/dev/zero"), 1).unwrap_err().to_string(), NOT_PLAIN);
    }

    #[test]
    fn in_the_place_of_our_own_file_only_a_file_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        ours(&path).unwrap();
        fs::write(&path, "").unwrap();
        ours(&path).unwrap();
        assert_eq!(ours(folder.path()).unwrap_err().to_string(), NOT_OURS);
        #[cfg(unix)]
        for to in [path.as_path(), Path::new("nowhere")] {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(to, &link).unwrap();
            assert_eq!(ours(&link).unwrap_err().to_string(), NOT_OURS);
            fs::remove_file(link).unwrap();
        }
    }
}
