//! The rehearsal of a rollout: its waves as they come, each turn a run of `apply` on a simulated server.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use jiff::{Timestamp, civil::Date};
use reconcile_core::{
    Fleet, Goal, Left, Member, Observe, Opening, Request, Roster, Run, Seen, Standing, Update, Waves, apply, assumed,
    foreseen_whole, pool_databases_whole, updates,
};
use reconcile_hosts::lab::{Fault, Lab, Simulated, World, start};
use reconcile_schema::{
    Build, Fqdn, Period, Releases, RunId, ServerName, ServerRun, Service, ServiceState, State, UpdateName,
};

use crate::manifest::{catalogue, input::Input, problem::Problem};
use crate::work::{
    comeback::Waiter,
    converge::server_run,
    interrupt::Interrupts,
    look::look,
    plan::heading,
    rollout::{NO_WINDOW, night},
    session::{run_name, user},
    sight::{Sight, sight},
    state::worst,
};

/// The turn of a server in a rehearsal.
pub struct TurnRun {
    /// The day on which its night begins.
    pub night: Date,
    /// The ring of the server.
    pub ring: Option<UpdateName>,
    /// How long it was worked on.
    pub span: Opening,
    /// How the run ended.
    pub run: ServerRun,
}

/// What happens in a rehearsal.
pub enum Happens<'a> {
    /// The lab goes on from one moment to another one, and works on these servers.
    Passing(Timestamp, Timestamp, Vec<&'a ServerName>),
    /// The turn of a server is over.
    Ended(Box<TurnRun>),
}

/// How a rehearsal ended.
pub struct Rehearsed {
    /// How many servers were at their goal from the start.
    pub done_before: usize,
    /// The servers without a turn, and why.
    pub left: Vec<(ServerName, String)>,
    /// Whether a person ended it.
    pub interrupted: bool,
}

impl Rehearsed {
    /// The state of the servers without a turn.
    pub fn state(&self) -> State {
        worst((self.interrupted || !self.left.is_empty()).then_some(State::Blocked))
    }
}

/// The servers of a manifest without a lab, simulated: each starts at the release before its target.
///
/// # Errors
/// When the manifest makes no goals.
pub fn world(input: &Input) -> Result<World, Problem> {
    let (goals, releases) = (input.goals(&[])?, catalogue::releases()?);
    let builds: Vec<Build> = goals.iter().map(|goal| before(goal, &releases)).collect();
    Ok(start(goals.iter().zip(&builds).map(|(goal, build)| (goal, build, Vec::new()))))
}

/// The newest known build below the target.
fn before(goal: &Goal, releases: &Releases) -> Build {
    let known = releases.products.get(&goal.product);
    let builds = known.into_iter().flat_map(|line| &line.releases).filter_map(|release| release.build.as_ref());
    let older = builds.filter(|build| build.revision < goal.core.revision).max_by_key(|build| build.revision);
    older.cloned().unwrap_or_else(|| Build { revision: 0, ..goal.core.clone() })
}

/// What a turn is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Server,
    /// Databases of its pool, which are updated from it.
    Databases,
}

/// One rehearsal.
struct Rehearsal<'a> {
    lab: &'a mut Lab,
    goals: BTreeMap<ServerName, Goal>,
    interrupts: &'a Interrupts,
    run: RunId,
    user: String,
    /// The services of servers whose turn lasts, as they will be at its end.
    standing: BTreeMap<ServerName, Vec<Service>>,
}

