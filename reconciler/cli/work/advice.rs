//! What a person can do about the blocker of a server.

use reconcile_core::{Blocker, Hanging, Unfit, Unready, WrongClock};
use reconcile_schema::{Damage, Doubt, Fqdn, Right, ServiceState, Step, Verdict, WEB_SERVICE};

use crate::work::comeback::Waiter;

/// What to do next, as a sentence without its end, for the one who waits.
#[must_use]
pub fn advice(blocker: &Blocker, waiter: Waiter<'_>) -> String {
    match blocker {
        Blocker::Unknown { .. } => {
            "fix what keeps reconcile from reading it, then run apply again; nothing is taken down until then".into()
        }
        Blocker::Missing { .. } => {
            "check `target` of this server in the manifest; the product itself is installed by its own setup".into()
        }
        Blocker::BareSqlServer { sql_server, pool, .. } => {
            let pool = pool.as_ref().map_or_else(|| "POOL".into(), ToString::to_string);
            format!(
                "remove this server from the manifest, and write `pools: {{ {pool}: {{ databases: {{ sqlServer: {sql_server} }} }} }}`: then a Front End \
                 Server updates the databases"
            )
        }
        Blocker::WrongProduct { found, .. } if !found.is_patched() => {
            format!("reconcile does not patch {found}: remove this server from the manifest")
        }
        Blocker::WrongProduct { found, .. } => {
            format!("set `target` of this server to an update whose `product` is {}", found.key())
        }
        Blocker::Newer { found, .. } => {
            format!("if it is meant to stay, declare {found} or a later release: see reconcile releases")
        }
        Blocker::BegunLater { begun, .. } => {
            format!("declare {begun}; or make sure that no component is above the declared build, then run apply with --retry")
        }
        Blocker::WrongLine { .. } => {
            "find out under Programs and Features where that component comes from, correct it, then run apply again".into()
        }
        Blocker::Reboot { .. } => {
            "restart the server and run apply again, or allow it in the manifest: `policy: { reboot: whenRequired }`"
                .into()
        }
        Blocker::RebootsSpent { .. } => {
            "find out what requests a restart each time, fix it, then run apply again with --retry".into()
        }
        Blocker::Installing { .. } => "let it finish, then run apply again".into(),
        Blocker::ServicePending { .. } => {
            "wait until it runs or is stopped (Get-CsWindowsService shows it), then run apply again".into()
        }
        Blocker::ShellsOpen { .. } => {
            "close them and run apply again, or let the manifest say `policy: { shells: wait }` or `close`".into()
        }
        Blocker::Foreign { .. } => {
            "stop them, or name them under `alsoStop` of the server or its group, then run apply again; \
             `policy: { foreign: warn }` goes on all the same"
                .into()
        }
        Blocker::Unfit { checks } => unfit(checks),
        Blocker::Package { .. } => {
            "put the update that its publisher offers at that path, where this server can read it; where the manifest is wrong, correct \
             the path or the hash of `installer`"
                .into()
        }
        Blocker::ForeignSigner { .. } => {
            "do not run this file: fetch the update again from its publisher's own download page, and find out who put this one there"
                .into()
        }
        Blocker::Disk { drive, .. } => format!("free space on {drive}, then run apply again"),
        Blocker::Rights { right: Right::Administrator, .. } => "run it elevated, as a local administrator".into(),
        Blocker::Rights { right: Right::ServerAdmin, .. } => {
            "run it as a member. A new membership counts from the next logon; SYSTEM has no membership in the domain"
                .into()
        }
        Blocker::Mirrored { .. } => {
            "try it first on a pool that few people use, with each database principal on its primary (Get-CsDatabaseMirrorState); if it \
             works there, declare `databases: { mirrored: update }`"
                .into()
        }
        Blocker::Pool { pool, why } => ready(pool, why, waiter),
        Blocker::Claimed { claim, clock, .. } => {
            let goes_on = waiter.comeback().goes_on(&format!("when {} is done", claim.server));
            clocked(format!("{goes_on}; if it never will be, see reconcile claims"), clock.as_ref())
        }
        Blocker::ClaimsBusy { .. } => waiter.comeback().goes_on("when the record is free again"),
        Blocker::ClaimsUntrusted { doubts, .. } => doubts.first().map_or_else(String::new, doubted),
        Blocker::ComesAfter { server, .. } => {
            format!(
                "run apply on {server}, which then reports that it is at its goal. Add --retry if its file on the share was lost, or if an earlier version of reconcile wrote it"
            )
        }
        Blocker::WaitsForFronts { servers, .. } => {
            let first = servers.first().map_or_else(String::new, |(server, _)| server.to_string());
            waiter.comeback().goes_on(&format!("when {first} has reported its build"))
                + &format!("; if {first} is out of service for long, name it with the reason under `databases: {{ without }}` of its pool")
        }
        Blocker::UpdatedFrom { server, .. } => {
            format!("run apply on {server}; this server is at its goal when that is done")
        }
        Blocker::FailedOver => "find out who works on it; if nobody does: Invoke-CsComputerFailBack, then run apply again".into(),
        Blocker::Outage { .. } => {
            "run apply again when there is time for a new outage, or raise `policy: { outage: { budget } }`".into()
        }
        Blocker::OutageForeseen { .. } => {
            "find out what takes so long (reconcile history); to accept it, raise `policy: { outage: { budget } }` or say \
             `onExceed: warn`"
                .into()
        }
        Blocker::WindowClosed { opens: Some(opening), zone, .. } => {
            waiter.comeback().goes_on(&format!("in the window that opens {}", opening.begin_shown(zone)))
        }
        Blocker::WindowTooShort { opens: Some(opening), zone, lacking, .. } => {
            let goes_on = waiter.comeback().goes_on(&format!("in the window that opens {}", opening.begin_shown(zone)));
            estimated(goes_on, lacking)
        }
        Blocker::WindowClosed { opens: None, lacking, .. } | Blocker::WindowTooShort { opens: None, lacking, .. } => {
            estimated("make a window of `policy: { maintenance }` longer, or leave fewer days out".into(), lacking)
        }
        Blocker::ClockBehind { .. } => {
            "set the clock of the server; if it is right now, run apply with --retry".into()
        }
        Blocker::Held { .. } => "when the reason is gone, end the hold: reconcile unhold MANIFEST".into(),
        Blocker::JournalDamaged { damage } => acknowledging(damage).into(),
        Blocker::OutagesSpent { .. } => {
            "see what happened with reconcile history, fix the cause, then run apply again with --retry".into()
        }
        Blocker::AttemptsSpent { code, .. } => {
            format!("{}, then run apply again with --retry", uninstallable(*code))
        }
        Blocker::InstallFailed { code, .. } => {
            format!("{}; the next run of apply tries again", uninstallable(Some(*code)))
        }
        Blocker::Stuck { hanging: Some(hanging), .. } => {
            format!("{}, then run apply again", unhang(hanging))
        }
        Blocker::Stuck { refused: Some(_), .. } => {
            "fix the cause that the command reported, then run apply again".into()
        }
        Blocker::Stuck { step, refused: None, .. } => format!("{}, then run apply again", unstick(step)),
        Blocker::StepFailed {
            step: step @ (Step::FailOver | Step::FailBack | Step::UpdateDatabases(_) | Step::UpdatePoolDatabases(_)),
            ..
        } => {
            format!("{}, then run apply again: it goes on from here", unstick(step))
        }
        Blocker::StepFailed { .. } => "fix the cause, then run apply again: it goes on from here".into(),
        Blocker::NoManifest => "correct the manifest, then run apply again".into(),
        Blocker::Died { .. } => {
            "find in Event Viewer (Lync Server, Application, System) why it ends, fix that, then run apply again".into()
        }
        Blocker::Confined => {
            "run apply at the server itself, on its console or its desktop, or let its scheduled task do it: reconcile schedule install"
                .into()
        }
        Blocker::AtWork { .. } => "run apply again when it has ended; its own time limit ends it at the latest".into(),
        Blocker::Forced { .. } => "run apply again: it brings the services back and goes on from here".into(),
        Blocker::Interrupted => "run apply again: it goes on from here".into(),
        Blocker::Deviated(_) => {
            "find out why that changed; then plan again, and have the new plan approved".into()
        }
    }
}

