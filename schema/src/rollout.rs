//! The rollout: the way of an update through the fleet.

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{AccountName, FilePath, Period, Role, UpdateName};

/// In which order the servers are updated, and how many at once. An orchestrator follows these rules; each server's own
/// checks hold without one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    /// The rings, in their order: the next ring begins when all servers of the one before are at their goals. A server
    /// without a ring belongs to the last one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rings: Vec<UpdateName>,
    /// How long a ring is watched before the next begins. Default not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<Period>,
    /// How many servers of the fleet may be worked on at once. Default 10.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "at_once")]
    #[schemars(range(min = 1, max = 1000))]
    pub at_once: Option<u32>,
    /// The order in which the roles of a site are updated. Default inside out: front-end, back-end, standard-edition,
    /// director, mediation, persistent-chat, edge. Roles that are left out come last, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// A folder on a share where the servers of a pool agree that only one of them at a time is taken down, no matter
    /// who starts the runs, and that the back end comes after the Front End Servers. Edge Servers cannot reach it and
    /// do not take part. Default none: then the person or the tool that starts the runs must ensure this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimShare>,
    /// What a failure does to the servers that have not begun. Default stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// What a failure does to the servers that have not begun. Servers of the same pool never begin after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// No further server begins.
    #[default]
    Stop,
    /// Other pools continue, within the ring.
    StopPool,
}

/// The share where the servers of a pool agree: a path or, where accounts other than the servers' own write there, an
/// object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimShare {
    /// The folder.
    pub folder: FilePath,
    /// Further accounts whose files are believed, in addition to the servers' own computer accounts.
    pub writers: Vec<AccountName>,
}

/// The folder, and the accounts that write there in addition to the servers.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClaimSettings {
    /// The folder on the share.
    folder: FilePath,
    /// Further accounts whose files are believed, in addition to the servers' own computer accounts: a service account
    /// that runs apply on the servers, and the accounts that may break a claim. A file that belongs to any other account
    /// permits nothing: the pool stays as it is. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    writers: Vec<AccountName>,
}

impl Serialize for ClaimShare {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.writers.is_empty() {
            return self.folder.serialize(to);
        }
        ClaimSettings { folder: self.folder.clone(), writers: self.writers.clone() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for ClaimShare {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// Reads a path or an object. The error of an untagged enum would not report what is wrong in the object.
        struct Either;

        impl<'de> de::Visitor<'de> for Either {
            type Value = ClaimShare;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a folder on a share, or `{ folder, writers }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ClaimShare, E> {
                let folder = text.parse().map_err(E::custom)?;
                Ok(ClaimShare { folder, writers: Vec::new() })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ClaimShare, A::Error> {
                let settings = ClaimSettings::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(ClaimShare { folder: settings.folder, writers: settings.writers })
            }
        }
        from.deserialize_any(Either)
    }
}

impl JsonSchema for ClaimShare {
    fn schema_name() -> Cow<'static, str> {
        "ClaimShare".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let folder = generator.subschema_for::<FilePath>();
        let settings = generator.subschema_for::<ClaimSettings>();
        json_schema!({
            "description": "The share where the servers of a pool agree: a folder or, where other accounts than the servers' own write there, `{ folder, writers }`.",
            "anyOf": [folder, settings],
        })
    }
}

fn at_once<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    match Option::deserialize(from)? {
        Some(other) if !(1..=1000).contains(&other) => {
            Err(de::Error::custom(format_args!("expected 1 to 1000 servers, found {other}")))
        }
        at_once => Ok(at_once),
    }
}
