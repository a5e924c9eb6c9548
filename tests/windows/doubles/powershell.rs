//! The double of `powershell.exe` with the product's management module.
//!
//! It runs no script: the file name of a script stands for its cmdlet. It checks the request from standard input as
//! strictly as the typed parameters of the scripts. It loads the module when the script would, and the script that
//! tests databases does so before it gets its request.

use std::error::Error;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use reconcile_doubles::{Call, Database, Form, Lab, ScriptRun, reaches};

use super::{calls, components, examined, pools, shell};

const TEST_DATABASE: &str = "Test-CsDatabase.ps1";

const CALLED_WITH: [&str; 5] = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File"];

/// The standard output of a script, if any, or the error with which it ends.
pub type Answer = Result<Option<Value>, Box<dyn Error>>;

pub fn main() -> Result<u32, Box<dyn Error>> {
    let started = calls::this_call()?;
    let (mut stdin, mut loaded) = (Vec::new(), Ok(()));
    if started.script() == Some(TEST_DATABASE) {
        stdin = calls::first_line()?;
        loaded = request(&stdin).and_then(|Loading { module }| import(&calls::lab()?, &module));
    }
    let rest = calls::stdin()?;
    stdin.extend(&rest);
    let call = Call { at: calls::now()?, stdin: String::from_utf8_lossy(&stdin).into_owned(), ..started };
    let lab = calls::lab()?;
    let script = call.script().unwrap_or_default();
    let run = calls::nth(lab.scripts.get(script).map_or(&[][..], Vec::as_slice), calls::record(&call)?);
    let answer = called_as_agreed(&call.args).and(loaded).and_then(|()| match run {
        ScriptRun::Works => play(&lab, script, &rest),
        ScriptRun::Slow(milliseconds) => {
            calls::take(milliseconds);
            play(&lab, script, &rest)
        }
        ScriptRun::Chatty => {
            println!("{}", "WARNING: the topology has not been published yet.\r\n".repeat(64_000));
            play(&lab, script, &rest)
        }
        ScriptRun::Hangs => calls::hang(),
        ScriptRun::Fails(text) => Err(text.into()),
        ScriptRun::DoesNothing => Ok(None),
        ScriptRun::Answers(text) => {
            println!("{text}");
            Ok(None)
        }
    });
    match answer {
        Ok(value) => {
            if let Some(value) = value {
                println!("{value}");
            }
            Ok(0)
        }
        Err(error) => {
            println!("{error}");
            Ok(1)
        }
    }
}

/// The result of a script, for a cmdlet of a module in a real PowerShell: `cmdlet.exe SCRIPT`, with the request on
/// standard input.
pub fn cmdlet() -> Result<u32, Box<dyn Error>> {
    let (script, request) = (std::env::args().nth(1).unwrap_or_default(), calls::stdin()?);
    match play(&calls::lab()?, &script, &request) {
        Ok(value) => {
            if let Some(value) = value {
                println!("{value}");
            }
            Ok(0)
        }
        Err(error) => {
            println!("{error}");
            Ok(1)
        }
    }
}

fn called_as_agreed(args: &[String]) -> Result<(), Box<dyn Error>> {
    match args.split_last() {
        Some((script, options)) if options == CALLED_WITH => {
            let path = Path::new(script);
            if path.is_absolute() && path.is_file() {
                Ok(())
            } else {
                Err(format!("no script at the absolute path {script}").into())
            }
        }
        _ => Err(format!("expected {} <script>, found {}", CALLED_WITH.join(" "), args.join(" ")).into()),
    }
}

fn play(lab: &Lab, script: &str, stdin: &[u8]) -> Answer {
    match script {
        TEST_DATABASE => test(lab, &request(stdin)?),
        "Install-CsDatabase.ps1" => install(lab, &request(stdin)?),
        "Test-Membership.ps1" => membership(lab, &request(stdin)?),
        "Test-Pool.ps1" => pools::test(lab, &request(stdin)?),
        "Test-Server.ps1" => examined::answer(lab, &request(stdin)?),
        "Move-Computer.ps1" => pools::move_computer(lab, &request(stdin)?),
        _ => Err("no cmdlet goes by this script".into()),
    }
}

