//! The blocker: why no helpful step is allowed now, and who can do something about it.

use alloc::{boxed::Box, format, string::String, string::ToString, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{
    Build, CheckId, Claim, ComponentName, Damage, Doubt, ExitCode, Fact, Fingerprint, Foreign, Fqdn, Hold, Period,
    Product, Right, ServerName, ServiceStarts, ServiceState, Shell, Step, Store, Verdict, ZoneName, listed, shown_at,
};

use crate::{
    approved::Deviation,
    calendar::Opening,
    clock::WrongClock,
    drive::{Drive, bytes},
    seen::Forced,
    unready::Unready,
};

/// Services that have been stopping, or starting, all the time since they were asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hanging {
    pub services: Vec<String>,
    pub state: ServiceState,
    pub lasted: Period,
}

impl fmt::Display for Hanging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { services, state, lasted } = self;
        let have = if services.len() == 1 { "has" } else { "have" };
        write!(f, "{} {have} been {state} for {lasted}", listed(services))
    }
}

/// A check of `doctor` that speaks against an outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    pub check: CheckId,
    pub verdict: Verdict,
    /// What was found.
    pub what: String,
}

/// Why no helpful step is allowed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocker {
    /// A fact that the decision needs could not be read.
    Unknown { what: String, why: String },
    /// The declared product is not installed here.
    Missing { product: Product },
    /// No component of the declared product is installed on a Back End Server, as on a bare SQL Server.
    BareSqlServer {
        product: Product,
        sql_server: Fqdn,
        /// The pool of the server.
        pool: Option<Fqdn>,
    },
    /// Another product is installed here.
    WrongProduct { declared: Product, found: Product },
    /// Core Components is newer than declared. No step can lower a build.
    Newer { declared: Build, found: Build },
    /// The installation of a later update began, and no run saw it end successfully: components may be newer than
    /// declared.
    BegunLater {
        declared: Build,
        /// The build that the installation was to bring.
        begun: Build,
        /// Its exit code, if a run saw it end.
        code: Option<u32>,
    },
    /// An installed build belongs to a line that the product does not have.
    WrongLine { component: ComponentName, declared: Build, found: Build },
    /// A restart is pending, and the policy does not allow one.
    Reboot { who: Vec<String> },
    /// The machine was restarted as often as one target allows.
    RebootsSpent { reboots: u32 },
    /// Another installation is running.
    Installing { what: String },
    /// A service is starting or stopping.
    ServicePending { service: String, state: ServiceState },
    /// Management shells are open.
    ShellsOpen { shells: Vec<Shell> },
    /// Services of other products hold modules of the product.
    Foreign { services: Vec<Foreign> },
    /// Checks of `doctor` speak against an outage.
    Unfit { checks: Vec<Unfit> },
    /// The package cannot be used.
    Package { why: String },
    /// The package is signed by a publisher other than the declared one.
    ForeignSigner {
        /// The file, the expected signer and the actual one.
        why: String,
    },
    /// There is too little free disk space.
    Disk {
        drive: Drive,
        /// The bytes that are free.
        free: u64,
        /// The bytes that must be free.
        needed: u64,
        /// What needs them.
        what: &'static str,
    },
    /// The databases are mirrored, and the manifest does not say that they can be updated in this state.
    Mirrored { store: Store },
    /// The account lacks a right.
    Rights { right: Right, step: Step },
    /// The installer would end together with the session that it is started from.
    Confined,
    /// The pool cannot spare this server.
    Pool { pool: Fqdn, why: Unready },
    /// Another server of the pool, or of the pool that stands in for it, is being worked on.
    Claimed {
        /// The pool that the claim is named after.
        pool: Fqdn,
        claim: Box<Claim>,
        /// The wrong clock, if there is one.
        clock: Option<WrongClock>,
        /// The manifest that its run follows, if it is another one than that of this run.
        follows: Option<Fingerprint>,
    },
    /// The record of the claims stays in use by somebody else.
    ClaimsBusy {
        /// The step that would change it.
        step: Step,
        /// Which file, and for how long.
        why: String,
    },
    /// Files on the share of the claims are not believed.
    ClaimsUntrusted {
        /// The pool that the record is named after.
        pool: Fqdn,
        doubts: Vec<Doubt>,
    },
    /// A Front End Server comes before its back end and has not reported that it is done.
    ComesAfter {
        server: ServerName,
        /// The build that it last reported.
        told: Option<Build>,
        /// The build that it must reach.
        due: Build,
    },
    /// The databases of the pool are updated after all Front End Servers, and these have not reported that they are done.
    WaitsForFronts {
        sql_server: Fqdn,
        /// The servers, each with the build that it last reported.
        servers: Vec<(ServerName, Option<Build>)>,
        /// The build that they must reach.
        due: Build,
    },
    /// The databases of several pools are on one SQL Server, and this server updates them.
    UpdatedFrom { sql_server: Fqdn, server: ServerName },
    /// The server is failed over, and no run that the journal knows of did that.
    FailedOver,
    /// The outage has used up its budget, and the installer has not started.
    Outage {
        /// How long it has lasted.
        lasted: Period,
        /// How long it may last.
        budget: Period,
    },
    /// The outage is expected to exceed its budget.
    OutageForeseen {
        /// How long it has lasted.
        lasted: Period,
        /// How long it would continue, at most in nineteen of twenty cases.
        needed: Period,
        /// How long it may last.
        budget: Period,
    },
    /// No maintenance window is open.
    WindowClosed {
        /// The next window that is long enough, if one opens within two years.
        opens: Option<Opening>,
        zone: ZoneName,
        /// The estimates that would give its length; without them, the worst case is assumed.
        lacking: Vec<&'static str>,
    },
    /// The open maintenance window closes before the services would run again.
    WindowTooShort {
        /// How long it stays open.
        left: Period,
        /// What needs the time: the outage, or the update of databases alone.
        what: &'static str,
        /// How long that would last, at most in nineteen of twenty cases.
        needed: Period,
        /// The next window that is long enough, if one opens within two years.
        opens: Option<Opening>,
        zone: ZoneName,
        /// The estimates that would give its length; without them, the worst case is assumed.
        lacking: Vec<&'static str>,
    },
    /// The clock of the server is behind the last entry of the journal, so it was wrong then or is wrong now.
    ClockBehind {
        /// The time of the clock.
        now: Timestamp,
        /// The time of the latest entry.
        latest: Timestamp,
    },
    /// An operator has put the server on hold.
    Held {
        /// Who set the hold, when and why.
        hold: Hold,
        /// The time zone in which that is shown.
        zone: Option<ZoneName>,
    },
    /// Lines of the journal cannot be read, and nobody has acknowledged that: a hold may have been among them.
    JournalDamaged {
        /// How many lines, and since when.
        damage: Damage,
    },
    /// The services were taken down as often as one target allows.
    OutagesSpent { outages: u32 },
    /// The installer was started as often as one target allows.
    AttemptsSpent {
        attempts: u32,
        /// The last exit code, if one was seen.
        code: Option<u32>,
        /// The path of the log of that start.
        log: Option<String>,
    },
    /// The installer failed in this run and moved nothing.
    InstallFailed { code: u32, log: Option<String> },
    /// A step ran without effect.
    Stuck {
        step: Step,
        /// Its own words, if it reported failure.
        refused: Option<String>,
        /// What it should have changed and did not.
        in_the_way: Vec<String>,
        /// The same, if all of it are services that neither stop nor start.
        hanging: Option<Hanging>,
    },
    /// A step could not be done.
    StepFailed { step: Step, why: String },
    /// Services were started and then ended by themselves.
    Died {
        /// The services, each with the number of its starts, where the journal knows it.
        services: Vec<(String, Option<ServiceStarts>)>,
    },
    /// A command of an earlier run has outlived that run and is still at work.
    AtWork { what: String },
    /// Somebody interrupted the run.
    Interrupted,
    /// The manifest cannot be used, so there is no goal.
    NoManifest,
    /// The run ended at once.
    Forced { why: Forced },
    /// The decision deviates from the approved plan.
    Deviated(Deviation),
}

