//! Who is told of a run while it goes on, and asked before it changes a real server.

use reconcile_core::{Event, Goal};
use reconcile_schema::Heading;
#[cfg(windows)]
use reconcile_schema::ServerPlan;

use crate::manifest::problem::Problem;

/// Says a line to a person, from any thread.
pub type Say = fn(&str);

/// The reader of a run.
pub trait Audience {
    /// How a line is said to it.
    fn voice(&self) -> Say;

    /// Whether it reads which server comes next.
    fn reads_headings(&self) -> bool;

    /// Says which server comes next.
    ///
    /// # Errors
    /// When it cannot be written.
    fn heading(&self, server: &Heading) -> Result<(), Problem>;

    /// Takes in what happens on the way to a goal.
    fn watching<'a>(&'a self, goal: &'a Goal) -> Box<dyn FnMut(&Event<'_>) + 'a>;

    /// Shows what is about to be done to a real server, and asks.
    ///
    /// # Errors
    /// When the answer is not yes, or nobody can be asked.
    #[cfg(windows)]
    fn confirms(&self, plan: ServerPlan) -> Result<(), Problem>;
}
