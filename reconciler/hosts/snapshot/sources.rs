//! The sources of snapshots: files, folders, patterns, archives and standard input, read in pieces of limited size.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    offline::Offline,
    zipped::{Zipped, is_zip},
};
use crate::open;

/// How much of a file is read at once, in bytes.
const BLOCK: usize = 64 << 10;

/// After how many bytes, or lines, the lines so far make up a piece. The message about a line takes more memory than a
/// short line does.
const PIECE: usize = 128 << 10;
const MANY: u64 = 256;

/// The last line of a piece usually fits into this.
const SPARE: usize = 8 << 10;

/// The longest line, and the longest single snapshot, in bytes. A server with all facts takes some 4 KiB.
const LONGEST: usize = 4 << 20;

/// How many bytes are skipped that cannot belong to a snapshot: a pipe, a device or a file full of holes may have no
/// end. A disk that was repaired after a crash can leave some zeros after a file, but not that many.
const NOTHING: usize = 64 << 20;

/// The endings of files that are searched for in a folder: those of JSON, and those of registries.
const ENDINGS: [&str; 6] = ["json", "jsonl", "ndjson", "reg", "hiv", "hive"];

/// Why a source of snapshots cannot be used: it does not exist, or contains none.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{}: {cause}; expected a file, a folder, a pattern such as 'snapshots/*.json', or - for standard input", path.display())]
    Unreadable {
        /// The path as it was given.
        path: PathBuf,
        cause: io::Error,
    },
    /// It contains nothing that could be a snapshot.
    #[error("{path}: found no snapshots; expected files that end with {}", ENDINGS.map(|end| format!(".{end}")).join(", "))]
    Empty {
        /// The path or pattern as it was given.
        path: String,
    },
    /// The pattern matches folders of any depth.
    #[error("{pattern}: `**` could follow links in circles; name the folder, and what is in it is found at any depth")]
    Deep { pattern: String },
    /// The pattern is invalid.
    #[error("{pattern}: {cause}; expected a pattern such as 'snapshots/*.json'")]
    Pattern { pattern: String, cause: glob::PatternError },
}

/// What is read at once.
#[derive(Debug)]
pub enum Piece {
    /// Whole lines, each a snapshot in JSON; empty lines do not count.
    Lines {
        file: Arc<str>,
        /// The number of the first line.
        first: u64,
        /// The lines.
        bytes: Vec<u8>,
    },
    /// One snapshot in JSON, over several lines.
    Document {
        file: Arc<str>,
        /// The document.
        bytes: Vec<u8>,
    },
    /// An offline registry.
    Registry {
        /// The file, which is named after the server.
        path: PathBuf,
    },
    /// What cannot be read.
    Broken {
        file: Arc<str>,
        /// The first line that cannot be read, where there are lines.
        line: Option<u64>,
        /// The reason, and what to do.
        why: String,
    },
}

/// The snapshots of a fleet, read piece by piece: the memory does not grow with the fleet.
pub struct Sources {
    waiting: VecDeque<Named>,
    archive: Option<Zipped>,
    reading: Option<Lines<'static>>,
}

enum Named {
    Standard,
    File(PathBuf),
}

/// A file with lines, while it is being read.
struct Lines<'a> {
    file: Arc<str>,
    from: BufReader<Box<dyn Read + Send + 'a>>,
    /// The number of the next line.
    line: u64,
    /// Why the next line cannot be read.
    broken: Option<String>,
    ended: bool,
}

impl Sources {
    /// The snapshots from these places: files, folders with all their content, patterns, archives, `-` for standard
    /// input. An archive within a folder is not opened: it may be anything, such as an update.
    ///
    /// # Errors
    /// When a place does not exist or contains nothing that could be a snapshot.
    pub fn open(places: &[PathBuf]) -> Result<Self, SourceError> {
        let mut waiting = VecDeque::new();
        for place in places {
            let text = place.to_string_lossy();
            let before = waiting.len();
            if text == "-" {
                waiting.push_back(Named::Standard);
            } else if !place.exists() && text.contains("**") {
                return Err(SourceError::Deep { pattern: text.into_owned() });
            } else if !place.exists() && text.contains(['*', '?', '[']) {
                let found = glob::glob(&text)
                    .map_err(|cause| SourceError::Pattern { pattern: text.clone().into_owned(), cause })?;
                for path in found.flatten() {
                    if path.is_dir() {
                        collect(&path, &mut waiting)?;
                    } else if may_end(&path) {
                        waiting.push_back(Named::File(path));
                    }
                }
            } else {
                collect(place, &mut waiting)?;
            }
            if waiting.len() == before {
                return Err(SourceError::Empty { path: text.into_owned() });
            }
        }
        Ok(Self { waiting, archive: None, reading: None })
    }
}