/// Who can do something about a blocker, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Failed,
    /// It may pass by itself, so a later run tries again.
    Later,
    /// A person must act.
    Operator,
    /// A fact is missing.
    Unknown,
}

impl Blocker {
    pub(crate) fn unknown<T>(what: &str, fact: &Fact<T>) -> Self {
        let why = match fact {
            Fact::Unknown(why) => why.clone(),
            Fact::NotLooked | Fact::Known(_) => "nobody looked".to_string(),
        };
        Self::Unknown { what: what.to_string(), why }
    }

    /// The maintenance window that ends it, if one does.
    #[must_use]
    pub const fn opens(&self) -> Option<Opening> {
        match self {
            Self::WindowClosed { opens, .. } | Self::WindowTooShort { opens, .. } => *opens,
            _ => None,
        }
    }

    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            // An outage that alone is longer than its budget is too long tomorrow as well.
            Self::OutageForeseen { needed, budget, .. } if needed.as_seconds() > budget.as_seconds() => Class::Operator,
            Self::WindowClosed { opens: None, .. } | Self::WindowTooShort { opens: None, .. } => Class::Operator,
            // Neither passes by itself.
            Self::Pool { why: Unready::Insufficient { .. } | Unready::Replicas { .. }, .. } => Class::Operator,
            Self::Unknown { .. } | Self::Pool { why: Unready::Untold | Unready::NotUnderstood { .. }, .. } => {
                Class::Unknown
            }
            Self::InstallFailed { .. } | Self::StepFailed { .. } | Self::Died { .. } => Class::Failed,
            Self::Reboot { .. }
            | Self::Installing { .. }
            | Self::ServicePending { .. }
            | Self::ShellsOpen { .. }
            | Self::Foreign { .. }
            | Self::Unfit { .. }
            | Self::Pool {
                why:
                    Unready::Busy
                    | Unready::Domain { .. }
                    | Unready::Warned { .. }
                    | Unready::Quorum { .. }
                    | Unready::Settling { .. },
                ..
            }
            | Self::Claimed { .. }
            | Self::ClaimsBusy { .. }
            | Self::ComesAfter { .. }
            | Self::WaitsForFronts { .. }
            | Self::UpdatedFrom { .. }
            | Self::Outage { .. }
            | Self::OutageForeseen { .. }
            | Self::WindowClosed { .. }
            | Self::WindowTooShort { .. }
            | Self::Held { .. }
            | Self::JournalDamaged { .. }
            | Self::AtWork { .. }
            | Self::Interrupted
            | Self::Forced { .. } => Class::Later,
            Self::Missing { .. }
            | Self::BareSqlServer { .. }
            | Self::WrongProduct { .. }
            | Self::WrongLine { .. }
            | Self::Newer { .. }
            | Self::BegunLater { .. }
            | Self::RebootsSpent { .. }
            | Self::Package { .. }
            | Self::ForeignSigner { .. }
            | Self::Disk { .. }
            | Self::Rights { .. }
            | Self::Confined
            | Self::Mirrored { .. }
            | Self::FailedOver
            | Self::ClaimsUntrusted { .. }
            | Self::ClockBehind { .. }
            | Self::OutagesSpent { .. }
            | Self::AttemptsSpent { .. }
            | Self::Stuck { .. }
            | Self::NoManifest
            | Self::Deviated(_) => Class::Operator,
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { what, why } => write!(f, "{what}: {why}"),
            Self::Missing { product } => {
                write!(f, "{product} is not installed here: found no {product}, Core Components")
            }
            Self::BareSqlServer { product, .. } => {
                write!(f, "no component of {product} is installed here, and a SQL Server alone is no Back End Server")
            }
            Self::WrongProduct { declared, found } => write!(f, "the manifest declares {declared}, found {found}"),
            Self::Newer { declared, found } => {
                write!(
                    f,
                    "Core Components is at {found}, above the declared {declared}; an update cannot be taken back"
                )
            }
            Self::BegunLater { declared, begun, code } => {
                write!(f, "an installation of {begun} was begun here and ")?;
                match code {
                    Some(code) => write!(f, "ended with exit code {}", shown_code(*code))?,
                    None => f.write_str("was not seen to end")?,
                }
                write!(f, ", so components may be above the declared {declared}; an update cannot be taken back")
            }
            Self::WrongLine { component, declared, found } => {
                write!(f, "{component}: expected a build of the line {}, found {found}", declared.line)
            }
            Self::Reboot { who } => {
                write!(f, "a restart is pending (requested by {}), and the policy does not allow one", who.join(", "))
            }
            Self::RebootsSpent { reboots } => {
                write!(f, "a restart is pending again after {reboots} restarts for this target")
            }
            Self::Installing { what } => write!(f, "another installation is in progress: {what}"),
            Self::ServicePending { service, state } => {
                write!(f, "the service {service} is still {state}")
            }
            Self::ShellsOpen { shells } => {
                let list: Vec<_> = shells.iter().map(shown_shell).collect();
                write!(f, "management shells are open: {}", list.join(", "))
            }
            Self::Foreign { services } => {
                let one = |it: &Foreign| format!("{} (process {}) holds {}", it.service, it.pid, it.module);
                let list: Vec<_> = services.iter().map(one).collect();
                write!(f, "services of other applications hold what the update replaces: {}", list.join(", "))
            }
            Self::Package { why } => write!(f, "the package cannot be used: {why}"),
            Self::Unfit { checks } => {
                let one = |Unfit { check, verdict, what }: &Unfit| match verdict {
                    Verdict::Unknown => format!("{check} is required and unknown: {what}"),
                    Verdict::Ok | Verdict::NotAsked | Verdict::Warning | Verdict::Fault => format!("{check}: {what}"),
                };
                write!(f, "doctor: {}", checks.iter().map(one).collect::<Vec<_>>().join("; "))
            }
            Self::ForeignSigner { why } => write!(f, "the package is not the declared publisher's: {why}"),
            Self::Disk { drive, free, needed, what } => {
                write!(f, "{what} needs {} free on {drive}, where {} are free", bytes(*needed), bytes(*free))
            }
            Self::Mirrored { store } => write!(
                f,
                "the {store} are mirrored, and the sources contradict each other: Install-CsDatabase -Update fails on mirrored \
                 databases (Microsoft Learn), or works with them since July 2013 (a blog of Microsoft's)"
            ),
            Self::Rights { right, step } => {
                write!(f, "the account is not a member of {}, which {step} requires", right.group())
            }
            Self::Confined => f.write_str(
                "reconcile runs in a job that its children cannot leave, as in a remote session: the installer and the update of \
                 the databases would be cut off when the session ends",
            ),
            Self::Pool { pool, why } => write!(f, "the pool {pool} cannot spare this server: {why}"),
            Self::Claimed { pool, claim, clock, follows } => {
                let (server, since) = (&claim.server, shown_at(claim.at, None));
                write!(f, "{server} has held the claim of the pool {pool} since {since}; one server of a pool is updated at a time")?;
                if let Some(other) = follows {
                    write!(f, "; its run follows another manifest ({})", other.short())?;
                }
                clock.as_ref().map_or(Ok(()), |clock| write!(f, "; {clock}"))
            }
            Self::ClaimsBusy { step, why } => write!(f, "{step}: {why}"),
            Self::ClaimsUntrusted { pool, doubts } => {
                let all: Vec<_> = doubts.iter().map(ToString::to_string).collect();
                write!(f, "nobody can tell whether another server of the pool {pool} is worked on: {}", listed(&all))
            }
            Self::ComesAfter { server, told: Some(told), due } => write!(
                f,
                "the back end must be updated after its Front End Servers: {server} last reported {told}, and must report {due}"
            ),
            Self::ComesAfter { server, told: None, due } => {
                write!(f, "the back end must be updated after its Front End Servers: {server} has not reported that it is at {due}")
            }
            Self::WaitsForFronts { sql_server, servers, due } => {
                let one = |(server, told): &(ServerName, Option<Build>)| match told {
                    Some(told) => format!("{server} (last reported {told})"),
                    None => server.to_string(),
                };
                let all: Vec<_> = servers.iter().map(one).collect();
                let have = if all.len() == 1 { "has" } else { "have" };
                write!(
                    f,
                    "the databases on {sql_server} are updated after all Front End Servers: {} {have} not reported that {} at {due}",
                    listed(&all),
                    if all.len() == 1 { "it is" } else { "they are" },
                )
            }
            Self::UpdatedFrom { sql_server, server } => {
                write!(f, "the databases on {sql_server} belong to several pools and are updated from {server}, which has not done so")
            }
            Self::FailedOver => f.write_str(
                "the server is failed over (RTCSRV is disabled), and the journal records no run that did it",
            ),
            Self::Outage { lasted, budget } => {
                write!(f, "the services were down for {lasted}, the budget is {budget}, and the installer had not started")
            }
            Self::OutageForeseen { lasted, needed, budget } if lasted.as_seconds() == 0 => {
                write!(
                    f,
                    "the services may be down for {needed} (one case in twenty takes longer); the budget is {budget}"
                )
            }
            Self::OutageForeseen { lasted, needed, budget } => {
                write!(f, "the services were down for {lasted} and may be down for {needed} more; the budget is {budget}")
            }
            Self::WindowClosed { opens: Some(opening), zone, lacking: _ } => {
                write!(f, "no maintenance window is open before {}", opening.begin_shown(zone))
            }
            Self::WindowClosed { opens: None, zone: _, lacking } => {
                f.write_str("no maintenance window is open, and none that is long enough opens within two years")?;
                assumed(f, lacking)
            }
            Self::WindowTooShort { left, what, needed, opens, zone, lacking } => {
                write!(f, "the maintenance window closes in {left}, and {what} may take {needed}")?;
                assumed(f, lacking)?;
                f.write_str("; ")?;
                match opens {
                    Some(opening) => write!(f, "one that is long enough opens {}", opening.begin_shown(zone)),
                    None => f.write_str("none that is long enough opens within two years"),
                }
            }
            Self::ClockBehind { now, latest } => {
                write!(f, "the clock says {now:.0}, but the last entry of the journal is from {latest:.0}, which is later")
            }
            Self::Held { hold, zone } => {
                write!(f, "held by {} since {}: {}", hold.by, shown_at(hold.at, zone.as_ref()), hold.reason)
            }
            Self::JournalDamaged { damage } => {
                write!(f, "the journal of this server is damaged: {damage}; {}", Damage::MAY_BE_LOST)
            }
            Self::OutagesSpent { outages } => {
                write!(f, "the services were taken down {} for this target without reaching it", times(*outages))
            }
            Self::AttemptsSpent { attempts, code: Some(code), log: _ } => {
                let (times, code) = (times(*attempts), shown_code(*code));
                write!(f, "the installer was started {times} for this target; the last exit code was {code}")
            }
            Self::AttemptsSpent { attempts, code: None, log: _ } => {
                write!(
                    f,
                    "the installer was started {} for this target, and nobody saw the last one end",
                    times(*attempts)
                )
            }
            Self::InstallFailed { code, log: _ } => {
                write!(f, "the installer ended with exit code {} and updated no component", shown_code(*code))
            }
            Self::Stuck { step, refused, in_the_way: _, hanging: Some(hanging) } => match refused {
                None => write!(f, "{hanging}, although {step} reported success"),
                Some(words) => write!(f, "{hanging}; {step} reported: {words}"),
            },
            Self::Stuck { step, refused, in_the_way, .. } => {
                match refused {
                    Some(words) => write!(f, "{step} failed and had no effect: {words}")?,
                    // Part of it may have been done: of fifteen services one does not stop.
                    None if !in_the_way.is_empty() => return write!(f, "{step} reported success, but {}", listed(in_the_way)),
                    None => write!(f, "{step} reported success but had no effect")?,
                }
                if in_the_way.is_empty() { Ok(()) } else { write!(f, "; {}", listed(in_the_way)) }
            }
            Self::StepFailed { step, why } => write!(f, "{step} failed: {why}"),
            Self::Died { services } => {
                let one = |(service, starts): &(String, Option<ServiceStarts>)| match starts {
                    Some(ServiceStarts { runs, since, .. }) if *runs > 1 => {
                        format!("{service} (started by {runs} runs since {})", shown_at(*since, None))
                    }
                    Some(_) | None => service.clone(),
                };
                let all: Vec<_> = services.iter().map(one).collect();
                let (were, themselves) = if all.len() == 1 { ("was", "itself") } else { ("were", "themselves") };
                write!(f, "{} {were} started, and ended again by {themselves} within seconds", all.join(", "))
            }
            Self::AtWork { what } => write!(f, "a command of an earlier run is still at work: {what}"),
            Self::Interrupted => f.write_str("the run was interrupted"),
            Self::NoManifest => f.write_str("the manifest cannot be used"),
            Self::Forced { why } => write!(f, "the run was interrupted: {why}, and it left the services as they were"),
            Self::Deviated(deviation) => write!(f, "{deviation}"),
        }
    }
}

