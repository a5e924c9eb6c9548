//! An answer in the form that was asked for.

use serde::Serialize;

use crate::commands::args::Output;
use crate::manifest::{exit::Exit, harmless, problem::Problem};
use crate::show::out::print;

impl Output {
    /// Writes an answer to standard output, as `text` or for programs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print<T: Serialize>(self, answer: &T, text: impl FnOnce(&T) -> String) -> Result<Exit, Problem> {
        match self {
            Self::Text => print(&text(answer)),
            Self::Json => print(&harmless::pretty(answer)?),
        }
    }
}
