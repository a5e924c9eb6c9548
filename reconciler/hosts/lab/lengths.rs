//! How long the steps of a simulated server take, by its own clock.

use std::collections::BTreeMap;

use reconcile_core::layers;
use reconcile_schema::{Period, Service, Step};
use serde::{Deserialize, Serialize};

use super::{Fault, Simulated};

/// How long each part of the work takes on one server. Without them, the round figures of [`of`] hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lengths {
    /// Each service's own time; one that is not named takes none. Those of one dependency layer stop, and start, together.
    pub services: BTreeMap<String, ServiceLengths>,
    /// Copying and verifying the update.
    pub stage: Period,
    /// Stopping the web server, and starting it.
    pub web: Period,
    /// The installer.
    pub install: Period,
    /// Updating the databases of one form.
    pub database: Period,
    /// Opening a management shell. The first look at the databases waits for it, and the first behind the installer, which
    /// it is opened right behind.
    pub shell: Period,
    /// A restart.
    pub restart: Period,
}

/// How long one service takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceLengths {
    /// To stop.
    pub stop: Period,
    /// To start.
    pub start: Period,
}

/// How long a step takes; a start, of the services with these names. Without lengths of its own a server has round figures, so that a
/// person can add them up; no claim about real servers.
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
        (Step::UpdateDatabases(_), Some(lengths)) => lengths.database,
        (Step::UpdateDatabases(_), None) => minutes(3),
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

impl Lengths {
    /// One dependency layer after the other, each as long as its slowest service.
    fn together<'a>(
        &self,
        services: impl Iterator<Item = &'a Service>,
        length: impl Fn(&ServiceLengths) -> Period,
    ) -> Period {
        let slowest = |layer: Vec<&Service>| {
            layer.into_iter().filter_map(|service| self.services.get(&service.name)).map(&length).max()
        };
        layers(services).into_iter().filter_map(slowest).fold(Period::default(), |sum, layer| sum + layer)
    }
}

fn up(server: &Simulated) -> impl Iterator<Item = &Service> {
    let own = |service: &&Service| server.recognised(service).is_some();
    server.services.iter().filter(own).filter(|service| !service.is_web() && !service.is_stopped())
}
