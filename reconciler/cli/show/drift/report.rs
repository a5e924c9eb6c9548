//! A drift report while it is being written, server by server, so that no form of it holds the fleet in memory.

use std::io::{self, Seek, Write};

use jiff::Timestamp;
use reconcile_hosts::snapshot::Recent;
use reconcile_schema::{DriftSummary, Fingerprint, ServerDrift, Shared};

use crate::work::judge::Judged;

/// A report that is being written.
pub trait Report: Send {
    /// Adds one server.
    ///
    /// # Errors
    /// When it cannot be written.
    fn server(&mut self, judged: &Judged) -> io::Result<()>;

    /// Ends the report.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(self: Box<Self>, summary: &DriftSummary) -> io::Result<()>;
}

/// The beginning of every form.
#[derive(Debug, Clone)]
pub struct Head {
    /// The version of `reconcile`.
    pub made_by: &'static str,
    /// The manifest as it was named.
    pub manifest: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The time from which ages are counted.
    pub as_of: Timestamp,
}

/// A part of a report that comes after facts which are known only at the end. It is kept in a file, not in memory.
pub type Spool = io::BufWriter<std::fs::File>;

/// An empty spool.
///
/// # Errors
/// When there is no place for temporary files.
pub fn spool() -> io::Result<Spool> {
    tempfile::tempfile().map(Spool::new)
}

/// Copies everything that was written into a spool.
///
/// # Errors
/// When it cannot be read or written.
pub fn unspool(spool: Spool, out: &mut impl Write) -> io::Result<()> {
    let mut file = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    io::copy(&mut file, out).map(drop)
}

/// The last bodies that were written: the same difference is not formatted twice.
#[derive(Default)]
pub struct Bodies(Recent<(ServerDrift, Shared<String>)>);

impl Bodies {
    /// The body for the difference of a server: the result of `write`, or an earlier result for the same difference.
    ///
    /// # Errors
    /// The errors of `write`.
    pub fn of(
        &mut self,
        server: &ServerDrift,
        write: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<Shared<String>> {
        let same = |known: &ServerDrift| {
            let shared = known.findings.is(&server.findings) && known.diff.is(&server.diff);
            shared
                && known.steps.is(&server.steps)
                && known.state == server.state
                && (&known.blocked_by, &known.help) == (&server.blocked_by, &server.help)
        };
        if let Some((_, body)) = self.0.find(|(known, _)| same(known)) {
            return Ok(body.clone());
        }
        let body = Shared::from(write()?);
        self.0.keep((server.clone(), body.clone()));
        Ok(body)
    }
}
