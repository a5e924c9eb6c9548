//! What is needed to help: gathered part by part, and on request with other names in it.

mod anonymous;
mod gather;
mod learn;
mod names;
mod pack;
mod reserved;
mod table;

pub use gather::{Left, gather, size};
pub use pack::{Packed, anonymous, plain};
