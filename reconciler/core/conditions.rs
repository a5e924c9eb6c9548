//! The conditions of a step: each check of the gate, with what must be true and who can make it so.

use reconcile_schema::{CheckId, Who};

use crate::checks::{
    Check, attempts, budget, claimed, clock, disk, fit, foreign, halted, held, held_by_others, installing, mirrored,
    opened, outage, outages, package, pool_mirrored, reachable, readable, ready, rebooted, reboots, restartable,
    rights, settled, shells, spent, taking_down, told, undisturbed, window,
};

/// What must be true before a step.
pub struct Condition {
    /// Whether it is.
    pub(crate) check: Check,
    /// What must be true, as a clause.
    pub needs: &'static str,
    /// Who can make it so.
    pub who: Who,
    /// The check of `doctor` that shows it, too.
    pub doctor: Option<CheckId>,
}

/// Writes a constant from each line.
macro_rules! conditions {
    ($($name:ident = $check:ident, $who:ident, $doctor:expr, $needs:literal;)*) => {
        $(pub(crate) const $name: Condition =
            Condition { check: $check, needs: $needs, who: Who::$who, doctor: $doctor };)*
    };
}

conditions! {
    ATTEMPTS = attempts, Administrator, None, "the installer may be started again for this target";
    BUDGET = budget, Manifest, None, "the expected outage fits into its budget";
    CLAIMED = claimed, OtherServers, None, "no other server of the pool is being worked on, and the pool is claimed";
    CLOCK = clock, Administrator, None, "the clock is not behind the journal";
    DISK = disk, Administrator, Some(CheckId::FreeSpace), "the drives have room";
    FIT = fit, Administrator, None, "nothing that only doctor reads speaks against an outage";
    FOREIGN = foreign, Administrator, Some(CheckId::OpenShells), "no service of another product holds files of the product";
    HALTED = halted, Run, None, "nobody has interrupted the run";
    HELD = held, Administrator, None, "nobody has put the server on hold";
    HELD_BY_OTHERS = held_by_others, Administrator, None, "nobody has put the server on hold, or the run stopped the services itself";
    INSTALLING = installing, Time, None, "no other installation is in progress";
    MIRRORED = mirrored, Manifest, Some(CheckId::Databases), "the databases are not mirrored, or the manifest allows it";
    OPENED = opened, Time, None, "a maintenance window is open, with room for the update of the databases";
    OUTAGE = outage, Manifest, None, "the outage has not used up its budget";
    OUTAGES = outages, Administrator, None, "the services may be taken down again for this target";
    PACKAGE = package, Manifest, Some(CheckId::Package), "the update is in the private folder, verified";
    POOL_MIRRORED = pool_mirrored, Manifest, None, "the pool's databases are not mirrored, or the manifest allows it";
    REACHABLE = reachable, Administrator, Some(CheckId::Databases), "the databases can be reached and report their versions";
    READABLE = readable, Administrator, None, "the journal can be read, or its damage is acknowledged";
    READY = ready, OtherServers, Some(CheckId::Pool), "the pool can do without this server";
    REBOOTED = rebooted, Run, None, "a restart that is pending is done first";
    REBOOTS = reboots, Manifest, None, "a restart is allowed";
    RESTARTABLE = restartable, Manifest, Some(CheckId::PendingRestart), "no restart is pending, or it is allowed";
    RIGHTS = rights, Administrator, Some(CheckId::Rights), "the account has the rights for all remaining steps";
    SETTLED = settled, Time, None, "no service is starting or stopping";
    SHELLS = shells, Administrator, Some(CheckId::OpenShells), "no management shell is open";
    SPENT = spent, Run, None, "the step has not failed in this run";
    TAKING_DOWN = taking_down, Time, None, "the services are down already, or a maintenance window is open";
    TOLD = told, OtherServers, None, "the servers of the pool have reported that they are done";
    UNDISTURBED = undisturbed, Time, None, "no installer is at work";
    WINDOW = window, Time, None, "a maintenance window is open, with room for the outage";
}
