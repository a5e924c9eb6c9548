//! The codes of outcomes. Programs match on a code where people read its sentence. No code ever changes its meaning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::table::table;

struct Row {
    phrase: &'static str,
    help: &'static str,
}

table! {
    /// The state of a server, or the reason why it or the run cannot continue.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
    pub enum Code: Row {
        /// Every code.
        ALL

        /// The server is at its goal.
        AtGoal = "at-goal" {
            phrase: "the server is at its goal",
            help: "Nothing.",
        }
        /// Steps remain, and nothing forbids them.
        #[default]
        Drift = "drift" {
            phrase: "steps remain, and nothing forbids them",
            help: "Run `reconcile apply` in the maintenance window.",
        }
        /// The run ended in a restart of the machine; the next run continues.
        Restarting = "restarting" {
            phrase: "the run ended in a restart of the machine; the next run goes on",
            help: "Wait for the restart. Then the scheduled task continues, or run `reconcile apply`.",
        }
        /// A fact that the plan needs has not been read.
        NotLooked = "not-looked" {
            phrase: "a fact that the plan needs was not read",
            help: "Fix what keeps `reconcile` from reading the fact that the message names, then run the command again.",
        }
        /// A fact that the decision needs could not be read.
        Unknown = "unknown" {
            phrase: "a fact that the decision needs could not be read",
            help: "Fix the read error that is shown, then run `reconcile apply` again. No service is stopped until the fact can be read.",
        }
        /// The declared product is not installed.
        ProductMissing = "product-missing" {
            phrase: "the declared product is not installed",
            help: "Correct `target` or `product` in the manifest. Do not name a bare SQL Server as a `back-end` (docs/pools.md#which-machine-is-what).",
        }
        /// The installed product is not the one that the manifest declares.
        WrongProduct = "wrong-product" {
            phrase: "another product is installed than the manifest declares",
            help: "Set `target` to an update of the product that is installed, or remove the server from the manifest.",
        }
        /// Core Components is newer than declared.
        NewerThanDeclared = "newer-than-declared" {
            phrase: "Core Components is above the declared build",
            help: "An update cannot be taken back. To keep it, set `target` to that build or a later one (`reconcile releases`).",
        }
        /// The installation of a later update began, and no run saw it end successfully.
        LaterInstallationBegun = "later-installation-begun" {
            phrase: "the installation of a later update was begun and not seen to end well",
            help: "Declare that later build. Or make sure that no component is newer than declared, then run `reconcile apply --retry`.",
        }
        /// A component has a build of another product line.
        WrongLine = "wrong-line" {
            phrase: "a component has a build of another product line",
            help: "Look up the component in Programs and Features, correct its installation, then run `reconcile apply` again.",
        }
        /// A restart is pending, and the policy allows none.
        RestartDue = "restart-due" {
            phrase: "a restart is pending, and the policy allows none",
            help: "Restart the server, then run `reconcile apply` again. Or allow it: `policy: { reboot: whenRequired }`.",
        }
        /// A restart is pending, and the allowed number of restarts for one target is used up.
        RestartsSpent = "restarts-spent" {
            phrase: "a restart is pending again after as many as are allowed for one target",
            help: "Find out what asks for a restart each time, fix it, then run `reconcile apply --retry`.",
        }
        /// Another installation is running.
        OtherInstallation = "other-installation" {
            phrase: "another installation is under way",
            help: "Let it finish, then run `reconcile apply` again.",
        }
        /// A service is starting or stopping.
        ServicePending = "service-pending" {
            phrase: "a service is starting or stopping",
            help: "Wait until no service is pending (`Get-CsWindowsService`), then run `reconcile apply` again.",
        }
        /// Management shells are open.
        ShellsOpen = "shells-open" {
            phrase: "management shells are open",
            help: "Close them, or set `policy: { shells: wait }` or `close`.",
        }
        /// Services of other products hold modules of the product.
        ForeignServices = "foreign-services" {
            phrase: "services of others hold modules of the product",
            help: "Stop them, or name them under `alsoStop`. `policy: { foreign: warn }` goes on all the same.",
        }
        /// Checks of `doctor` speak against an outage.
        DoctorForbids = "doctor-forbids" {
            phrase: "doctor found something that speaks against an outage",
            help: "Do what `reconcile doctor MANIFEST` says about each check that is named. To go on without that, give the reason: \
                 `policy: { doctor: { ignore: { CHECK: reason } } }`.",
        }
        /// The update's package cannot be used.
        PackageRefused = "package-refused" {
            phrase: "the update's package cannot be used",
            help: "Fetch the update again from its publisher. Correct the path or the hash in the manifest if it is wrong.",
        }
        /// The update's package is signed by a publisher other than the declared one.
        PublisherForeign = "publisher-foreign" {
            phrase: "the update's package is signed by somebody else than the declared publisher",
            help: "Do not run the file. Fetch the update again from its publisher, and find out who put this file there.",
        }
        /// There is too little free disk space.
        DiskFull = "disk-full" {
            phrase: "there is too little free disk space",
            help: "Free space on the named drive, then run `reconcile apply` again.",
        }
        /// The databases are mirrored, and the manifest does not say that they can be updated in this state.
        DatabasesMirrored = "databases-mirrored" {
            phrase: "the databases are mirrored, and the manifest does not say that they can be updated so",
            help: "Read docs/pools.md#sql-server. Test on a pool that few people use, with every database on its primary (`Get-CsDatabaseMirrorState`). Then set `databases: { mirrored: update }`.",
        }
        /// The account lacks a right.
        RightsMissing = "rights-missing" {
            phrase: "the account lacks a right",
            help: "Start an elevated prompt, or use a member of `RTCUniversalServerAdmins`. A new membership takes effect at the next logon. SYSTEM never is a member.",
        }
        /// The installer would end together with the session that it is started from.
        Confined = "confined" {
            phrase: "the installer could not outlive the session that it is started from",
            help: "Run `reconcile apply` on the console or desktop of the server, not in a remote session such as WinRM, or register the scheduled task.",
        }
        /// The pool reports that it is busy.
        PoolBusy = "pool-busy" {
            phrase: "the pool says that it is busy",
            help: "Try later. A pool that stays busy has a problem: read its event logs.",
        }
        /// The pool reports that too few of its servers are active.
        PoolInsufficient = "pool-insufficient" {
            phrase: "the pool says that too few of its servers are active",
            help: "Find out which of its servers do not run, and start them. A pool that is paired can be failed over first.",
        }
        /// Replicas are missing in the pool.
        PoolReplicasMissing = "pool-replicas-missing" {
            phrase: "the pool misses replicas",
            help: "Run the `Reset-CsPoolRegistrarState` command that the outcome shows, then `reconcile apply` again.",
        }
        /// The upgrade domain of the server is not ready.
        PoolDomainNotReady = "pool-domain-not-ready" {
            phrase: "the upgrade domain of the server is not ready",
            help: "Try later. The pool itself says when its replicas allow it.",
        }
        /// The pool reports warnings about its fabric.
        PoolWarns = "pool-warns" {
            phrase: "the pool warns of its fabric",
            help: "Make sure that every server of the pool runs (`Get-CsPoolFabricState`), then run `reconcile apply` again.",
        }
        /// The pool's answer is not understood.
        PoolNotUnderstood = "pool-not-understood" {
            phrase: "the pool's answer is not understood",
            help: "Read what `plan` shows. If it says that the pool is sound, set `policy: { pool: { fabric: ignore } }`.",
        }
        /// The pool has not been ready for long enough.
        PoolSettling = "pool-settling" {
            phrase: "the pool has not been ready for long enough",
            help: "Wait until the pool has been ready for 20 minutes, then run `reconcile apply` again.",
        }
        /// Too few servers of the pool would remain.
        PoolQuorum = "pool-quorum" {
            phrase: "too few servers of the pool would be left",
            help: "Bring its other servers back first, then run `reconcile apply` again.",
        }
        /// Another server of the pool is being worked on.
        PoolClaimed = "pool-claimed" {
            phrase: "another server of the pool is worked on",
            help: "Wait for that server. If it will not finish: `reconcile claims MANIFEST`, then `--break` (docs/pools.md#one-server-at-a-time).",
        }
        /// The record of the claims stays in use by somebody else.
        ClaimsBusy = "claims-busy" {
            phrase: "the record of the claims stays in use by somebody else",
            help: "Try later.",
        }
        /// Files on the share of the claims are not believed.
        ClaimsUntrusted = "claims-untrusted" {
            phrase: "what lies on the share of the claims is not believed",
            help: "Find out who put the file there that the reason names (docs/pools.md#the-share).",
        }
        /// A Front End Server must be done before its back end, and is not.
        ComesAfter = "comes-after" {
            phrase: "a Front End Server comes before its back end and is not done",
            help: "Run `reconcile apply` on that Front End Server first. Add `--retry` if its file on the share was lost.",
        }
        /// The databases of the pool are updated after all of its Front End Servers, or from another server.
        DatabasesWait = "databases-wait" {
            phrase: "the update of the pool's databases waits for another server",
            help: "Run `reconcile apply` on the server that is named. A Front End Server that is out of service for long goes under `without` (docs/pools.md#a-bare-sql-server).",
        }
        /// The server is failed over, and the journal knows of no run that did it.
        FailedOver = "failed-over" {
            phrase: "the server is failed over, and not by a run that the journal knows of",
            help: "Ask who is working on it. If nobody is: `Invoke-CsComputerFailBack`, then `reconcile apply`.",
        }
        /// The outage has used up its budget, and the installer has not started.
        OutageOverBudget = "outage-over-budget" {
            phrase: "the outage has lasted as long as it may, and the installer has not started",
            help: "The services came back. Run `reconcile apply` again when there is time for a new outage, or raise `policy: { outage: { budget } }`.",
        }
        /// The outage would exceed its budget.
        OutageTooLong = "outage-too-long" {
            phrase: "the outage would last longer than it may",
            help: "See what takes so long (`reconcile history`). To accept it, raise `policy: { outage: { budget } }` or set `onExceed: warn`. With exit code 3, only what is left of the budget of this outage is too short.",
        }
        /// No maintenance window is open.
        WindowClosed = "window-closed" {
            phrase: "no maintenance window is open",
            help: "Nothing, if a scheduled task applies this manifest (`reconcile schedule show`). Otherwise run `reconcile apply` in the window that the message names. Exit code 4 means that none opens within two years.",
        }
        /// The maintenance window closes before the services would run again.
        WindowTooShort = "window-too-short" {
            phrase: "the maintenance window closes before the services would run again",
            help: "As for `window-closed`. Exit code 4 means that no window is long enough: make one longer, leave fewer days out, or correct `policy: { estimates }`.",
        }
        /// The clock is behind the journal's last entry.
        ClockBehind = "clock-behind" {
            phrase: "the clock is behind the journal's last entry",
            help: "Correct the clock. If it is correct: `reconcile apply --retry`.",
        }
        /// An operator has put the server on hold.
        Held = "held" {
            phrase: "somebody said that the server must not be touched",
            help: "Ask that person. When the reason no longer applies: `reconcile unhold`.",
        }
        /// Lines of the journal cannot be read, and a hold, or the serial of a manifest, may be lost with them.
        JournalDamaged = "journal-damaged" {
            phrase: "lines of the journal cannot be read, and a hold may have been among them",
            help: "Ask whether anybody holds this server, and hold it again if so. Then `reconcile acknowledge MANIFEST journal --reason TEXT`.",
        }
        /// The services were taken down as often as one target allows.
        OutagesSpent = "outages-spent" {
            phrase: "the services were taken down as often as is allowed for one target",
            help: "The server is left up. Read `reconcile history`, fix the cause, then `reconcile apply --retry`.",
        }
        /// The installer was started as often as one target allows.
        AttemptsSpent = "attempts-spent" {
            phrase: "the installer was started as often as is allowed for one target",
            help: "The server is left up. Read `reconcile history`, fix the cause, then `reconcile apply --retry`.",
        }
        /// The installer failed and moved no component.
        InstallFailed = "install-failed" {
            phrase: "the installer failed and moved no component",
            help: "Read the installer's log; its path is in the outcome if it is known. Fix the cause. The next run tries again, three times in all. Exit code 2: a service runs while the installer looks; find it (`Get-CsWindowsService`) and stop it. 1618: let the other installation finish.",
        }
        /// A step ran without effect.
        NoEffect = "no-effect" {
            phrase: "a step was taken, and nothing that it should change changed",
            help: "A service that does not stop: end its process, or restart the server. A service that does not start: read the event log (Lync Server, System). Databases, failover, failback: run the command by hand with `-Verbose`. Installer: read its log; the file may be another product's update. Then run `reconcile apply` again.",
        }
        /// A step could not be done.
        StepFailed = "step-failed" {
            phrase: "a step could not be done",
            help: "The step's own words are in the outcome. Fix the cause, then run `reconcile apply` again. It continues from here.",
        }
        /// A service was started and then ended by itself.
        ServiceEnded = "service-ended" {
            phrase: "a service was started and ended by itself",
            help: "Look in Event Viewer (Lync Server, Application, System) for why it ends. Fix that, then run `reconcile apply` again.",
        }
        /// A command of an earlier run has outlived that run and is still at work.
        CommandAtWork = "command-at-work" {
            phrase: "a command of an earlier run has outlived it and is at work",
            help: "Wait. The command ends at its own time limit (an installer has none). Then run `reconcile apply` again.",
        }
        /// Somebody interrupted the run.
        Interrupted = "interrupted" {
            phrase: "somebody interrupted the run",
            help: "Run `reconcile apply` again. It continues from here.",
        }
        /// The decision deviates from the approved plan.
        Deviated = "deviated" {
            phrase: "the approved plan says something else",
            help: "The reason names what changed. Find out why that changed. Then plan again, and have the new plan approved.",
        }
        /// Another run of reconcile is at work on this machine.
        AnotherRun = "another-run" {
            phrase: "another run of reconcile works here",
            help: "Wait for it.",
        }
        /// The confirmation was not given.
        NotConfirmed = "not-confirmed" {
            phrase: "somebody was asked and did not say yes",
            help: "Nothing was changed. Run `reconcile apply` again when you agree.",
        }
        /// A file is in a place where accounts other than administrators can write.
        Untrusted = "untrusted" {
            phrase: "a file lies where others than administrators can write",
            help: r"Move the program and the manifest to `C:\Program Files\reconcile`.",
        }
        /// The manifest is not signed with the key of this machine.
        ManifestUntrusted = "manifest-untrusted" {
            phrase: "the manifest is not signed with the key of this machine",
            help: "Sign the manifest where the secret key is: `minisign -Sm manifest.yaml` (docs/unattended.md#signed-manifests).",
        }
        /// The manifest is older than the last one that was accepted here.
        ManifestOlder = "manifest-older" {
            phrase: "the manifest is older than the last one that was accepted here",
            help: "Put the newer manifest back. If this one is meant, give it a higher `serial`.",
        }
        /// The manifest has expired.
        ManifestExpired = "manifest-expired" {
            phrase: "the manifest has expired",
            help: "Check what the manifest declares, then give it a later day.",
        }
        /// The manifest is another one than the caller expects.
        ManifestOther = "manifest-other" {
            phrase: "the manifest is another one than the caller expects",
            help: "Bring the manifest to the server that the caller means, then run again.",
        }
        /// The manifest, or another input, is wrong.
        InputWrong = "input-wrong" {
            phrase: "the manifest, or another input, is wrong",
            help: "Correct the line that the message shows. `reconcile explain` explains the code in `error[…]`.",
        }
        /// The command line is wrong.
        UsageWrong = "usage-wrong" {
            phrase: "the command line is wrong",
            help: "Correct the command. `reconcile help COMMAND` shows its options.",
        }
        /// The command failed.
        Failed = "failed" {
            phrase: "the command failed",
            help: "Read `reconcile status`. Fix the cause that the message names, then run the command again.",
        }
    }
}

