//! The scheduled task that runs this program: its request as a definition for Windows' Task Scheduler, and the way
//! back.
//!
//! Nothing here touches the Task Scheduler (the Windows host does), so that a definition can be created, validated and
//! compared on any operating system. The meaning of the elements, their values and their defaults are from Microsoft
//! Learn, "Task Scheduler Schema", and \[MS-TSCH\] 2.5.

mod account;
mod compare;
mod document;
mod duration;
mod limit;
mod place;
mod request;

pub use account::{Account, AccountError};
pub use compare::{differences, told};
pub use document::{DocumentError, Element, decode, file};
pub use limit::longest;
pub use place::{PATH, PROGRAM, Place, PlaceError};
pub use request::{NotOurs, Request, RequestError};

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#[path = "tests.rs"]
mod tests;
