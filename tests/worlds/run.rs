//! A run in a world: apply over a watched host, and the plan as the command line requests it.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use reconcile_core::{
    Act, Approved, Ask, Event, Forced, Goal, Halt, Observe, Outcome, Plan, PlanEnd, PlannedStep, Request, Run, Seen,
    ahead, apply, compare, decisive, plan,
};
use reconcile_hosts::lab::{Fault, Kill, Lab, LabError, Simulated, World};
use reconcile_schema::{BootId, Durations, Fact, Mark, OnExceed, RunId, Step};

use crate::{
    space::{Case, Journal, Leave},
    truth::ran,
    watch::{Watch, Watched},
};

/// The parameters of a run.
#[derive(Default)]
pub struct How<'a> {
    pub name: &'a str,
    pub approved: Option<&'a [Step]>,
    pub kill: Option<Kill>,
    /// An operator fixed the cause of earlier failures.
    pub forgive: bool,
    /// Somebody wants the run to end from this question on.
    pub interrupted: Option<usize>,
    /// The same, and at once.
    pub left: Option<usize>,
}

/// A world in progress: its lab, its watch, and its beginning.
pub struct Scene {
    pub case: Case,
    pub goal: Goal,
    pub ran: Vec<String>,
    pub lab: Lab,
    pub watch: Watch,
}

impl Scene {
    /// The world before any run.
    pub fn of(case: &Case) -> Self {
        let (goal, start) = (case.goal(), case.server());
        // The pool's servers of a back end are elsewhere.
        let mut servers = std::collections::BTreeMap::from([(goal.server.clone(), start.clone())]);
        for number in 2..=goal.peers {
            // Their names sort after the first one, because all work is done on that one.
            let name = format!("server{number}.contoso.example").parse().unwrap();
            servers.insert(name, Simulated::healthy(&goal, &goal.core));
        }
        let mut world = World { servers, ..World::default() };
        world.pools.extend(goal.claims.iter().map(|claims| (claims.name.clone(), case.record())));
        let mut lab = Lab::in_memory(world);
        let mut watch = Watch::over(&start);
        let ran = ran(case, &start);
        if case.journal == Journal::TakenDown {
            watch.may_start(ran.iter().cloned());
            let mark = Mark::TakingDown { running: ran.clone(), up: None };
            lab.host(&goal.server).unwrap().mark(&RunId("an earlier run".into()), &mark).unwrap();
        }
        let mut scene = Self { case: *case, goal, ran, lab, watch };
        match case.leave {
            Leave::Given | Leave::Open | Leave::Closed => {}
            Leave::Held => scene.tell(&[Mark::Held { reason: "an audit".into(), by: "somebody".into() }]),
            Leave::Spent => scene.tell(&scene.in_vain()),
        }
        scene
    }

    /// Writes into the journal what earlier runs, or an operator, have recorded.
    pub fn tell(&mut self, marks: &[Mark]) {
        let mut host = self.lab.host(&self.goal.server).unwrap();
        marks.iter().for_each(|mark| host.mark(&RunId("an earlier run".into()), mark).unwrap());
    }

    /// The marks of runs that took the server down without effect, as often as is allowed.
    fn in_vain(&self) -> Vec<Mark> {
        let (target, components) = (self.goal.core.clone(), (*self.goal.floors).clone());
        let began = Mark::RunBegan { target, components, version: "0".into(), by: "worlds".into() };
        let down = Mark::TakingDown { running: self.ran.clone(), up: None };
        let ended = Mark::RunEnded { code: None, outcome: "stuck".into(), at_goal: false, outage: None };
        vec![[began, down, Mark::Up, ended]; self.goal.rules.attempts as usize].concat()
    }

    /// Windows Update has installed something, and a new month begins.
    pub fn waits_for_a_restart(&mut self) {
        let server = self.goal.server.clone();
        let month = |now: &mut Simulated| {
            now.faults.insert(Fault::RebootPending);
            now.clock += SignedDuration::from_hours(24 * 28);
        };
        self.lab.change(&server, month).unwrap();
        self.watch = Watch::over(self.now());
        self.watch.may_start(self.ran.iter().cloned());
    }

    pub fn now(&self) -> &Simulated {
        self.lab.world().servers.values().next().unwrap()
    }

    /// Services that run now count as having run before: nobody can know that an installer or somebody else started
    /// them.
    pub fn counts_as_before(&mut self) {
        let running = self.now().services.iter().filter(|service| service.is_running());
        let running: Vec<_> = running.map(|service| service.name.clone()).collect();
        self.ran.extend(running);
        self.watch.may_start(self.ran.clone());
    }

    /// A host for the next run.
    pub fn host(&mut self) -> Watched<'_> {
        let lab = self.lab.host(&self.goal.server).unwrap();
        Watched { lab, watch: &mut self.watch, goal: &self.goal }
    }

    pub fn run(&mut self, how: &How<'_>) -> Result<Outcome, LabError> {
        let goal = self.goal.clone();
        let mut host = self.host();
        if let Some(kill) = how.kill {
            host.lab.kill(kill);
        }
        run(&mut host, &goal, how, &mut |_| {})
    }

    /// The plan, after every fact that it asks for was read.
    pub fn plan(&mut self) -> Plan {
        let goal = self.goal.clone();
        look(&mut self.host(), &goal)
    }

    /// The steps that a person is asked to approve, after every fact that the plan asks for was read.
    pub fn ahead(&mut self) -> Vec<PlannedStep> {
        let goal = self.goal.clone();
        let mut host = self.host();
        look(&mut host, &goal);
        let run = Run::new(RunId("plan".into()));
        ahead(&goal, &Seen { host: host.observe(&goal).unwrap(), marks: host.marks().unwrap(), run })
    }
}

