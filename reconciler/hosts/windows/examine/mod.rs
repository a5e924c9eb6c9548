//! What `doctor` alone reads on this server: each fact by itself, so that one that cannot be read hides no other.

mod answered;
mod installed;
mod places;
mod pool_servers;
mod roots;
mod share_lock;

use reconcile_core::Goal;
use reconcile_schema::{Dependency, Examined, Fact, ServiceName, Shared, TaskSeen};

use super::WindowsHost;
use super::clock::now;
use super::discover::discover;
use super::machine::version;
use super::services::{ServiceError, Services};
use super::task::{Scheduler, SchedulerError};
use crate::examined::depends::{Node, dependencies};
use crate::task::{Request, differences, told};

impl WindowsHost {
    /// Everything that only `doctor` reads. Nothing on this server is changed: only our script in the private folder
    /// and a file on the share of the claims are written.
    pub(super) fn examine(&mut self, goal: &Goal) -> Fact<Shared<Examined>> {
        let mut examined = Examined {
            windows: Fact::Known(version()),
            cached_packages: installed::packages(&self.registry, goal.product),
            dotnet: installed::dotnet(&self.registry).into(),
            dependencies: needs(&self.also).into(),
            trusted_roots: roots::trusted().into(),
            module: places::module(goal.product).into(),
            signature: places::signature().into(),
            private_folder: places::private(),
            task: task().into(),
            ..self.answered(goal)
        };
        if goal.is_in_pool() {
            examined.schannel = installed::schannel(&self.registry).into();
        }
        if let Some(claims) = &goal.claims {
            examined.share_lock = share_lock::lock(&claims.folder, &claims.name, &goal.server);
        }
        if goal.fails_over() {
            let others = goal.pool_servers.iter().filter(|server| **server != goal.server);
            examined.pool_servers = Fact::Known(pool_servers::reach(others));
        }
        Fact::Known(examined.into())
    }
}

/// What the services that a run starts depend on: those of the product, and the web server.
fn needs(also: &[ServiceName]) -> Result<Vec<Dependency>, ServiceError> {
    let manager = Services::open()?;
    let ours: Vec<_> = discover(&manager, also)?
        .into_iter()
        .map(|found| Node { name: found.name, start: found.start, needs: found.needs })
        .collect();
    dependencies(&ours, |name| {
        let found = manager.find(name)?;
        Ok(found.map(|found| Node { name: found.name, start: found.start, needs: found.needs }))
    })
}

/// The scheduled task, and in what it differs from what `schedule install` writes for the same request.
fn task() -> Result<Option<TaskSeen>, String> {
    let found = Scheduler::open().map_err(SchedulerError::from).and_then(|scheduler| scheduler.registered());
    let Some(found) = found.map_err(|error| format!("the scheduled task: {error}"))? else { return Ok(None) };
    Ok(Some(match Request::of(&found) {
        Ok(request) => TaskSeen {
            mode: request.mode.key().to_owned(),
            account: request.account.to_string(),
            next: Some(request.next(now()).from),
            problems: differences(&request.definition(), &found).iter().map(told).collect(),
        },
        Err(why) => TaskSeen {
            mode: "unknown".to_owned(),
            account: found.text_at("Principals/Principal/UserId").unwrap_or_default().to_owned(),
            next: None,
            problems: vec![why.to_string()],
        },
    }))
}
