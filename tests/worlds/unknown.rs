//! Unknown facts permit nothing: every fact, and every pair of facts, becomes unreadable at some moment.

use reconcile_core::{Act, Acted, Ask, Class, Goal, Observe, Seen};
use reconcile_hosts::lab::LabError;
use reconcile_schema::{Fact, Mark, Marks, Observed, Period, RunId, Step, Store};

use crate::{
    rules::Rule,
    run::{How, Scene, run},
    space::{CURRENT, Case, Databases, Kind},
    truth::{Fate, Memory, expected, fate, wrong},
    watch::Watched,
};

/// The facts that a host can fail to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Boot,
    Components,
    Services,
    Reboot,
    Installing,
    Package,
    Disk,
    Rights,
    Shells,
    Foreign,
    Databases,
    Pool,
    Claim,
}

use Name::{
    Boot, Claim, Components, Databases as Stores, Disk, Foreign, Installing, Package, Pool, Reboot, Rights,
    Services as States, Shells,
};

const ALL: [Name; 13] =
    [Boot, Components, States, Reboot, Installing, Package, Disk, Rights, Shells, Foreign, Stores, Pool, Claim];

/// A host that cannot read some facts after a given number of acts.
struct Blind<'a> {
    host: Watched<'a>,
    names: &'a [Name],
    after: usize,
    /// Whether the work needs space on a disk of this server.
    room: bool,
}

fn blind<T>(fact: &mut Fact<T>) {
    if !matches!(fact, Fact::NotLooked) {
        *fact = Fact::Unknown("it cannot be read".into());
    }
}

impl Observe for Blind<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        let mut seen = self.host.observe(goal)?;
        if self.host.watch.acts.len() >= self.after {
            for name in self.names {
                match name {
                    Boot => blind(&mut seen.boot),
                    Components => blind(&mut seen.components),
                    States => blind(&mut seen.services),
                    Reboot => blind(&mut seen.reboot),
                    Installing => blind(&mut seen.installing),
                    Package => blind(&mut seen.package),
                    Disk => {
                        blind(&mut seen.disk);
                        blind(&mut seen.private_disk);
                    }
                    Rights => blind(&mut seen.rights),
                    Shells => blind(&mut seen.shells),
                    Foreign => blind(&mut seen.foreign),
                    Stores => seen.databases.values_mut().for_each(blind),
                    Pool => blind(&mut seen.pool),
                    Claim => blind(&mut seen.claim),
                }
            }
        }
        Ok(seen)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.host.marks()
    }
}

impl Act for Blind<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        if self.host.watch.acts.len() >= self.after
            && let Some(name) = self.names.iter().find(|name| {
                let remote = matches!(step, Step::UpdateDatabases(store) if *store != Store::Local);
                let room = self.room && !remote || *step == Step::UpdateDatabases(Store::Local);
                let asked = (**name != Stores || !goal.stores.is_empty())
                    && (**name != Claim || goal.claims.is_some())
                    && (**name != Disk || room);
                asked && needs(step, self.after == 0).contains(name)
            })
        {
            self.host
                .watch
                .violations
                .push(Rule::UnknownForbids.broken(format_args!("{step} although {name:?} is unknown")));
        }
        self.host.act(goal, seen, step, quiet)
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        self.host.mark(run, mark)
    }

    fn pause(&mut self, period: Period) {
        self.host.pause(period);
    }
}

/// The facts that a step requires. A server that is already down may need fewer.
fn needs(step: &Step, up: bool) -> &'static [Name] {
    match step {
        Step::Install => &[Components, States, Reboot, Installing, Package, Disk, Rights, Shells, Foreign],
        Step::Stage | Step::CloseShells => &[Components, States, Reboot, Installing, Disk, Rights, Shells],
        Step::UpdateDatabases(_) => &[Components, States, Reboot, Installing, Disk, Rights, Stores],
        Step::UpdatePoolDatabases(_) => &[Components, States, Installing, Rights, Stores, Claim],
        Step::FailOver if up => &[Components, States, Reboot, Installing, Disk, Rights, Pool, Claim],
        Step::StopOthers | Step::StopServices | Step::StopWeb | Step::Reboot if up => {
            &[Components, States, Reboot, Installing, Disk, Rights, Stores, Claim]
        }
        Step::Claim | Step::Release => &[Components, States],
        Step::FailOver | Step::StopOthers | Step::StopServices | Step::StopWeb | Step::Reboot => {
            &[Components, States, Installing]
        }
        // Whether an installation is running is not asked, because any user could keep it from being read.
        Step::StartWeb | Step::FailBack | Step::StartServices | Step::StartOthers if up => &[Components, States],
        Step::StartWeb | Step::FailBack | Step::StartServices | Step::StartOthers => &[States],
    }
}

