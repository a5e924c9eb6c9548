//! What can be expressed: the manifest, the catalogue of updates, what a host reports, and the steps between.
//!
//! Types only. Nothing here decides, and nothing here touches the world; `no_std` keeps it so.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)] // Here alone: the JSON Schemas are made of them.

extern crate alloc;

mod build;
pub mod by_store;
mod check;
mod claim;
mod code;
mod database;
mod databases;
mod day;
mod doctor;
mod drift;
mod dsc;
mod durations;
mod event;
mod examined;
mod exit_code;
mod explain;
mod fact;
mod fingerprint;
mod fleet;
mod history;
mod ids;
mod last_run;
mod manifest;
mod manifest_code;
mod marks;
mod names;
mod observed;
mod path;
mod period;
mod pool;
mod pool_databases;
mod product;
mod releases;
mod report;
mod reports;
mod role;
mod rollout;
mod schedule;
mod service;
mod shared;
mod snapshot;
mod step;
mod table;
mod unattended;
mod unread;
mod why;
mod window;
mod zone;

pub use build::Build;
pub use check::{CheckArea, CheckClass, CheckId, Verdict};
pub use claim::{BrokenClaim, Claim, Doubt, PoolRecord, Released};
pub use code::Code;
pub use database::{Database, DatabaseState, DbVersion, Store};
pub use databases::{CentralStore, Databases, Mirrored};
pub use day::Day;
pub use doctor::{CheckReport, DoctorReport, ServerDiagnosis};
pub use drift::{
    Declared, DriftCode, DriftFinding, DriftReport, DriftState, DriftSummary, Evidence, ManifestPlace, Origin,
    ServerDrift,
};
pub use dsc::{DscInstance, DscMetadata, DscRestart, WhenBlocked};
pub use durations::{Durations, Phase};
pub use event::{EventKind, EventLevel, EventLine};
pub use examined::{
    BackupSeen, CachedPackage, CertificateSeen, CmdletSeen, Dependency, Examined, FileSeen, MisplacedCertificate,
    PolicySeen, PowerShellSeen, ReplicaSeen, Schannel, ServerReached, TaskSeen, TrustedRoots, WindowsVersion,
};
pub use exit_code::ExitCode;
pub use explain::{ExplainReport, ManifestPart, ResolvedValue, ValueKind, ValueSource};
pub use fact::Fact;
pub use fingerprint::Fingerprint;
pub use fleet::{ChainReport, FleetReport, FleetSummary, LeftReport, ProposedWindows, TurnReport, WaveReport};
pub use history::{DownSince, HistoryReport, PastRun, PastStep, ServerHistory, ServerStatus, StatusReport};
pub use ids::{BootId, RunId};
pub use last_run::{LastRun, Mode};
pub use manifest::{
    DeclaredInstaller, DoctorRules, Estimates, Fabric, ForeignServices, Group, Installer, Lab, LabServer, Manifest,
    OnExceed, Outage, PendingRestart, Policy, PoolRules, Reboots, Renames, Server, Shells, Timeouts, Update,
};
pub use manifest_code::{ManifestCode, ManifestExample};
pub use marks::{
    Accepted, Aim, Attempt, Baseline, Begun, Checked, Damage, Hold, Mark, Marks, Reached, StagedCopy, Started, Uptime,
};
pub use names::{
    AccountName, Fqdn, NameError, ServerName, ServerPattern, ServiceName, Sha256, SqlInstance, UpdateName,
};
pub use observed::{
    Foreign, Observed, PackageSeen, Pending, PoolSeen, QueuedFile, Readiness, Right, Rights, Shell, UpgradeDomain,
};
pub use path::{BelowPath, FilePath, FolderPath, MetricsPath, PathFault, Root, is_whole, parts as path_parts};
pub use period::Period;
pub use pool::{Pool, Together};
pub use pool_databases::PoolDatabases;
pub use product::{Component, ComponentName, Frameworks, Product};
pub use releases::{Availability, Confidence, Line, Release, ReleaseError, ReleaseKind, Releases, Source};
pub use report::{
    Basis, FindingReport, Heading, Moment, OpeningReport, OutageForecast, PlanReport, REPORT_VERSION, Reason, Rests,
    RunReport, ServerPlan, ServerRun, ServiceStarts, State, StepReport, UnpublishedService,
};
pub use reports::{Log, Reports};
pub use role::Role;
pub use rollout::{ClaimShare, OnFailure, Rollout};
pub use schedule::{NextStart, ScheduleReport, ScheduledTask, TaskDifference, TaskProblem, TaskStanding};
pub use service::{FRONT_END_SERVICE, Recognised, Service, ServiceState, StartType, WEB_SERVICE, Whose};
pub use shared::Shared;
pub use snapshot::{SNAPSHOT_VERSION, Snapshot};
pub use step::{Behind, Cause, Change, Step, listed};
pub use unattended::UnattendedRun;
pub use unread::unread;
pub use why::{ConditionReport, ServerWhy, Who, WhyReport};
pub use window::{ClockTime, Days, Maintenance, Weekdays, When, Window};
pub use zone::{ZoneName, shown_at};
