//! How long the steps of a simulated server take, by its own clock.

use reconcile_schema::{Period, Service, Step};

use super::{Fault, Simulated};

/// How long a step takes; for a start, with the services of these names. A server without lengths of its own has round
/// figures, so that a person can add them up; they are no claim about real servers.
pub(super) fn of(server: &Simulated, step: &Step, starting: &[String]) -> Period {
    let minutes = Period::minutes;
    match (step, &server.lengths) {
        (Step::Stage, Some(lengths)) => lengths.stage,
        (Step::Stage, None) => Period::seconds(40),
        (Step::StopServices, Some(lengths)) => lengths.together(up(server), |one| one.stop),
        (Step::StopServices, None) => Period::seconds(if up(server).next().is_some() { 150 } else { 10 }),
        (Step::FailOver, _) => minutes(if server.has(Fault::FailOverTimesOut) { 60 } else { 12 }),
        (Step::FailBack, _) => minutes(if server.has(Fault::FailBackTimesOut) { 60 } else { 5 }),
        (Step::StopWeb | Step::StartWeb, Some(lengths)) => lengths.web,
        (Step::StopWeb | Step::StartWeb, None) => Period::seconds(5),
        (Step::CloseShells, _) => Period::seconds(2),
        (Step::StopOthers | Step::StartOthers, _) => Period::seconds(10),
        (Step::Claim | Step::Release, _) => Period::seconds(1),
        (Step::Install, Some(lengths)) => lengths.install,
        (Step::Install, None) if server.has(Fault::InstallerIsSlow) || server.has(Fault::InstallerGoesQuiet) => {
            minutes(40)
        }
        (Step::Install, None) => minutes(11),
        (Step::UpdateDatabases(_) | Step::UpdatePoolDatabases(_), Some(lengths)) => lengths.database,
        (Step::UpdateDatabases(_) | Step::UpdatePoolDatabases(_), None) => minutes(3),
        (Step::StartServices, Some(lengths)) => {
            let due = |one: &&Service| !one.is_web() && !one.is_running() && starting.contains(&one.name);
            let starts = |one: &&Service| due(one) && server.recognised(one).is_some();
            lengths.together(server.services.iter().filter(starts), |one| one.start)
        }
        (Step::StartServices, None) => minutes(4),
        (Step::Reboot, Some(lengths)) => lengths.restart,
        (Step::Reboot, None) => minutes(6),
    }
}

fn up(server: &Simulated) -> impl Iterator<Item = &Service> {
    let own = |service: &&Service| server.recognised(service).is_some();
    server.services.iter().filter(own).filter(|service| !service.is_web() && !service.is_stopped())
}
