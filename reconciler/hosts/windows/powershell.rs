//! The product's management shell: fixed scripts, one process for each, with values as JSON on standard input.
//!
//! A shell that will be asked for the versions of databases can be started before the question, because loading the
//! product's module takes most of its time. No script is ever built from text. A value reaches a script as JSON and
//! becomes a typed parameter there.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reconcile_core::SqlPaths;
use reconcile_schema::{Database, PoolSeen, Product, RunId, Step, Store};
use serde::{Deserialize, Serialize};

use super::databases::{Databases, Row};
use super::pools::{Answer, Direction, Move, Question};
use super::powershell_error::PowerShellError;
use super::process::{Child, Ended, Ending, Lifetime, Outliving, Runner, Waiting};
use super::script::{
    ALL, INSTALL_DATABASE, MOVE_COMPUTER, Script, TEST_DATABASE, TEST_MEMBERSHIP, TEST_POOL, TEST_SERVER,
};
use super::win32::Win32Error;
use crate::examined::{answer::Answer as Examined, asked};
use crate::interrupt::Interrupt;

/// The request to a script: the module that has its cmdlet and, if known, what the cmdlet must do.
#[derive(Serialize)]
struct Request<'a> {
    module: &'a str,
    #[serde(flatten)]
    databases: Option<Databases<'a>>,
}

#[derive(Deserialize)]
struct Membership {
    member: bool,
}

/// The folder and the time limit of a call.
pub struct Call<'a> {
    /// A private folder for this call only.
    pub folder: &'a Path,
    /// How long it may take.
    pub limit: Duration,
    /// Whether somebody wants it to end.
    pub interrupt: &'a Interrupt,
}

/// A change that must not be interrupted: its run and its step.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    pub run: &'a RunId,
    pub step: &'a Step,
}

/// A management shell that was started before the question about databases.
pub struct Warm {
    pub folder: PathBuf,
    waiting: Waiting,
    /// Nobody can change the script while it may still be read.
    _script: File,
}

impl Warm {
    /// The same as [`PowerShell::test_databases`], in the shell's own folder.
    ///
    /// # Errors
    /// As there, or when the shell has ended meanwhile.
    pub fn test_databases(
        self,
        runner: &Runner,
        store: &Store,
        call: Call<'_>,
    ) -> Result<Vec<Database>, PowerShellError> {
        let ended = runner.finish(self.waiting, asking(store).as_bytes(), call.limit, &mut |_| {}, call.interrupt)?;
        databases(call.folder, &succeeded(&TEST_DATABASE, call.folder, ended)?)
    }

    /// Ends it without asking it anything.
    pub fn end(self, runner: &Runner) {
        runner.end(self.waiting);
    }
}

/// The management shell of one product.
pub struct PowerShell<'a> {
    /// Runs the processes.
    pub runner: &'a Runner,
    /// `powershell.exe` by its full path.
    pub program: PathBuf,
    /// The private folder of this machine.
    pub private: PathBuf,
    /// The product's module.
    pub module: PathBuf,
}

/// The path of Windows PowerShell below the folder of Windows.
pub fn program(system_root: &Path) -> PathBuf {
    system_root.join(r"System32\WindowsPowerShell\v1.0\powershell.exe")
}

/// The path of a product's management module below `%CommonProgramFiles%`.
pub fn module(common_program_files: &Path, product: Product) -> PathBuf {
    let name = product.module();
    common_program_files.join(product.folder()).join("Modules").join(name).join(format!("{name}.psd1"))
}

