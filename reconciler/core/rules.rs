//! The rules of a run, with every default filled in.

use alloc::{
    collections::{BTreeMap, btree_map},
    format,
    string::String,
    sync::Arc,
    vec::Vec,
};

use reconcile_schema::{
    CheckId, DoctorRules, Estimates, Fabric, ForeignServices, Maintenance, OnExceed, PendingRestart, Period, Policy,
    Reboots, Renames, Shells, When,
};
use serde::Serialize;

use crate::parts::{Part, Source, Trace};

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
    /// Which findings of `doctor` forbid an outage.
    pub doctor: Arc<DoctorRules>,
    /// Whether `doctor` is asked before an outage. A snapshot cannot be.
    pub is_examined: bool,
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
    /// The rules of these policies, the nearest first.
    pub(crate) fn of<'a, T: Trace>(
        policies: impl Iterator<Item = (Part<'a>, &'a Policy)> + Clone,
        trace: &mut T,
    ) -> Self {
        let mut layers = Layers { policies, trace };
        let maintenance = layers.maintenance();
        Self {
            is_always: maintenance == Some(&When::Always),
            maintenance: maintenance.and_then(When::windows).cloned().map(Arc::new),
            outage_budget: layers.or("policy/outage/budget", |policy| policy.outage.budget, Period::minutes(30)),
            on_exceed: layers.or("policy/outage/onExceed", |policy| policy.outage.on_exceed, OnExceed::StopBefore),
            estimates: Estimates {
                fail_over: layers.estimate("policy/estimates/failOver", |policy| policy.estimates.fail_over),
                stop: layers.estimate("policy/estimates/stop", |policy| policy.estimates.stop),
                install: layers.estimate("policy/estimates/install", |policy| policy.estimates.install),
                database: layers.estimate("policy/estimates/database", |policy| policy.estimates.database),
                start: layers.estimate("policy/estimates/start", |policy| policy.estimates.start),
                restart: layers.estimate("policy/estimates/restart", |policy| policy.estimates.restart),
            },
            reboot: layers.or("policy/reboot", |policy| policy.reboot, Reboots::Never),
            pending_restart: layers.or(
                "policy/pendingRestart",
                |policy| policy.pending_restart,
                PendingRestart::Report,
            ),
            shells: layers.or("policy/shells", |policy| policy.shells, Shells::Block),
            foreign: Some(layers.or("policy/foreign", |policy| policy.foreign, ForeignServices::Block)),
            doctor: Arc::new(DoctorRules {
                require: layers.all("policy/doctor/require", |policy| &policy.doctor.require),
                ignore: layers.ignored(),
            }),
            is_examined: true,
            fabric: layers.or("policy/pool/fabric", |policy| policy.pool.fabric, Fabric::Block),
            attempts: u32::from(layers.or("policy/attempts", |policy| policy.attempts, 3)),
            database_check: layers.or("policy/databaseCheck", |policy| policy.database_check, Period::hours(24)),
            stop: layers.or("policy/timeouts/stop", |policy| policy.timeouts.stop, Period::minutes(15)),
            install: layers.or("policy/timeouts/install", |policy| policy.timeouts.install, Period::minutes(90)),
            quiet: layers.or("policy/quiet", |policy| policy.quiet, Period::minutes(20)),
            start: layers.or("policy/timeouts/start", |policy| policy.timeouts.start, Period::minutes(60)),
            database: layers.or("policy/timeouts/database", |policy| policy.timeouts.database, Period::minutes(60)),
            shell_wait: layers.or("policy/timeouts/shells", |policy| policy.timeouts.shells, Period::minutes(10)),
            renames: Arc::new(Renames {
                count: layers.all("policy/renames/count", |policy| &policy.renames.count),
                ignore: layers.all("policy/renames/ignore", |policy| &policy.renames.ignore),
            }),
        }
    }
}

/// The policies that apply to a server, the nearest first, and who watches what is taken from them.
struct Layers<'t, P, T> {
    policies: P,
    trace: &'t mut T,
}

impl<'a, P: Iterator<Item = (Part<'a>, &'a Policy)> + Clone, T: Trace> Layers<'_, P, T> {
    /// The windows of the nearest policy that has some.
    fn maintenance(&mut self) -> Option<&'a When> {
        let found = self.policies.clone().find_map(|(part, policy)| Some((part, policy.maintenance.as_ref()?)));
        let field = "policy/maintenance";
        match found {
            None => self.trace.note(field, &When::Always, Source::DEFAULT),
            Some((by, when @ When::Always)) => self.trace.note(field, when, Source::declared(by, field)),
            Some((by, When::In(Maintenance { time_zone, windows, except }))) => {
                let field = "policy/maintenance/timeZone";
                self.trace.note(field, time_zone, Source::declared(by, field));
                for (name, window) in windows {
                    let field = format!("policy/maintenance/windows/{name}");
                    self.trace.note(&field, window, Source::declared(by, &field));
                }
                for (name, days) in except {
                    let field = format!("policy/maintenance/except/{name}");
                    self.trace.note(&field, days, Source::declared(by, &field));
                }
            }
        }
        found.map(|(_, when)| when)
    }

    /// The value of the nearest policy that has one.
    fn first<V: Serialize>(&mut self, field: &'static str, get: impl Fn(&'a Policy) -> Option<V>) -> Option<V> {
        let (by, value) = self.policies.clone().find_map(|(part, policy)| Some((part, get(policy)?)))?;
        self.trace.note(field, &value, Source::declared(by, field));
        Some(value)
    }

    /// The value of the nearest policy that has one. Without one, it is not known until a run has recorded it.
    fn estimate(&mut self, field: &'static str, get: impl Fn(&'a Policy) -> Option<Period>) -> Option<Period> {
        self.or(field, |policy| get(policy).map(Some), None)
    }

    /// The value of the nearest policy that has one, or the default.
    fn or<V: Serialize>(&mut self, field: &'static str, get: impl Fn(&'a Policy) -> Option<V>, default: V) -> V {
        if let Some(value) = self.first(field, get) {
            return value;
        }
        self.trace.note(field, &default, Source::DEFAULT);
        default
    }

    /// The checks that are ignored, each with the reason of the nearest policy that gives one.
    fn ignored(&mut self) -> BTreeMap<CheckId, String> {
        let mut all = BTreeMap::new();
        for (part, policy) in self.policies.clone() {
            for (check, reason) in &policy.doctor.ignore {
                if let btree_map::Entry::Vacant(vacant) = all.entry(*check) {
                    let field = format!("policy/doctor/ignore/{check}");
                    self.trace.note(&field, reason, Source::declared(part, &field));
                    vacant.insert(reason.clone());
                }
            }
        }
        all
    }

    /// The lists of all policies.
    fn all<V: Serialize + Clone + 'a>(
        &mut self,
        field: &'static str,
        get: impl Fn(&'a Policy) -> &'a Vec<V>,
    ) -> Vec<V> {
        let lists = self.policies.clone().map(|(part, policy)| (part, get(policy)));
        let mut all = Vec::new();
        for (part, list) in lists {
            for (number, item) in list.iter().enumerate() {
                self.trace.note(field, item, Source::item(part, field, number));
                all.push(item.clone());
            }
        }
        all
    }
}
