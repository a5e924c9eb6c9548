//! What ends a command early: something in the user's world, said in full, with its exit code.

use std::{fmt::Display, io::Write};

use crate::{diagnostic::Diagnostics, exit::Exit};

/// A command could not do what it was asked.
#[derive(Debug)]
pub struct Problem {
    exit: Exit,
    text: String,
}

impl Problem {
    /// The command line asks for something that cannot be.
    pub fn usage(error: impl Display) -> Self {
        Self { exit: Exit::Usage, text: error.to_string() }
    }

    /// A manifest or another input is wrong.
    pub fn input(error: impl Display) -> Self {
        Self { exit: Exit::Input, text: error.to_string() }
    }

    /// Something failed.
    pub fn failed(error: impl Display) -> Self {
        Self { exit: Exit::Failed, text: error.to_string() }
    }

    /// Something that may pass is in the way.
    pub fn blocked(error: impl Display) -> Self {
        Self { exit: Exit::Blocked, text: error.to_string() }
    }

    /// Somebody must act first.
    #[cfg(windows)]
    pub fn operator(error: impl Display) -> Self {
        Self { exit: Exit::NeedsOperator, text: error.to_string() }
    }

    /// What is wrong, in a line without colours.
    #[cfg(windows)]
    pub fn line(&self) -> String {
        let plain = anstream::adapter::strip_str(&self.text).to_string();
        plain.lines().next().unwrap_or_default().trim().to_owned()
    }

    /// The exit code that it ends the command with.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// What it says, without colours.
    pub fn text(&self) -> String {
        anstream::adapter::strip_str(self.text.trim_end()).to_string()
    }

    /// Tells the user and gives the exit code.
    pub fn report(self) -> Exit {
        let text = self.text.trim_end();
        let lead = if text.starts_with("error") || text.contains("\u{1b}[") { "" } else { "error: " };
        let _ = writeln!(anstream::stderr(), "{lead}{text}");
        self.exit
    }
}

impl From<Diagnostics> for Problem {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { exit: Exit::Input, text: diagnostics.render(true) } // anstream takes the colours out where they are not wanted.
    }
}
