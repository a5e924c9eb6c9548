//! Snapshots, as lines and as one document: each is reported once, and the cache of the reader changes nothing.

use reconcile_hosts::snapshot::{Piece, Reader, read};

pub fn check(bytes: &[u8]) {
    let (mut reader, mut records) = (Reader::default(), 0_usize);
    read(&mut reader, Piece::Lines { file: "fuzz".into(), first: 1, bytes: bytes.to_vec() }, |_| records += 1);
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    assert_eq!(records, lines);
    read(&mut reader, Piece::Document { file: "fuzz".into(), bytes: bytes.to_vec() }, |record| {
        // A snapshot survives a round trip.
        if let Ok(snapshot) = record.snapshot {
            let text = serde_json::to_string(&snapshot).unwrap();
            assert_eq!(Ok(*snapshot), serde_json::from_str(&text).map_err(|error| error.to_string()));
        }
    });
    for line in bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
        assert_eq!(reader.parse(line).ok(), serde_json::from_str(line).ok());
    }
}
