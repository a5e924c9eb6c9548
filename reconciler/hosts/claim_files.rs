//! The files of a record on the share, and which of them are believed: one for each server, and one for each server
//! whose claim was broken.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use reconcile_schema::{AccountName, Doubt, Fqdn, PoolRecord, ServerName};

use crate::{
    believed::{Owner, Verdict, judge},
    lock::is_sharing_violation,
    open::{self, options},
    share_error::ShareError,
};

/// The largest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The most files of one record: two paired pools have a few dozen servers each.
const MOST: usize = 500;

/// What this system can find out about a share.
#[derive(Debug, Clone, Copy)]
pub struct Eyes {
    /// Reads the owner of an open file.
    pub owner: fn(&File) -> Owner,
    /// The domain of this computer.
    pub domain: fn() -> Option<String>,
    /// The targets of a folder, if it is a DFS path with several.
    pub targets: fn(&Path) -> Option<Vec<String>>,
}

/// The kind of a file, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The file of this server.
    Server(ServerName),
    /// The file that breaks claims of this server.
    Broken(ServerName),
    /// The record of an earlier version, which all servers wrote.
    Earlier,
}

impl Kind {
    fn of(name: &Fqdn, file: &str) -> Option<Self> {
        let file = file.to_ascii_lowercase();
        let rest = file.strip_prefix(name.as_str())?.strip_prefix('.')?;
        if rest == "json" {
            return Some(Self::Earlier);
        }
        let stem = rest.strip_suffix(".json")?;
        match stem.strip_suffix(".broken") {
            Some(server) => server.parse().ok().map(Self::Broken),
            None => stem.parse().ok().map(Self::Server),
        }
    }

    /// The path of the file of this kind.
    pub fn path(&self, folder: &Path, name: &Fqdn) -> PathBuf {
        folder.join(match self {
            Self::Server(server) => format!("{name}.{server}.json"),
            Self::Broken(server) => format!("{name}.{server}.broken.json"),
            Self::Earlier => format!("{name}.json"),
        })
    }
}

/// The result of reading a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// This text, with the time of its writing by the clock of the share, and its owner.
    Text { text: Vec<u8>, written: Option<Timestamp>, owner: String },
    /// Content that is not believed.
    Doubted(Doubt),
}

/// The files of one record on the share, as they were read. If two readings are equal, nobody wrote in between.
#[derive(Debug, PartialEq, Eq)]
pub struct Lying {
    files: BTreeMap<PathBuf, (Kind, Found)>,
    targets: Option<Doubt>,
}

impl Lying {
    /// Reads the files of a record.
    pub fn read(folder: &Path, name: &Fqdn, eyes: &Eyes, writers: &[AccountName]) -> Result<Self, ShareError> {
        let unusable = |cause| ShareError::Unusable { what: "look at", path: folder.to_owned(), cause };
        let domain = (eyes.domain)();
        let mut files = BTreeMap::new();
        // A missing folder does not mean a pool without a claim.
        for entry in std::fs::read_dir(folder).map_err(unusable)? {
            let entry = entry.map_err(unusable)?;
            let Some(kind) = entry.file_name().to_str().and_then(|file| Kind::of(name, file)) else { continue };
            let path = entry.path();
            let is_plain = entry.file_type().map_err(unusable)?.is_file();
            let judge = |server: &ServerName, owner: &Owner| judge(server, owner, domain.as_deref(), writers);
            let found = if is_plain { found(&path, &kind, judge, eyes)? } else { Some(not_plain(&kind, &path)?) };
            files.extend(found.map(|found| (path, (kind, found))));
            if files.len() > MOST {
                return Err(ShareError::Crowded { path: folder.to_owned(), most: MOST });
            }
        }
        // The DFS client knows the path now, because the folder was read.
        let targets = (eyes.targets)(folder);
        let targets = targets.map(|targets| Doubt::Targets { folder: folder.display().to_string(), targets });
        Ok(Self { files, targets })
    }

    /// The record from all files, for `reader`: a server does not accept a claim of its own from a record that
    /// everybody could write.
    pub fn together(&self, reader: Option<&ServerName>) -> Result<PoolRecord, ShareError> {
        let mut all = PoolRecord { doubts: self.targets.iter().cloned().collect(), ..PoolRecord::default() };
        let speak: Vec<_> = self.files.values().filter_map(|(kind, _)| server_of(kind)).collect();
        let mut broken = Vec::new();
        for (path, (kind, found)) in &self.files {
            let (text, written, owner) = match found {
                Found::Text { text, written, owner } => (text, *written, owner),
                Found::Doubted(doubt) => {
                    all.doubts.push(doubt.clone());
                    continue;
                }
            };
            let mut said = parsed(path, text)?;
            match kind {
                Kind::Server(server) => all.take_in(said.said_by(server), written),
                Kind::Broken(server) => {
                    said.broken.retain(|one| one.claim.server == *server);
                    broken.extend(said.broken);
                }
                Kind::Earlier => {
                    // Anyone may forbid. A server with a file of its own has reported since.
                    let counts = |server: &ServerName| !speak.contains(&server) && reader != Some(server);
                    said.claims.retain(|claim| counts(&claim.server));
                    said.released.retain(|_, last| counts(&last.server));
                    all.doubts.push(Doubt::Earlier { file: path.display().to_string(), owner: owner.clone() });
                    all.broken.extend(said.broken);
                    let PoolRecord { claims, released, .. } = said;
                    all.take_in(PoolRecord { claims, released, ..PoolRecord::default() }, written);
                }
            }
        }
        all.take_in_broken(broken);
        Ok(all)
    }

