//! A new zip archive, which appears complete or not at all and never replaces a file.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::DeflateEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter, time::UtcDateTime};
use tempfile::NamedTempFile;

use crate::appear;

/// An archive cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{} is there already, and an archive never replaces a file", .0.display())]
    Taken(PathBuf),
    #[error("cannot write the archive {}: {cause}", path.display())]
    Unwritable { path: PathBuf, cause: io::Error },
}

/// An archive that is being written, in a file of another name in the same folder.
pub struct Archive {
    path: PathBuf,
    zip: ZipArchiveWriter<NamedTempFile>,
    at: UtcDateTime,
}

impl Archive {
    /// Begins an archive whose files carry this time, in seconds since 1970.
    ///
    /// # Errors
    /// When there is a file of that name, or the folder takes no file.
    pub fn create(path: &Path, at: i64) -> Result<Self, ArchiveError> {
        if path.symlink_metadata().is_ok() {
            return Err(ArchiveError::Taken(path.to_owned()));
        }
        let file = appear::beside(path).map_err(|cause| unwritable(path, cause))?;
        Ok(Self { path: path.to_owned(), zip: ZipArchiveWriter::new(file), at: UtcDateTime::from_unix(at) })
    }

    /// Adds a file; folders in its name are separated by `/`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), ArchiveError> {
        self.deflate(name, content).map_err(|cause| unwritable(&self.path, cause))
    }

    fn deflate(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let file = self.zip.new_file(name).compression_method(CompressionMethod::DEFLATE).last_modified(self.at);
        let (mut entry, config) = file.start().map_err(io::Error::other)?;
        let mut to = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        to.write_all(content)?;
        let (deflated, sums) = to.finish().map_err(io::Error::other)?;
        deflated.finish()?;
        entry.finish(sums).map(drop).map_err(io::Error::other)
    }

    /// Gives the archive its name; returns its size in bytes.
    ///
    /// # Errors
    /// When it cannot be written, or another file has taken the name meanwhile.
    pub fn finish(self) -> Result<u64, ArchiveError> {
        let Self { path, zip, .. } = self;
        let failed = |cause| unwritable(&path, cause);
        let file = zip.finish().map_err(|error| failed(io::Error::other(error)))?;
        file.as_file().sync_all().map_err(failed)?;
        let size = file.as_file().metadata().map_err(failed)?.len();
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(size),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(ArchiveError::Taken(path)),
            Err(error) => Err(failed(error.error)),
        }
    }
}

fn unwritable(path: &Path, cause: io::Error) -> ArchiveError {
    ArchiveError::Unwritable { path: path.to_owned(), cause }
}
