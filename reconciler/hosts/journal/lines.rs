//! The lines of a journal: how one is written, and which of the lines in a file count.

use std::{fmt, path::Path};

use jiff::Timestamp;
use reconcile_schema::{Mark, Marks, RunId, unread};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::error::JournalError;

/// How many zeros at its end count as an interrupted append, in bytes: one page. After a power cut, NTFS may show zeros
/// where a file has grown and its data was not written. An append that has returned was flushed, so the zeros belong to
/// one that has not, and hardly any line is longer than a page.
const ZEROS: usize = 4096;

/// The text between a line's content and its checksum.
const SUM: &str = r#","sum":""#;

/// An entry, for writing. The mark is on one level with the other fields, so that a line reads as one.
#[derive(Serialize)]
pub struct Line<'a> {
    pub seq: u64,
    pub at: Timestamp,
    pub run: &'a RunId,
    #[serde(flatten)]
    pub mark: &'a Mark,
}

/// An entry, for reading.
pub struct Entry {
    pub seq: u64,
    pub at: Timestamp,
    pub run: RunId,
    pub mark: Mark,
}

/// Written by hand, because a derived one would first buffer the whole line to find out which fields belong to the
/// mark. The fields are in the order of [`Line`], and every run reads a journal.
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seq, at, run and a mark, in this order")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let (seq, at, run) = (field(&mut map, "seq")?, field(&mut map, "at")?, field(&mut map, "run")?);
                Ok(Entry { seq, at, run, mark: Mark::deserialize(MapAccessDeserializer::new(map))? })
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The next field, which must have this name.
fn field<'de, A: MapAccess<'de>, T: Deserialize<'de>>(map: &mut A, name: &'static str) -> Result<T, A::Error> {
    match map.next_entry::<&str, T>()? {
        Some((found, value)) if found == name => Ok(value),
        Some(_) | None => Err(de::Error::missing_field(name)),
    }
}

/// A line with its checksum and its end.
pub fn line(entry: &Line<'_>) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(entry)?;
    line.pop(); // The closing brace comes after the checksum.
    let sum = crc32fast::hash(line.as_bytes());
    line.push_str(&format!("{SUM}{sum:08x}\"}}\r\n"));
    Ok(line)
}

/// The content of a complete line as JSON, if its checksum is correct; its line end may be lost.
pub fn intact(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line).strip_suffix("\"}")?;
    let (content, sum) = line.rsplit_once(SUM)?;
    (sum == format!("{:08x}", crc32fast::hash(content.as_bytes()))).then(|| format!("{content}}}"))
}

/// A journal with other words in it: `value` changes the mark of each intact line, which gets the checksum of its new
/// content, and `text` the lines that cannot be read. So the same lines count as before.
pub fn reworded(
    bytes: &[u8],
    value: &mut dyn FnMut(serde_json::Value) -> serde_json::Value,
    text: &mut dyn FnMut(&str) -> String,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for old in bytes.split_inclusive(|byte| *byte == b'\n') {
        let entry = intact(old).and_then(|json| serde_json::from_str::<Entry>(&json).ok());
        let new = entry.and_then(|Entry { seq, at, run, mark }| {
            let mark: Mark = serde_json::from_value(value(serde_json::to_value(mark).ok()?)).ok()?;
            line(&Line { seq, at, run: &run, mark: &mark }).ok()
        });
        out.extend_from_slice(new.unwrap_or_else(|| text(&String::from_utf8_lossy(old))).as_bytes());
    }
    out
}

/// A piece of a journal: a line that counts, or a number of lines that cannot be read.
pub enum Piece {
    Line(Box<Entry>),
    Lost(u32),
}

impl Piece {
    pub fn tell(&self, marks: &mut Marks) {
        match self {
            Self::Line(entry) => marks.take(&entry.run, entry.at, &entry.mark),
            Self::Lost(lines) => marks.lose(*lines),
        }
    }

    /// This many lost lines.
    fn lost(lines: u64) -> Self {
        Self::Lost(u32::try_from(lines).unwrap_or(u32::MAX))
    }
}

/// A line with an entry, and where it is. Of all other lines only the number is known: a journal can be millions of them.
struct Found {
    /// How many lines come before it.
    index: u64,
    begins: u64,
    ends: u64,
    entry: Box<Entry>,
}