/// The file, or the files of a folder that may be snapshots, by name.
fn collect(path: &Path, into: &mut VecDeque<Named>) -> Result<(), SourceError> {
    let unreadable = |cause| SourceError::Unreadable { path: path.into(), cause };
    if !open::metadata(path).map_err(unreadable)?.is_dir() {
        into.push_back(Named::File(path.into()));
        return Ok(());
    }
    let mut inside: Vec<_> =
        std::fs::read_dir(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)?;
    inside.sort_by_key(std::fs::DirEntry::file_name);
    for entry in inside {
        // A link to a folder can be circular, and a pipe without a writer has no end.
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            collect(&entry.path(), into)?;
        } else if (kind.is_file() || kind.is_symlink() && may_end(&entry.path())) && ending(&entry.path()).is_some() {
            into.push_back(Named::File(entry.path()));
        }
    }
    Ok(())
}

/// Whether this is neither a pipe nor a device, nor a link to one. A broken link is reported when it is opened.
fn may_end(path: &Path) -> bool {
    open::metadata(path).map_or(true, |metadata| metadata.is_file() || metadata.is_dir())
}

fn ending(path: &Path) -> Option<&'static str> {
    let end = path.extension()?;
    ENDINGS.into_iter().find(|known| end.eq_ignore_ascii_case(known))
}

impl Iterator for Sources {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            if let Some(piece) = self.reading.as_mut().and_then(Lines::next) {
                return Some(piece);
            }
            self.reading = None;
            match self.archive.as_mut().and_then(Zipped::next) {
                Some((file, Ok(bytes))) => {
                    self.reading = Some(Lines::of(file, io::Cursor::new(bytes)));
                    continue;
                }
                Some((file, Err(why))) => return Some(Piece::Broken { file, line: None, why }),
                None => self.archive = None,
            }
            match self.waiting.pop_front()? {
                Named::Standard => self.reading = Some(Lines::of("-".into(), io::stdin())),
                Named::File(path) => {
                    let file: Arc<str> = path.display().to_string().into();
                    match self.begin(&file, path) {
                        Ok(None) => {}
                        Ok(piece) => return piece,
                        Err(why) => return Some(Piece::Broken { file, line: None, why }),
                    }
                }
            }
        }
    }
}

impl Sources {
    /// Begins with a file, which may be read in one piece; or reports why it cannot be read.
    fn begin(&mut self, file: &Arc<str>, path: PathBuf) -> Result<Option<Piece>, String> {
        let from = open::to_read(&path).map_err(|error| error.to_string())?;
        if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip")) {
            self.archive = Some(Zipped::open(file.clone(), from)?);
            return Ok(None);
        }
        let mut lines = Lines::of(file.clone(), from);
        if lines.are_a_zip() {
            return Err(A_ZIP.into());
        }
        if matches!(ending(&path), Some("reg" | "hiv" | "hive")) || lines.are_a_registry() {
            return Ok(Some(Piece::Registry { path }));
        }
        self.reading = Some(lines);
        Ok(None)
    }
}

