//! What `reconcile schedule show` and `run` answer to a program: the scheduled task, its differences from what it should be, and
//! the run that it began.

use alloc::{string::String, vec::Vec};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Mode, Period, RunId, State};

/// The report of `reconcile schedule show` and `schedule run`. Its version is that of the other reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile schedule")]
pub struct ScheduleReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that checked the task.
    pub made_by: String,
    /// At its goal when the task is there, as it should be, and able to work; otherwise drift.
    pub state: State,
    /// Whether the task is registered.
    pub installed: bool,
    /// The run that `schedule run` began. `status` shows it under `scheduledRun`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What the task does, where it is registered and this can be read from its definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<ScheduledTask>,
    /// When it starts next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextStart>,
    /// The differences between the registered task and the definition that `schedule install` would write.
    pub differences: Vec<TaskDifference>,
    /// What keeps the task from working safely, such as a manifest that everybody can change.
    pub problems: Vec<TaskProblem>,
}

/// What a scheduled task does, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledTask {
    /// What it does.
    pub mode: Mode,
    /// The path of the manifest on the server.
    pub manifest: String,
    /// The path of the program on the server.
    pub program: String,
    /// The account that it runs as: SYSTEM, or `DOMAIN\name`.
    pub account: String,
    /// How often it starts, in addition to every boot.
    pub every: Period,
    /// The longest random delay of its start.
    pub jitter: Period,
    /// How long one run may take.
    pub limit: Period,
}

/// When a scheduled task starts next, unless the machine boots before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextStart {
    /// The earliest.
    pub from: Timestamp,
    /// The latest, with the longest random delay.
    pub until: Timestamp,
}

/// The scheduled task of a machine, as `status` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskStanding {
    /// Whether it is registered.
    pub installed: bool,
    /// What it does, where this can be read from its definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<ScheduledTask>,
    /// When it starts next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextStart>,
}

/// One element of a task's definition that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskDifference {
    /// The element of the definition, such as `Settings/ExecutionTimeLimit`.
    pub element: String,
    /// What it should be; none where the element should not be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What it is; none where the element is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// A problem that keeps the task from working safely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskProblem {
    /// What it is about: the path of the manifest or of the program.
    pub subject: String,
    /// What is wrong with it.
    pub why: String,
}
