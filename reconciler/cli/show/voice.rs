//! To whom a run speaks while it goes on.

use std::io::{IsTerminal, Write};

use crate::work::audience::Say;

/// Anyone who reads what a run says. What is said is traced besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A person reads lines, on standard error: the answer on standard output stays whole.
    Lines,
    /// A person reads them later, in a file or in a log, between the other lines of standard output. Error output there is red, or ends
    /// the script (PowerShell's remoting, PowerShell ISE).
    Record,
    /// A program reads what is traced, and nothing else may stand between.
    Trace,
}

impl Voice {
    /// The voice for a person who asked for text.
    pub fn of_text() -> Self {
        if std::io::stdout().is_terminal() { Self::Lines } else { Self::Record }
    }

    /// Whether each line says what the clock says: whoever follows a run on a terminal has a clock.
    pub fn stamps(self) -> bool {
        match self {
            Self::Lines => !std::io::stderr().is_terminal(),
            Self::Record => true,
            Self::Trace => false,
        }
    }

    /// How a line is said.
    pub fn says(self) -> Say {
        match self {
            Self::Lines => |line| {
                let _ = writeln!(anstream::stderr(), "{line}");
            },
            Self::Record => |line| {
                let _ = writeln!(anstream::stdout(), "{line}");
            },
            Self::Trace => |_| {},
        }
    }

    /// Says a line to a person.
    pub fn say(self, line: &str) {
        self.says()(line);
    }
}
