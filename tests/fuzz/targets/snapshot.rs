//! Any bytes as snapshots: as lines, and as one document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reconcile_hosts::snapshot::{Piece, read};

fuzz_target!(|bytes: &[u8]| {
    let mut records = 0_usize;
    read(Piece::Lines { file: "fuzz".into(), first: 1, bytes: bytes.to_vec() }, |_| records += 1);
    // Each line is told of once, and none is made up.
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    assert_eq!(records, lines);
    read(Piece::Document { file: "fuzz".into(), bytes: bytes.to_vec() }, |record| {
        // What is read can be written, and read again.
        if let Ok(snapshot) = record.snapshot {
            let text = serde_json::to_string(&snapshot).expect("a snapshot can be written");
            let again = serde_json::from_str(&text).expect("a snapshot that was written can be read");
            assert_eq!(*snapshot, again);
        }
    });
});
