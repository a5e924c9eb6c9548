//! The requests to the cmdlets for databases, and their answers.

use std::path::Path;

use reconcile_core::SqlPaths;
use reconcile_schema::{Database, DbVersion, FolderPath, Fqdn, SqlInstance, Store};
use serde::{Deserialize, Serialize};

use super::powershell_error::PowerShellError;
use super::script::TEST_DATABASE;

/// The set of databases for a script.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Databases<'a> {
    form: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql_server: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// For the update only, because the test has no such parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_collocated_stores: Option<bool>,
    /// For the update only, and only where the manifest declares them.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    use_default_sql_paths: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    paths: &'a [FolderPath],
}

impl<'a> Databases<'a> {
    /// The request to `Test-CsDatabase` for `store`.
    pub fn to_test(store: &'a Store) -> Self {
        let (form, sql_server, instance) = match store {
            Store::Local => ("local", None, None),
            Store::Configured { sql_server, exclude_collocated: _ } => ("configured", Some(sql_server), None),
            Store::CentralManagement { sql_server, instance } => ("central", Some(sql_server), instance.as_ref()),
        };
        let (sql_server, instance) = (sql_server.map(Fqdn::as_str), instance.map(SqlInstance::as_str));
        Self { form, sql_server, instance, exclude_collocated_stores: None, use_default_sql_paths: false, paths: &[] }
    }

    /// The request to `Install-CsDatabase -Update` for `store`.
    pub fn to_update(store: &'a Store, paths: &'a SqlPaths) -> Self {
        let exclude = match store {
            Store::Configured { exclude_collocated, .. } => *exclude_collocated,
            Store::Local | Store::CentralManagement { .. } => false,
        };
        let (use_default_sql_paths, paths): (_, &[_]) = match paths {
            SqlPaths::Chosen => (false, &[]),
            SqlPaths::Default => (true, &[]),
            SqlPaths::These(paths) => (false, paths),
        };
        Self { exclude_collocated_stores: Some(exclude), use_default_sql_paths, paths, ..Self::to_test(store) }
    }
}

/// A database as `Test-CsDatabase` reports it (Microsoft Learn, Lync Server 2013: Testing database configuration).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Row {
    database_name: String,
    expected_version: String,
    installed_version: String,
    mirror_sql_server_fqdn: Option<String>,
    succeed: bool,
}

impl Row {
    /// The database.
    ///
    /// # Errors
    /// When a version is invalid; the complete output is in `folder`.
    pub fn database(self, folder: &Path) -> Result<Database, PowerShellError> {
        let version = |text: &str| -> Result<Option<DbVersion>, PowerShellError> {
            let text = text.trim();
            if text.is_empty() {
                return Ok(None);
            }
            text.parse().map(Some).map_err(|error| PowerShellError::Answer {
                script: TEST_DATABASE.name,
                expected: "a list of databases with their versions",
                found: format!("{error} for database {}", self.database_name),
                folder: folder.into(),
            })
        };
        let (expected, installed) = (version(&self.expected_version)?, version(&self.installed_version)?);
        let mirrored = self.mirror_sql_server_fqdn.is_some_and(|mirror| !mirror.trim().is_empty());
        Ok(Database { expected, installed, reachable: self.succeed, mirrored, name: self.database_name })
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_empty_version_is_none_and_a_strange_one_is_an_error() {
        let row = |installed: &str| -> Row {
            let json = format!(
                r#"{{"DatabaseName":"rtcxds","SqlServerFqdn":"s","SqlInstanceName":"rtc","ExpectedVersion":"15.13.22","InstalledVersion":"{installed}","Succeed":true}}"#
            );
            serde_json::from_str(&json).expect("a row")
        };
        let folder = Path::new(r"C:\logs");
        let database = row("").database(folder).expect("a database");
        assert_eq!((database.installed, database.reachable), (None, true));
        let database = row("15.13.9").database(folder).expect("a database");
        assert_eq!(database.installed, "15.13.9".parse().ok());
        assert!(!database.mirrored);
        let mirrored = Row { mirror_sql_server_fqdn: Some("sql02".into()), ..row("15.13.9") };
        assert!(mirrored.database(folder).expect("a database").mirrored);
        let error = row("15.13").database(folder).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("\"15.13\" for database rtcxds") && error.contains(r"C:\logs"), "{error}");
    }
}
