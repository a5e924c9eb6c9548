//! The answer of `Test-Server.ps1`, as facts.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use reconcile_schema::{
    BackupSeen, CertificateSeen, CmdletSeen, Database, Examined, Fact, PowerShellSeen, ReplicaSeen,
};
use serde::Deserialize;

/// What the script answers: each part on its own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    power_shell: Section<PowerShellSeen>,
    /// None where it was not asked for.
    #[serde(default)]
    clock: Option<Section<Clock>>,
    cmdlets: Section<Vec<CmdletSeen>>,
    certificates: Section<Vec<Certificate>>,
    replicas: Section<Vec<ReplicaSeen>>,
    backups: Vec<SqlServer>,
}

/// A part of the answer, or PowerShell's reason for none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Section<T> {
    Value(T),
    Error(String),
}

impl<T> Section<T> {
    /// The value of this part, which `what` answers.
    fn result(self, what: &str) -> Result<T, String> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Error(why) => Err(format!("{what}: {why}")),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Clock {
    /// `currentTime` of a domain controller.
    domain: String,
    /// This computer's time right after that.
    own: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    usage: String,
    thumbprint: String,
    subject: String,
    not_before: String,
    not_after: String,
}

/// What a SQL Server answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SqlServer {
    sql_server: String,
    databases: Section<Vec<Backup>>,
}

#[derive(Debug, Deserialize)]
struct Backup {
    database: String,
    /// When its last full backup ended, in UTC; empty where none is recorded.
    last: String,
}

/// A set of databases whose backups are asked for: its SQL Server, and what is known of its databases.
pub type Asked<'a> = (String, &'a Fact<Vec<Database>>);

impl Answer {
    /// The facts; `stores` are the sets of databases that were asked for.
    pub fn facts(self, stores: &[Asked<'_>]) -> Examined {
        let certificates = self.certificates.result("Get-CsCertificate");
        let clock = self.clock.map(|clock| clock.result("currentTime of a domain controller"));
        Examined {
            power_shell: self.power_shell.result("Get-ExecutionPolicy").into(),
            clock_ahead: clock.map_or(Fact::NotLooked, |clock| clock.and_then(|clock| clock.ahead()).into()),
            cmdlets: self.cmdlets.result("Get-Command").into(),
            certificates: certificates.and_then(|all| all.into_iter().map(Certificate::seen).collect()).into(),
            replicas: self.replicas.result("Get-CsManagementStoreReplicationStatus").into(),
            backups: if stores.is_empty() { Fact::NotLooked } else { backups(&self.backups, stores).into() },
            ..Examined::default()
        }
    }
}

/// Each fact that would have been in the answer is unknown for the same reason.
pub fn unknown(why: &str, in_domain: bool, has_databases: bool) -> Examined {
    let why = || why.to_owned();
    Examined {
        power_shell: Fact::Unknown(why()),
        clock_ahead: if in_domain { Fact::Unknown(why()) } else { Fact::NotLooked },
        cmdlets: Fact::Unknown(why()),
        certificates: Fact::Unknown(why()),
        replicas: Fact::Unknown(why()),
        backups: if has_databases { Fact::Unknown(why()) } else { Fact::NotLooked },
        ..Examined::default()
    }
}

impl Clock {
    /// By how many seconds this computer's clock is ahead.
    fn ahead(&self) -> Result<i64, String> {
        let domain = generalized_time(&self.domain).ok_or_else(|| {
            format!("currentTime of a domain controller is {:?}, expected such as 20010928060000.0Z", self.domain)
        })?;
        let own: Timestamp =
            self.own.parse().map_err(|error| format!("PowerShell reports the time {:?}: {error}", self.own))?;
        Ok(own.as_second() - domain.as_second())
    }
}

/// A point in time as Active Directory writes it, in UTC or with a difference from it (Microsoft Learn:
/// String(Generalized-Time) syntax).
pub fn generalized_time(text: &str) -> Option<Timestamp> {
    let digits = text.get(..14).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = text.get(14..)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|character: char| character.is_ascii_digit()),
        None => rest,
    };
    let local = DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    let utc = local.to_zoned(TimeZone::UTC).ok()?.timestamp();
    if rest == "Z" {
        return Some(utc);
    }
    let sign = if rest.starts_with('+') { 1 } else { -1 };
    let minutes = rest.strip_prefix(['+', '-']).filter(|digits| digits.len() == 4)?;
    let (hours, minutes) = minutes.split_at_checked(2)?;
    let away = hours.parse::<u8>().ok().map(i64::from)? * 3600 + minutes.parse::<u8>().ok().map(i64::from)? * 60;
    Timestamp::from_second(utc.as_second() - sign * away).ok()
}

impl Certificate {
    fn seen(self) -> Result<CertificateSeen, String> {
        let Self { usage, thumbprint, subject, not_before, not_after } = self;
        let time = |name: &str, text: &str| -> Result<Timestamp, String> {
            text.parse().map_err(|error| format!("Get-CsCertificate: {name} of {thumbprint} is {text:?}: {error}"))
        };
        let not_after = time("NotAfter", &not_after)?;
        let not_before = if not_before.is_empty() { None } else { Some(time("NotBefore", &not_before)?) };
        Ok(CertificateSeen { usage, thumbprint, subject, not_before, not_after })
    }
}

/// The last full backup of each database. A database that its SQL Server does not list is in another instance, and is
/// left out.
fn backups(answers: &[SqlServer], stores: &[Asked<'_>]) -> Result<Vec<BackupSeen>, String> {
    let mut all = Vec::new();
    for (sql_server, databases) in stores {
        let databases = match databases {
            Fact::Known(databases) => databases,
            Fact::Unknown(why) => return Err(format!("the databases on {sql_server} are unknown: {why}")),
            Fact::NotLooked => return Err(format!("the databases on {sql_server} were not read")),
        };
        let listed = match answers.iter().find(|answer| answer.sql_server == *sql_server) {
            Some(SqlServer { databases: Section::Value(listed), .. }) => listed,
            Some(SqlServer { databases: Section::Error(why), .. }) => {
                return Err(format!("msdb on {sql_server}: {why}"));
            }
            None => return Err(format!("nobody asked msdb on {sql_server}")),
        };
        let mut here = databases.is_empty();
        for Database { name, .. } in databases {
            // SQL Server decides by its collation, which by default ignores case.
            let Some(found) = listed.iter().find(|found| found.database.to_lowercase() == name.to_lowercase()) else {
                continue;
            };
            let last = utc(&found.last).map_err(|why| format!("msdb on {sql_server}: backup of {name}: {why}"))?;
            let seen = BackupSeen { sql_server: sql_server.clone(), database: name.clone(), last };
            here = true;
            if !all.contains(&seen) {
                all.push(seen);
            }
        }
        if !here {
            return Err(format!("none of the databases is in the instance that was asked, {sql_server}"));
        }
    }
    Ok(all)
}

/// A time of style 126 (Microsoft Learn: CAST and CONVERT), which the query has moved to UTC; none where it is empty.
fn utc(text: &str) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let local: DateTime = text.parse().map_err(|error| format!("{text:?} is no time: {error}"))?;
    local.to_zoned(TimeZone::UTC).map(|zoned| Some(zoned.timestamp())).map_err(|error| error.to_string())
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
#[path = "answer_tests.rs"]
mod tests;
