//! The two ports: observing a host, and acting on it. A mode that only observes has only the first one.

use alloc::{string::String, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{Mark, Marks, Observed, Period, RunId, Step};

use crate::{ask::Ask, goal::Goal, seen::Seen};

/// Observing a host, which changes nothing.
pub trait Observe {
    /// Why a host cannot be observed at all. A single fact that cannot be read is not an error but an unknown fact.
    type Error: fmt::Display;

    /// Reads the cheap facts again and returns the expensive ones as they were last read. The goal names further
    /// services, in addition to the product's.
    ///
    /// # Errors
    /// When the host cannot be observed at all.
    fn observe(&mut self, goal: &Goal) -> Result<Observed, Self::Error>;

    /// Reads one expensive fact; later observations carry it until an act may have changed it.
    ///
    /// # Errors
    /// When the host cannot be observed at all.
    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), Self::Error>;

    /// What the journal records about this host.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn marks(&mut self) -> Result<Marks, Self::Error>;
}

/// Acting on a host.
pub trait Act: Observe {
    /// Takes one step and returns what the step reported; the next observation shows whether it had its effect. While a
    /// command runs, `quiet` receives how long it has given no sign of life.
    ///
    /// # Errors
    /// When the step could not be taken, or reported failure itself.
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

    /// Lets time pass, to wait for somebody else's work.
    fn pause(&mut self, period: Period);
}

/// What a step reported: evidence, which decides nothing. The next observation shows its effect.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// It ended and reported this.
    Ended(Account),
    /// Services were asked to start.
    Started {
        /// What the step reported.
        said: Account,
        /// Those that started and ran, at least for a moment.
        ran: Vec<String>,
    },
    /// The installer ended.
    Installed { code: u32, log: Option<String> },
    /// Somebody else uses what it would change and does not stop, so nothing was done.
    Busy(String),
    /// The machine is going down, and this process with it: at this time, if it is known.
    GoingDown(Option<Timestamp>),
}
