//! The audience of a run: it is informed during the run, and asked before a real server is changed.

use reconcile_core::{Event, Goal};
use reconcile_hosts::lab::Pace;
use reconcile_schema::Heading;
#[cfg(windows)]
use reconcile_schema::ServerPlan;

use crate::manifest::problem::Problem;

/// Writes a line for a person, from any thread.
pub type Say = fn(&str);

/// The reader of a run.
pub trait Audience {
    /// The function that writes a line for it.
    fn voice(&self) -> Say;

    /// Whether it reads which server comes next.
    fn reads_headings(&self) -> bool;

    /// Announces the next server.
    ///
    /// # Errors
    /// When it cannot be written.
    fn heading(&self, server: &Heading) -> Result<(), Problem>;

    /// Returns a function that is called with each event of a run towards `goal`. `pace` is how fast the clock of the server
    /// runs: a lab's may be faster than ours.
    fn watching<'a>(&'a self, goal: &'a Goal, pace: Pace) -> Box<dyn FnMut(&Event<'_>) + 'a>;

    /// Shows the steps for a real server, and asks for a confirmation.
    ///
    /// # Errors
    /// When the answer is not yes, or nobody can be asked.
    #[cfg(windows)]
    fn confirms(&self, plan: ServerPlan) -> Result<(), Problem>;
}
