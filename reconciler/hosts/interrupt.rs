//! Whether somebody wants the run to end, and how soon: raised by one thread, and heard by those who wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether somebody wants the run to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicU8>);

const ENDS: u8 = 1;
const LEAVES: u8 = 2;

impl Interrupt {
    /// The run is to end well: what it has begun comes to its end, and the services come back.
    pub fn end(&self) {
        self.0.fetch_max(ENDS, Ordering::Relaxed);
    }

    /// The run is to end at once: what must not be cut off goes on without it, and the services stay as they are.
    pub fn leave(&self) {
        self.0.fetch_max(LEAVES, Ordering::Relaxed);
    }

    /// Whether the run is to end.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= ENDS
    }

    /// Whether it is to end at once.
    #[must_use]
    pub fn leaves(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= LEAVES
    }
}