impl<'a> Lines<'a> {
    fn of(file: Arc<str>, from: impl Read + Send + 'a) -> Self {
        let from = BufReader::with_capacity(BLOCK, Box::new(from) as Box<dyn Read + Send + 'a>);
        Self { file, from, line: 1, broken: None, ended: false }
    }

    /// Whether this is no file of lines but a registry, in one of its forms.
    fn are_a_registry(&mut self) -> bool {
        let head = self.from.fill_buf().unwrap_or_default(); // A read error is reported when the file is read again.
        Offline::is_hive(head) || Offline::is_export(head)
    }

    /// Whether this is no file of lines but an archive.
    fn are_a_zip(&mut self) -> bool {
        is_zip(self.from.fill_buf().unwrap_or_default())
    }

    fn next(&mut self) -> Option<Piece> {
        let mut nothing = 0;
        loop {
            if let Some(why) = self.broken.take() {
                let line = self.line;
                self.line += 1;
                return Some(Piece::Broken { file: self.file.clone(), line: Some(line), why });
            }
            if self.ended {
                return None;
            }
            let first = self.line;
            let mut bytes = self.fill();
            if first == 1 {
                match bytes.as_slice() {
                    [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                        (self.ended, self.broken) = (true, None);
                        return Some(Piece::Broken { file: self.file.clone(), line: None, why: UTF_16.into() });
                    }
                    [0xef, 0xbb, 0xbf, ..] => drop(bytes.drain(..3)),
                    _ => {}
                }
                if self.broken.is_none() && begins_document(&bytes) {
                    return Some(self.document(bytes));
                }
            }
            if !bytes.trim_ascii().is_empty() {
                return Some(Piece::Lines { file: self.file.clone(), first, bytes });
            }
            nothing += bytes.len();
            if nothing > NOTHING {
                self.ended = true;
                self.broken = Some(format!("{} MiB of empty lines; nothing behind them was read", NOTHING >> 20));
            }
        }
    }

    /// Reads complete lines until they make up a piece.
    fn fill(&mut self) -> Vec<u8> {
        let (first, mut bytes) = (self.line, Vec::with_capacity(PIECE + SPARE));
        while bytes.len() < PIECE && self.line - first < MANY && !self.ended {
            let before = bytes.len();
            match self.from.by_ref().take(LONGEST as u64).read_until(b'\n', &mut bytes) {
                Ok(LONGEST) if !bytes.ends_with(b"\n") => {
                    bytes.truncate(before);
                    bytes.shrink_to_fit();
                    self.broken = Some(self.skip());
                    break;
                }
                Ok(0) => self.ended = true,
                Ok(_) => self.line += 1,
                Err(error) => {
                    bytes.truncate(before);
                    (self.ended, self.broken) = (true, Some(error.to_string()));
                }
            }
        }
        bytes
    }

    /// Skips the rest of a line, and returns a message about that.
    fn skip(&mut self) -> String {
        let skipped = self.from.by_ref().take(NOTHING as u64).skip_until(b'\n');
        self.ended = !skipped.is_ok_and(|skipped| skipped < NOTHING);
        let and = if self.ended { "; nothing behind it was read" } else { "" };
        format!("a line is at most {} MiB long, this one is longer{and}", LONGEST >> 20)
    }

    /// The multi-line snapshot that begins with these bytes.
    fn document(&mut self, mut bytes: Vec<u8>) -> Piece {
        self.ended = true;
        let rest = LONGEST.saturating_sub(bytes.len()) + 1;
        let file = self.file.clone();
        let why = match self.from.by_ref().take(rest as u64).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() <= LONGEST => return Piece::Document { file, bytes },
            Ok(_) => format!("a snapshot is at most {} MiB long, this one is longer", LONGEST >> 20),
            Err(error) => error.to_string(),
        };
        Piece::Broken { file, line: None, why }
    }
}

/// The content of an archive under another name.
const A_ZIP: &str = "the file is a zip archive; expected snapshots, or an archive whose name ends with .zip";

/// The result of `reconcile observe MANIFEST > FILE` in Windows PowerShell.
const UTF_16: &str = "the file is encoded as UTF-16, as `>` of Windows PowerShell writes it; expected UTF-8: \
    use `reconcile observe MANIFEST --to FOLDER`, or `| Out-File -Encoding utf8 FILE`";

/// Whether the first line is the beginning of a snapshot but not all of it. The lines after a line that was cut off do
/// not belong to it.
fn begins_document(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    first.starts_with(b"{") && !first.ends_with(b"}") && lines.next().is_some_and(|second| !second.starts_with(b"{"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
#[path = "sources_tests.rs"]
mod tests;
