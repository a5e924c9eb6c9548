//! How long each part of the work takes on a simulated server that has lengths of its own.

use std::collections::BTreeMap;

use reconcile_core::layers;
use reconcile_schema::{Period, Service};
use serde::{Deserialize, Serialize};

/// How long each part of the work takes on one server. Without lengths, round figures apply.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lengths {
    /// Each service's own time; a service that is not named takes none. The services of one dependency layer stop, and
    /// start, together.
    pub services: BTreeMap<String, ServiceLengths>,
    /// Copying and verifying the update.
    pub stage: Period,
    /// Stopping the web server, and starting it.
    pub web: Period,
    pub install: Period,
    /// Updating the databases of one form.
    pub database: Period,
    /// Opening a management shell. The first check of the databases waits for it, and so does the first one after the
    /// installer, because a new shell is opened right after it.
    pub shell: Period,
    pub restart: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceLengths {
    pub stop: Period,
    pub start: Period,
}

impl Lengths {
    /// One dependency layer after the other, each as slow as its slowest service.
    pub(super) fn together<'a>(
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
