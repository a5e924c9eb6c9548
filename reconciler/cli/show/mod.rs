//! Everything that people and programs read, except the errors of a manifest.

pub mod claims;
pub mod columns;
pub mod console;
pub mod doctor;
pub mod draft;
pub mod drift;
pub mod fleet;
pub mod history;
pub mod inventory;
pub mod lab;
pub mod notes;
pub mod out;
mod progress;
pub mod reference;
pub mod rehearsal;
pub mod releases;
pub mod render;
pub mod resolved;
#[cfg(any(windows, test))]
pub mod schedule;
pub mod status;
pub mod support;
pub mod topics;
pub mod voice;
pub mod why;
