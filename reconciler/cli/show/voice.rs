//! To whom a run speaks while it goes on.

use std::io::Write;

use crate::work::audience::Say;

/// Anyone who reads standard error. What is said is traced besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A person reads lines.
    Lines,
    /// A program reads what is traced, and nothing else may stand between.
    Trace,
}

impl Voice {
    /// How a line is said.
    pub fn says(self) -> Say {
        match self {
            Self::Lines => |line| {
                let _ = writeln!(anstream::stderr(), "{line}");
            },
            Self::Trace => |_| {},
        }
    }

    /// Says a line to a person.
    pub fn say(self, line: &str) {
        self.says()(line);
    }
}
