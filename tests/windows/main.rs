//! `reconcile.exe` on machines with a real Win32 API, under Wine. Run it with `tests/windows/run`.
//!
//! Each test has its own machine: a registry, and a service manager whose services are real processes. Doubles
//! (`doubles/`) stand for the parts that are not available: the product's services, its updater, its management shell.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]
#![expect(clippy::disallowed_methods, reason = "the driver starts Wine and waits for it, with a limit")]

mod campaigns;
mod commands;
mod conformance;
mod crashes;
mod databases;
mod doctor;
mod documented;
mod doubles_play;
mod machine;
mod msi;
mod others;
mod overlap;
mod planted;
mod pools;
mod processes;
mod real_powershell;
mod reconcile;
mod refusals;
mod reports;
mod restarts;
mod schedule;
mod server;
mod setbacks;
mod strangers;
mod support;
mod unpublished;