/// What to do about a journal with unreadable lines.
pub const ACKNOWLEDGE: &str = "ask whether anybody holds this server (reconcile history shows what is left), and hold it again if \
    somebody does; then reconcile acknowledge MANIFEST journal --reason TEXT";

/// The same, where the file itself may be what cannot be used: nothing can be acknowledged in it then.
pub fn acknowledging(damage: &Damage) -> &'static str {
    match damage.why {
        None => ACKNOWLEDGE,
        Some(_) => {
            "make the file of the journal usable again; if that cannot be done, ask whether anybody holds this server, move the file \
             away, hold the server again if somebody does, and run apply again"
        }
    }
}

/// What to do, and the estimates that would make a shorter window sufficient.
fn estimated(what: String, lacking: &[&str]) -> String {
    match lacking {
        [] => what,
        lacking => {
            format!("{what}; a shorter window may do once `policy: {{ estimates }}` says {}", lacking.join(", "))
        }
    }
}

/// How a pool becomes ready.
fn ready(pool: &Fqdn, why: &Unready, waiter: Waiter<'_>) -> String {
    match why {
        Unready::Busy => "run apply again later; a pool that stays busy has a problem: see its event logs".into(),
        Unready::Insufficient { .. } => {
            "find out which of its servers do not run, and why; a pool that is paired can be failed over first".into()
        }
        Unready::Replicas { .. } => {
            format!("recover the pool (Reset-CsPoolRegistrarState -PoolFqdn {pool} -ResetType QuorumLossRecovery), then run apply again")
        }
        Unready::Domain { .. } => "run apply again later: the pool itself says when its replicas allow it".into(),
        Unready::Warned { .. } => {
            "make sure that every server of the pool runs (Get-CsPoolFabricState), then run apply again".into()
        }
        Unready::Untold => {
            "run the cmdlet by hand and report what it shows: an answer without either is not known here".into()
        }
        Unready::NotUnderstood { .. } => {
            "read what it says; when it says that the pool is sound, let the manifest say `policy: { pool: { fabric: ignore } }`"
                .into()
        }
        Unready::Settling { left, clock, .. } => {
            clocked(waiter.comeback().goes_on(&format!("in {left}")), clock.as_ref())
        }
        Unready::Quorum { .. } => "bring its other servers back first, then run apply again".into(),
    }
}

