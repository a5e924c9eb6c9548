//! The share where the servers of a pool agree: one small file per server, changed under one lock per record.
//!
//! A server that claims the pool takes the lock, reads all files, decides, reads them again, and replaces its own file.
//! So a claim rests on the state that was read, or fails. The lock ends with its holder. The claim does not: its holder
//! may be down, and only a person can find out.

use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use reconcile_schema::{AccountName, BrokenClaim, Build, Claim, Doubt, Fqdn, PoolRecord, ServerName};

use crate::{
    believed::{Verdict, judge},
    claim_files::{Eyes, Kind, Lying},
    open,
    share_error::ShareError,
};

/// How often, and after what pause, a server tries again if a record is being changed: a change takes some
/// milliseconds.
const TRIES: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug, Clone)]
pub struct Share {
    folder: PathBuf,
    writers: Vec<AccountName>,
    eyes: Eyes,
    tries: u32,
}

/// The result of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The server has it.
    Granted,
    /// Another server has it.
    Taken(Claim),
    /// It is unknown whether another server has it.
    Doubted(Doubt),
}

impl Share {
    /// The share at this folder. Files of these accounts are believed, in addition to those of the servers themselves.
    #[must_use]
    pub fn at(folder: &str, writers: &[AccountName]) -> Self {
        Self { folder: folder.into(), writers: writers.to_vec(), eyes: EYES, tries: TRIES }
    }

    /// The record for `reader`, if that is one of its servers; empty where no server has ever claimed the pool.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or contains no record.
    pub fn read(&self, name: &Fqdn, reader: Option<&ServerName>) -> Result<PoolRecord, ShareError> {
        self.lying(name)?.together(reader)
    }

    /// Claims the pool, or returns the reason why not.
    ///
    /// # Errors
    /// As [`read`](Self::read), or when the record cannot be written.
    pub fn claim(&self, name: &Fqdn, claim: Claim) -> Result<Claimed, ShareError> {
        let server = claim.server.clone();
        self.change(name, Some(&server), Kind::Server(server.clone()), |together, own| {
            if let Some(other) = together.against(&claim) {
                return Claimed::Taken(other.clone());
            }
            if let Some(doubt) = together.doubts.iter().find(|doubt| doubt.forbids(&server)) {
                return Claimed::Doubted(doubt.clone());
            }
            own.claim(claim);
            Claimed::Granted
        })
    }

    /// Releases the claim of `server`, if it has one. Records the time and, if the server is done, its build.
    ///
    /// # Errors
    /// As [`read`](Self::read), or when the record cannot be written.
    pub fn release(
        &self,
        name: &Fqdn,
        server: &ServerName,
        reached: Option<Build>,
        at: Timestamp,
    ) -> Result<(), ShareError> {
        self.change(name, Some(server), Kind::Server(server.clone()), |_, own| own.release(server, reached, at))
    }

