//! What follows from a goal and the observed facts: the one step that comes next.
//!
//! The crate is `no_std` not for small machines, but so that a decision cannot read a clock, a file or a registry.
//!
//! # The walls
//!
//! A file uses only files of the rows below its own, or files to its right in the same row, and takes each name from the file that
//! defines it, never from here. `tests/walls.rs` reads this table and holds every path of the crate against it.
//!
//! | row | files | what they are |
//! |---|---|---|
//! | 1 | `apply`, `doctor`, `plan`, `why` | the decision, unfolded over a host and over expected effects |
//! | 2 | `next` | the decision: what is wanted, if nothing forbids it |
//! | 3 | `gate`, `conditions`, `checks` | what forbids: a table from causes to conditions, what each needs, and the checks |
//! | 4 | `foresee`, `decisive` | lengths and outages of what remains; what of a server matters to a decision |
//! | 5 | `fitness`, `machine`, `comeback`, `surroundings`, `drift`, `effect`, `room` | whether a server is fit for an outage, what differs, what a step is expected to change, the disk space that it needs |
//! | 6 | `wanted` | the documented procedure |
//! | 7 | `host`, `command`, `rights`, `proof`, `lacking`, `found` | the two ports, and what a step means for a goal |
//! | 8 | `claims`, `pool`, `declared`, `aimed`, `goal`, `pool_stores`, `rules`, `topology`, `parts`, `roster`, `remedy` | what one server must become, and where it stands |
//! | 9 | `code`, `blocker`, `expensive`, `step`, `seen`, `approved`, `ask`, `unready`, `quorum`, `clock`, `drive`, `calendar`, `layers`, `history`, `age` | the words of a decision |
//! | apart | `fleet/batches`, `fleet/waves`, `fleet/chains`, `fleet/soak`, `warnings`, `validate`, `together` | may use `foresee`, `goal`, `pool_stores`, `topology`, `parts`, `roster`, `remedy`, `quorum`, `calendar` |
//!
//! Files that stand apart are not used by the others and never use `Seen`: they know manifests and fleets, not servers.
#![no_std]
#![forbid(unsafe_code)]
#![expect(missing_docs, reason = "a name that says it needs no second one")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "it protects the matches over Step and Cause; their files have it on"
)]

extern crate alloc;

mod age;
mod aimed;
mod apply;
mod approved;
mod ask;
mod blocker;
mod calendar;
mod checks;
mod claims;
mod clock;
mod code;
mod comeback;
#[warn(clippy::wildcard_enum_match_arm)]
mod command;
mod conditions;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
mod decision_tests;
mod decisive;
mod declared;
mod doctor;
mod drift;
mod drive;
#[warn(clippy::wildcard_enum_match_arm)]
mod effect;
mod expensive;
mod fitness;
mod fleet;
mod foresee;
mod found;
#[warn(clippy::wildcard_enum_match_arm)]
mod gate;
mod goal;
mod history;
mod host;
mod lacking;
mod layers;
mod machine;
mod next;
mod parts;
mod plan;
mod pool;
mod pool_stores;
mod proof;
mod quorum;
mod remedy;
mod rights;
mod room;
mod roster;
mod rules;
mod seen;
mod step;
mod surroundings;
mod together;
mod topology;
mod unready;
mod validate;
mod wanted;
mod warnings;
mod why;

pub use age::{Stale, accepting, expired, stale};
pub use apply::{End, Event, Outcome, Request, apply, bring_back};
pub use approved::{Approved, Deviation};
pub use ask::Ask;
pub use blocker::{Blocker, Class, Hanging, Unfit, shown_code};
pub use calendar::{Opening, next_opening, open_at, openings};
pub use claims::{claim_of, reached};
pub use clock::{WrongClock, wrong_clock};
pub use command::Command;
pub use decisive::decisive;
pub use doctor::{Diagnosis, asks, diagnose};
pub use drift::{Compared, FactKind, Said, compare, drift, origin, state, state_of};
pub use drive::Drive;
pub use effect::after;
pub use expensive::Expensive;
pub use fleet::{
    batches::{Batch, batches},
    chains::{Chain, Fleet, Member},
    soak::{Done, Waits, soaks},
    waves::{Left, Schedule, Turn, Waves, schedule},
};
pub use foresee::{Foreseen, Prediction, assumed, foreseen, foreseen_whole, outlook, pool_databases_whole, usual};
pub use found::Found;
pub use goal::Goal;
pub use history::history;
pub use host::{Account, Act, Acted, Observe};
pub use lacking::lacking;
pub use layers::layers;
pub use next::{Next, next};
pub use parts::{Part, Source, SourceKind, Trace};
pub use plan::{Plan, PlanEnd, PlannedStep, ahead, plan};
pub use pool::strange;
pub use pool_stores::{PoolStore, PoolStores, SqlPaths, Update, updates};
pub use quorum::{READY, spare};
pub use remedy::{GoalError, Remedy};
pub use rights::product_steps;
pub use roster::{Entry, Place, Roster, Stranger};
pub use rules::Rules;
pub use seen::{Forced, Halt, Run, Seen, Spent};
pub use together::{Proposal, proposals, unguarded};
pub use topology::{Claims, Standing};
pub use unready::Unready;
pub use validate::topology_errors;
pub use wanted::{Want, waiting_elsewhere, wanted};
pub use warnings::{Warning, warnings};
pub use why::{Met, Stands, Why, why};
