//! The databases of a pool on a SQL Server on which no component of the product is installed.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CentralStore, FolderPath, Fqdn, Mirrored, ServerName, SqlInstance,
    names::{ShortOrFull, Text, reasons},
};

/// The databases of a Front End pool on a SQL Server that is none of the servers in the manifest. They are updated from
/// a patched Front End Server, after all Front End Servers of the pool (Microsoft Learn: Install-CsDatabase; its scripts
/// come with Core Components).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolDatabases {
    /// The SQL Server; for an availability group, its listener.
    #[schemars(with = "ShortOrFull")]
    pub sql_server: Fqdn,
    /// The instance, when it is not the default one. It is passed to the form of the command that takes one, which is
    /// that of the Central Management Store. The form for the databases of a pool takes the SQL Server alone, and
    /// covers all of its instances that the topology names (Microsoft Learn: Install-CsDatabase).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<SqlInstance>,
    /// Whether archiving or monitoring databases are collocated on that SQL Server.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub collocated: bool,
    /// What to do where the databases are mirrored. Default block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirrored: Option<Mirrored>,
    /// Whether `sqlServer` is the listener of an Always On availability group. Skype for Business Server 2015 and later
    /// have it (Microsoft Learn: Deploy an Always On Availability Group on a Back End Server).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub availability_group: bool,
    /// Whether SQL Server's own folders are used for the files of databases that the update creates. A SQL Server
    /// cluster needs this, or `paths` (Microsoft Learn: Install-CsDatabase).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub use_default_sql_paths: bool,
    /// The folders on the SQL Server for the files of databases that the update creates, instead of
    /// `useDefaultSqlPaths`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<FolderPath>,
    /// The Central Management Store, when this pool has it: it is updated after the databases of the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub central_management_store: Option<CentralStore>,
    /// The Front End Server from which they are updated. Default the last one of the pool in the order of names, with
    /// numbers as numbers: `fe2` comes before `fe10`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ServerName>,
    /// Front End Servers that the update does not wait for, each with the reason: one that is out of service for long.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "reasons")]
    #[schemars(with = "BTreeMap<ServerName, Text>", extend("x-expected" = "the name of a Front End Server of the pool"))]
    pub without: BTreeMap<ServerName, String>,
}
