//! The snapshots in a zip archive, such as `reconcile support` writes. Nothing is ever extracted to a disk.

use std::{collections::VecDeque, fs::File, io::Read, sync::Arc};

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder};

use crate::uninstall::short;

/// The most files that an archive may have: many times what an archive for support has.
const FILES: usize = 20_000;

/// How large a file in an archive may be, and all that are read of one, in bytes. Well-chosen bytes become a thousand
/// times as many.
const LARGEST: u64 = 64 << 20;
const TOGETHER: u64 = 1 << 30;

/// The name of a snapshot in an archive for support.
const SNAPSHOT: &str = "snapshot.json";

/// The endings of files with snapshots, in every other archive.
const ENDINGS: [&str; 3] = [".json", ".jsonl", ".ndjson"];

/// Whether a file with this beginning is an archive, empty ones too.
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// A file in an archive: its name, and its content or why that cannot be read.
pub type Inside = (Arc<str>, Result<Vec<u8>, String>);

/// An archive whose snapshots are read one after the other.
pub struct Zipped {
    file: Arc<str>,
    archive: ZipArchive<FileReader>,
    waiting: VecDeque<(String, CompressionMethod, ZipArchiveEntryWayfinder)>,
    /// How many bytes may still be read.
    left: u64,
}

impl Zipped {
    /// Reads the list of files of an archive.
    ///
    /// # Errors
    /// Why it cannot be used: it is damaged, or has no snapshots.
    pub fn open(name: Arc<str>, file: File) -> Result<Self, String> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let damaged = |error: rawzip::Error| format!("expected a zip archive: {error}");
        let archive = ZipArchive::from_file(file, &mut buffer).map_err(damaged)?;
        let mut all = Vec::new();
        let mut entries = archive.entries(&mut buffer);
        while let Some(entry) = entries.next_entry().map_err(damaged)? {
            if all.len() == FILES {
                return Err(format!("an archive of snapshots has at most {FILES} files, this one has more"));
            }
            // Only for messages: no file is created under this name.
            let inside = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            all.push((inside, entry.compression_method(), entry.wayfinder()));
        }
        if u64::try_from(all.len()) != Ok(archive.entries_hint()) {
            return Err(format!("expected {} files in the archive, found {}", archive.entries_hint(), all.len()));
        }
        let base = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        let of_support = all.iter().any(|(name, ..)| base(name) == SNAPSHOT);
        let wanted = |name: &str| match of_support {
            true => base(name) == SNAPSHOT,
            false => ENDINGS.iter().any(|end| base(name).ends_with(end)),
        };
        let waiting: VecDeque<_> = all.into_iter().filter(|(name, ..)| wanted(name)).collect();
        if waiting.is_empty() {
            return Err(format!(
                "found no snapshots in the archive; expected one that `reconcile support` wrote, or files that end with {}",
                ENDINGS.join(", ")
            ));
        }
        Ok(Self { file: name, archive, waiting, left: TOGETHER })
    }

    /// The next file.
    pub fn next(&mut self) -> Option<Inside> {
        let (name, method, entry) = self.waiting.pop_front()?;
        let content = self.content(method, entry);
        self.left = self.left.saturating_sub(content.as_ref().map_or(0, |bytes| bytes.len() as u64));
        Some((format!("{}/{}", self.file, short(name)).into(), content))
    }

    fn content(&self, method: CompressionMethod, entry: ZipArchiveEntryWayfinder) -> Result<Vec<u8>, String> {
        if entry.uncompressed_size_hint() > LARGEST {
            return Err(format!("a file in an archive is at most {} MiB long, this one is longer", LARGEST >> 20));
        }
        if entry.uncompressed_size_hint() > self.left {
            return Err(format!("the snapshots of an archive are at most {} MiB long together", TOGETHER >> 20));
        }
        let entry = self.archive.get_entry(entry).map_err(|error| error.to_string())?;
        let mut content = Vec::new();
        // Reading past the size that the archive states is an error of the verifier.
        let read = match method {
            CompressionMethod::STORE => {
                entry.verifying_reader(entry.reader()).take(LARGEST + 1).read_to_end(&mut content)
            }
            CompressionMethod::DEFLATE => {
                entry.verifying_reader(DeflateDecoder::new(entry.reader())).take(LARGEST + 1).read_to_end(&mut content)
            }
            other => return Err(format!("expected a file that is stored or deflated, found {other}")),
        };
        read.map_err(|error| error.to_string())?;
        Ok(content)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
#[path = "zipped_tests.rs"]
mod tests;
