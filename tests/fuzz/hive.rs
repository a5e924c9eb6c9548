//! A registry hive: a file without its signature is refused, and bytes after its end change nothing.

use reconcile_hosts::snapshot::Offline;

pub fn check(bytes: &[u8]) {
    let read = Offline::from_hive(bytes);
    assert!(read.is_err() || Offline::is_hive(bytes), "parsed, but not recognised");
    if let Ok(hive) = read {
        let longer = [bytes, &[0xa5; 4096]].concat();
        assert_eq!(hive, Offline::from_hive(&longer).unwrap(), "bytes after the hive were read");
    }
}