/// Why the worst case is assumed.
fn assumed(f: &mut fmt::Formatter<'_>, lacking: &[&str]) -> fmt::Result {
    match lacking {
        [] => Ok(()),
        lacking => write!(f, " (the longest case is assumed: nobody has recorded or estimated {})", lacking.join(", ")),
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_string() } else { format!("{count} times") }
}

/// A process that holds modules of the product, and its owner.
fn shown_shell(shell: &Shell) -> String {
    let Shell { pid, program, user, session, path, module } = shell;
    let session = session.map_or_else(String::new, |session| format!(", session {session}"));
    let path = path.as_ref().map_or_else(String::new, |path| format!(", {path}"));
    let module = module.as_ref().map_or_else(String::new, |module| format!(" holds {module}"));
    format!("{program} (PID {pid}{session}{path}) of {user}{module}")
}

/// An exit code of the installer, and its known meaning.
#[must_use]
pub fn shown_code(code: u32) -> String {
    format!("{} ({})", ExitCode(code), code_meaning(code))
}

/// The known meaning of an installer's exit code. No official list for this installer was found; 1603, 1618, 1641 and
/// 3010 belong to Windows Installer itself (Microsoft Learn: "MsiExec.exe and InstMsi.exe error messages").
const fn code_meaning(code: u32) -> &'static str {
    match code {
        0 => "success",
        2 => "not all services were stopped, by one published script",
        1602 => "cancelled by a user",
        1603 => "fatal error during installation",
        1618 => "another installation is in progress",
        1641 => "success, a restart has begun",
        3010 => "success, a restart is required",
        0xC000_0005 => "it crashed: access violation",
        0xC000_013A => "it was ended: Ctrl-C, or its window was closed",
        0xC000_0142 => "it could not start: a library did not initialise",
        0xC000_0409 => "it crashed: it found its own memory damaged",
        _ => "no published meaning",
    }
}
