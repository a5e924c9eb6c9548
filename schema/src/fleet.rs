//! What `reconcile plan --fleet` answers to a program: in which order and when the servers of a fleet are updated.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fingerprint, Fqdn, OutageForecast, Role, ServerName, State, UpdateName, Window};

/// The report of `reconcile plan --fleet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "reconcile fleet plan")]
pub struct FleetReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The version of `reconcile` that made it.
    pub made_by: String,
    /// The fingerprint of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_fingerprint: Option<Fingerprint>,
    /// The start of the planned rollout.
    pub at: Timestamp,
    /// Drift where servers need the update, blocked where some of them have no turn, unknown where a snapshot cannot be
    /// read.
    pub state: State,
    /// The largest number of servers that are worked on at once.
    pub at_once: u32,
    /// How many servers there are, and how many need what.
    pub summary: FleetSummary,
    /// The waves, in order: the servers that are updated in one ring in one night.
    pub waves: Vec<WaveReport>,
    /// The chain of servers that takes longest. They cannot be updated at the same time, however many are worked on at
    /// once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_chain: Option<ChainReport>,
    /// The servers that have no turn.
    pub left: Vec<LeftReport>,
    /// Why some snapshots could not be used.
    pub unread: Vec<String>,
    /// Windows for servers of pools that can currently be taken down at the same time, because they cannot agree on a
    /// share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposed: Vec<ProposedWindows>,
}

/// Windows for one server, to replace those that overlap with the windows of another server of its pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProposedWindows {
    /// The pool.
    pub pool: Fqdn,
    /// The server.
    pub server: ServerName,
    /// The windows, by their names in the manifest. Empty where the servers have none now: then any windows that do not
    /// overlap will do.
    pub windows: BTreeMap<UpdateName, Window>,
}

/// How many servers of a fleet need what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetSummary {
    /// The servers of the manifest.
    pub servers: u64,
    /// Those that are at their goals, according to their snapshots.
    pub at_goal: u64,
    /// Those that have a turn.
    pub planned: u64,
    /// Those that have no turn.
    pub left: u64,
    /// Those without a snapshot, which are assumed to need the whole update.
    pub unseen: u64,
}

/// The servers that are updated in one ring in one night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaveReport {
    /// The ring, where the rollout has rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<UpdateName>,
    /// The day on which the night begins: that of the maintenance window, in its time zone; for a server without
    /// windows, in UTC.
    pub night: Date,
    /// When the first server begins.
    pub from: Timestamp,
    /// When the last one is expected to be done.
    pub until: Timestamp,
    /// The turns, in the order in which they begin.
    pub turns: Vec<TurnReport>,
}

/// The turn of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TurnReport {
    /// The server.
    pub name: ServerName,
    /// Its entry in the manifest: its name, or the range that contains it.
    pub entry: String,
    /// Its role.
    pub role: Role,
    /// Its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<UpdateName>,
    /// The pool that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Fqdn>,
    /// Its upgrade domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_domain: Option<UpdateName>,
    /// When it begins: with the failover, where its pool takes over for it.
    pub from: Timestamp,
    /// When it is expected to be done.
    pub until: Timestamp,
    /// Both for people, in the time zone of its maintenance windows.
    pub shown: String,
    /// The SQL Server whose databases are updated from the server in this turn. Nothing is taken down then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub databases_on: Option<Fqdn>,
    /// How long its services will be down.
    pub outage: OutageForecast,
    /// Whether that is only the outage budget, because no length was recorded or estimated.
    pub assumed: bool,
    /// What forbids the update, according to its snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
}

/// Servers that are updated one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainReport {
    /// The pool that they belong to; none for a server that belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Fqdn>,
    /// The servers, in order.
    pub servers: Vec<ServerName>,
    /// How long they take, in seconds, including the time in between for which the pool must be ready.
    pub seconds: u32,
}

/// A server that has no turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftReport {
    /// The server.
    pub name: ServerName,
    /// The reason.
    pub because: String,
}
