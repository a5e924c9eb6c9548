//! Rollouts of drawn fleets over virtual time, and the arithmetic that judges them.

mod draw;
mod drive;
mod judge;

pub use draw::*;
pub use drive::*;
pub use judge::*;
