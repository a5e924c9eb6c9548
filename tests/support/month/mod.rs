//! A month of unattended nights on twelve simulated servers in three time zones.
//!
//! Every server runs `apply` once an hour, at a minute drawn from a seed. In that month, summer time ends in Berlin and
//! in New York.

mod fleet;
mod nights;

pub use fleet::*;
pub use nights::*;
