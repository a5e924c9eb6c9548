//! What `doctor` asks of PowerShell on this computer: a shell, the product's cmdlets, its certificates and replicas, and
//! the backups that SQL Server records.

use std::error::Error;

use serde::Deserialize;
use serde_json::{Value, json};

use reconcile_doubles::{Asks, Form, Lab};

use super::calls;
use super::powershell::{Answer, import};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Request {
    module: String,
    in_domain: bool,
    cmdlets: Vec<Cmdlet>,
    sql_servers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cmdlet {
    name: String,
    parameters: Vec<String>,
    properties: Vec<String>,
}

/// The parameters of the cmdlets, and the properties of their answers (Microsoft Learn, module SkypeForBusiness).
const DOCUMENTED: [(&str, &[&str], &[&str]); 7] = [
    (
        "Test-CsDatabase",
        &["LocalService", "ConfiguredDatabases", "CentralManagementDatabase", "SqlServerFqdn", "SqlInstanceName"],
        &["DatabaseName", "ExpectedVersion", "InstalledVersion", "Succeed", "MirrorSqlServerFqdn"],
    ),
    (
        "Install-CsDatabase",
        &[
            "Update",
            "LocalDatabases",
            "ConfiguredDatabases",
            "CentralManagementDatabase",
            "SqlServerFqdn",
            "SqlInstanceName",
            "ExcludeCollocatedStores",
            "UseDefaultSqlPaths",
            "DatabasePaths",
        ],
        &[],
    ),
    ("Get-CsPoolUpgradeReadinessState", &[], &["PoolUpgradeState"]),
    ("Get-CsUpgradeDomainInfo", &[], &["PoolUpgradeState"]),
    ("Get-CsPoolFabricState", &["PoolFqdn"], &[]),
    ("Invoke-CsComputerFailOver", &["ComputerName", "WaitTime"], &[]),
    ("Invoke-CsComputerFailBack", &["ComputerName", "WaitTime"], &[]),
];

/// The answer to a request of the script `Test-Server.ps1`.
pub fn answer(lab: &Lab, request: &Request) -> Answer {
    if request.in_domain {
        return Err("this computer is in no domain".into());
    }
    let policy = lab.examined.machine_policy.as_deref().unwrap_or("Undefined");
    let loaded = import(lab, &request.module).map_err(|error| error.to_string());
    let with_module = |value: Value| match &loaded {
        Ok(()) => json!({ "value": value }),
        Err(why) => json!({ "error": why }),
    };
    let cmdlets = request.cmdlets.iter().map(|one| described(lab, one)).collect::<Result<Value, _>>()?;
    let backups = request.sql_servers.iter().map(|server| backups(lab, server)).collect::<Result<Value, _>>()?;
    let ends = calls::now()?.saturating_add_signed(lab.examined.certificate_days.unwrap_or(300) * DAY);
    Ok(Some(json!({
        "powerShell": { "value": {
            "version": "5.1.17763.1",
            "languageMode": "FullLanguage",
            "policies": [{ "scope": "MachinePolicy", "policy": policy }, { "scope": "Process", "policy": "RemoteSigned" }],
        } },
        "backups": backups,
        "cmdlets": with_module(cmdlets),
        "certificates": with_module(json!([{
            "usage": "Default",
            "thumbprint": "2F0E63A1B7C94D5580D1E2A6F4B3C7D890AB12CD",
            "subject": format!("CN={}", lab.fqdn),
            "notBefore": "2020-01-01T00:00:00.0000000Z",
            "notAfter": format!("{}.0000000Z", iso(ends / 1000)),
        }])),
        "replicas": with_module(json!([{ "server": lab.fqdn, "upToDate": !lab.examined.replica_is_behind }])),
    })))
}

/// Milliseconds.
const DAY: i64 = 86_400_000;

/// What a cmdlet lacks. A question for something that its documentation does not have is a wrong one.
fn described(lab: &Lab, asked: &Cmdlet) -> Result<Value, Box<dyn Error>> {
    let Cmdlet { name, parameters, properties } = asked;
    let known = DOCUMENTED.iter().find(|(known, ..)| known == name);
    let (_, all, has) = known.ok_or_else(|| format!("no cmdlet {name} is documented"))?;
    if let Some(wrong) = parameters.iter().find(|one| !all.contains(&one.as_str())) {
        return Err(format!("{name} has no documented parameter {wrong}").into());
    }
    if let Some(wrong) = properties.iter().find(|one| !has.contains(&one.as_str())) {
        return Err(format!("the answer of {name} has no documented property {wrong}").into());
    }
    let exists = match name.as_str() {
        "Get-CsPoolUpgradeReadinessState" => lab.pool.as_ref().is_some_and(|pool| pool.asks == Asks::Readiness),
        "Get-CsUpgradeDomainInfo" => lab.pool.as_ref().is_some_and(|pool| pool.asks == Asks::Domains),
        name if name.starts_with("Invoke-") => lab.pool.as_ref().is_some_and(|pool| pool.moves),
        _ => true,
    };
    let lacks = lab.examined.lacks.get(name).map_or(&[][..], Vec::as_slice);
    let lacking = |asked: &[String]| asked.iter().filter(|one| lacks.contains(one)).cloned().collect::<Vec<_>>();
    let lacks_properties = (!properties.is_empty()).then(|| lacking(properties));
    Ok(json!({
        "name": name, "exists": exists, "lacksParameters": lacking(parameters), "lacksProperties": lacks_properties,
    }))
}

/// The databases of an instance of SQL Server; without an instance, of the server.
fn backups(lab: &Lab, asked: &str) -> Result<Value, Box<dyn Error>> {
    let (server, instance) =
        asked.split_once('\\').map_or((asked, None), |(server, instance)| (server, Some(instance)));
    let last = calls::now()?.saturating_sub(u64::from(lab.examined.backup_hours.unwrap_or(1)) * 3_600_000);
    let mut rows = Vec::new();
    for database in calls::databases()? {
        let is_here = match server {
            "(local)" => database.form == Form::Local,
            server => database.server.eq_ignore_ascii_case(server),
        };
        if is_here && instance.is_none_or(|instance| instance.eq_ignore_ascii_case(&database.instance)) {
            rows.push(json!({ "database": database.name.to_uppercase(), "last": iso(last / 1000) }));
        }
    }
    if rows.is_empty() {
        return Ok(json!({ "sqlServer": asked, "databases": { "error": "the server was not found" } }));
    }
    Ok(json!({ "sqlServer": asked, "databases": { "value": rows } }))
}

/// These seconds since 1970 as a date and a time (the days of a year by the Gregorian calendar).
fn iso(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}T{:02}:{:02}:{:02}", days + 1, second / 3600, second / 60 % 60, second % 60)
}
