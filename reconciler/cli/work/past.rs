//! The journal's record of a server's past: its runs, and its unreadable lines.

use reconcile_core::history;
use reconcile_hosts::Journal;
use reconcile_schema::{Damage, PastRun, ServerName};

use crate::manifest::problem::Problem;
use crate::work::site::Site;

/// The earlier runs of a server, the newest last.
pub fn past(site: &Site, server: &ServerName) -> Result<Vec<PastRun>, Problem> {
    let path = site.journal(server)?;
    let entries = path.map_or_else(|| Ok(Vec::new()), |path| Journal::entries(&path)).map_err(Problem::failed)?;
    Ok(history(entries))
}

/// The lines of a server's journal that cannot be read and that nobody has acknowledged.
///
/// # Errors
/// When the journal cannot be used.
pub fn damaged(site: &Site, server: &ServerName) -> Result<Option<Damage>, Problem> {
    let path = site.journal(server)?;
    let marks = path.map(|path| Journal::read(&path)).transpose().map_err(Problem::failed)?;
    Ok(marks.and_then(|marks| marks.damaged))
}