/// The pieces of a journal, each with the position after it, and the length of the journal without an interrupted
/// append; in bytes.
///
/// A line counts if it is intact and in its place. If lines contradict the order of their numbers, since one was moved
/// or repeated, the largest set of lines that agree counts. Missing numbers are lost lines.
pub fn pieces(bytes: &[u8], path: &Path) -> Result<(Vec<(Piece, u64)>, u64), JournalError> {
    let mut found: Vec<Found> = Vec::new();
    let (mut version, mut lines, mut end) = (None, 0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (index, begins) = (lines, end);
        lines += 1;
        end += line.len() as u64;
        let entry = match intact(line).map(|json| whole(&json)).transpose() {
            Ok(entry) => entry,
            Err(cause) if cause.is_data() => {
                return Err(JournalError::Newer { path: path.to_owned(), line: lines, version, cause });
            }
            Err(_) => None, // This is no line: the checksum of nothing is correct.
        };
        if let Some(Mark::RunBegan { version: wrote, .. }) = entry.as_ref().map(|entry| &entry.mark) {
            version = Some(wrote.clone());
        }
        let entry = entry.filter(|entry| SEQS.contains(&entry.seq)).map(Box::new);
        found.extend(entry.map(|entry| Found { index, begins, ends: end, entry }));
    }
    let is_entry = found.last().is_some_and(|found| found.index + 1 == lines);
    let numbers: Vec<_> = found.iter().map(|found| found.entry.seq).collect();
    let in_place = in_place(&numbers);
    let last = in_place.last().and_then(|last| numbers.get(*last).copied()).unwrap_or(0);
    let tail = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    if !tail.is_empty() && !is_entry && is_cut_off(tail, last + 1) {
        lines -= 1;
        end -= tail.len() as u64;
    }
    let mut in_place = in_place.into_iter().peekable();
    // The number of the last line that counts, and how many lines there are up to it.
    let (mut pieces, mut before, mut passed) = (Vec::new(), 0, 0);
    for (place, Found { index, begins, ends, entry }) in found.into_iter().enumerate() {
        if in_place.next_if_eq(&place).is_none() {
            continue;
        }
        let lost = (index - passed).max(entry.seq - before - 1);
        if lost > 0 {
            pieces.push((Piece::lost(lost), begins));
        }
        (before, passed) = (entry.seq, index + 1);
        pieces.push((Piece::Line(entry), ends));
    }
    if lines > passed {
        pieces.push((Piece::lost(lines - passed), end));
    }
    Ok((pieces, end))
}

/// The numbers that a line can have: no run comes close to the last.
const SEQS: std::ops::Range<u64> = 1..1 << 53;

/// The positions of the longest increasing sequence of these numbers, and of equally long ones the one with the lowest
/// numbers.
fn in_place(numbers: &[u64]) -> Vec<usize> {
    // For each length, the chain with the lowest end; and for each number, the one before it in its chain.
    let (mut ends, mut before): (Vec<(u64, usize)>, _) = (Vec::new(), vec![None; numbers.len()]);
    for (index, number) in numbers.iter().copied().enumerate() {
        let length = ends.partition_point(|(end, _)| *end < number);
        if let (Some(shorter), Some(before)) = (length.checked_sub(1), before.get_mut(index)) {
            *before = ends.get(shorter).map(|(_, last)| *last);
        }
        match ends.get_mut(length) {
            Some(end) => *end = (number, index),
            None => ends.push((number, index)),
        }
    }
    let last = ends.last().map(|(_, last)| *last);
    let mut chain: Vec<_> = std::iter::successors(last, |index| before.get(*index).copied().flatten()).collect();
    chain.reverse();
    chain
}

/// Whether `tail` is the rest of an interrupted append: the beginning of the line with the number `next`, or zeros in
/// place of its remaining bytes. Nobody received the report that it was written, so nothing is lost with it.
fn is_cut_off(tail: &[u8], next: u64) -> bool {
    let written = tail.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let (written, zeros) = tail.split_at(written);
    let begins = format!("{{\"seq\":{next},");
    let begins = written.starts_with(begins.as_bytes()) || begins.as_bytes().starts_with(written);
    let ends_early = || serde_json::from_slice::<de::IgnoredAny>(written).is_err_and(|error| error.is_eof());
    // A journal of nothing but zeros must have had content.
    let room = zeros.len() <= ZEROS && (!written.is_empty() || next > 1);
    room && begins && (written.is_empty() || ends_early())
}

/// The entry in a line, with every field understood: a field from a later version may be the reason why a step is
/// forbidden.
fn whole(json: &str) -> Result<Entry, serde_json::Error> {
    let entry: Entry = serde_json::from_str(json)?;
    // Every run reads a journal, and nearly all of its lines are as this version writes them.
    let Entry { seq, at, run, mark } = &entry;
    if serde_json::to_string(&Line { seq: *seq, at: *at, run, mark })? == json {
        return Ok(entry);
    }
    let mut written: serde_json::Value = serde_json::from_str(json)?;
    if let Some(fields) = written.as_object_mut() {
        fields.retain(|name, _| !["seq", "at", "run", "sum"].contains(&name.as_str())); // They surround each mark.
    }
    match unread(&written, &serde_json::to_value(&entry.mark)?) {
        Some(field) => Err(serde_json::Error::custom(format_args!("unknown field {field}"))),
        None => Ok(entry),
    }
}