/// Rehearses the rollout that begins at this time. `watch` receives what happens, and may wait.
///
/// # Errors
/// When the manifest makes no goals, the lab cannot be used, and the errors of `watch`.
pub fn rehearse(
    input: &Input,
    lab: &mut Lab,
    at: Timestamp,
    interrupts: &Interrupts,
    mut watch: impl FnMut(Happens<'_>) -> Result<(), Problem>,
) -> Result<Rehearsed, Problem> {
    let manifest = &input.manifest;
    let goals = input.goals(&[])?.into_iter().map(|goal| (goal.server.clone(), goal)).collect();
    let mut rehearsal =
        Rehearsal { lab, goals, interrupts, run: RunId(run_name()), user: user(), standing: BTreeMap::new() };
    let roster = Roster::of(manifest);
    let mut members = Vec::new();
    for entry in roster.entries() {
        let standing = Standing::of(manifest, entry.server);
        for (_, name) in roster.servers(entry, |_| true) {
            members.push(rehearsal.member(name, standing, at)?);
        }
    }
    for Update { from, pools, .. } in updates(manifest, &roster) {
        let entry = roster.find(&from).ok().and_then(|place| roster.entries().get(place.entry));
        let Some(entry) = entry else { continue };
        let member = rehearsal.updates(from, Standing::of(manifest, entry.server), pools, at)?;
        members.push(member);
    }
    let done_before = members.iter().filter(|member| member.turn.is_none()).count();
    let fleet = Fleet::of(manifest, members);
    let member = |number: usize| fleet.members().get(number).ok_or_else(|| Problem::failed("a turn without a server"));
    let mut waves = Waves::new(&fleet, at);
    let mut ends: BinaryHeap<Reverse<(Timestamp, usize)>> = BinaryHeap::new();
    let mut turns: BTreeMap<usize, TurnRun> = BTreeMap::new();
    let mut now = at;
    loop {
        if interrupts.halt().is_none() {
            for number in waves.begin(now) {
                let member = member(number)?;
                let ring = fleet.ring(member.standing.ring_number(manifest)).cloned();
                let zone = member.standing.maintenance.map(|maintenance| &maintenance.time_zone);
                let night = night(now, waves.opening(number), zone);
                let work = if member.databases_of.is_empty() { Turn::Server } else { Turn::Databases };
                let (span, run) = rehearsal.run(&member.name, work, now)?;
                let turn = TurnRun { night, ring, span, run };
                ends.push(Reverse((turn.span.until, number)));
                turns.insert(number, turn);
            }
        }
        let interrupted = interrupts.halt().is_some();
        if interrupts.leaves() {
            rehearsal.leave_all()?;
            ends.clear();
        }
        let end = ends.peek().map(|Reverse((until, _))| *until);
        let wakes = if interrupted { None } else { waves.wakes() };
        let Some(next) = [end, wakes].into_iter().flatten().min() else {
            let name = |number: usize| fleet.members().get(number).map(|member| member.name.clone());
            let left = waves.left().into_iter().filter(|_| !interrupted);
            let left = left.filter_map(|(number, why)| {
                let because = match why {
                    Left::NoWindow => NO_WINDOW.to_owned(),
                    Left::Behind(other) => format!("it comes after {}, which is not at its goal", name(other)?),
                };
                Some((name(number)?, because))
            });
            return Ok(Rehearsed { done_before, left: left.collect(), interrupted });
        };
        let at_work = turns.values().map(|turn| &turn.run.server.name).collect();
        watch(Happens::Passing(now, next, at_work))?;
        now = next;
        while let Some(Reverse((_, number))) = ends.peek().copied().filter(|Reverse((until, _))| *until <= now) {
            ends.pop();
            let Some(turn) = turns.remove(&number) else { continue };
            rehearsal.leave(&member(number)?.name)?;
            waves.end(number, now, turn.run.state == State::AtGoal);
            watch(Happens::Ended(Box::new(turn)))?;
        }
    }
}

impl Rehearsal<'_> {
    fn goal(&self, name: &ServerName) -> Result<Goal, Problem> {
        self.goals.get(name).cloned().ok_or_else(|| Problem::failed(format!("{name} has no goal")))
    }

    /// The place of a server in the fleet, and how long its turn takes, unless it is at its goal.
    fn member<'m>(&mut self, name: ServerName, standing: Standing<'m>, at: Timestamp) -> Result<Member<'m>, Problem> {
        let goal = self.goal(&name)?;
        let (central, goal) = (goal.has_central_store(), goal.alone());
        self.reach(&name, at)?;
        let seen = look(&mut self.lab.host(&name).map_err(Problem::input)?, &goal)?;
        let turn = match sight(&goal.clone().whenever(), &seen) {
            Sight::AtGoal { .. } | Sight::RemainDatabases => None,
            Sight::Remains { foreseen, .. } => {
                Some(foreseen.or(foreseen_whole(&goal)).unwrap_or_else(|| assumed(&goal)).turn())
            }
        };
        Ok(Member { name, standing, central, turn, databases_of: Vec::new() })
    }

    /// The turn in which databases of its pool are updated from a server.
    fn updates<'m>(
        &mut self,
        name: ServerName,
        standing: Standing<'m>,
        pools: Vec<&'m Fqdn>,
        at: Timestamp,
    ) -> Result<Member<'m>, Problem> {
        let goal = self.goal(&name)?;
        self.reach(&name, at)?;
        let seen = look(&mut self.lab.host(&name).map_err(Problem::input)?, &goal)?;
        let is_done = matches!(sight(&goal.clone().whenever(), &seen), Sight::AtGoal { .. });
        let turn = (!is_done).then(|| pool_databases_whole(&goal));
        Ok(Member { name, standing, central: false, turn, databases_of: pools })
    }

    /// Lets time pass on a server until this moment.
    fn reach(&mut self, name: &ServerName, at: Timestamp) -> Result<(), Problem> {
        let pass = |server: &mut Simulated| server.pass(Period::between(server.clock, at));
        self.lab.change(name, pass).map_err(Problem::failed)
    }

    /// The turn of a server, to its end. Until then, the other servers see it down.
    fn run(&mut self, name: &ServerName, work: Turn, from: Timestamp) -> Result<(Opening, ServerRun), Problem> {
        let goal = self.goal(name)?;
        let goal = if work == Turn::Server { goal.alone() } else { goal };
        self.reach(name, from)?;
        let mut host = self.lab.host(name).map_err(Problem::input)?;
        let request = Request {
            goal: &goal,
            run: self.run.clone(),
            version: env!("CARGO_PKG_VERSION"),
            by: &self.user,
            approved: None,
            forgive: false,
            interrupted: &|| self.interrupts.halt(),
        };
        let outcome = apply(&mut host, &request, &mut |_| {}).map_err(Problem::failed)?;
        let (host, marks) = (host.observe(&goal).map_err(Problem::failed)?, host.marks().map_err(Problem::failed)?);
        let heading = heading(&goal, host.core(goal.product), true);
        let seen = Seen { host, marks, run: Run::new(self.run.clone()) };
        let run = server_run(&goal, &outcome, heading, Waiter::Lab);
        if work == Turn::Databases {
            return Ok((Opening { from, until: seen.host.at }, run));
        }
        self.lab
            .change(name, |server| {
                let down = |service: &Service| Service { state: ServiceState::Stopped, ..service.clone() };
                let stopped = server.services.iter().map(down).collect();
                self.standing.insert(name.clone(), std::mem::replace(&mut server.services, stopped));
            })
            .map_err(Problem::failed)?;
        Ok((Opening { from, until: seen.host.at }, run))
    }

    /// The end of a turn: the server is as its run left it.
    fn leave(&mut self, name: &ServerName) -> Result<(), Problem> {
        let Some(services) = self.standing.remove(name) else { return Ok(()) };
        self.lab.change(name, |server| server.services = services).map_err(Problem::failed)
    }

    /// The end of all turns.
    fn leave_all(&mut self) -> Result<(), Problem> {
        let names: Vec<_> = self.standing.keys().cloned().collect();
        names.iter().try_for_each(|name| self.leave(name))
    }
}

/// Breaks servers before a rehearsal: their installers fail.
///
/// # Errors
/// When the manifest does not name one of them.
pub fn fail(lab: &mut Lab, servers: &[ServerName]) -> Result<(), Problem> {
    for server in servers {
        lab.change(server, |simulated| simulated.faults.extend([Fault::InstallerFails])).map_err(Problem::usage)?;
    }
    Ok(())
}
