//! The two ports: looking at a host, and acting on it. A mode that only looks holds only the first.

use alloc::{string::String, vec::Vec};
use core::fmt;

use reconcile_schema::{Mark, Marks, Observed, Period, RunId, Step};

use crate::{ask::Ask, goal::Goal, seen::Seen};

/// Looking at a host. Nothing is changed by it.
pub trait Observe {
    /// Why a host cannot be observed at all. A single fact that cannot be read is no error; it is unknown.
    type Error: fmt::Display;

    /// The cheap facts, read again; the expensive ones as they were last read. The goal names services besides the product's.
    ///
    /// # Errors
    /// When the host cannot be looked at at all.
    fn observe(&mut self, goal: &Goal) -> Result<Observed, Self::Error>;

    /// Reads one expensive fact; later observations carry it until an act may have changed it.
    ///
    /// # Errors
    /// When the host cannot be looked at at all.
    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), Self::Error>;

    /// What the journal remembers of this host.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn marks(&mut self) -> Result<Marks, Self::Error>;
}

/// Acting on a host.
pub trait Act: Observe {
    /// Takes one step and says what it saw; whether the step did what it should is seen at the next look. `quiet` hears for
    /// how long a command has given no sign of life, while it runs.
    ///
    /// # Errors
    /// When the step could not be taken, or failed by its own account.
    fn act(
        &mut self,
        goal: &Goal,
        seen: &Seen,
        step: &Step,
        quiet: &mut dyn FnMut(Period),
    ) -> Result<Acted, Self::Error>;

    /// Writes an entry into the journal; it is on the disk when this returns.
    ///
    /// # Errors
    /// When the journal cannot be written.
    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), Self::Error>;

    /// Lets time pass, to wait for something that somebody else must do.
    fn pause(&mut self, period: Period);
}

/// What a step said of itself: evidence, which decides nothing. What it did is seen at the next look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its own words, with its exit code where it has one.
    pub words: String,
    /// Whether it reported success.
    pub success: bool,
}

impl Account {
    /// It reported success.
    #[must_use]
    pub fn success(words: impl Into<String>) -> Self {
        Self { words: words.into(), success: true }
    }

    /// It reported failure.
    #[must_use]
    pub fn failure(words: impl Into<String>) -> Self {
        Self { words: words.into(), success: false }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// It ended, and said this.
    Ended(Account),
    /// Services were told to start.
    Started {
        /// What was said of it.
        said: Account,
        /// Those that took the order and ran, for a moment at least.
        ran: Vec<String>,
    },
    /// The installer ended.
    Installed {
        /// Its exit code.
        code: u32,
        log: Option<String>,
    },
    /// Somebody else uses what it changes, and goes on: nothing was done.
    Busy(String),
    /// The machine is going down, and this process with it.
    GoingDown,
}
