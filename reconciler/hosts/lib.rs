//! What touches the world.
// On Windows the Windows host alone lifts the workspace's `deny`.
#![cfg_attr(not(windows), forbid(unsafe_code))]

pub mod appear;
mod believed;
mod claim_files;
mod command_line;
mod dfs;
mod interrupt;
mod journal;
pub mod lab;
mod lock;
pub mod open;
#[cfg(any(windows, test))]
mod ownership;
mod plain;
mod recognise;
mod restart;
#[cfg(any(windows, test))]
mod running;
mod share;
mod share_error;
pub mod snapshot;
pub mod task;
mod uninstall;
#[cfg(windows)]
pub mod windows;

pub use command_line::command_line;
pub use interrupt::Interrupt;
pub use journal::{Journal, JournalError};
pub use lock::{Lock, LockError};
pub use plain::read_plain;
pub use share::{Claimed, Share};
pub use share_error::ShareError;
