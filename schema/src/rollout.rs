//! The rollout: how an update goes through the fleet.

use alloc::vec::Vec;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{FilePath, Period, Role, UpdateName};

/// In which order the servers are updated, and how many at once. An engine moves the work by it; each server's own gate
/// holds without one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    /// The rings, in their order: the next begins when all of one is at its goal. Whoever has no ring is in the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rings: Vec<UpdateName>,
    /// How long a ring is watched before the next begins. Default not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Period>,
    /// How many servers of the fleet may be worked on at once. Default 10.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "at_once")]
    #[schemars(range(min = 1, max = 1000))]
    pub at_once: Option<u32>,
    /// The roles in the order in which those of a site are updated. Default inside out: front-end, back-end,
    /// standard-edition, director, mediation, persistent-chat, edge. Roles that are left out come last, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// A folder on a share where the servers of a pool agree that one of them at a time is taken down, whoever starts the
    /// runs, and that the back end comes after the Front End Servers. Edge Servers cannot come there and take no part. Default
    /// none: then whoever starts the runs sees to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<FilePath>,
    /// What a failure does to the servers that have not begun. Default stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// What a failure does to the servers that have not begun. Those of the same pool never begin after one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// None begins any more.
    #[default]
    Stop,
    /// Other pools go on, within the ring.
    StopPool,
}

fn at_once<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    match Option::deserialize(from)? {
        Some(other) if !(1..=1000).contains(&other) => {
            Err(D::Error::custom(format_args!("expected 1 to 1000 servers, found {other}")))
        }
        at_once => Ok(at_once),
    }
}
