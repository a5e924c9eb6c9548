//! The record of a pool's claims, for people.

use std::fmt::Write;

use jiff::Timestamp;
use reconcile_core::{READY, wrong_clock};
use reconcile_schema::{Doubt, Fingerprint, Fqdn, PoolRecord, Released, ServerName, ZoneName, shown_at};

use crate::manifest::diagnostic::escape;
use crate::show::render::{FAINT, GOOD, WAITS};

/// Which server of a pool is being updated, and what the others reported.
pub fn shown(name: &Fqdn, record: &PoolRecord, own: Fingerprint, now: Timestamp, zone: Option<&ZoneName>) -> String {
    let mut out = format!("{name}\n");
    for doubt in &record.doubts {
        let _ = writeln!(out, "  {WAITS}!{WAITS:#}  {}", escape(&doubt.to_string()));
    }
    let clock = |server: &ServerName, at, written| {
        wrong_clock(server, at, written, now).map(|clock| format!(" ({clock})")).unwrap_or_default()
    };
    if record.claims.is_empty() && record.doubts.iter().all(Doubt::is_harmless) {
        let _ = writeln!(out, "  {GOOD}={GOOD:#}  no server is worked on");
    }
    for claim in &record.claims {
        let boot = claim.boot.as_ref().map(|boot| format!(", in {}", escape(&boot.0))).unwrap_or_default();
        let server = escape(claim.server.as_str());
        let other = claim.manifest_fingerprint.filter(|follows| *follows != own);
        let other = other.map(|other| format!(", by another manifest ({})", other.short())).unwrap_or_default();
        let _ = writeln!(
            out,
            "  {WAITS}…{WAITS:#}  {server} is worked on since {}{boot}{other}{}",
            shown_at(claim.at, zone),
            clock(&claim.server, claim.at, claim.written)
        );
    }
    for (server, build) in &record.reached {
        let _ = writeln!(out, "  {FAINT}·{FAINT:#}  {server} was done at {build}");
    }
    for (pool, last @ Released { server, at, written, .. }) in &record.released {
        let (back, clock) = (shown_at(last.back(), zone), clock(server, *at, *written));
        let _ = writeln!(
            out,
            "  {FAINT}·{FAINT:#}  {server} came back on {back}{clock}; the next Front End Server of {pool} may go {READY} later"
        );
    }
    for broken in &record.broken {
        let (server, by, why) = (escape(broken.claim.server.as_str()), escape(&broken.by), escape(&broken.reason));
        let _ = writeln!(
            out,
            "  {FAINT}·{FAINT:#}  {by} broke the claim of {server} on {}: {why}",
            shown_at(broken.at, zone)
        );
    }
    out
}

/// What became of a claim that was to be broken.
pub fn broken(pool: &Fqdn, server: &ServerName, was: bool) -> String {
    if was {
        format!(
            "{pool}: the claim of {server} is broken; make sure that it is not worked on: the next server may be taken down now\n"
        )
    } else {
        format!("{pool}: {server} has released it meanwhile\n")
    }
}
