//! The clock of this machine.

use jiff::Timestamp;

/// The time by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "the edge: a command begins now, and a report says when it was made")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
