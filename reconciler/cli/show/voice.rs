//! Where the lines of a run are written.

use std::io::{IsTerminal, Write};

use crate::manifest::diagnostic::escape_lines;
use crate::work::audience::Say;

/// The reader of the lines of a run. Everything is also traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A person at a terminal: lines on standard error. Standard output holds the answer only.
    Lines,
    /// A person who reads a file or a log later: lines on standard output, in order with the rest. In PowerShell remoting and PowerShell
    /// ISE, error output is red or ends the script.
    Record,
    /// A program that reads the trace: no other lines are written.
    Trace,
}

impl Voice {
    /// The voice for a person who asked for text.
    pub fn of_text() -> Self {
        if std::io::stdout().is_terminal() { Self::Lines } else { Self::Record }
    }

    /// Whether each line begins with the time. A person at a terminal does not need it.
    pub fn stamps(self) -> bool {
        match self {
            Self::Lines => !std::io::stderr().is_terminal(),
            Self::Record => true,
            Self::Trace => false,
        }
    }

    /// The function that writes a line. It escapes what the line quotes: not every caller knows where a text comes from.
    pub fn says(self) -> Say {
        match self {
            Self::Lines => |line| {
                let _ = writeln!(anstream::stderr(), "{}", escape_lines(line));
            },
            Self::Record => |line| {
                let _ = writeln!(anstream::stdout(), "{}", escape_lines(line));
            },
            Self::Trace => |_| {},
        }
    }

    /// Writes a line.
    pub fn say(self, line: &str) {
        self.says()(line);
    }
}
