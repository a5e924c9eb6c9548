//! The code that commands share: reaching servers, observing, converging and judging them. It does not know its
//! readers.

pub mod advice;
pub mod approval;
mod attendance;
pub mod audience;
pub mod comeback;
pub mod converge;
pub mod deployment;
pub mod diff;
mod down;
pub mod drift;
pub mod explain;
pub mod exposition;
pub mod findings;
pub mod installers;
pub mod interrupt;
pub mod judge;
pub mod look;
pub mod notes;
pub mod outage;
pub mod past;
pub mod plan;
pub mod ranges;
pub mod records;
pub mod rehearsal;
pub mod rescue;
pub mod rollout;
pub mod session;
pub mod shortfall;
pub mod sight;
pub mod site;
pub mod snapshot;
pub mod state;
pub mod task;
pub mod unattended;
pub mod words;
mod workers;
