//! The target with the name of this binary. FUZZ_SLOWEST is the path for its slowest input so far.
#![no_main]

use std::{
    env, fs,
    sync::Mutex,
    time::{Duration, Instant},
};

use libfuzzer_sys::fuzz_target;

static SLOWEST: Mutex<Duration> = Mutex::new(Duration::ZERO);

fuzz_target!(|bytes: &[u8]| {
    let began = Instant::now();
    reconcile_fuzz::check(env!("CARGO_BIN_NAME"), bytes);
    let took = began.elapsed();
    let mut slowest = SLOWEST.lock().unwrap();
    if took > *slowest {
        *slowest = took;
        if let Some(path) = env::var_os("FUZZ_SLOWEST") {
            fs::write(path, bytes).unwrap();
        }
    }
});
