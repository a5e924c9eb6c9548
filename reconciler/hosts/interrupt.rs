//! Whether somebody wants the run to end, and how urgently. One thread raises this, and waiting threads read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether somebody wants the run to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicU8>);

const ENDS: u8 = 1;
const LEAVES: u8 = 2;

impl Interrupt {
    /// The run must end in order: it finishes what it has begun, and the services are started again.
    pub fn end(&self) {
        self.0.fetch_max(ENDS, Ordering::Relaxed);
    }

    /// The run must end at once: commands that must not be interrupted continue without it, and the services stay as
    /// they are.
    pub fn leave(&self) {
        self.0.fetch_max(LEAVES, Ordering::Relaxed);
    }

    /// Whether the run must end.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= ENDS
    }

    /// Whether it must end at once.
    #[must_use]
    pub fn leaves(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= LEAVES
    }
}
