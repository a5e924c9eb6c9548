//! Servers that were observed earlier, or only by an offline registry: read-only by type, on any operating system.

mod export;
mod hive;
mod keys;
mod offline;
mod reader;
mod recent;
mod record;
mod sources;
mod zipped;

pub use keys::OfflineError;
pub use offline::{EXPORT_LIMIT, HIVE_LIMIT, Offline, read_limited};
pub use reader::Reader;
pub use recent::Recent;
pub use record::{Origin, Record, read};
pub use sources::{Piece, SourceError, Sources};