/// What to do, and which clock to set.
fn clocked(what: String, clock: Option<&WrongClock>) -> String {
    match clock {
        None => what,
        Some(WrongClock::Theirs { server, .. }) => format!("{what}; set the clock of {server}"),
        Some(WrongClock::Ours { .. }) => format!("{what}; set the clock of this server"),
        Some(WrongClock::Either { server, .. }) => {
            format!(
                "{what}; compare the clocks of {server} and of this server with that of the domain, and set the wrong one"
            )
        }
    }
}

/// What to do about files on the share of the claims that are not believed.
fn doubted(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Stranger { server, file, owner } => format!(
            "if {owner} runs apply on {server} or may speak for it, list that account under `rollout: {{ claims: {{ folder, writers }} }}`; \
             otherwise find out who put {file} there, move it away, and run apply --retry on {server}, which writes its own"
        ),
        Doubt::Unread { server, file, .. } => format!(
            "let this server's account read {file} and its owner; or move that file away, and run apply --retry on {server}, which writes it again"
        ),
        Doubt::Targets { targets, .. } => format!(
            "let `rollout: {{ claims }}` name one of them{}, in the manifest of every server of the pool",
            targets.first().map(|first| format!(", such as {first}")).unwrap_or_default()
        ),
        Doubt::Breaker { file, .. } | Doubt::Earlier { file, .. } => format!("if nobody needs {file}, move it away"),
    }
}

/// What to do about an installer that ended with this code.
const fn uninstallable(code: Option<u32>) -> &'static str {
    match code {
        Some(2) => "find out which service runs while the installer looks (Get-CsWindowsService; its log), and stop it",
        Some(1618) => "let the other installation finish",
        Some(0xC000_0000..) => {
            "read the installer's log and the Application event log for the crash, and fix its cause"
        }
        Some(_) | None => "read the installer's log and fix the cause",
    }
}

/// What to do about services that neither stop nor start. `sc queryex` shows the process of a service (Microsoft Learn:
/// Sc.exe queryex).
fn unhang(hanging: &Hanging) -> String {
    let service = hanging.services.first().map_or("NAME", String::as_str);
    match hanging.state {
        ServiceState::StartPending => format!(
            "find in the event log why {service} does not come up \
             (Get-EventLog \"Lync Server\" -EntryType Error -Newest 20; also System), and fix that"
        ),
        ServiceState::StopPending
        | ServiceState::PausePending
        | ServiceState::ContinuePending
        | ServiceState::Stopped
        | ServiceState::Running
        | ServiceState::Paused => match service {
            WEB_SERVICE => "restart the server: other services share the process of the web server".into(),
            _ => format!(
                "end its process (sc queryex {service} shows its PID; taskkill /F /PID …), or restart the server"
            ),
        },
    }
}

/// Where to look if a step had no effect.
const fn unstick(step: &Step) -> &'static str {
    match step {
        Step::FailOver | Step::FailBack | Step::UpdateDatabases(_) | Step::UpdatePoolDatabases(_) => {
            "run the command by hand with -Verbose, read its report and fix what it names"
        }
        Step::StopOthers | Step::StopServices | Step::StopWeb => {
            "end the process of the service that does not stop, or restart the server"
        }
        Step::StartServices | Step::StartOthers | Step::StartWeb => {
            "find in the event log (Lync Server, System) why the service does not start, and fix that"
        }
        Step::Install => "read the installer's log: this file may be the update of another product or an older one",
        Step::Claim | Step::Release => "look at the share that the manifest names under `rollout: { claims }`",
        Step::Stage => "check that the private folder can be written",
        Step::CloseShells => "close the shells by hand",
        Step::Reboot => "restart the server by hand",
    }
}

/// What to do about the checks of `doctor` that forbid an outage.
fn unfit(checks: &[Unfit]) -> String {
    let first = checks.first().map_or("", |unfit| unfit.check.help());
    let more = if checks.len() > 1 { "; reconcile doctor says what to do about the others" } else { "" };
    let names: Vec<_> =
        checks.iter().filter(|unfit| unfit.verdict == Verdict::Fault).map(|unfit| unfit.check.key()).collect();
    let ignore = match names.first() {
        Some(name) => {
            format!("; to go on without that, give the reason: `policy: {{ doctor: {{ ignore: {{ {name}: … }} }} }}`")
        }
        None => String::new(),
    };
    format!("{first}{more}{ignore}")
}
