//! A simulated server whose steps take their time, for a person who watches.

use std::time::Duration;

use reconcile_core::{Act, Acted, Ask, Goal, Observe, Seen};
use reconcile_schema::{Mark, Marks, Observed, Period, RunId, Step};

use super::{LabError, LabHost, pace::Pace};
use crate::Interrupt;

/// A simulated server whose steps take their time. A step has its effect first; then the run waits for as long as the
/// server's clock says that the step took. A run that is killed meanwhile leaves behind what a command leaves that
/// outlived its run.
pub struct Paced<'a> {
    host: LabHost<'a>,
    pace: Pace,
    interrupt: Interrupt,
    /// Waits for a moment.
    wait: &'a dyn Fn(Duration),
}

impl<'a> Paced<'a> {
    /// The server, at this pace. `wait` waits.
    #[must_use]
    pub const fn new(host: LabHost<'a>, pace: Pace, interrupt: Interrupt, wait: &'a dyn Fn(Duration)) -> Self {
        Self { host, pace, interrupt, wait }
    }

    /// Waits while this period passes in the lab, unless the run must end first.
    fn live_through(&self, period: Period, ends: impl Fn(&Interrupt) -> bool) {
        for (moment, _) in self.pace.moments(period) {
            if ends(&self.interrupt) {
                break;
            }
            (self.wait)(moment);
        }
    }
}

impl Observe for Paced<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        self.host.observe(goal)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.host.marks()
    }
}

impl Act for Paced<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        let mut silent = Period::default();
        let acted = self.host.act(goal, seen, step, &mut |lasted| silent = silent.max(lasted));
        let now = self.host.server()?.clock;
        // A claim makes the clock catch up with the other servers of the pool, whose work was watched already.
        let took = if *step == Step::Claim { Period::default() } else { Period::between(seen.host.at, now) };
        if silent > Period::default() {
            self.live_through(silent, Interrupt::leaves);
            quiet(silent);
        }
        self.live_through(took - silent, Interrupt::leaves);
        acted
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        self.host.mark(run, mark)
    }

    fn pause(&mut self, period: Period) {
        self.host.pause(period);
        self.live_through(period, Interrupt::ends);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use std::cell::Cell;

    use reconcile_core::{End, Goal, Request, apply};
    use reconcile_schema::Manifest;

    use super::*;
    use crate::lab::{Fault, Lab, start};

    /// How long a person waits for a run, and how long it took by the server's clock.
    fn watched(pace: &str, faults: Vec<Fault>, interrupt: &Interrupt) -> (Duration, Period) {
        let manifest: Manifest = serde_yaml::from_str(include_str!("../../../manifests/lab.yaml")).unwrap();
        let releases = serde_yaml::from_str(include_str!("../../../manifests/releases.yaml")).unwrap();
        let goal = Goal::of(&manifest, &releases, &"sfb19-be1.lab.example".parse().unwrap()).unwrap();
        let build = "7.0.2046.123".parse().unwrap();
        let mut lab = Lab::in_memory(start([(&goal, &build, faults)]));
        let began = lab.world().servers[&goal.server].clock;
        let waited = Cell::new(Duration::ZERO);
        let wait = |moment| waited.set(waited.get() + moment);
        let mut host = Paced::new(lab.host(&goal.server).unwrap(), pace.parse().unwrap(), interrupt.clone(), &wait);
        let request = Request {
            goal: &goal,
            run: RunId("a rehearsal".into()),
            version: "0",
            by: "somebody who watches",
            approved: None,
            forgive: false,
            interrupted: &|| None,
        };
        let outcome = apply(&mut host, &request, &mut |_| {}).unwrap();
        assert_eq!(outcome.end, End::AtGoal);
        (waited.get(), Period::between(began, lab.world().servers[&goal.server].clock))
    }

    #[test]
    fn a_run_takes_as_long_as_its_steps_at_every_pace() {
        for (pace, factor) in [("1x", 1), ("60x", 60), ("3600x", 3600)] {
            for faults in [vec![], vec![Fault::InstallerGoesQuiet]] {
                let (waited, passed) = watched(pace, faults.clone(), &Interrupt::default());
                // Each step is rounded to a nanosecond.
                let wrong = (Duration::from(passed) / factor).abs_diff(waited);
                assert!(wrong < Duration::from_micros(1), "{pace} {faults:?}: {waited:?} for {passed}");
            }
        }
    }

    #[test]
    fn a_run_that_must_end_at_once_waits_for_nothing() {
        let interrupt = Interrupt::default();
        interrupt.end();
        assert!(watched("60x", vec![], &interrupt).0 > Duration::ZERO, "the step is finished first");
        interrupt.leave();
        assert_eq!(watched("60x", vec![], &interrupt).0, Duration::ZERO);
    }
}
