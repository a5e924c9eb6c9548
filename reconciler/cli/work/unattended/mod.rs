//! Runs of the scheduled task, and what they report.

mod events;
pub mod judgement;
pub mod last_run;
pub mod log;
mod metrics;
pub mod reporter;
pub mod run;
pub mod watch;
