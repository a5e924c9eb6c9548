//! A journal: the longest intact beginning counts completely, no byte of the file is lost, and reading agrees with
//! opening.

use std::{fs, path::Path};

use jiff::Timestamp;
use reconcile_hosts::Journal;
use reconcile_schema::{Mark, RunId};
use serde_json::Value;

use crate::scratch::Scratch;

pub fn check(bytes: &[u8]) {
    journal(bytes);
    journal(&sealed(bytes)); // No mutation guesses a checksum.
}

fn journal(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.file("journal.jsonl", bytes);
    let Ok(marks) = Journal::read(&path) else {
        // A later version may understand this intact line, so the file must stay unchanged.
        Journal::open(&path).unwrap_err();
        assert_eq!(files(&path), [("journal.jsonl".to_owned(), bytes.to_vec())]);
        return;
    };
    let entries = Journal::entries(&path).unwrap();
    assert!(entries.len() >= intact(bytes), "{} of {} intact lines", entries.len(), intact(bytes));
    assert_eq!(files(&path), [("journal.jsonl".to_owned(), bytes.to_vec())], "reading changes nothing");

    let mut open = Journal::open(&path).unwrap();
    assert_eq!(*open.marks(), marks);
    let kept = fs::read(&path).unwrap();
    // The damaged part stays in place or moves to its own file.
    let behind = bytes.strip_prefix(kept.as_slice()).unwrap_or_else(|| panic!("{kept:?} is not the beginning"));
    let is_aside = || files(&path).into_iter().any(|(name, held)| name != "journal.jsonl" && held == behind);
    assert!(behind.is_empty() || is_aside(), "the removed part is lost");

    let (run, mark) = (RunId("fuzz".into()), Mark::Held { reason: "fuzz".into(), by: "fuzz".into() });
    open.append(&run, Timestamp::UNIX_EPOCH, &mark).unwrap();
    let again = Journal::entries(&path).unwrap();
    assert_eq!(again.split_last(), Some((&(run, Timestamp::UNIX_EPOCH, mark), entries.as_slice())));
    assert_eq!(Journal::read(&path).unwrap(), *open.marks());
}

/// All files in the folder of this file.
fn files(path: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// The number of intact lines in sequence from the beginning, by an independent reader of the format.
fn intact(bytes: &[u8]) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let is_intact = |(number, line): (usize, &[u8])| -> Option<()> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (content, sum) = line.strip_suffix("\"}")?.split_at_checked(line.len().checked_sub(10)?)?;
        let content = content.strip_suffix(",\"sum\":\"")?;
        let entry: Value = serde_json::from_str(line).ok()?;
        (format!("{:08x}", crc32(content.as_bytes())) == sum && entry["seq"] == number).then_some(())
    };
    (1..).zip(lines).map_while(is_intact).count()
}

/// Gives every line its correct checksum.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let sum = line.windows(8).rposition(|part| part == b",\"sum\":\"");
        let content = &line[..sum.unwrap_or_else(|| line.iter().rposition(|byte| *byte == b'}').unwrap_or(line.len()))];
        out.extend(content);
        out.extend(format!(",\"sum\":\"{:08x}\"}}\r\n", crc32(content)).bytes());
    }
    out
}

/// CRC-32 (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
