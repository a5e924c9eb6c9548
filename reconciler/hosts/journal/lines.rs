//! The lines of a journal: how one is written, and which of those that lie there count.

use std::{fmt, path::Path};

use jiff::Timestamp;
use reconcile_schema::{Mark, Marks, RunId, unread};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::error::JournalError;

/// How many zeros at its end are taken for an append that was cut off, in bytes: a page. After a power cut, NTFS may show zeros
/// where a file has grown and its data was not written. An append that has returned was flushed; so the zeros are one that
/// has not, and hardly any line is longer than a page.
const ZEROS: usize = 4096;

/// What stands between a line's content and its checksum.
const SUM: &str = r#","sum":""#;

/// An entry as it is written. The mark stands beside the other fields, so that a line reads as one.
#[derive(Serialize)]
pub struct Line<'a> {
    pub seq: u64,
    pub at: Timestamp,
    pub run: &'a RunId,
    #[serde(flatten)]
    pub mark: &'a Mark,
}

/// An entry as it is read.
pub struct Entry {
    pub seq: u64,
    pub at: Timestamp,
    pub run: RunId,
    pub mark: Mark,
}

/// By hand, because a derived one would first put the whole line aside to find out which fields are the mark's: they stand
/// in the order of [`Line`], and a journal is read at every run.
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

/// The field that comes next, which must have this name.
fn field<'de, A: MapAccess<'de>, T: Deserialize<'de>>(map: &mut A, name: &'static str) -> Result<T, A::Error> {
    match map.next_entry::<&str, T>()? {
        Some((found, value)) if found == name => Ok(value),
        Some(_) | None => Err(de::Error::missing_field(name)),
    }
}

/// A line with its checksum and its end.
pub fn line(entry: &Line<'_>) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(entry)?;
    line.pop(); // The brace that closes it stands behind the checksum.
    let sum = crc32fast::hash(line.as_bytes());
    line.push_str(&format!("{SUM}{sum:08x}\"}}\r\n"));
    Ok(line)
}

/// The content of a whole line as JSON, when its checksum is right; its end may be lost.
pub fn intact(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line).strip_suffix("\"}")?;
    let (content, sum) = line.rsplit_once(SUM)?;
    (sum == format!("{:08x}", crc32fast::hash(content.as_bytes()))).then(|| format!("{content}}}"))
}

/// A piece of a journal: a line that counts, or so many that cannot be read.
pub enum Piece {
    Line(Entry),
    Lost(u32),
}

impl Piece {
    pub fn tell(&self, marks: &mut Marks) {
        match self {
            Self::Line(entry) => marks.take(&entry.run, entry.at, &entry.mark),
            Self::Lost(lines) => marks.lose(*lines),
        }
    }
}

/// The pieces of a journal, each with the place behind it, and how long the journal is without an append that was cut off; in
/// bytes.
///
/// A line counts that is intact and in its place: of lines that contradict the order of their numbers, since one was moved or
/// repeated, as many count as agree with each other. Numbers that are missing are lines that are lost.
pub fn pieces(bytes: &[u8], path: &Path) -> Result<(Vec<(Piece, u64)>, u64), JournalError> {
    let mut lines: Vec<(Option<Entry>, u64)> = Vec::new();
    let (mut version, mut end) = (None, 0);
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        end += line.len() as u64;
        let entry = match intact(line).map(|json| whole(&json)).transpose() {
            Ok(entry) => entry,
            Err(cause) if cause.is_data() => {
                return Err(JournalError::Newer { path: path.to_owned(), line: number, version, cause });
            }
            Err(_) => None, // No line at all: the checksum of nothing is right.
        };
        if let Some(Mark::RunBegan { version: wrote, .. }) = entry.as_ref().map(|entry| &entry.mark) {
            version = Some(wrote.clone());
        }
        lines.push((entry.filter(|entry| SEQS.contains(&entry.seq)), end));
    }
    let numbers: Vec<_> = lines.iter().map(|(entry, _)| entry.as_ref().map(|entry| entry.seq)).collect();
    let last = in_place(&numbers).last().and_then(|last| numbers.get(*last).copied().flatten()).unwrap_or(0);
    let tail = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    if !tail.is_empty() && matches!(lines.last(), Some((None, _))) && is_cut_off(tail, last + 1) {
        lines.pop();
        end -= tail.len() as u64;
    }
    let mut in_place = in_place(&numbers).into_iter().peekable();
    let (mut pieces, mut before, mut lost, mut place) = (Vec::new(), 0, 0_u64, 0);
    for (index, (entry, end)) in lines.into_iter().enumerate() {
        match entry.filter(|_| in_place.next_if_eq(&index).is_some()) {
            None => lost += 1,
            Some(entry) => {
                lost = lost.max(entry.seq - before - 1);
                if lost > 0 {
                    pieces.push((Piece::Lost(u32::try_from(lost).unwrap_or(u32::MAX)), place));
                }
                (before, lost) = (entry.seq, 0);
                pieces.push((Piece::Line(entry), end));
            }
        }
        place = end;
    }
    if lost > 0 {
        pieces.push((Piece::Lost(u32::try_from(lost).unwrap_or(u32::MAX)), place));
    }
    Ok((pieces, end))
}

/// The numbers that a line can have: no run comes near the last.
const SEQS: std::ops::Range<u64> = 1..1 << 53;

/// Of these numbers, where those stand that increase from one to the next: the most there are, and of equal ones the lowest.
fn in_place(numbers: &[Option<u64>]) -> Vec<usize> {
    // Of the chains of each length, the one that ends lowest; and what comes before each number in its chain.
    let (mut ends, mut before): (Vec<(u64, usize)>, _) = (Vec::new(), vec![None; numbers.len()]);
    for (index, number) in numbers.iter().enumerate() {
        let Some(number) = *number else { continue };
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

/// Whether `tail` is what an append leaves that was cut off: the beginning of the line with the number `next`, or zeros where
/// the rest of it should be. Nobody was told that it was written, so nothing is lost with it.
fn is_cut_off(tail: &[u8], next: u64) -> bool {
    let written = tail.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let (written, zeros) = tail.split_at(written);
    let begins = format!("{{\"seq\":{next},");
    let begins = written.starts_with(begins.as_bytes()) || begins.as_bytes().starts_with(written);
    let ends_early = || serde_json::from_slice::<de::IgnoredAny>(written).is_err_and(|error| error.is_eof());
    // A journal of zeros alone was one that held something.
    let room = zeros.len() <= ZEROS && (!written.is_empty() || next > 1);
    room && begins && (written.is_empty() || ends_early())
}

/// The entry that a line is, all of it: what a later version has added may be why something must not be done.
fn whole(json: &str) -> Result<Entry, serde_json::Error> {
    let entry: Entry = serde_json::from_str(json)?;
    let mut written: serde_json::Value = serde_json::from_str(json)?;
    if let Some(fields) = written.as_object_mut() {
        fields.retain(|name, _| !["seq", "at", "run", "sum"].contains(&name.as_str())); // What is around each mark.
    }
    match unread(&written, &serde_json::to_value(&entry.mark)?) {
        Some(field) => Err(serde_json::Error::custom(format_args!("unknown field {field}"))),
        None => Ok(entry),
    }
}
