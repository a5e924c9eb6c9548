//! Writes a Prometheus text file: the exposition format.

use std::io::{self, Write};

use crate::manifest::diagnostic::escape;

/// The lines before the samples of a metric.
pub fn head(out: &mut impl Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

/// A label's value, escaped for the format.
pub fn label(text: &str) -> String {
    escape(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
