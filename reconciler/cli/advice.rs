//! What a person can do about what keeps a server from its goal.

use reconcile_core::{Blocker, Unready};
use reconcile_schema::{Fqdn, Product, Step};

/// What to do next, as a sentence without its end.
#[must_use]
pub fn advice(blocker: &Blocker) -> String {
    match blocker {
        Blocker::Unknown { .. } => {
            "mend what keeps it from being read, then run apply again; nothing is taken down while it is unknown".into()
        }
        Blocker::Missing { .. } => {
            "check `target` of this server in the manifest; the product itself is installed by its own setup".into()
        }
        Blocker::WrongProduct { found: Product::Lync2010, .. } => {
            "reconcile does not patch Lync Server 2010: take this server out of the manifest".into()
        }
        Blocker::WrongProduct { found, .. } => {
            format!("set `target` of this server to an update whose `product` is {}", found.key())
        }
        Blocker::Newer { found, .. } => {
            format!("declare {found} or a later release, if it is meant to stay: see reconcile releases")
        }
        Blocker::WrongLine { .. } => {
            "find out under Programs and Features where that component comes from, mend it, then run apply again".into()
        }
        Blocker::Reboot { .. } => {
            "restart the server and run apply again, or allow it in the manifest: `policy: { reboot: whenRequired }`"
                .into()
        }
        Blocker::RebootsSpent { .. } => {
            "find out what asks for a restart each time, mend it, then run apply again with --retry".into()
        }
        Blocker::Installing { .. } => "let it finish, then run apply again".into(),
        Blocker::ServicePending { .. } => {
            "wait until it has settled (Get-CsWindowsService shows it), then run apply again".into()
        }
        Blocker::ShellsOpen { .. } => {
            "close them and run apply again, or let the manifest say `policy: { shells: wait }` or `close`".into()
        }
        Blocker::Package { .. } => {
            "check `installer` in the manifest: its path, and its hash against Get-FileHash of the file".into()
        }
        Blocker::Disk { .. } => "free space on the system drive, then run apply again".into(),
        Blocker::Rights { group: "Administrators" } => "run it elevated, as a local administrator".into(),
        Blocker::Rights { .. } => {
            "run it as a member; a membership that was given just now counts from the next logon".into()
        }
        Blocker::Mirrored { .. } => {
            "find out on a pool that few need, each database principal on its primary (Get-CsDatabaseMirrorState); when it works \
             there, say `databases: { mirrored: update }` in the manifest"
                .into()
        }
        Blocker::Pool { pool, why } => ready(pool, why),
        Blocker::Claimed { claim, .. } => format!(
            "nothing has to be done: a later run goes on when {} is done; when it will not be, see reconcile claims",
            claim.server
        ),
        Blocker::ComesAfter { server, .. } => {
            format!(
                "run apply on {server}: it tells the others when it is at its goal; with --retry where the record on the share was lost"
            )
        }
        Blocker::FailedOver => "ask who works on it; when nobody does: Invoke-CsComputerFailBack, then run apply again".into(),
        Blocker::Outage { .. } => {
            "run apply again when there is time for a new outage, or raise `policy: { outage: { budget } }`".into()
        }
        Blocker::OutageForeseen { .. } => {
            "see what takes so long with reconcile history; to accept it, raise `policy: { outage: { budget } }` or say \
             `onExceed: warn`"
                .into()
        }
        Blocker::WindowClosed { opens: Some(_), .. } | Blocker::WindowTooShort { opens: Some(_), .. } => {
            "nothing has to be done: the run in that window goes on from here".into()
        }
        Blocker::WindowClosed { opens: None, .. } | Blocker::WindowTooShort { opens: None, .. } => {
            "make a window of `policy: { maintenance }` longer, or leave fewer days out".into()
        }
        Blocker::ClockBehind { .. } => {
            "set the clock of the server; if it is right now, say so by running apply with --retry".into()
        }
        Blocker::Held { .. } => "when the reason is gone: reconcile release".into(),
        Blocker::OutagesSpent { .. } => {
            "see what happened with reconcile history, mend the cause, then run apply again with --retry".into()
        }
        Blocker::AttemptsSpent { .. } => {
            "read the installer's log, mend the cause, then run apply again with --retry".into()
        }
        Blocker::InstallFailed { .. } => {
            "read the installer's log and mend the cause; the next run of apply tries once more".into()
        }
        Blocker::Stuck { step } => format!("{}, then run apply again", unstick(step)),
        Blocker::StepFailed { .. } => "mend the cause, then run apply again: it goes on from here".into(),
        Blocker::Interrupted => "run apply again: it goes on from here".into(),
        Blocker::Deviated { .. } => {
            "the server is not as it was when the plan was made: plan again, and have the new plan approved".into()
        }
    }
}

/// What makes a pool ready.
fn ready(pool: &Fqdn, why: &Unready) -> String {
    match why {
        Unready::Busy => "run apply again later; a pool that stays busy has a problem: see its event logs".into(),
        Unready::Insufficient { .. } => {
            "find out which of its servers do not run, and why; a pool that is paired can be failed over first".into()
        }
        Unready::Replicas { .. } => {
            format!("recover the pool first: Reset-CsPoolRegistrarState -PoolFqdn {pool} -ResetType QuorumLossRecovery")
        }
        Unready::Settling { left, .. } => format!(
            "nothing has to be done: a run goes on in {left}; if that server came back at a time that is still to come, compare the clocks"
        ),
        Unready::Quorum { .. } => "bring its other servers back first, then run apply again".into(),
    }
}

/// Where to look when a step did nothing.
const fn unstick(step: &Step) -> &'static str {
    match step {
        Step::FailOver | Step::FailBack => {
            "run the command by hand with -Verbose, read its report and mend what it says"
        }
        Step::StopServices | Step::StopWeb => {
            "end the process of the service that does not stop, or restart the server"
        }
        Step::StartServices | Step::StartWeb => {
            "look into the event log (Lync Server, System) for why the service does not start, and mend that"
        }
        Step::Install => "read the installer's log: this file may be the update of another product or an older one",
        Step::UpdateDatabases(_) => "run the command by hand with -Verbose, read its report and mend what it says",
        Step::Claim | Step::Release => "look at the share that the manifest names under `rollout: { claims }`",
        Step::Stage => "check that the private folder can be written",
        Step::CloseShells => "close the shells by hand",
        Step::Reboot => "restart the server by hand",
    }
}
