//! What `reconcile` answers to a program: plans and runs, as JSON of a stated version.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    BootId, Build, Cause, Code, Fingerprint, Foreign, Installer, Product, Recognised, Role, ServerName, ServiceName,
    Sha256, Step, Store,
};

/// The version of the answers. Fields may be added within it; none is removed and none changes its meaning.
pub const REPORT_VERSION: u32 = 1;

/// The report of `reconcile plan`. `plan --out` writes it to a file, and `apply --plan` keeps a run within it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "reconcile plan")]
pub struct PlanReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that made it.
    pub made_by: String,
    /// The fingerprint of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// When the hosts were observed.
    pub at: Timestamp,
    /// The worst of the servers' states.
    pub state: State,
    /// The servers.
    pub servers: Vec<ServerPlan>,
}

/// The plan of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerPlan {
    /// The server and its target.
    #[serde(flatten)]
    pub server: Heading,
    /// The state of the server.
    pub state: State,
    /// How the plan ends, as a code that does not change between versions.
    #[serde(default)]
    pub code: Code,
    /// Whether nothing is wrong: the server waits for a window, the end of a hold, or its turn, and a later run goes on.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub waits: bool,
    /// Whether all that is missing is a restart that the policy does not allow.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub reboot_required: bool,
    /// The differences from its target.
    pub findings: Vec<FindingReport>,
    /// The services of the product that no published list names. They are stopped and started with the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpublished_services: Vec<UnpublishedService>,
    /// The services that `alsoStop` names and that do not exist on the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_installed: Vec<ServiceName>,
    /// Services of other products that hold modules of the product, and that `alsoStop` does not name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_services: Vec<Foreign>,
    /// Other observations that decide nothing, and facts that are out of sight from here, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the plan rests on. Plans of earlier versions lack it and are not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<Rests>,
    /// The steps that remain, in order, as far as they can be foreseen.
    pub steps: Vec<StepReport>,
    /// The maintenance window that the steps wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<OpeningReport>,
    /// How long the services will be down, where a step takes them down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<OutageForecast>,
    /// What keeps the steps from reaching the goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
    /// What the administrator can do about what blocks the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What a plan rests on, besides its target. If any of it has changed, the plan is not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rests {
    /// The SHA-256 of the manifest.
    pub manifest: Sha256,
    /// The role of the server.
    pub role: Role,
    /// The installer.
    pub installer: Installer,
    /// The databases that the server updates.
    pub stores: Vec<Store>,
}

/// A service of the product that no published list names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnpublishedService {
    /// Its short name.
    pub name: String,
    /// How it was recognised.
    pub recognised: Recognised,
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpeningReport {
    /// When it opens.
    pub from: Timestamp,
    /// When it closes.
    pub until: Timestamp,
    /// Both for people, in the time zone of the windows.
    pub shown: String,
}

/// A point in time in the future.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// By the server's clock.
    pub at: Timestamp,
    /// The same for people, in the time zone of the maintenance windows.
    pub shown: String,
}

/// The source of an expected length of time; the weakest source is the greatest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// Recorded: such steps took this long on this server before.
    Recorded,
    /// Stated by the manifest's `estimates`.
    #[default]
    Estimated,
    /// Neither recorded nor estimated. It is shown and forbids nothing.
    Assumed,
}

/// How long the services will be down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutageForecast {
    /// The usual length, in seconds.
    pub median_seconds: u32,
    /// The length that is not exceeded in nineteen of twenty cases, in seconds.
    pub p95_seconds: u32,
    /// The source of both lengths; the weakest of their parts decides.
    #[serde(default)]
    pub basis: Basis,
    /// When the services are expected back, if the steps begin now or when the window opens; nothing where the steps
    /// are forbidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Moment>,
    /// How long an outage may last, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_seconds: Option<u32>,
}

/// A server and its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Heading {
    /// The server.
    pub name: ServerName,
    /// The product that it must run.
    pub product: Product,
    /// The build that Core Components must reach.
    pub target: Build,
    /// The build of Core Components, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Build>,
    /// Whether the server is simulated.
    pub lab: bool,
}

