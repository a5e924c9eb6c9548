//! The databases of a server: the forms of the command that updates them, and their versions.

use alloc::string::String;
use core::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fqdn, SqlInstance, build::numbers, names::text};

/// A set of databases that one form of `Install-CsDatabase -Update` brings up to date, and that one form of
/// `Test-CsDatabase` reports on (Microsoft Learn: Install-CsDatabase, Test-CsDatabase).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Store {
    /// The databases on this server: Standard Edition.
    Local,
    /// The databases that the topology configures on a SQL Server: Enterprise Edition Back End.
    #[serde(rename_all = "camelCase")]
    Configured {
        /// The SQL Server.
        sql_server: Fqdn,
        /// Whether archiving or monitoring databases are collocated there, so that the documented form with
        /// `-ExcludeCollocatedStores` is used.
        exclude_collocated: bool,
    },
    /// The Central Management Store.
    #[serde(rename_all = "camelCase")]
    CentralManagement {
        /// The SQL Server that holds it.
        sql_server: Fqdn,
        /// The instance, when it is not the default one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instance: Option<SqlInstance>,
    },
}

impl Store {
    /// The SQL Server that holds them, where the manifest names one; the server's own SQL Server has no name.
    #[must_use]
    pub const fn sql_server(&self) -> Option<&Fqdn> {
        match self {
            Self::Local => None,
            Self::Configured { sql_server, .. } | Self::CentralManagement { sql_server, .. } => Some(sql_server),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local databases"),
            Self::Configured { sql_server, exclude_collocated: false } => write!(f, "databases on {sql_server}"),
            Self::Configured { sql_server, exclude_collocated: true } => {
                write!(f, "databases on {sql_server}, without the collocated ones")
            }
            Self::CentralManagement { sql_server, instance: None } => {
                write!(f, "Central Management Store on {sql_server}")
            }
            Self::CentralManagement { sql_server, instance: Some(instance) } => {
                write!(f, "Central Management Store on {sql_server}\\{instance}")
            }
        }
    }
}

/// The version of a database: schema, stored procedures, upgrade script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DbVersion([u32; 3]);

impl From<[u32; 3]> for DbVersion {
    fn from(parts: [u32; 3]) -> Self {
        Self(parts)
    }
}

impl DbVersion {
    /// The version that an upgrade script would produce next.
    #[must_use]
    pub const fn next(self) -> Self {
        let [schema, procedures, upgrade] = self.0;
        Self([schema, procedures, upgrade.saturating_add(1)])
    }
}

impl fmt::Display for DbVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [schema, procedures, upgrade] = self.0;
        write!(f, "{schema}.{procedures}.{upgrade}")
    }
}

text!(
    DbVersion,
    |text| numbers(text).map(Self),
    r"^[0-9]+\.[0-9]+\.[0-9]+$",
    "a database version of three numbers such as 125.74.89"
);

/// What `Test-CsDatabase` reports about one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// The database, such as `rtcxds`.
    pub name: String,
    /// The version that the binaries expect on the machine where the cmdlet ran.
    pub expected: Option<DbVersion>,
    /// The version that is installed; the report may leave it empty.
    pub installed: Option<DbVersion>,
    /// Whether the database could be reached. `Succeed` in the report means this, not that the database is
    /// current.
    pub reachable: bool,
    /// Whether another SQL Server mirrors it (`MirrorSqlServerFqdn` in the report).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub mirrored: bool,
}

/// The state of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseState {
    /// At, or above, the version that the binaries expect.
    Current,
    /// Below it.
    Behind,
    /// The state cannot be determined, for this reason.
    Unknown(&'static str),
}

impl Database {
    /// The state of the database.
    ///
    /// `xds` is exempt from the comparison: Microsoft's own diagnostics leave it out, since its master copy
    /// belongs to the Central Management Store. An empty version is unknown, never current and never behind.
    #[must_use]
    pub fn state(&self) -> DatabaseState {
        if !self.reachable {
            return DatabaseState::Unknown("it could not be reached");
        }
        if self.name.eq_ignore_ascii_case("xds") {
            return DatabaseState::Current;
        }
        match (self.expected, self.installed) {
            (Some(expected), Some(installed)) if installed >= expected => DatabaseState::Current,
            (Some(_), Some(_)) => DatabaseState::Behind,
            (None, _) => DatabaseState::Unknown("Test-CsDatabase gave no expected version"),
            (_, None) => DatabaseState::Unknown("Test-CsDatabase gave no installed version"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn database(name: &str, expected: &str, installed: &str) -> Database {
        let (expected, installed) = (expected.parse().ok(), installed.parse().ok());
        Database { name: name.to_string(), expected, installed, reachable: true, mirrored: false }
    }

    #[test]
    fn a_database_is_behind_only_when_both_versions_are_known() {
        assert_eq!(database("rtcxds", "15.13.22", "15.13.9").state(), DatabaseState::Behind);
        assert_eq!(database("rtcxds", "15.13.22", "15.13.22").state(), DatabaseState::Current);
        assert_eq!(database("rtcxds", "15.13.22", "16.0.0").state(), DatabaseState::Current);
        assert!(matches!(database("rtcxds", "15.13.22", "").state(), DatabaseState::Unknown(_)));
        assert!(matches!(database("rtcxds", "", "15.13.22").state(), DatabaseState::Unknown(_)));
    }

    #[test]
    fn xds_is_exempt_but_must_be_reached() {
        assert_eq!(database("xds", "10.16.7", "10.15.1").state(), DatabaseState::Current);
        let gone = Database { reachable: false, ..database("xds", "10.16.7", "10.16.7") };
        assert!(matches!(gone.state(), DatabaseState::Unknown(_)));
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!("125.74.89".parse::<DbVersion>().unwrap() > "125.9.100".parse().unwrap());
        for bad in ["", "1.2", "1.2.3.4", "a.b.c", "1..2"] {
            assert!(bad.parse::<DbVersion>().is_err(), "{bad}");
        }
    }
}
