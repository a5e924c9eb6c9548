//! The product's management shell: fixed scripts, one process for each, values as JSON on standard input.
//!
//! No script is ever built from text. A value reaches a script as JSON and becomes a typed parameter there.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reconcile_schema::{Database, DbVersion, Fqdn, Product, SqlInstance, Store};
use serde::{Deserialize, Serialize};

use super::process::{Child, Ended, Ending, Lifetime, ProcessError, Pulse, Runner};
use super::script::{INSTALL_DATABASE, START_SERVICES, STOP_SERVICES, Script, TEST_DATABASE, TEST_MEMBERSHIP};
use super::win32::Win32Error;

/// Why the management shell did not answer.
#[derive(Debug, thiserror::Error)]
pub enum PowerShellError {
    /// The script cannot be put where PowerShell reads it.
    #[error("cannot write the script {path}: {cause}")]
    Script {
        /// The script.
        path: PathBuf,
        /// What went wrong.
        cause: io::Error,
    },
    /// PowerShell cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The script failed, or did not come to its end.
    #[error("{script} {ending}: {said}; everything that it printed is in {folder}")]
    Ended {
        /// The script.
        script: &'static str,
        /// How it ended.
        ending: Ending,
        /// The last lines that it printed.
        said: String,
        /// Where all of them are.
        folder: PathBuf,
    },
    /// The script ended well, and its answer is not one.
    #[error("{script} was expected to answer {expected}, found {found}; everything that it printed is in {folder}")]
    Answer {
        /// The script.
        script: &'static str,
        /// What the answer should have been.
        expected: &'static str,
        /// What it was.
        found: String,
        /// Where everything that it printed is.
        folder: PathBuf,
    },
}

/// What every script is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    module: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<&'a [String]>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    databases: Option<Databases<'a>>,
}

/// The set of databases that a script is about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Databases<'a> {
    form: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql_server: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// For the update only: the test has no such parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_collocated_stores: Option<bool>,
}

impl<'a> Databases<'a> {
    fn to_test(store: &'a Store) -> Self {
        let (form, sql_server, instance) = match store {
            Store::Local => ("local", None, None),
            Store::Configured { sql_server, exclude_collocated: _ } => ("configured", Some(sql_server), None),
            Store::CentralManagement { sql_server, instance } => ("central", Some(sql_server), instance.as_ref()),
        };
        let (sql_server, instance) = (sql_server.map(Fqdn::as_str), instance.map(SqlInstance::as_str));
        Self { form, sql_server, instance, exclude_collocated_stores: None }
    }

    fn to_update(store: &'a Store) -> Self {
        let exclude = match store {
            Store::Configured { exclude_collocated, .. } => *exclude_collocated,
            Store::Local | Store::CentralManagement { .. } => false,
        };
        Self { exclude_collocated_stores: Some(exclude), ..Self::to_test(store) }
    }
}

/// A database as `Test-CsDatabase` reports it (Microsoft Learn, Lync Server 2013: Testing database configuration).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    database_name: String,
    expected_version: String,
    installed_version: String,
    succeed: bool,
}

#[derive(Deserialize)]
struct Membership {
    member: bool,
}

/// Where a call works and how long it may take.
pub struct Call<'a> {
    /// A private folder of this call alone.
    pub folder: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// Sees the call while it runs.
    pub watch: &'a mut dyn FnMut(Pulse),
    /// Whether the user wants it to end.
    pub interrupted: &'a dyn Fn() -> bool,
}

/// The management shell of one product.
pub struct PowerShell<'a> {
    /// Runs the processes.
    pub runner: &'a Runner,
    /// `powershell.exe` by its full path.
    pub program: PathBuf,
    /// The private folder for scripts.
    pub scripts: &'a Path,
    /// The product's module.
    pub module: PathBuf,
}

/// Where Windows PowerShell lies below the folder of Windows.
pub fn program(system_root: &Path) -> PathBuf {
    system_root.join(r"System32\WindowsPowerShell\v1.0\powershell.exe")
}

/// Where a product's management module lies below `%CommonProgramFiles%`.
///
/// Lync Server 2013 and Skype for Business Server 2019: public deployment scripts; 2015: by the same pattern.
/// Subscription Edition: no published source was found, it is assumed to follow the pattern of 2019.
pub fn module(common_program_files: &Path, product: Product) -> PathBuf {
    let (folder, name) = match product {
        Product::Lync2010 => ("Microsoft Lync Server 2010", "Lync"),
        Product::Lync2013 => ("Microsoft Lync Server 2013", "Lync"),
        Product::Sfb2015 => ("Skype for Business Server 2015", "SkypeForBusiness"),
        Product::Sfb2019 => ("Skype for Business Server 2019", "SkypeForBusiness"),
        Product::SfbSe => ("Skype for Business Server Subscription Edition", "SkypeForBusiness"),
    };
    common_program_files.join(folder).join("Modules").join(name).join(format!("{name}.psd1"))
}

