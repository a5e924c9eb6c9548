//! Code that several tests and benchmarks share.
#![forbid(unsafe_code)]
#![expect(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test and a benchmark may panic, and nobody else uses this"
)]

pub mod figures;
pub mod manifest;
pub mod month;
pub mod program;
pub mod readers;
pub mod rollout;