impl PowerShell<'_> {
    /// `Test-CsDatabase`: the versions of the databases of `store`.
    ///
    /// # Errors
    /// When the cmdlet failed, could not be run, or did not report databases.
    pub fn test_databases(&self, store: &Store, call: Call<'_>) -> Result<Vec<Database>, PowerShellError> {
        let input = [self.loading(), asking(store)].concat();
        let folder = call.folder;
        databases(folder, &run(self, &TEST_DATABASE, &input, None, call)?)
    }

    /// Starts a shell for [`Warm::test_databases`].
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn warm(&self, folder: &Path) -> Result<Warm, PowerShellError> {
        let (arguments, script) = self.arguments(&TEST_DATABASE)?;
        let input = self.loading();
        let child = Child {
            program: &self.program,
            arguments: &arguments,
            input: input.as_bytes(),
            folder,
            private: &self.private,
            limit: Duration::MAX,
            lifetime: Lifetime::Ours,
        };
        Ok(Warm { waiting: self.runner.start(&child)?, folder: folder.to_owned(), _script: script })
    }

    /// `Install-CsDatabase -Update` in the form of `store`. The cmdlet returns nothing; a new test shows its effect.
    ///
    /// # Errors
    /// When the cmdlet failed, or could not be run.
    pub fn update_databases(
        &self,
        store: &Store,
        paths: &SqlPaths,
        change: Change<'_>,
        call: Call<'_>,
    ) -> Result<(), PowerShellError> {
        let module = self.module.to_string_lossy();
        let request = Request { module: &module, databases: Some(Databases::to_update(store, paths)) };
        run(self, &INSTALL_DATABASE, &ascii_json(&request), Some(change), call).map(drop)
    }

    /// The state of the pool called `pool`, to which this machine belongs as a Front End Server.
    ///
    /// # Errors
    /// When a cmdlet failed, could not be run, or gave an unexpected answer.
    pub fn pool(&self, product: Product, pool: &str, call: Call<'_>) -> Result<PoolSeen, PowerShellError> {
        let (folder, module) = (call.folder, self.module.to_string_lossy());
        let question = ascii_json(&Question::of(&module, product, pool));
        let ended = run(self, &TEST_POOL, &question, None, call)?;
        answer::<Answer>(&TEST_POOL, "how the pool stands", folder, &ended).map(PoolSeen::from)
    }

    /// `Invoke-CsComputerFailOver`, never forced, or `Invoke-CsComputerFailBack`.
    ///
    /// # Errors
    /// When the cmdlet failed, or could not be run.
    pub fn move_computer(
        &self,
        computer: &str,
        direction: Direction,
        change: Change<'_>,
        call: Call<'_>,
    ) -> Result<(), PowerShellError> {
        let module = self.module.to_string_lossy();
        let request = Move { module: &module, computer, direction };
        run(self, &MOVE_COMPUTER, &ascii_json(&request), Some(change), call).map(drop)
    }

    /// Whether our account is a member of `group`, directly or through other groups.
    ///
    /// # Errors
    /// When PowerShell could not be run, or did not answer.
    pub fn is_member(&self, group: &str, call: Call<'_>) -> Result<bool, PowerShellError> {
        #[derive(Serialize)]
        struct Question<'a> {
            group: &'a str,
        }
        let folder = call.folder;
        let ended = run(self, &TEST_MEMBERSHIP, &ascii_json(&Question { group }), None, call)?;
        let found: Membership = answer(&TEST_MEMBERSHIP, "whether the account is a member", folder, &ended)?;
        Ok(found.member)
    }

    /// What `doctor` checks through PowerShell.
    ///
    /// # Errors
    /// When PowerShell could not be run, or did not answer.
    pub fn examine(
        &self,
        in_domain: bool,
        cmdlets: Vec<asked::Cmdlet>,
        sql_servers: Vec<String>,
        call: Call<'_>,
    ) -> Result<Examined, PowerShellError> {
        let (folder, module) = (call.folder, self.module.to_string_lossy());
        let question = ascii_json(&asked::Request { module: &module, in_domain, cmdlets, sql_servers });
        let ended = run(self, &TEST_SERVER, &question, None, call)?;
        answer(&TEST_SERVER, "what it found on this server", folder, &ended)
    }

    /// The line with which a script loads the product's module.
    fn loading(&self) -> String {
        let module = self.module.to_string_lossy();
        ascii_json(&Request { module: &module, databases: None }) + "\n"
    }

    /// The arguments for a script, and the script, held so that nobody can change it between the check and the run.
    fn arguments(&self, script: &Script) -> Result<(Vec<OsString>, File), PowerShellError> {
        if !self.program.is_file() {
            return Err(PowerShellError::Missing(self.program.clone()));
        }
        let (path, held) = put(script, &self.private)?;
        let mut arguments: Vec<OsString> =
            ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File"].map(OsString::from).to_vec();
        arguments.push(path.into());
        Ok((arguments, held))
    }
}

