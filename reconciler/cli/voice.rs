//! To whom a run speaks while it goes on.

use std::io::Write;

/// Whoever reads standard error. What is said is traced besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A person reads lines.
    Lines,
    /// A program reads what is traced, and nothing else may stand between.
    Trace,
}

impl Voice {
    /// Says a line to a person.
    pub fn say(self, line: &str) {
        match self {
            Self::Lines => {
                let _ = writeln!(anstream::stderr(), "{line}");
            }
            Self::Trace => {}
        }
    }
}
