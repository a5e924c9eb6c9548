//! The longest time of a run, which the Task Scheduler must allow.

use reconcile_core::Goal;
use reconcile_schema::{Mode, Period};

/// The time for work without a limit in the manifest: copying and hashing the update, and everything quick.
const REST: Period = Period::hours(1);

/// The longest time that one run for `goal` can take by the limits of the manifest, with one hour added.
///
/// At its limit the Task Scheduler would ask the run to end, in the worst case in the middle of an installation. So
/// this is more than any run needs, never less:
///
/// - `apply`: attempts × (4 stop + install + 2 start + 3 database × stores) + stop + 2 start + shells + 1 h.
///   In each attempt the services are stopped twice and the web server once, and a start first waits for services that
///   are still stopping; the web server and the services are started; each store is checked, updated, and checked
///   again. After the last attempt everything is started again. A run waits for shells only once.
/// - `observe`: database × stores + 1 h.
///
/// The schema has no upper limit (Microsoft Learn: `ExecutionTimeLimit (settingsType) Element`); a [`Period`] ends
/// after 136 years.
#[must_use]
pub fn longest(goal: &Goal, mode: Mode) -> Period {
    let rules = &goal.rules;
    let stores = u32::try_from(goal.all_stores().count()).unwrap_or(u32::MAX);
    match mode {
        Mode::Apply => {
            let databases = times(rules.database, stores.saturating_mul(3));
            let attempt = times(rules.stop, 4) + rules.install + times(rules.start, 2) + databases;
            let back_up = rules.stop + times(rules.start, 2);
            times(attempt, rules.attempts) + back_up + rules.shell_wait + REST
        }
        Mode::Observe => times(rules.database, stores) + REST,
    }
}

fn times(period: Period, count: u32) -> Period {
    Period::seconds(period.as_seconds().saturating_mul(count))
}
