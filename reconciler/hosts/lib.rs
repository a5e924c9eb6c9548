//! What touches the world.
// On Windows the Windows host alone lifts the workspace's `deny`.
#![cfg_attr(not(windows), forbid(unsafe_code))]

mod command_line;
mod interrupt;
mod journal;
pub mod lab;
mod lock;
mod plain;
mod recognise;
mod restart;
mod share;
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
pub use share::{Share, ShareError};
