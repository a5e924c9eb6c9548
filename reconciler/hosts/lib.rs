//! The hosts, and their files: this Windows server, a simulated one, and an earlier report of a server.
//!
//! A host can be observed (`reconcile_core::Observe`) and, unless it is a snapshot, changed (`reconcile_core::Act`).
//! The decision of `reconcile_core` applies to all of them. This example brings a simulated server to its update:
//!
//! ```
//! use reconcile_core::{End, Goal, Request, apply};
//! use reconcile_hosts::lab::{Lab, start};
//! use reconcile_schema::{Build, Manifest, Releases, RunId, Step};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let manifest: Manifest = serde_yaml::from_str(include_str!("../../manifests/lab.yaml"))?;
//! let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml"))?;
//! let goal = Goal::of(&manifest, &releases, &"sfb19-be1.lab.example".parse()?)?;
//!
//! let original = Build::new(7, 0, 2046, 123);
//! let mut lab = Lab::in_memory(start([(&goal, &original, Vec::new())]));
//! let mut host = lab.host(&goal.server)?;
//! let request = Request {
//!     goal: &goal,
//!     run: RunId("the first run".into()),
//!     version: "0.1.0",
//!     by: "CONTOSO\\alex",
//!     approved: None,
//!     forgive: false,
//!     interrupted: &|| None,
//! };
//! let outcome = apply(&mut host, &request, &mut |_event| {})?;
//! assert!(matches!(outcome.end, End::AtGoal));
//! assert_eq!(outcome.steps.iter().filter(|step| **step == Step::Install).count(), 1);
//!
//! // The world is the checkpoint: a second run finds nothing to do.
//! let again = apply(&mut host, &Request { run: RunId("the second run".into()), ..request }, &mut |_event| {})?;
//! assert!(again.steps.is_empty());
//! # Ok(())
//! # }
//! ```
// On Windows, only the Windows host lifts the workspace's `deny`.
#![cfg_attr(not(windows), forbid(unsafe_code))]

pub mod appear;
mod archive;
mod believed;
mod claim_files;
mod command_line;
mod dfs;
pub mod digest;
#[cfg(any(windows, test))]
mod examined;
mod interrupt;
mod journal;
pub mod lab;
mod lock;
mod log_files;
pub mod open;
#[cfg(any(windows, test))]
mod ownership;
mod plain;
mod recognise;
mod restart;
#[cfg(any(windows, test))]
mod running;
mod share;
mod share_error;
pub mod snapshot;
pub mod task;
mod uninstall;
mod utf16;
#[cfg(windows)]
pub mod windows;

pub use archive::{Archive, ArchiveError};
pub use command_line::command_line;
pub use interrupt::Interrupt;
pub use journal::{Journal, JournalError, reworded};
pub use lock::{Lock, LockError};
pub use log_files::{LogFile, LogFiles};
pub use plain::{ours, read_plain};
pub use share::{Claimed, Share};
pub use share_error::ShareError;
