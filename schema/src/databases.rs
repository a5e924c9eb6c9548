//! The databases that a manifest declares for a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fqdn, SqlInstance, names::ShortOrFull};

/// The databases that are updated from a server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Databases {
    /// The SQL Server of an Enterprise Edition Back End; for an availability group, its listener (Microsoft Learn:
    /// Deploy an Always On Availability Group on a Back End Server). A Standard Edition server has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ShortOrFull>")]
    pub sql_server: Option<Fqdn>,
    /// Whether archiving or monitoring databases are collocated on that SQL Server.
    #[serde(default)]
    pub collocated: bool,
    /// What to do where the databases are mirrored. Default block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirrored: Option<Mirrored>,
    /// The Central Management Store, when it is updated from this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub central_management_store: Option<CentralStore>,
}

/// What to do where databases are mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mirrored {
    /// Take nothing down: the sources contradict each other. Microsoft Learn (Install-CsDatabase) says that `-Update` fails on
    /// mirrored databases. A blog of Microsoft's (2013) says that it works from the updates of July 2013 on.
    #[default]
    Block,
    /// Update them like all others, because somebody has found that it works here. Each must be principal on the
    /// primary server.
    Update,
}

/// Where the Central Management Store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CentralStore {
    /// The SQL Server that holds it.
    #[schemars(with = "ShortOrFull")]
    pub sql_server: Fqdn,
    /// The SQL Server instance, when it is not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<SqlInstance>,
}
