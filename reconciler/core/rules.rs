//! The rules of a run, with every default filled in.

use alloc::sync::Arc;

use reconcile_schema::{
    Estimates, Fabric, ForeignServices, Maintenance, OnExceed, PendingRestart, Period, Policy, Reboots, Renames,
    Shells, When,
};

/// The rules of a run, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// When the server may be taken down; always, unless something is declared.
    pub maintenance: Option<Arc<Maintenance>>,
    /// Whether the manifest explicitly allows it at any time.
    pub is_always: bool,
    /// How long the services may be down.
    pub outage_budget: Period,
    /// What to do when that is exceeded, or is expected to be, before the installer starts.
    pub on_exceed: OnExceed,
    /// How long steps take, where no run has recorded it yet.
    pub estimates: Estimates,
    /// Whether the machine may be restarted.
    pub reboot: Reboots,
    /// What to do about a restart that Windows requests.
    pub pending_restart: PendingRestart,
    /// What to do about open management shells.
    pub shells: Shells,
    /// What to do about services of other products that hold modules of the product. Without it, nobody asks for them.
    pub foreign: Option<ForeignServices>,
    /// The further folders in which files that wait for a restart count, and those in which they do not.
    pub renames: Arc<Renames>,
    /// What to do where the pool's answer about its fabric is not understood.
    pub fabric: Fabric,
    /// How often the installer may be started, and the services taken down, for one target.
    pub attempts: u32,
    /// How long a check of the databases of a server at its goal remains valid.
    pub database_check: Period,
    /// How long stopping may take.
    pub stop: Period,
    /// How long the installer may take before it is reported as overdue.
    pub install: Period,
    /// How long the installer may give no sign of life before that is reported.
    pub quiet: Period,
    /// How long starting may take.
    pub start: Period,
    /// How long a database step may take.
    pub database: Period,
    /// How long to wait for open management shells.
    pub shell_wait: Period,
}

/// How often the machine may be restarted for one target.
pub const REBOOTS: u32 = 2;

impl Rules {
    pub(crate) fn of(policies: &[&Policy]) -> Self {
        fn first<T: Copy>(policies: &[&Policy], field: impl Fn(&Policy) -> Option<T>, default: T) -> T {
            policies.iter().find_map(|policy| field(policy)).unwrap_or(default)
        }
        let maintenance = policies.iter().find_map(|policy| policy.maintenance.as_ref());
        let estimate =
            |field: fn(&Estimates) -> Option<Period>| policies.iter().find_map(|policy| field(&policy.estimates));
        Self {
            maintenance: maintenance.and_then(When::windows).cloned().map(Arc::new),
            is_always: maintenance == Some(&When::Always),
            outage_budget: first(policies, |policy| policy.outage.budget, Period::minutes(30)),
            on_exceed: first(policies, |policy| policy.outage.on_exceed, OnExceed::StopBefore),
            estimates: Estimates {
                fail_over: estimate(|estimates| estimates.fail_over),
                stop: estimate(|estimates| estimates.stop),
                install: estimate(|estimates| estimates.install),
                database: estimate(|estimates| estimates.database),
                start: estimate(|estimates| estimates.start),
                restart: estimate(|estimates| estimates.restart),
            },
            reboot: first(policies, |policy| policy.reboot, Reboots::Never),
            pending_restart: first(policies, |policy| policy.pending_restart, PendingRestart::Report),
            shells: first(policies, |policy| policy.shells, Shells::Block),
            foreign: Some(first(policies, |policy| policy.foreign, ForeignServices::Block)),
            renames: Arc::new(Renames {
                count: policies.iter().flat_map(|policy| policy.renames.count.iter().cloned()).collect(),
                ignore: policies.iter().flat_map(|policy| policy.renames.ignore.iter().cloned()).collect(),
            }),
            fabric: first(policies, |policy| policy.pool.fabric, Fabric::Block),
            attempts: u32::from(first(policies, |policy| policy.attempts, 3)),
            database_check: first(policies, |policy| policy.database_check, Period::hours(24)),
            stop: first(policies, |policy| policy.timeouts.stop, Period::minutes(15)),
            install: first(policies, |policy| policy.timeouts.install, Period::minutes(90)),
            quiet: first(policies, |policy| policy.quiet, Period::minutes(20)),
            start: first(policies, |policy| policy.timeouts.start, Period::minutes(60)),
            database: first(policies, |policy| policy.timeouts.database, Period::minutes(60)),
            shell_wait: first(policies, |policy| policy.timeouts.shells, Period::minutes(10)),
        }
    }
}