/// The state of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// At its goal.
    AtGoal,
    /// Steps remain.
    Drift,
    /// Steps remain, and a condition that may pass forbids them.
    Blocked,
    /// A fact that is needed could not be read.
    Unknown,
    /// Somebody must act.
    NeedsOperator,
    /// A step or the run failed.
    Failed,
}

impl State {
    /// Whether a server in this state, for this reason, only waits for its turn.
    #[must_use]
    pub fn waits(self, code: Code) -> bool {
        self == Self::Blocked && code.waits()
    }

    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::AtGoal, Self::Drift, Self::Blocked, Self::Unknown, Self::NeedsOperator, Self::Failed];

    /// The state as files write it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::AtGoal => "at-goal",
            Self::Drift => "drift",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
            Self::NeedsOperator => "needs-operator",
            Self::Failed => "failed",
        }
    }
}

/// One difference, or one unknown fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingReport {
    /// A code that does not change between versions, such as `component-behind`.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// What is desired.
    pub desired: String,
    /// What is observed.
    pub observed: String,
    /// Whether this is a note only, which changes neither state nor exit code.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub note: bool,
}

/// One step that remains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// The step.
    pub step: Step,
    /// The command for the step.
    pub command: String,
    /// Why it is taken.
    pub cause: Cause,
    /// Why it is taken, in words.
    pub because: String,
    /// Whether the step is certain; if not, the facts that are read immediately before it decide.
    pub certain: bool,
}

/// The report of `reconcile apply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile run")]
pub struct RunReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that ran.
    pub made_by: String,
    /// The fingerprint of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// The worst of the servers' states.
    pub state: State,
    /// The log of the run: a file of JSON lines. The runs of a lab that nobody schedules write none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The servers.
    pub servers: Vec<ServerRun>,
}

/// The run on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerRun {
    /// The server and its target, with the build that was found at the end.
    #[serde(flatten)]
    pub server: Heading,
    /// The state of the server now.
    pub state: State,
    /// How the run ended, as a code that does not change between versions.
    #[serde(default)]
    pub code: Code,
    /// Whether nothing is wrong: the server waits for a window, the end of a hold, or its turn, and a later run goes on.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub waits: bool,
    /// Whether all that is missing is a restart that the policy does not allow.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub reboot_required: bool,
    /// Whether anything was changed.
    pub changed: bool,
    /// Whether the machine is restarting, and the next run goes on.
    pub restarting: bool,
    /// When the machine goes down, if it is restarting and this is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_at: Option<Timestamp>,
    /// The boot of the server. Another boot has another text; it means nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootId>,
    /// When that boot began, by the server's clock. Two observations of one boot can differ by a second or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booted_at: Option<Timestamp>,
    /// The steps that were taken, in order.
    pub steps: Vec<Step>,
    /// How long services were down, in seconds.
    pub outage_seconds: u32,
    /// How long they may be down, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage_budget_seconds: Option<u32>,
    /// For how long the installer gave no sign of life, in seconds, where that was longer than `policy.quiet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_seconds: Option<u32>,
    /// Services that should run and do not.
    pub left_down: Vec<String>,
    /// Whether everything that should run was seen running at the end; without it, nobody knows.
    #[serde(default)]
    pub services_run: bool,
    /// Services that this run had to start although an earlier run had started them: they do not stay up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub started_again: Vec<ServiceStarts>,
    /// The maintenance window that the remaining steps wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<OpeningReport>,
    /// Other observations about the server, such as a restart that Windows waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<FindingReport>,
    /// What keeps the server from its goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
    /// The failed step, and what it reported, if the cause is a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the administrator can do about what keeps the server from its goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// The step that keeps a server from its goal, and what it reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The step.
    pub step: Step,
    /// Its own words, with the exit code of a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The exit code of the installer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u32>,
    /// The same as people write it: 1603, 0xC0000005.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code_shown: Option<String>,
    /// The services, components and databases that the step did not change as it should, each with its state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_the_way: Vec<String>,
    /// The path of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// How often one service had to be started since it was last found running before an outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStarts {
    /// The service.
    pub service: String,
    /// The number of runs that have started it, including this one.
    pub runs: u32,
    /// When the first of those runs did.
    pub since: Timestamp,
}
