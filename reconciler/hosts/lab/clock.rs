//! How long the steps of a simulated server take, by its own clock.

use reconcile_schema::{Period, Service, Step};

use super::{Fault, Simulated};

/// How long a step takes; a start, of the services with these names.
pub(super) fn of(server: &Simulated, step: &Step, starting: &[String]) -> Period {
    let Some(lengths) = &server.lengths else { return round(server, step) };
    match step {
        Step::Stage => lengths.stage,
        Step::StopServices => lengths.together(up(server), |one| one.stop),
        Step::FailOver | Step::FailBack | Step::Claim | Step::Release => round(server, step),
        Step::StopOthers | Step::StartOthers => round(server, step),
        Step::StopWeb | Step::StartWeb => lengths.web,
        Step::CloseShells => Period::seconds(2),
        Step::Install => lengths.install,
        Step::UpdateDatabases(_) => lengths.database,
        Step::StartServices => {
            let due = |one: &&Service| !one.is_web() && !one.is_running() && starting.contains(&one.name);
            let starts = |one: &&Service| due(one) && server.recognised(one).is_some();
            lengths.together(server.services.iter().filter(starts), |one| one.start)
        }
        Step::Reboot => lengths.restart,
    }
}

/// Round figures, so that a person can add them up; no claim about real servers.
fn round(server: &Simulated, step: &Step) -> Period {
    match step {
        Step::Stage => Period::seconds(40),
        Step::StopServices => Period::seconds(if up(server).next().is_some() { 150 } else { 10 }),
        Step::FailOver if server.has(Fault::FailOverTimesOut) => Period::minutes(60),
        Step::FailBack if server.has(Fault::FailBackTimesOut) => Period::minutes(60),
        Step::FailOver => Period::minutes(12),
        Step::FailBack => Period::minutes(5),
        Step::StopWeb | Step::StartWeb => Period::seconds(5),
        Step::CloseShells => Period::seconds(2),
        Step::StopOthers | Step::StartOthers => Period::seconds(10),
        Step::Claim | Step::Release => Period::seconds(1),
        Step::Install if server.has(Fault::InstallerIsSlow) || server.has(Fault::InstallerGoesQuiet) => {
            Period::minutes(40)
        }
        Step::Install => Period::minutes(11),
        Step::UpdateDatabases(_) => Period::minutes(3),
        Step::StartServices => Period::minutes(4),
        Step::Reboot => Period::minutes(6),
    }
}

fn up(server: &Simulated) -> impl Iterator<Item = &Service> {
    let own = |service: &&Service| server.recognised(service).is_some();
    server.services.iter().filter(own).filter(|service| !service.is_web() && !service.is_stopped())
}
