//! The scripts of the management shell: fixed texts, part of this program, and held unchanged while they run.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;

pub struct Script {
    pub name: &'static str,
    text: &'static str,
}

/// Reports the versions of databases.
pub const TEST_DATABASE: Script =
    Script { name: "Test-CsDatabase.ps1", text: include_str!("scripts/Test-CsDatabase.ps1") };

/// Updates databases.
pub const INSTALL_DATABASE: Script =
    Script { name: "Install-CsDatabase.ps1", text: include_str!("scripts/Install-CsDatabase.ps1") };

/// Reports the state of a pool.
pub const TEST_POOL: Script = Script { name: "Test-Pool.ps1", text: include_str!("scripts/Test-Pool.ps1") };

/// Moves a server out of its pool, or back into it.
pub const MOVE_COMPUTER: Script = Script { name: "Move-Computer.ps1", text: include_str!("scripts/Move-Computer.ps1") };

/// Reports whether this account is a member of a group.
pub const TEST_MEMBERSHIP: Script =
    Script { name: "Test-Membership.ps1", text: include_str!("scripts/Test-Membership.ps1") };

/// Reports what `doctor` checks through PowerShell.
pub const TEST_SERVER: Script = Script { name: "Test-Server.ps1", text: include_str!("scripts/Test-Server.ps1") };

/// Every script.
pub const ALL: [Script; 6] = [TEST_DATABASE, INSTALL_DATABASE, TEST_POOL, MOVE_COMPUTER, TEST_MEMBERSHIP, TEST_SERVER];

impl Script {
    /// Writes the script to `folder` and returns its path, with a handle: while that is open, nobody can change the
    /// script.
    ///
    /// # Errors
    /// When it cannot be written or read.
    pub fn put(&self, folder: &Path) -> io::Result<(PathBuf, File)> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(self.name);
        if let Some(held) = self.held(&path)? {
            return Ok((path, held));
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).share_mode(0).open(&path)?;
        file.write_all(self.text.as_bytes())?;
        file.sync_all()?;
        drop(file);
        match self.held(&path)? {
            Some(held) => Ok((path, held)),
            None => Err(io::Error::other("its text changed right after it was written")),
        }
    }

    /// The script at `path`, opened so that nobody can change it; none where it is missing or has another text.
    fn held(&self, path: &Path) -> io::Result<Option<File>> {
        let mut held = match OpenOptions::new().read(true).share_mode(FILE_SHARE_READ).open(path) {
            Ok(held) => held,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        held.read_to_end(&mut found)?;
        Ok((found == self.text.as_bytes()).then_some(held))
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_written_once_and_restored_when_it_was_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, held) = TEST_MEMBERSHIP.put(&folder.path().join("scripts")).expect("written");
        drop(held);
        std::fs::write(&path, "Remove-Item C:\\").expect("changed");
        let (path, held) = TEST_MEMBERSHIP.put(&folder.path().join("scripts")).expect("restored");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), TEST_MEMBERSHIP.text);
        assert!(std::fs::write(&path, "changed while it is held").is_err());
        drop(held);
    }
}