/// Runs a script. A script that makes a `change` is not interrupted, and outlives us; any other one ends with us.
fn run(
    shell: &PowerShell<'_>,
    script: &Script,
    input: &str,
    change: Option<Change<'_>>,
    call: Call<'_>,
) -> Result<Ended, PowerShellError> {
    let (arguments, held) = shell.arguments(script)?;
    let lifetime =
        change.map_or(Lifetime::Ours, |Change { run, step }| Lifetime::Outlives(Outliving { run, step, held: &held }));
    let child = Child {
        program: &shell.program,
        arguments: &arguments,
        input: input.as_bytes(),
        folder: call.folder,
        private: &shell.private,
        limit: call.limit,
        lifetime,
    };
    succeeded(script, call.folder, shell.runner.run(&child, &mut |_| {}, call.interrupt)?)
}

/// What PowerShell reports in every language when an execution policy refuses a script: its exception, and the page
/// that it refers to.
const POLICY: [&str; 3] = ["PSSecurityException", "about_Execution_Policies", "LinkID=135170"];

/// The run of a script, if the script did not fail.
fn succeeded(script: &Script, folder: &Path, ended: Ended) -> Result<Ended, PowerShellError> {
    match ended.ending {
        Ending::Exited(0) => Ok(ended),
        ending @ (Ending::Exited(_) | Ending::TimedOut | Ending::Interrupted | Ending::StillRunning { .. }) => {
            let (script, said) = (script.name, said(&ended.output.tail()));
            if POLICY.iter().any(|mark| said.contains(mark)) {
                return Err(PowerShellError::Policy { script, said });
            }
            Err(PowerShellError::Ended { script, ending, said, folder: folder.into() })
        }
    }
}

/// The request to `Test-CsDatabase`.
fn asking(store: &Store) -> String {
    ascii_json(&Databases::to_test(store))
}

/// The answer of `Test-CsDatabase`.
fn databases(folder: &Path, ended: &Ended) -> Result<Vec<Database>, PowerShellError> {
    let expected = "a list of databases with their versions";
    let rows: Vec<Row> = answer(&TEST_DATABASE, expected, folder, ended)?;
    if rows.is_empty() {
        // An empty list does not mean that all databases are current.
        let (script, found) = (TEST_DATABASE.name, "an empty list".into());
        return Err(PowerShellError::Answer { script, expected, found, folder: folder.into() });
    }
    rows.into_iter().map(|row| row.database(folder)).collect()
}

/// JSON with ASCII characters only: the console code page in which PowerShell reads its input cannot change it.
fn ascii_json(request: &impl Serialize) -> String {
    // A request has only texts and lists of texts, which JSON can always express.
    let json = serde_json::to_string(request).unwrap_or_default();
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            // Outside JSON's own signs, that is within texts, every character may be written as its number.
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
    let lines = ended.output.lines().map_err(|error| wrong(Win32Error::of(&error).to_string()))?;
    if let Some(answer) = lines.iter().rev().take(LINES).find_map(|line| within(line)) {
        return Ok(answer);
    }
    let last = lines.last().ok_or_else(|| wrong("nothing".into()))?;
    let why = serde_json::from_str::<T>(last).err().map_or_else(String::new, |error| format!(" ({error})"));
    Err(wrong(format!("{}{why}", last.chars().take(200).collect::<String>())))
}

/// How many of the last lines can contain the answer: output at the end of a module comes after it.
const LINES: usize = 1_000;

/// At how many places of a line the answer can begin.
const STARTS: usize = 32;

/// The answer in a line. Warnings of a cmdlet, which PowerShell prints to the same place, come before it, and not
/// always with a line end.
fn within<T: serde::de::DeserializeOwned>(line: &str) -> Option<T> {
    let starts = line.char_indices().filter(|(_, character)| matches!(character, '[' | '{'));
    starts.take(STARTS).find_map(|(at, _)| serde_json::from_str(line.get(at..)?).ok())
}

/// Writes every script to the place where PowerShell reads it, and holds it, so that everything is ready before an
/// outage begins.
///
/// # Errors
/// When one of them cannot be written or read.
pub fn hold(private: &Path) -> Result<Vec<File>, PowerShellError> {
    ALL.iter().map(|script| Ok(put(script, private)?.1)).collect()
}

/// Puts a script into its place in the private folder, and holds it there.
fn put(script: &Script, private: &Path) -> Result<(PathBuf, File), PowerShellError> {
    let scripts = private.join("scripts");
    script.put(&scripts).map_err(|cause| PowerShellError::Script { path: scripts.join(script.name), cause })
}

/// The last lines of a child as one text.
pub fn said(tail: &[String]) -> String {
    if tail.is_empty() { "it printed nothing".into() } else { tail.join(" | ") }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "powershell_tests.rs"]
mod tests;