impl Code {
    /// Whether nothing is wrong with a server that is blocked for this reason: it waits for its turn.
    #[must_use]
    pub const fn waits(self) -> bool {
        matches!(
            self,
            Self::WindowClosed
                | Self::WindowTooShort
                | Self::Held
                | Self::AnotherRun
                | Self::PoolBusy
                | Self::PoolSettling
                | Self::PoolClaimed
                | Self::ClaimsBusy
                | Self::ComesAfter
                | Self::DatabasesWait
        )
    }

    /// What it says.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        self.row().phrase
    }

    /// What a person can do about it, as far as the code alone shows; the advice of a run knows more.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.row().help
    }
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

    use super::*;
    use crate::DriftCode;

    /// What was published. Lines are added to it; none is changed, none is taken out.
    const PUBLISHED: &str = include_str!("codes.txt");

    /// The page that people read.
    const DOCUMENTED: &str = include_str!("../CODES.md");

    fn now() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let outcomes = Code::ALL.into_iter().map(|code| ("outcome", code.key(), code.phrase()));
        let findings = DriftCode::ALL.into_iter().map(|code| ("finding", code.key(), code.phrase()));
        outcomes.chain(findings)
    }

    #[test]
    fn no_published_code_is_renamed_or_reused() {
        let known: BTreeSet<String> = now().map(|(kind, key, phrase)| format!("{kind} {key}: {phrase}")).collect();
        let published: BTreeSet<String> = PUBLISHED.lines().map(String::from).collect();
        assert_eq!(known, published, "a code that is no longer used stays in the enum and in the list");
        assert_eq!(PUBLISHED.lines().count(), published.len(), "each once");
        let keys: BTreeSet<_> = now().map(|(kind, key, _)| (kind, key)).collect();
        assert_eq!(keys.len(), known.len(), "no key has two meanings");
    }

    #[test]
    fn the_codes_that_wait_are_documented() {
        let waits: Vec<_> =
            Code::ALL.into_iter().filter(|code| code.waits()).map(|code| format!("`{}`", code.key())).collect();
        let page = DOCUMENTED.split("`waits` is there").nth(1).and_then(|rest| rest.split("each with").next());
        let listed: Vec<_> =
            page.unwrap_or_default().split([',', ' ', '\n']).filter(|word| word.starts_with('`')).collect();
        let sorted = |mut all: Vec<String>| {
            all.sort();
            all
        };
        assert_eq!(sorted(listed.into_iter().map(String::from).collect()), sorted(waits));
    }

    #[test]
    fn files_write_a_code_by_its_key() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).ok(), Some(code.key().into()));
        }
        for code in DriftCode::ALL {
            assert_eq!(serde_json::to_value(code).ok(), Some(code.key().into()));
        }
    }

    #[test]
    fn every_code_is_documented() {
        for (kind, key, phrase) in now() {
            assert!(DOCUMENTED.contains(&format!("| `{key}` | {phrase} |")), "schema/CODES.md lacks the {kind} {key}");
        }
    }
}
