//! One server's report, in whatever form it was read.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use reconcile_schema::{Fact, Marks, Observed, SNAPSHOT_VERSION, ServerName, Snapshot};
use serde::Deserialize;

use super::{
    offline::{HIVE_LIMIT, Offline, read_limited},
    reader::Reader,
    sources::Piece,
};
use crate::uninstall::short;

/// A snapshot and where it was read, or why it cannot be read.
#[derive(Debug)]
pub struct Record {
    pub origin: Origin,
    pub snapshot: Result<Box<Snapshot>, String>,
}

/// The place where a snapshot was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, or `-` for standard input.
    pub file: Arc<str>,
    /// The line, if the file has one snapshot per line.
    pub line: Option<u64>,
}

/// Reads the snapshots of a piece and passes each on. The reader remembers what several pieces have in common.
pub fn read(reader: &mut Reader, piece: Piece, mut each: impl FnMut(Record)) {
    let mut record = |file, line, snapshot| each(Record { origin: Origin { file, line }, snapshot });
    match piece {
        Piece::Broken { file, line, why } => record(file, line, Err(why)),
        Piece::Registry { path } => record(path.display().to_string().into(), None, registry(&path)),
        Piece::Document { file, bytes } => record(file, None, decode(&bytes).and_then(|text| parse(reader, text))),
        Piece::Lines { file, first, bytes } => {
            let mut line = |number, snapshot| record(file.clone(), Some(number), snapshot);
            // Checking the whole text is faster than checking line by line.
            match std::str::from_utf8(&bytes) {
                Ok(text) => (first..)
                    .zip(text.split('\n'))
                    .filter(|(_, text)| !text.trim_ascii().is_empty())
                    .for_each(|(number, text)| line(number, parse(reader, text))),
                Err(_) => (first..)
                    .zip(bytes.split(|byte| *byte == b'\n'))
                    .filter(|(_, text)| !text.trim_ascii().is_empty())
                    .for_each(|(number, text)| line(number, decode(text).and_then(|text| parse(reader, text)))),
            }
        }
    }
}

fn decode(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))
}

fn parse(reader: &mut Reader, text: &str) -> Result<Box<Snapshot>, String> {
    match reader.parse(text) {
        Ok(snapshot) => Ok(Box::new(snapshot)),
        Err(_) => Err(explain(text)),
    }
}

/// Why a text is no snapshot, and which of its fields is wrong: a second, careful parse finds this.
fn explain(text: &str) -> String {
    /// The field that distinguishes versions.
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
        #[serde(rename = "madeBy")]
        made_by: Option<String>,
    }
    if let Ok(Versioned { version, made_by }) = serde_json::from_str(text)
        && version != SNAPSHOT_VERSION
    {
        let by = made_by.map(|by| format!(", made by reconcile {}", short(by))).unwrap_or_default();
        return format!(
            "expected a snapshot of version {SNAPSHOT_VERSION}, found version {version}{by}; use that reconcile, or a later one"
        );
    }
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Snapshot>(&mut json) {
        Err(error) => {
            let field = error.path().to_string();
            let at = if field == "." { String::new() } else { format!("at {}: ", short(field)) };
            // The place is reported separately: a text that somebody else wrote can be long, and only a part of it is
            // repeated.
            let (line, column) = (error.inner().line(), error.inner().column());
            let why = error.inner().to_string();
            let why = why.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&why);
            let place = if line > 1 { format!("line {line}, column {column}") } else { format!("column {column}") };
            format!("expected a snapshot that `reconcile observe` wrote: {at}{} ({place})", short(why.into()))
        }
        Ok(_) => match json.end() {
            Err(error) => format!("expected one snapshot: {error}"),
            Ok(()) => "expected one snapshot".into(),
        },
    }
}

/// The snapshot of a server from its offline registry: facts that the registry does not contain are unknown.
fn registry(path: &Path) -> Result<Box<Snapshot>, String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let host: ServerName = stem.parse().map_err(|error| {
        format!("a registry does not say whose it is, so its file must be named after the server: {error}")
    })?;
    let bytes = read_limited(path, HIVE_LIMIT).map_err(|error| error.to_string())?;
    let named = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("hiv") || end.eq_ignore_ascii_case("hive"));
    let (kind, offline) = if Offline::is_hive(&bytes) || named && !Offline::is_export(&bytes) {
        ("a registry hive", Offline::from_hive(&bytes))
    } else {
        ("a registry export", Offline::from_export(&bytes))
    };
    let offline = offline.map_err(|error| error.to_string())?;
    let changed = std::fs::metadata(path).and_then(|file| file.modified());
    let changed = changed.ok().and_then(|time| Timestamp::try_from(time).ok());
    let at = offline.written.or(changed).ok_or("neither the registry nor its file has a date")?;
    let seen = Observed {
        boot: absent(kind),
        components: offline.components,
        services: absent(kind),
        reboot: offline.reboot,
        installing: absent(kind),
        ..Observed::unread(host, at)
    };
    let made_by = kind.to_owned();
    Ok(Box::new(Snapshot {
        version: SNAPSHOT_VERSION,
        made_by,
        lab: false,
        builds_only: true,
        manifest_fingerprint: None,
        seen,
        marks: Marks::default(),
    }))
}

fn absent<T>(kind: &str) -> Fact<T> {
    Fact::Unknown(format!("{kind} does not hold it"))
}
