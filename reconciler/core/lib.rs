//! What follows: from a goal and from what is seen, the one step that comes next.
//!
//! `no_std` not for small machines, but so that a decision cannot look at a clock, a file or a registry.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod age;
mod alike;
mod apply;
mod approved;
mod batches;
mod blocker;
mod calendar;
mod claims;
mod code;
mod command;
mod dear;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
mod decision_tests;
mod drift;
mod fleet;
mod gate;
mod goal;
mod history;
mod host;
mod lacking;
mod layers;
mod model;
mod next;
mod plan;
mod pool;
mod predict;
mod proof;
mod quorum;
mod rights;
mod room;
mod roster;
mod seen;
mod together;
mod topology;
mod warnings;
mod waves;

pub use age::{Stale, accepting, expired, stale};
pub use alike::alike;
pub use apply::{End, Event, Outcome, Request, apply, bring_back};
pub use approved::{Approved, Deviation};
pub use batches::{Batch, batches};
pub use blocker::{Blocker, Class, shown_code};
pub use calendar::{Opening, next_opening, open_at, openings};
pub use claims::{Claims, WrongClock, claim_of, reached, wrong_clock};
pub use command::Command;
pub use dear::Dear;
pub use drift::{Compared, FactKind, Said, compare, drift, origin, state, state_of};
pub use fleet::{Chain, Fleet, Member};
pub use goal::{Goal, GoalError, Rules};
pub use history::history;
pub use host::{Account, Act, Acted, Ask, Observe};
pub use lacking::lacking;
pub use layers::layers;
pub use model::after;
pub use next::{Next, Want, next, waiting_elsewhere, wanted};
pub use plan::{Plan, PlanEnd, PlannedStep, ahead, plan};
pub use pool::{READY, Unready, strange};
pub use predict::{Foreseen, Prediction, assumed, foreseen, foreseen_whole};
pub use quorum::spare;
pub use rights::{Right, product_steps};
pub use room::Drive;
pub use roster::{Entry, Place, Roster, Stranger};
pub use seen::{Forced, Halt, Run, Seen, Spent};
pub use together::{Proposal, proposals, unguarded};
pub use topology::{Remedy, Standing, TopologyError, misplaced};
pub use warnings::{Warning, warnings};
pub use waves::{Left, Schedule, Turn, Waves, schedule};
