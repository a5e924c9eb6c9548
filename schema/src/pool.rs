//! A pool: servers that stand in for each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fqdn, PoolDatabases, UpdateName, names::ShortOrFull};

/// What a manifest declares about a pool. Its servers are those that name it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pool {
    /// The update that the pool must have: a name under `updates`. It also applies to those of its servers that declare
    /// none, and no server of the pool may declare another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<UpdateName>,
    /// The site of the pool. It also applies to those of its servers that declare none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<UpdateName>,
    /// The ring in which the pool is updated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<UpdateName>,
    /// The pool that takes over from this one. The two are never worked on at the same time. One of them declares the
    /// pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ShortOrFull>")]
    pub paired_with: Option<Fqdn>,
    /// Whether its servers may be taken down at the same time, where they cannot agree on a share, such as Edge
    /// Servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// Its databases, where they are on a SQL Server on which no component of the product is installed. A pool whose
    /// Back End Server has an installation of its own has a server of the role `back-end` instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub databases: Option<PoolDatabases>,
}

/// Whether servers of one pool may be taken down at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Together {
    /// They may: people can do without the pool for that long.
    Allowed,
}
