//! The clocks of this machine: the one place where this host reads the time or lets it pass.
#![expect(clippy::disallowed_methods, reason = "a real machine has real time; decisions get it as a parameter")]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time of the machine's clock; somebody may change it at any time.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A moment to measure from, independent of the machine's clock.
pub fn moment() -> Instant {
    Instant::now()
}

/// Lets time pass.
pub fn wait(period: Duration) {
    std::thread::sleep(period);
}
