//! A server by what was taken away from it.

mod export;
mod hive;
mod offline;

pub use offline::{EXPORT_LIMIT, HIVE_LIMIT, Offline, OfflineError, read_limited};