/// Every fact and every pair of facts.
fn sets() -> Vec<Vec<Name>> {
    let pairs = (0..ALL.len()).flat_map(|one| (one + 1..ALL.len()).map(move |two| vec![ALL[one], ALL[two]]));
    ALL.map(|name| vec![name]).into_iter().chain(pairs).collect()
}

/// The facts that must be readable in this world before anything is done to the server.
fn needed(case: &Case) -> Vec<Name> {
    let (install, database) = (case.current != CURRENT, case.databases == Databases::Behind);
    let mut needed = vec![Components, States];
    needed.extend(if case.kind.is_in_pool() { None } else { Some(Stores) });
    if case.kind.is_in_pool() && install {
        needed.push(Pool);
    }
    if case.kind.claims() && (install || database) {
        needed.push(Claim);
    }
    let database = database && !case.kind.is_in_pool();
    if install || database {
        needed.extend([Reboot, Installing, Rights]);
        needed.extend((install || matches!(case.kind, Kind::Standard | Kind::StandardWithCentral)).then_some(Disk));
    }
    if install {
        needed.extend([Package, Shells, Foreign]);
    }
    needed
}

/// Facts that can never be read; returns the number of runs.
pub fn from_the_start(case: &Case) -> Result<usize, String> {
    for names in sets() {
        let mut scene = Scene::of(case);
        let goal = scene.goal.clone();
        let mut host = Blind { host: scene.host(), names: &names, after: 0, room: needed(case).contains(&Disk) };
        let outcome = run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {}).unwrap();
        let mut faults = std::mem::take(&mut scene.watch.violations);
        let lacks = needed(case).into_iter().any(|name| names.contains(&name));
        let expected = if lacks { Fate::Short(Class::Unknown) } else { expected(case) };
        if fate(&outcome.end) != expected {
            faults.push(format!("expected {expected:?}, found {:?}", outcome.end));
        }
        // The pool is asked last, when the update is ready.
        let ready = !needed(case).into_iter().any(|name| name != Pool && name != Claim && names.contains(&name));
        let claimed = ready && !names.contains(&Claim);
        let harmless = |step: &Step| {
            matches!(step, Step::StartServices | Step::StartWeb)
                || ready && *step == Step::Stage
                || claimed && matches!(step, Step::Claim | Step::Release)
        };
        if lacks && !outcome.steps.iter().all(harmless) {
            faults.push(Rule::UnknownForbids.broken("something was done"));
        }
        if !faults.is_empty() {
            return Err(format!("{names:?} unknown: {faults:?}\n    after {:?}", outcome.steps));
        }
    }
    Ok(sets().len())
}

/// Facts that cannot be read after some act: the services come back or are named, and the next run does the rest.
pub fn on_the_way(case: &Case) -> Result<usize, String> {
    let acts = Scene::of(case).run(&How { name: "run 1", ..How::default() }).unwrap().steps.len();
    let mut runs = 0;
    for (after, names) in (1..acts).flat_map(|after| sets().into_iter().map(move |names| (after, names))) {
        let mut scene = Scene::of(case);
        let goal = scene.goal.clone();
        let mut host = Blind { host: scene.host(), names: &names, after, room: needed(case).contains(&Disk) };
        let outcome = run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {}).unwrap();
        let mut faults = wrong(&goal, &scene.ran, scene.now(), &outcome, Memory::Whole);
        // A service that was down before, and is not observed, cannot be named.
        let ran = |fault: &String| scene.ran.iter().any(|name| fault.split_whitespace().any(|word| word == name));
        faults.retain(|fault| !names.contains(&States) || ran(fault));
        let again = scene.run(&How { name: "run 2", ..How::default() }).unwrap();
        faults.append(&mut scene.watch.violations);
        if fate(&again.end) != expected(case) {
            faults.push(format!("the next run: expected {:?}, found {:?}", expected(case), again.end));
        }
        faults.extend(wrong(&goal, &scene.ran, scene.now(), &again, Memory::Whole));
        if !faults.is_empty() {
            return Err(format!("{names:?} unknown after {after} acts: {faults:?}\n    after {:?}", scene.watch.acts));
        }
        runs += 1;
    }
    Ok(runs)
}