impl PowerShell<'_> {
    /// `Stop-CsWindowsService`: stops every service of the product on this machine.
    ///
    /// # Errors
    /// The cmdlet failed, or could not be run.
    pub fn stop_services(&self, call: Call<'_>) -> Result<(), PowerShellError> {
        self.call(&STOP_SERVICES, None, None, Lifetime::Ours, call).map(drop)
    }

    /// `Start-CsWindowsService -Name` for each of these services, in this order.
    ///
    /// # Errors
    /// A service could not be started, the others were tried all the same; or the cmdlet could not be run.
    pub fn start_services(&self, names: &[String], call: Call<'_>) -> Result<(), PowerShellError> {
        self.call(&START_SERVICES, Some(names), None, Lifetime::Finishes, call).map(drop)
    }

    /// `Test-CsDatabase`: the versions of the databases of `store`.
    ///
    /// # Errors
    /// The cmdlet failed, could not be run, or reported something else than databases.
    pub fn test_databases(&self, store: &Store, call: Call<'_>) -> Result<Vec<Database>, PowerShellError> {
        let expected = "a list of databases with their versions";
        let folder = call.folder;
        let ended = self.call(&TEST_DATABASE, None, Some(Databases::to_test(store)), Lifetime::Ours, call)?;
        let rows: Vec<Row> = answer(&TEST_DATABASE, expected, folder, &ended)?;
        if rows.is_empty() {
            // No databases are not databases that are all up to date.
            let (script, found) = (TEST_DATABASE.name, "an empty list".into());
            return Err(PowerShellError::Answer { script, expected, found, folder: folder.into() });
        }
        rows.into_iter().map(|row| row.database(folder)).collect()
    }

    /// `Install-CsDatabase -Update` in the form of `store`. The cmdlet returns nothing: what it did is seen by testing again.
    ///
    /// # Errors
    /// The cmdlet failed, or could not be run.
    pub fn update_databases(&self, store: &Store, call: Call<'_>) -> Result<(), PowerShellError> {
        self.call(&INSTALL_DATABASE, None, Some(Databases::to_update(store)), Lifetime::Finishes, call).map(drop)
    }

    fn call(
        &self,
        script: &Script,
        names: Option<&[String]>,
        databases: Option<Databases<'_>>,
        lifetime: Lifetime,
        call: Call<'_>,
    ) -> Result<Ended, PowerShellError> {
        let module = self.module.to_string_lossy();
        run(self, script, &Request { module: &module, names, databases }, lifetime, call)
    }

    /// Whether the account that we run as is a member of `group`, directly or through other groups.
    ///
    /// # Errors
    /// PowerShell could not be run, or did not answer.
    pub fn is_member(&self, group: &str, call: Call<'_>) -> Result<bool, PowerShellError> {
        #[derive(Serialize)]
        struct Question<'a> {
            group: &'a str,
        }
        let folder = call.folder;
        let ended = run(self, &TEST_MEMBERSHIP, &Question { group }, Lifetime::Ours, call)?;
        let found: Membership = answer(&TEST_MEMBERSHIP, "whether the account is a member", folder, &ended)?;
        Ok(found.member)
    }
}

fn run(
    shell: &PowerShell<'_>,
    script: &Script,
    request: &impl Serialize,
    lifetime: Lifetime,
    call: Call<'_>,
) -> Result<Ended, PowerShellError> {
    // Held until the child has ended: nobody changes the script between the check and the run.
    let (path, _held) = script
        .put(shell.scripts)
        .map_err(|cause| PowerShellError::Script { path: shell.scripts.join(script.name), cause })?;
    let mut arguments: Vec<OsString> =
        ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File"].map(OsString::from).to_vec();
    arguments.push(path.into());
    let input = ascii_json(request);
    let child = Child {
        program: &shell.program,
        arguments: &arguments,
        input: input.as_bytes(),
        folder: call.folder,
        limit: call.limit,
        lifetime,
    };
    let ended = shell.runner.run(&child, call.watch, call.interrupted)?;
    match ended.ending {
        Ending::Exited(0) => Ok(ended),
        ending @ (Ending::Exited(_) | Ending::TimedOut | Ending::Interrupted | Ending::StillRunning { .. }) => {
            let (script, said) = (script.name, said(&ended.output.tail()));
            Err(PowerShellError::Ended { script, ending, said, folder: call.folder.into() })
        }
    }
}

/// JSON without a character above ASCII: the console code page in which PowerShell reads its input cannot change it.
fn ascii_json(request: &impl Serialize) -> String {
    // Texts and lists of texts: there is nothing in a request that JSON cannot say.
    let json = serde_json::to_string(request).unwrap_or_default();
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            // Outside of JSON's own signs, that is within texts, every character may be written by its number.
            ascii.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    ascii
}

fn answer<T: serde::de::DeserializeOwned>(
    script: &Script,
    expected: &'static str,
    folder: &Path,
    ended: &Ended,
) -> Result<T, PowerShellError> {
    let wrong = |found| PowerShellError::Answer { script: script.name, expected, found, folder: folder.into() };
    // The last line: warnings of a cmdlet, which PowerShell prints to the same place, come before it.
    let line = ended.output.answer().map_err(|error| wrong(Win32Error::of(&error).to_string()))?;
    let line = line.ok_or_else(|| wrong("nothing".into()))?;
    serde_json::from_str(&line)
        .map_err(|error| wrong(format!("{} ({error})", line.chars().take(200).collect::<String>())))
}

impl Row {
    fn database(self, folder: &Path) -> Result<Database, PowerShellError> {
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
        Ok(Database { expected, installed, reachable: self.succeed, name: self.database_name })
    }
}

/// The last lines of a child in one.
pub fn said(tail: &[String]) -> String {
    if tail.is_empty() { "it printed nothing".into() } else { tail.join(" | ") }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "powershell_tests.rs"]
mod tests;
