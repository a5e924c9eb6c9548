//! The share where the servers of a pool agree: one small file for each pool, changed by one of them at a time.
//!
//! Who changes a record holds the lock beside it, reads, decides, and puts the whole file in its place; so a claim is taken
//! from the state that was seen, or not at all. The lock ends with whoever holds it. The claim does not: its holder may be
//! down, and only a person can tell.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use reconcile_schema::{Build, Claim, Fqdn, PoolRecord, ServerName};

use crate::open;

/// How often, and after what pause, somebody who finds a record being changed tries again: a change takes some milliseconds.
const TRIES: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// The largest record that is read, in bytes: a pool has some dozen servers.
const LIMIT: u64 = 1 << 20;

/// The folder on the share.
#[derive(Debug, Clone)]
pub struct Share {
    folder: PathBuf,
}

/// A record cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The operating system refused.
    #[error("cannot {what} {}: {cause}; make sure that the share is there and that this server's account may write to it", path.display())]
    Unusable {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The file holds something else.
    #[error("{}: {cause}; mend the file; or, when no server of the pool is worked on, move it away and run apply --retry on each of them, so that they tell again", path.display())]
    NoRecord {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// Somebody changes the record and does not end.
    #[error("{}: another server has been changing this record for {} s; if it does not end, look who has the file open", path.display(), (PAUSE * TRIES).as_secs())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
}

impl Share {
    /// The share at this folder.
    #[must_use]
    pub fn at(folder: &str) -> Self {
        Self { folder: folder.into() }
    }

    /// What the record says; nothing where no server has ever claimed the pool.
    ///
    /// # Errors
    /// The folder or the file cannot be read, or holds no record.
    pub fn read(&self, name: &Fqdn) -> Result<PoolRecord, ShareError> {
        let path = self.path(name, "json");
        let file = match open::to_read(&path) {
            Ok(file) => file,
            // A folder that is missing is no pool without a claim.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let seen = open::metadata(&self.folder);
                seen.map_err(|cause| ShareError::Unusable { what: "look at", path: self.folder.clone(), cause })?;
                return Ok(PoolRecord::default());
            }
            Err(cause) => return Err(ShareError::Unusable { what: "open", path, cause }),
        };
        let mut text = Vec::new();
        let read = file.take(LIMIT).read_to_end(&mut text);
        read.map_err(|cause| ShareError::Unusable { what: "read", path: path.clone(), cause })?;
        serde_json::from_slice(&text).map_err(|cause| ShareError::NoRecord { path, cause })
    }

    /// Claims the pool, or says who has claimed it.
    ///
    /// # Errors
    /// As [`read`](Self::read), or the record cannot be written.
    pub fn claim(&self, name: &Fqdn, claim: Claim) -> Result<Option<Claim>, ShareError> {
        self.change(name, |record| record.claim(claim))
    }

    /// Releases the claim of `server`, if it has it, and notes when, and the build that it is at, if it is done.
    ///
    /// # Errors
    /// As [`read`](Self::read), or the record cannot be written.
    pub fn release(
        &self,
        name: &Fqdn,
        server: &ServerName,
        reached: Option<Build>,
        at: Timestamp,
    ) -> Result<(), ShareError> {
        self.change(name, |record| record.release(server, reached, at))
    }

    /// Takes the claim away from a server; the record keeps who did so and why.
    ///
    /// # Errors
    /// As [`release`](Self::release).
    pub fn break_claim(
        &self,
        name: &Fqdn,
        server: &ServerName,
        by: String,
        at: Timestamp,
        reason: String,
    ) -> Result<Option<Claim>, ShareError> {
        self.change(name, |record| record.break_claim(server, by, at, reason))
    }

    fn change<T>(&self, name: &Fqdn, how: impl FnOnce(&mut PoolRecord) -> T) -> Result<T, ShareError> {
        let _lock = self.lock(name)?;
        let before = self.read(name)?;
        let mut record = before.clone();
        let told = how(&mut record);
        if record != before {
            self.write(name, &record)?;
        }
        Ok(told)
    }

    /// The lock of a record; it ends with the file's handle, or with the server that holds it.
    fn lock(&self, name: &Fqdn) -> Result<File, ShareError> {
        let path = self.path(name, "lock");
        let unusable = |cause| ShareError::Unusable { what: "lock", path: path.clone(), cause };
        let file = open::options().write(true).create(true).truncate(false).open(&path).map_err(unusable)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => pause(),
                Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
            }
        }
        Err(ShareError::Busy { path })
    }

    fn write(&self, name: &Fqdn, record: &PoolRecord) -> Result<(), ShareError> {
        let path = self.path(name, "json");
        let unusable = |cause| ShareError::Unusable { what: "write", path: path.clone(), cause };
        let mut text = serde_json::to_vec_pretty(record).map_err(|cause| unusable(cause.into()))?;
        text.push(b'\n');
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(unusable)?;
        file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(unusable)?;
        // On Windows a file that somebody reads at this moment may not be replaced.
        for _ in 1..TRIES {
            match file.persist(&path) {
                Ok(_) => return Ok(()),
                Err(again) if again.error.kind() == io::ErrorKind::PermissionDenied => file = again.file,
                Err(other) => return Err(unusable(other.error)),
            }
            pause();
        }
        file.persist(&path).map(|_| ()).map_err(|error| unusable(error.error))
    }

    fn path(&self, name: &Fqdn, kind: &str) -> PathBuf {
        Path::new(&self.folder).join(format!("{name}.{kind}"))
    }
}

#[expect(clippy::disallowed_methods, reason = "no file tells when another machine gives up its lock")]
fn pause() {
    std::thread::sleep(PAUSE);
}

#[cfg(test)]
#[path = "share_tests.rs"]
mod tests;
