//! The scripts of the management shell on a real PowerShell, PowerShell 7 on Linux: `.ci/run powershell`.
//!
//! The cmdlets are stand-ins that take the documented parameters and nothing else. What only Windows PowerShell 3.0 to 5.1 can show is
//! left to an analyzer that knows their syntax and their cmdlets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]
#![expect(clippy::disallowed_methods, reason = "the driver starts a PowerShell and waits for it, with a limit")]

mod analyzer;
mod databases;
mod pools;
mod pull;
mod refusals;
mod server;
mod shell;
