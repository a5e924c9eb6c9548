//! `reconcile status`: the state of servers, their holds, and their last run.

use reconcile_core::{Goal, Seen, compare, next_opening, open_at, state};
use reconcile_hosts::Lock;
use reconcile_schema::{DownSince, PastRun, Period, REPORT_VERSION, ServerStatus, StatusReport, TaskStanding};

use crate::commands::args::Scope;
use crate::manifest::{
    exit::{Exit, as_state},
    input::Input,
    problem::Problem,
};
use crate::show::out::warn;
use crate::show::status::text;
use crate::work::findings::{aged, as_report};
use crate::work::plan::{heading, shown};
use crate::work::site::{Site, lock_path, unattended};
use crate::work::unattended::{last_run, record};
use crate::work::{look::answering, past::past};

/// Shows the state of servers, by the facts that are read without the product's cmdlets.
///
/// # Errors
/// When the manifest, a host or a journal cannot be used.
pub fn run(args: &Scope) -> Result<Exit, Problem> {
    let input = Input::read(&args.manifest)?;
    let (mut site, goals) = Site::open(&input, &args.servers)?;
    let lab = site.is_lab();
    let mut servers = Vec::new();
    for goal in &goals {
        let seen = answering(&mut site, goal, |_| None)?;
        let scheduled = last_run::read(&site.last_run(&goal.server)?).unwrap_or_else(|error| {
            warn(&error);
            None
        });
        // What a person wrote into the journal is no run.
        let worked = |past: &PastRun| past.target.is_some() || !past.steps.is_empty();
        let last = past(&site, &goal.server)?.into_iter().rfind(worked);
        let mut server = server(goal, &seen, lab);
        server.findings.extend(input.stale(&seen.marks, seen.host.at).as_ref().map(aged));
        servers.push(ServerStatus { last, scheduled, ..server });
    }
    let running = Lock::holder(&lock_path(&input)?);
    let scheduled_run = record::read(&unattended(&input)?).unwrap_or_else(|error| {
        warn(&error);
        None
    });
    let report = StatusReport {
        version: REPORT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        manifest_fingerprint: Some(input.fingerprint()),
        running,
        scheduled_run,
        schedule: schedule(&site),
        servers,
    };
    args.output.print(&report, text)
}

/// The scheduled task of this machine.
fn schedule(site: &Site) -> Option<TaskStanding> {
    match site {
        Site::Lab(_) => None,
        #[cfg(windows)]
        Site::Machine(_) => crate::work::task::standing().map_err(|problem| warn(&problem.text())).ok(),
    }
}

/// The state of a server, without its earlier runs.
fn server(goal: &Goal, seen: &Seen, lab: bool) -> ServerStatus {
    let marks = &seen.marks;
    let compared = compare(goal, seen);
    let state = state(goal, seen, &compared);
    let findings = compared.into_iter().filter_map(as_report);
    let maintenance = goal.rules.maintenance.as_deref();
    let now = seen.host.at;
    ServerStatus {
        server: heading(goal, seen.host.core(goal.product), lab),
        zone: goal.zone().cloned(),
        boot: seen.host.boot.known().cloned(),
        booted_at: seen.host.booted_at(),
        state: as_state(state),
        findings: findings.collect(),
        hold: marks.hold.clone(),
        open: maintenance.and_then(|windows| shown(goal, &open_at(windows, now)?)),
        opens: maintenance.and_then(|windows| shown(goal, &next_opening(windows, now, Period::default())?)),
        down: marks.baseline.as_ref().map(|baseline| DownSince {
            since: baseline.since,
            seconds: seen.outage().unwrap_or_default().as_seconds(),
            ran: baseline.running.clone(),
        }),
        begun: marks.begun.clone(),
        claimed: goal.claims.as_ref().filter(|_| marks.claimed).map(|claims| claims.name.clone()),
        attempts: marks.attempts,
        outages: marks.outages,
        restarts: marks.reboots,
        last: None,
        scheduled: None,
    }
}
