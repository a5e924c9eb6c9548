//! `reconcile explain`: what a word of a manifest, a message, a report or the event log means.

use crate::manifest::{exit::Exit, problem::Problem};
use crate::show::{out::print, reference};

/// Explains the word in each of its meanings.
///
/// # Errors
/// When it has none.
pub fn run(word: &str) -> Result<Exit, Problem> {
    print(&reference::explain(word)?)
}
