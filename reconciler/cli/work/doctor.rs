//! The diagnosis of servers, as it is reported.

use reconcile_core::{Diagnosis, Goal, Seen, asks, diagnose};
use reconcile_schema::{CheckReport, DoctorReport, REPORT_VERSION, ServerDiagnosis, State, Verdict};

use crate::manifest::problem::Problem;
use crate::work::{clock::now, look::without_run, plan::heading, site::Site, snapshot::snapshot, state::worst};

/// Reads all that a diagnosis needs of each server, and judges it.
///
/// # Errors
/// When a server cannot be observed at all.
pub fn report(site: &mut Site, goals: &[Goal]) -> Result<DoctorReport, Problem> {
    let lab = site.is_lab();
    let of = |goal: &Goal| {
        let snapshot = snapshot(site, goal, &asks(goal))?;
        Ok(server(goal, &without_run(snapshot.seen, snapshot.marks), lab))
    };
    let servers: Vec<_> = goals.iter().map(of).collect::<Result<_, Problem>>()?;
    Ok(self::of(servers, now()))
}

/// The answer with these diagnoses, made at this time.
pub fn of(servers: Vec<ServerDiagnosis>, at: jiff::Timestamp) -> DoctorReport {
    let state = worst(servers.iter().map(|server| server.state));
    DoctorReport { version: REPORT_VERSION, made_by: env!("CARGO_PKG_VERSION").into(), at, state, servers }
}

/// The diagnosis of a server whose facts were read.
pub fn server(goal: &Goal, seen: &Seen, lab: bool) -> ServerDiagnosis {
    let checks: Vec<_> = diagnose(goal, seen).into_iter().map(as_report).collect();
    let forbidding = |verdict| checks.iter().any(|check| check.forbids && check.verdict == verdict);
    let state = match (forbidding(Verdict::Fault), forbidding(Verdict::Unknown)) {
        (true, _) => State::Blocked,
        (false, true) => State::Unknown,
        (false, false) => State::AtGoal,
    };
    ServerDiagnosis { server: heading(goal, seen.host.core(goal.product), lab), state, checks }
}

fn as_report(Diagnosis { check, found, forbids, ignored }: Diagnosis) -> CheckReport {
    let help = match found.verdict {
        Verdict::Fault | Verdict::Warning => Some(check.help()),
        Verdict::Unknown if forbids => Some("fix what keeps reconcile from reading it, then run doctor again"),
        Verdict::Ok | Verdict::NotAsked | Verdict::Unknown => None,
    };
    CheckReport {
        id: check,
        area: check.area(),
        class: check.class(),
        verdict: found.verdict,
        forbids,
        assumed: check.assumed().into(),
        source: check.source().into(),
        found: found.what,
        help: help.map(Into::into),
        ignored,
    }
}
