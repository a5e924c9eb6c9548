//! A month of unattended nights on twelve simulated servers in three time zones.
//!
//! Every server runs `apply` once an hour, at a minute that is drawn from a seed. The month contains the end of summer time
//! in Berlin and in New York.

mod fleet;
mod nights;

pub use fleet::*;
pub use nights::*;
