//! What may be said: the manifest, the catalogue of updates, what a host reports, and the steps between.
//!
//! Types only. Nothing here decides, and nothing here touches the world; `no_std` keeps it so.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod build;
mod by_store;
mod database;
mod drift;
mod fact;
mod manifest;
mod marks;
mod names;
mod observed;
mod period;
mod product;
mod releases;
mod report;
mod schedule;
mod service;
mod snapshot;
mod step;

pub use build::{Build, BuildError};
pub use database::{Database, DatabaseState, DbVersion, DbVersionError, Store};
pub use drift::{
    Declared, DriftCode, DriftFinding, DriftReport, DriftState, DriftSummary, Evidence, ManifestPlace, Origin,
    ServerDrift,
};
pub use fact::Fact;
pub use manifest::{
    CentralStore, Databases, Group, Installer, Lab, LabServer, Manifest, Policy, Reboots, Role, Server, Shells,
    Timeouts, Update,
};
pub use marks::{Aim, Attempt, Baseline, Checked, Mark, Marks, Reached, RunId};
pub use names::{Fqdn, NameError, ServerName, ServerPattern, Sha256, SqlInstance, UpdateName};
pub use observed::{BootId, Observed, PackageSeen, Pending, Rights, Shell};
pub use period::{Period, PeriodError};
pub use product::{Component, ComponentName, Product};
pub use releases::{Confidence, Line, Release, ReleaseError, ReleaseKind, Releases, Source};
pub use report::{
    FindingReport, Heading, PlanReport, REPORT_VERSION, RunReport, ServerPlan, ServerRun, State, StepReport,
};
pub use schedule::{ScheduleReport, ScheduledTask, TaskDifference, TaskMode, TaskProblem};
pub use service::{PRODUCT_SERVICES, Service, ServiceState, StartType, WEB_SERVICE};
pub use snapshot::{SNAPSHOT_VERSION, Snapshot};
pub use step::{Behind, Cause, Step};
