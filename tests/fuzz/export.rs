//! A registry export: its encoding changes nothing, and a valid export is recognised as one.

use reconcile_hosts::snapshot::Offline;

pub fn check(bytes: &[u8]) {
    let read = Offline::from_export(bytes);
    assert!(read.is_err() || Offline::is_export(bytes), "parsed, but not recognised");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
    };
    for encoded in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
        match (&read, &Offline::from_export(&encoded)) {
            (Ok(one), Ok(other)) => assert_eq!(one, other),
            (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
            (one, other) => panic!("in UTF-8 {one:?}, in UTF-16 {other:?}"),
        }
    }
}
