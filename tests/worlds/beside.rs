//! A host on which something else happens during every act, or every wait.

use reconcile_core::{Act, Acted, Ask, Goal, Observe, Seen};
use reconcile_schema::{Mark, Marks, Observed, Period, RunId, Step};

/// The host, and what acting and waiting do on it. Where nothing else happens, these are `acts` and `Act::pause`.
pub struct Beside<H, A, P> {
    pub host: H,
    pub act: A,
    pub pause: P,
}

impl<H: Act, A, P> Observe for Beside<H, A, P> {
    type Error = H::Error;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, H::Error> {
        self.host.observe(goal)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), H::Error> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, H::Error> {
        self.host.marks()
    }
}

impl<H, A, P> Act for Beside<H, A, P>
where
    H: Act,
    A: FnMut(&mut H, &Goal, &Seen, &Step) -> Result<Acted, H::Error>,
    P: FnMut(&mut H, Period),
{
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, _: &mut dyn FnMut(Period)) -> Result<Acted, H::Error> {
        (self.act)(&mut self.host, goal, seen, step)
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), H::Error> {
        self.host.mark(run, mark)
    }

    fn pause(&mut self, period: Period) {
        (self.pause)(&mut self.host, period);
    }
}

/// A plain act, without anything else.
pub fn acts<H: Act>(host: &mut H, goal: &Goal, seen: &Seen, step: &Step) -> Result<Acted, H::Error> {
    host.act(goal, seen, step, &mut |_| {})
}