    /// The content of the file of this kind, where it is believed. A server without a file may have reported in the
    /// record of an earlier version.
    pub fn own(&self, kind: &Kind) -> Result<PoolRecord, ShareError> {
        let said = |kind: &Kind| -> Result<Option<PoolRecord>, ShareError> {
            // Compared by kind: on a share, the case of a name has no meaning.
            match self.files.iter().find(|(_, (other, _))| other == kind) {
                Some((path, (_, Found::Text { text, .. }))) => parsed(path, text).map(Some),
                Some((_, (_, Found::Doubted(_)))) => Ok(Some(PoolRecord::default())),
                None => Ok(None),
            }
        };
        Ok(match (kind, said(kind)?) {
            (Kind::Server(server), Some(own)) => own.said_by(server),
            (Kind::Server(server), None) => {
                // Only its claim: everybody could write there that it is done, or has been back for long.
                let claims = said(&Kind::Earlier)?.unwrap_or_default().said_by(server).claims;
                PoolRecord { claims, ..PoolRecord::default() }
            }
            (Kind::Broken(_) | Kind::Earlier, own) => own.unwrap_or_default(),
        })
    }
}

/// The content of a file; nothing where it has been deleted meanwhile. The content and the owner are read from one
/// handle, because another file can be put in its place.
fn found(
    path: &Path,
    kind: &Kind,
    judge: impl Fn(&ServerName, &Owner) -> Verdict,
    eyes: &Eyes,
) -> Result<Option<Found>, ShareError> {
    let unusable = |what| move |cause| ShareError::Unusable { what, path: path.to_owned(), cause };
    let file = match open(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) if is_kept(&cause) && *kind != Kind::Earlier => {
            return Ok(Some(unread(kind, path, cause.to_string())));
        }
        opened => opened.map_err(unusable("open"))?,
    };
    let metadata = file.metadata().map_err(unusable("look at"))?;
    if !metadata.is_file() {
        return not_plain(kind, path).map(Some);
    }
    let owner = (eyes.owner)(&file);
    let verdict = match kind {
        Kind::Server(server) | Kind::Broken(server) => judge(server, &owner),
        Kind::Earlier => Verdict::Believed, // All servers wrote it, so its owner means little.
    };
    match verdict {
        Verdict::Believed => {
            let mut text = Vec::new();
            file.take(LIMIT).read_to_end(&mut text).map_err(unusable("read"))?;
            let written = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
            Ok(Some(Found::Text { text, written, owner: owner.to_string() }))
        }
        Verdict::Stranger(owner) => Ok(Some(stranger(kind, path, owner))),
        Verdict::Unread(why) => Ok(Some(unread(kind, path, why))),
    }
}

/// Whether a file cannot be opened because of an access list, or because somebody has it open alone.
fn is_kept(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::PermissionDenied || is_sharing_violation(cause)
}

/// A folder, a link or a device with the name of a file of the record.
fn not_plain(kind: &Kind, path: &Path) -> Result<Found, ShareError> {
    let why = "expected a plain file";
    match kind {
        Kind::Server(_) | Kind::Broken(_) => Ok(unread(kind, path, why.into())),
        Kind::Earlier => {
            let cause = io::Error::new(io::ErrorKind::InvalidInput, why);
            Err(ShareError::Unusable { what: "read", path: path.to_owned(), cause })
        }
    }
}

/// The server that a file reports about.
const fn server_of(kind: &Kind) -> Option<&ServerName> {
    match kind {
        Kind::Server(server) => Some(server),
        Kind::Broken(_) | Kind::Earlier => None,
    }
}

fn stranger(kind: &Kind, path: &Path, owner: String) -> Found {
    let file = path.display().to_string();
    Found::Doubted(match kind {
        Kind::Server(server) => Doubt::Stranger { server: server.clone(), file, owner },
        Kind::Broken(_) | Kind::Earlier => Doubt::Breaker { file, owner },
    })
}

fn unread(kind: &Kind, path: &Path, why: String) -> Found {
    let file = path.display().to_string();
    Found::Doubted(match kind {
        Kind::Server(server) => Doubt::Unread { server: server.clone(), file, why },
        Kind::Broken(_) | Kind::Earlier => Doubt::Breaker { file, owner: format!("nobody knows whom: {why}") },
    })
}

fn parsed(path: &Path, text: &[u8]) -> Result<PoolRecord, ShareError> {
    serde_json::from_slice(text).map_err(|cause| ShareError::NoRecord { path: path.to_owned(), cause })
}

/// Opens a file for reading, without following links.
fn open(path: &Path) -> io::Result<File> {
    let mut options = options();
    options.read(true);
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OPEN_REPARSE_POINT;
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
    open::open(&options, path)
}
