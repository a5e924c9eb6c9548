//! A conclusion from the table of steps: whether a step changed anything that it should change.

use alloc::vec::Vec;

use reconcile_schema::{Change, Observed, Service, Step, Whose};

/// Whether `step` changed nothing of what it should change.
pub(crate) fn unchanged(step: &Step, before: &Observed, now: &Observed) -> bool {
    let services = |host: &Observed, whose: Whose| -> Vec<Service> {
        host.known_services().filter(|service| service.whose() == whose).cloned().collect()
    };
    match step.change() {
        Change::Package => before.package == now.package,
        Change::Claim => before.claim == now.claim,
        Change::Mark => true, // If this step is wanted again, it was without effect.
        Change::Shells => before.shells == now.shells,
        Change::Stopped(whose) | Change::Running(whose) => services(before, whose) == services(now, whose),
        Change::Components => before.components == now.components,
        Change::Databases(store) => before.databases(store) == now.databases(store),
        Change::Boot => before.boot == now.boot,
    }
}
