//! Any bytes as a registry export.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reconcile_hosts::snapshot::Offline;

fuzz_target!(|bytes: &[u8]| {
    let _ = Offline::is_export(bytes);
    let _ = Offline::from_export(bytes);
});
