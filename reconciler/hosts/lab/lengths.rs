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