    /// Takes the claim from a server; a file of its own records who did so and why.
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
        self.change(name, None, Kind::Broken(server.clone()), |together, own| {
            let claim = together.claims.iter().find(|claim| claim.server == *server)?;
            let broken = Claim { written: None, ..claim.clone() };
            own.note_broken(BrokenClaim { claim: broken, by, at, reason, later: std::collections::BTreeMap::new() });
            Some(claim.clone())
        })
    }

    fn lying(&self, name: &Fqdn) -> Result<Lying, ShareError> {
        Lying::read(&self.folder, name, &self.eyes, &self.writers)
    }

    /// Changes one file, based on the content of all files.
    fn change<T>(
        &self,
        name: &Fqdn,
        reader: Option<&ServerName>,
        kind: Kind,
        how: impl FnOnce(&PoolRecord, &mut PoolRecord) -> T,
    ) -> Result<T, ShareError> {
        let _lock = self.lock(name)?;
        let path = kind.path(&self.folder, name);
        self.clear(&path);
        let lying = self.lying(name)?;
        let before = lying.own(&kind)?;
        let mut own = before.clone();
        let told = how(&lying.together(reader)?, &mut own);
        if own != before {
            self.write(name, &path, &kind, &own, &lying)?;
        }
        Ok(told)
    }

    /// The lock of a record. It ends with the file's handle, or with the server that holds it. Read access is enough,
    /// because the file may belong to another server.
    fn lock(&self, name: &Fqdn) -> Result<File, ShareError> {
        let path = self.folder.join(format!("{name}.lock"));
        let unusable = |cause| ShareError::Unusable { what: "lock", path: path.clone(), cause };
        let file = match open::to_read(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                open::open(open::options().write(true).create(true).truncate(false), &path)
            }
            opened => opened,
        };
        let file = file.map_err(unusable)?;
        for _ in 0..self.tries {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => pause(),
                Err(TryLockError::Error(cause)) => return Err(unusable(cause)),
            }
        }
        Err(ShareError::Busy { path, lasts: patience(self.tries).as_secs() })
    }

    /// Replaces a file, if the files on the share are still as they were read.
    fn write(
        &self,
        name: &Fqdn,
        path: &Path,
        kind: &Kind,
        record: &PoolRecord,
        lying: &Lying,
    ) -> Result<(), ShareError> {
        let unusable = |cause| ShareError::Unusable { what: "write", path: path.to_owned(), cause };
        let mut text = serde_json::to_vec_pretty(record).map_err(|cause| unusable(cause.into()))?;
        text.push(b'\n');
        let (before, after) = temporary(path);
        let file = tempfile::Builder::new().prefix(&before).suffix(after).tempfile_in(&self.folder);
        let mut file = file.map_err(unusable)?;
        file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(unusable)?;
        self.is_believed(path, kind, file.as_file())?;
        // On Windows, a file may not be replaced while somebody reads it.
        for left in (0..self.tries).rev() {
            if self.lying(name)? != *lying {
                return Err(ShareError::Changed { path: path.to_owned() });
            }
            match file.persist(path) {
                Ok(_) => break,
                Err(again) if left > 0 && again.error.kind() == io::ErrorKind::PermissionDenied => file = again.file,
                Err(other) if other.error.kind() == io::ErrorKind::PermissionDenied => {
                    let (path, lasts) = (path.to_owned(), patience(self.tries).as_secs());
                    return Err(ShareError::Kept { path, lasts, cause: other.error });
                }
                Err(other) => return Err(unusable(other.error)),
            }
            pause();
        }
        Ok(())
    }

    /// Whether the servers will believe the new file.
    fn is_believed(&self, path: &Path, kind: &Kind, file: &File) -> Result<(), ShareError> {
        let (Kind::Server(server) | Kind::Broken(server)) = kind else { return Ok(()) };
        let (owner, domain) = ((self.eyes.owner)(file), (self.eyes.domain)());
        let owner = match judge(server, &owner, domain.as_deref(), &self.writers) {
            Verdict::Believed => return Ok(()),
            Verdict::Stranger(owner) => owner,
            Verdict::Unread(why) => format!("nobody knows whom ({why})"),
        };
        let expected = match kind {
            Kind::Server(_) => format!("the computer account of {server}, as SYSTEM does"),
            Kind::Broken(_) | Kind::Earlier => "an account that is listed there".into(),
        };
        Err(ShareError::NotBelieved { path: path.to_owned(), owner, expected })
    }

    /// Removes the remains of a run that was killed between writing and renaming: nobody else writes while the lock is
    /// ours.
    fn clear(&self, path: &Path) {
        let (before, after) = temporary(path);
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let is_left =
                entry.file_name().to_str().is_some_and(|name| name.starts_with(&before) && name.ends_with(after));
            if is_left {
                let _ = std::fs::remove_file(entry.path()); // A file that somebody else put there is in nobody's way.
            }
        }
    }
}

/// The start and the end of a file's name while it is being written.
fn temporary(path: &Path) -> (String, &'static str) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    (format!("{name}."), ".tmp")
}

/// What Windows can find out about a share.
#[cfg(windows)]
const EYES: Eyes = crate::windows::EYES;

/// Other systems report no owner: `reconcile claims` shows the files, and no server decides by them.
#[cfg(not(windows))]
const EYES: Eyes = Eyes { owner: |_| crate::believed::Owner::Untold, domain: || None, targets: |_| None };

/// How long that many tries take.
const fn patience(tries: u32) -> Duration {
    PAUSE.saturating_mul(tries)
}

#[expect(clippy::disallowed_methods, reason = "no file tells when another machine gives up its lock")]
fn pause() {
    std::thread::sleep(PAUSE);
}

#[cfg(test)]
#[path = "share_tests.rs"]
mod tests;
