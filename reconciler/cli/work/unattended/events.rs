//! The target of events: the event log of a server, or a file next to a lab's world.

#[cfg(windows)]
use reconcile_hosts::windows::event_log;
use reconcile_hosts::{open, ours};
#[cfg(windows)]
use reconcile_schema::Code;
use reconcile_schema::EventLine;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

#[cfg(windows)]
use crate::manifest::diagnostic::escape;
use crate::manifest::harmless;

/// The target of events.
pub enum Events {
    /// Nowhere.
    None,
    /// Into the event log of this machine.
    #[cfg(windows)]
    Log,
    /// A file, with one line of JSON per event.
    File(PathBuf),
}

impl Events {
    /// The target for a server, or for the lab with its world at this path.
    pub fn of(lab: Option<&Path>) -> Self {
        lab.map_or_else(Self::by_default, |world| Self::File(world.with_extension("events.jsonl")))
    }

    /// The target without a manifest.
    pub const fn by_default() -> Self {
        #[cfg(windows)]
        let here = Self::Log;
        #[cfg(not(windows))]
        let here = Self::None;
        here
    }

    /// Writes an event.
    ///
    /// # Errors
    /// The reason why it cannot be written.
    pub fn write(&self, line: &EventLine) -> Result<(), String> {
        match self {
            Self::None => Ok(()),
            #[cfg(windows)]
            Self::Log => {
                let lines: Vec<_> = line.text.lines().map(escape).collect();
                let server = line.server.as_ref().map_or_else(String::new, |server| format!("{server}: "));
                let text = format!("{server}{}", lines.join("\r\n"));
                let code = line.code.map_or_else(|| line.event.key(), Code::key);
                event_log::report(line.id, line.level, &text, code).map_err(|error| error.to_string())
            }
            Self::File(path) => {
                let append = || {
                    let mut text = Vec::new();
                    harmless::write(&mut text, line)?;
                    text.push(b'\n');
                    ours(path)?;
                    open::options().create(true).append(true).open(path)?.write_all(&text)
                };
                append().map_err(|error: io::Error| format!("{}: {error}", path.display()))
            }
        }
    }
}