fn request<T: DeserializeOwned>(stdin: &[u8]) -> Result<T, Box<dyn Error>> {
    if !stdin.is_ascii() {
        return Err("the request is not ASCII".into());
    }
    Ok(serde_json::from_slice(stdin).map_err(|error| format!("the request: {error}"))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Loading {
    module: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TestRequest {
    form: Form,
    sql_server: Option<String>,
    instance: Option<String>,
}

/// Test-CsDatabase. The expected versions depend on the binaries of this computer, and `Succeed` means reachable.
fn test(lab: &Lab, request: &TestRequest) -> Answer {
    let mut databases = calls::databases()?;
    let covered = covered(&mut databases, request.form, request.sql_server.as_deref(), request.instance.as_deref())?;
    let patched = patched(lab)?;
    let rows = covered.into_iter().map(|database| {
        let expected = expected(database, patched);
        let installed = if database.reachable { &database.installed } else { "" };
        json!({
            "DatabaseName": database.name,
            "SqlServerFqdn": database.server,
            "SqlInstanceName": database.instance,
            "ExpectedVersion": expected,
            "InstalledVersion": installed,
            "Succeed": database.reachable,
        })
    });
    Ok(Some(rows.collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct InstallRequest {
    module: String,
    form: Form,
    sql_server: Option<String>,
    instance: Option<String>,
    exclude_collocated_stores: bool,
    #[serde(default)]
    use_default_sql_paths: bool,
    #[serde(default)]
    paths: Vec<String>,
}

/// Install-CsDatabase -Update. It updates the databases to the versions that this computer's binaries expect, and
/// prints nothing.
fn install(lab: &Lab, request: &InstallRequest) -> Answer {
    import(lab, &request.module)?;
    if request.exclude_collocated_stores && request.form != Form::Configured {
        return Err("-ExcludeCollocatedStores goes with -ConfiguredDatabases only".into());
    }
    if request.use_default_sql_paths && !request.paths.is_empty() {
        return Err("-DatabasePaths and -UseDefaultSqlPaths exclude each other".into());
    }
    let mut databases = calls::databases()?;
    let patched = patched(lab)?;
    for database in covered(&mut databases, request.form, request.sql_server.as_deref(), request.instance.as_deref())? {
        if !database.reachable {
            return Err(format!("cannot open a connection to {}\\{}", database.server, database.instance).into());
        }
        if !database.stuck {
            database.installed = expected(database, patched).to_owned();
        }
    }
    calls::set_databases(&databases)?;
    Ok(None)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MembershipRequest {
    group: String,
}

fn membership(lab: &Lab, request: &MembershipRequest) -> Answer {
    Ok(Some(json!({ "member": lab.groups.contains(&request.group) })))
}

/// Import-Module, which accepts only the documented path of the product's module. Its assembly stays loaded.
pub fn import(lab: &Lab, module: &str) -> Result<(), Box<dyn Error>> {
    if module.eq_ignore_ascii_case(&lab.module) && Path::new(module).is_file() {
        shell::load(lab.assembly.as_ref())
    } else {
        Err(format!("the module {module} was not loaded: expected {}", lab.module).into())
    }
}

/// The databases that a form of the cmdlets covers.
fn covered<'a>(
    databases: &'a mut [Database],
    form: Form,
    server: Option<&str>,
    instance: Option<&str>,
) -> Result<Vec<&'a mut Database>, Box<dyn Error>> {
    match (form, server) {
        (Form::Local, None) if instance.is_none() => {}
        (Form::Configured | Form::Central, Some(_)) => {}
        (Form::Local, _) => return Err("-LocalDatabases takes no SQL Server".into()),
        (Form::Configured | Form::Central, None) => return Err("-SqlServerFqdn is missing".into()),
    }
    let is = |given: Option<&str>, actual: &str| given.is_none_or(|given| given.eq_ignore_ascii_case(actual));
    let covered: Vec<_> = databases
        .iter_mut()
        .filter(|database| database.form == form && is(server, &database.server) && is(instance, &database.instance))
        .collect();
    if covered.is_empty() {
        return Err(format!("the topology has no such databases: {}", server.unwrap_or("local")).into());
    }
    Ok(covered)
}

fn expected(database: &Database, patched: bool) -> &str {
    if patched { &database.expected_after } else { &database.expected_before }
}

/// Whether Core Components, and therefore its database scripts, are at the update.
fn patched(lab: &Lab) -> Result<bool, Box<dyn Error>> {
    let core = components::installed()?.into_iter().find(|component| component.name.ends_with(", Core Components"));
    Ok(core.is_some_and(|core| lab.package.get(&core.name).is_some_and(|target| reaches(&core.version, target))))
}
