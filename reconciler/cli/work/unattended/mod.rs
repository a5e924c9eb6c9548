//! Runs of the scheduled task, and their reports.

mod events;
pub mod judgement;
mod kept;
pub mod last_run;
pub mod log;
mod metrics;
pub mod record;
pub mod reporter;
pub mod run;
pub mod watch;