pub fn run<H: Act>(
    host: &mut H,
    goal: &Goal,
    how: &How<'_>,
    on: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, H::Error> {
    let asked = std::cell::Cell::new(0);
    let interrupted = || {
        asked.set(asked.get() + 1);
        let since = |from: Option<usize>| from.is_some_and(|from| asked.get() > from);
        let ends = since(how.interrupted).then_some(Halt::Interrupted);
        since(how.left).then_some(Halt::Forced(Forced::Closed)).or(ends)
    };
    let approved = how.approved.map(|steps| Approved { steps: steps.to_vec(), moved: None });
    let request = Request {
        goal,
        run: RunId(how.name.into()),
        version: "0",
        by: "worlds",
        approved: approved.as_ref(),
        forgive: how.forgive,
        interrupted: &interrupted,
    };
    apply(host, &request, on)
}

/// The plan of a host, after every fact that it asks for was read.
pub fn look<H: Observe>(host: &mut H, goal: &Goal) -> Plan
where
    H::Error: std::fmt::Debug,
{
    let mut last: Option<Ask> = None;
    loop {
        let run = Run::new(RunId("plan".into()));
        let seen = Seen { host: host.observe(goal).unwrap(), marks: host.marks().unwrap(), run };
        let plan = plan(goal, &seen);
        match plan.end.clone() {
            PlanEnd::Unlooked(ask) if last.as_ref() != Some(&ask) => {
                host.look(goal, &ask).unwrap();
                last = Some(ask);
            }
            PlanEnd::AtGoal | PlanEnd::Blocked(_) | PlanEnd::Unlooked(_) => {
                let twin = twin(goal, &seen);
                assert_eq!(decisive(goal, &seen), decisive(goal, &twin));
                assert_eq!(plan, self::plan(goal, &twin), "what was planned of {seen:?}\nis not planned of {twin:?}");
                assert_eq!(compare(goal, &seen), compare(goal, &twin));
                return plan;
            }
        }
    }
}

/// Another host that must get the same decision, with every other fact changed.
fn twin(goal: &Goal, seen: &Seen) -> Seen {
    let mut twin = seen.clone();
    twin.host.host = "twin".parse().unwrap();
    let in_one = seen.marks.attempt.is_some() || seen.marks.baseline.is_some() || seen.marks.rebooting.is_some();
    if !in_one && seen.host.boot.known().is_some() {
        twin.host.boot = Fact::Known(BootId("another".into()));
    }
    let behind = seen.marks.latest.is_some_and(|latest| latest > seen.host.at); // In that case the distance matters.
    // Times that a server has reported are compared with our clock.
    let told = |record: &reconcile_schema::PoolRecord| !record.released.is_empty() || !record.claims.is_empty();
    // Certificates expire, and backups grow old.
    let ages = seen.host.examined.known().is_some();
    let timeless = goal.rules.maintenance.is_none() && !behind && !ages && !seen.host.claim.known().is_some_and(told);
    if seen.marks.baseline.is_none() && seen.marks.checked.is_empty() && timeless {
        twin.host.at += SignedDuration::from_hours(24 * 365);
        twin.host.uptime = None;
    }
    if goal.rules.on_exceed == OnExceed::Warn && timeless {
        (twin.marks.latest, twin.marks.durations) = (None, Durations::default());
    }
    if seen.marks.outages == 0 {
        twin.marks.aim = None;
    }
    for drive in [&mut twin.host.disk, &mut twin.host.private_disk] {
        if let Fact::Known(free) = drive
            && *free > 100 << 30
        {
            *free += 1;
        }
    }
    if seen.restarts() == seen.marks.reboots {
        twin.marks.rebooting = None;
    }
    (twin.marks.reached, twin.marks.begun) = (None, None);
    twin
}

/// Does `work` for every case on all processors; returns the sum of the figures, or the first failures.
pub fn all(cases: &[Case], work: &(impl Fn(&Case) -> Result<usize, String> + Sync)) -> Result<usize, String> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let part = || {
        let (mut sum, mut failures) = (0, Vec::new());
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            match work(case) {
                Ok(count) => sum += count,
                Err(why) => failures.push(format!("  WORLD='{}'\n    {why}", case.name())),
            }
        }
        (sum, failures)
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(part)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let failures: Vec<String> = parts.iter().flat_map(|(_, failures)| failures.clone()).collect();
    if failures.is_empty() {
        return Ok(parts.iter().map(|(sum, _)| sum).sum());
    }
    let few: Vec<_> = failures.iter().take(5).cloned().collect();
    Err(format!("{} of {} worlds fail, among them:\n{}", failures.len(), cases.len(), few.join("\n")))
}
