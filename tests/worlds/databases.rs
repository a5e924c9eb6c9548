//! The databases of a pool on a SQL Server of their own: updated from one Front End Server after all of them, with no
//! service stopped, wherever a run is cut off.

use reconcile_core::{Act, Blocker, End, Event, Goal};
use reconcile_hosts::lab::{Fault, Kill, Lab, LabError, When, World, start};
use reconcile_schema::{Build, Mark, Period, Releases, RunId, ServerName, Step};

use crate::{
    part,
    run::{How, run},
};

/// What is unusual about a Front End Server that the databases wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Front {
    Sound,
    /// Its installer fails.
    Fails,
    /// Somebody has put it on hold.
    Held,
    /// It is newer than declared, by a hand that reported nothing.
    Newer,
    /// It is away, and the manifest says so.
    Without,
    /// It is away, and nobody says so.
    Away,
}

const FRONTS: [Front; 6] = [Front::Sound, Front::Fails, Front::Held, Front::Newer, Front::Without, Front::Away];

/// What is unusual about the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Sound,
    Collocated,
    /// With the Central Management Store.
    Central,
    Mirrored,
    /// Mirrored, and the manifest says that they can be updated.
    MirroredDeclared,
    /// The command reports success and changes nothing.
    Stays,
}

const FORMS: [Form; 6] =
    [Form::Sound, Form::Collocated, Form::Central, Form::Mirrored, Form::MirroredDeclared, Form::Stays];

/// The products, each with a release before the declared one, the declared one, and a later one.
const PRODUCTS: [(&str, [&str; 3]); 2] = [
    ("lync-2013", ["5.0.8308.420", "5.0.8308.1068", "5.0.8308.1149"]),
    ("sfb-2019", ["7.0.2046.123", "7.0.2046.385", "7.0.2046.521"]),
];

struct Pool {
    lab: Lab,
    goals: Vec<Goal>,
    fronts: [Front; 2],
}

/// The pool of three Front End Servers; the databases are updated from the last one.
fn pool((product, [before, declared, later]): (&str, [&str; 3]), fronts: [Front; 2], form: Form) -> Pool {
    let is = |other| form == other;
    let without: Vec<_> = (1..).zip(fronts).filter(|(_, front)| *front == Front::Without).collect();
    let without: Vec<_> = without.iter().map(|(number, _)| format!("fe{number}.a.example: away")).collect();
    let mirrored = if is(Form::MirroredDeclared) { ", mirrored: update" } else { "" };
    let central = if is(Form::Central) { ", centralManagementStore: { sqlServer: sql.a.example }" } else { "" };
    let manifest = format!(
        r"
version: 1
updates:
  cu: {{ product: {product}, release: {declared:?}, installer: {{ path: 'D:\update.exe', sha256: {sha256} }} }}
rollout: {{ claims: '\\files\claims' }}
pools:
  p.a.example:
    target: cu
    databases: {{ sqlServer: sql.a.example, collocated: {}{mirrored}{central}, without: {{ {} }} }}
servers: {{ 'fe[1-3].a.example': {{ role: front-end, pool: p.a.example }} }}
",
        is(Form::Collocated),
        without.join(", "),
        sha256 = "c0ffee00".repeat(8),
    );
    let manifest = serde_yaml::from_str(&manifest).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    let goals = Goal::of_all(&manifest, &releases).unwrap();
    let build = |text: &str| text.parse::<Build>().unwrap();
    let builds: Vec<_> =
        [0, 1, 2].map(|number| build(if fronts.get(number) == Some(&Front::Newer) { later } else { before })).into();
    let databases = match form {
        Form::Mirrored | Form::MirroredDeclared => vec![Fault::DatabaseMirrored],
        Form::Stays => vec![Fault::DatabaseUpdateDoesNothing],
        Form::Sound | Form::Collocated | Form::Central => Vec::new(),
    };
    let faults = |number: usize| match fronts.get(number) {
        Some(Front::Fails) => vec![Fault::InstallerFails],
        Some(_) => Vec::new(),
        None => databases.clone(),
    };
    let servers = goals.iter().zip(&builds).enumerate();
    let world: World = start(servers.map(|(number, (goal, build))| (goal, build, faults(number))));
    let mut lab = Lab::in_memory(world);
    for (goal, front) in goals.iter().zip(fronts) {
        if front == Front::Held {
            let held = Mark::Held { reason: "an audit".into(), by: "somebody".into() };
            lab.host(&goal.server).unwrap().mark(&RunId("an earlier run".into()), &held).unwrap();
        }
    }
    Pool { lab, goals, fronts }
}

impl Pool {
    /// Runs on a server, and holds each update of databases against the true state of the pool.
    fn run(&mut self, number: usize, name: &str, kill: Option<Kill>) -> Result<(End, Vec<Step>), LabError> {
        let goal = self.goals[number].clone();
        let behind = self.behind();
        let mut taken: Vec<Step> = Vec::new();
        let mut host = self.lab.host(&goal.server).unwrap();
        if let Some(kill) = kill {
            host.kill(kill);
        }
        let on = &mut |event: Event<'_>| {
            let Event::Began(step, _, seen) = event else { return };
            if matches!(step, Step::UpdatePoolDatabases(_)) {
                assert!(behind.is_empty(), "the databases are updated while {behind:?} are behind");
                let mut services = seen.host.services.known().unwrap().iter();
                assert!(services.all(|service| service.is_running()), "{step} with services down");
            }
            taken.push(step.clone());
        };
        let outcome = run(&mut host, &goal, &How { name, ..How::default() }, on);
        let stops = taken.iter().skip_while(|step| !matches!(step, Step::UpdatePoolDatabases(_)));
        assert_eq!(stops.filter(|step| step.takes_down()).count(), 0, "{taken:?}");
        outcome.map(|outcome| (outcome.end, taken))
    }

    /// The servers that the databases wait for and that are, in truth, below the declared build.
    fn behind(&self) -> Vec<ServerName> {
        let waits = self.goals.iter().zip(self.fronts).filter(|(_, front)| *front != Front::Without);
        let is_behind = |goal: &Goal| {
            let server = &self.lab.world().servers[&goal.server];
            server.components.iter().any(|(name, build)| name.is_core() && !build.reaches(&goal.core))
        };
        waits.map(|(goal, _)| goal).filter(|goal| is_behind(goal)).map(|goal| goal.server.clone()).collect()
    }

    /// Whether all databases that are compared have the versions that the binaries of their server expect.
    fn is_current(&self) -> bool {
        let stores = &self.lab.world().servers[&self.goals[2].server].databases;
        let mut all = stores.iter().flat_map(|store| &store.databases).filter(|(name, _)| *name != "xds");
        all.all(|(_, one)| one.installed >= one.expected)
    }

    /// Everything that the other two servers can do.
    fn others(&mut self) {
        for (number, front) in (0..).zip(self.fronts) {
            if !matches!(front, Front::Without | Front::Away) {
                self.run(number, "run 1", None).unwrap();
            }
        }
    }
}

/// How a pool of these servers ends, once each has had its run.
fn ends_as_it_must(product: (&str, [&str; 3]), fronts: [Front; 2], form: Form) {
    let mut pool = pool(product, fronts, form);
    pool.others();
    let (first, _) = pool.run(2, "run 1", None).unwrap();
    let case = format!("{product:?} {fronts:?} {form:?}");
    let keeps_waiting = |front: &Front| matches!(front, Front::Fails | Front::Held | Front::Newer | Front::Away);
    let waits = (1..).zip(fronts).filter(|(_, front)| keeps_waiting(front));
    let waits: Vec<_> = waits.map(|(number, _)| format!("fe{number}.a.example")).collect();
    // A server that failed keeps the claim of its pool, so the last one is not taken down at all.
    let claimed = fronts.contains(&Front::Fails);
    match (&first, form) {
        (End::Blocked(Blocker::Claimed { .. }), _) if claimed => {}
        (End::Blocked(Blocker::WaitsForFronts { servers, .. }), _) if !waits.is_empty() => {
            let named: Vec<_> = servers.iter().map(|(server, _)| server.to_string()).collect();
            assert_eq!(named, waits, "{case}");
        }
        (End::Blocked(Blocker::Mirrored { .. }), Form::Mirrored) if waits.is_empty() => {}
        (End::Blocked(Blocker::Stuck { step: Step::UpdatePoolDatabases(_), .. }), Form::Stays) if waits.is_empty() => {}
        (End::AtGoal, Form::Sound | Form::Collocated | Form::Central | Form::MirroredDeclared) if waits.is_empty() => {
            assert!(pool.is_current(), "{case}");
            let (second, taken) = pool.run(2, "run 2", None).unwrap();
            assert_eq!((second, taken), (End::AtGoal, Vec::new()), "{case}: a second run does nothing");
        }
        (end, _) => panic!("{case}: {end:?}"),
    }
}

#[test]
fn databases_of_a_pool_are_updated_after_its_servers_whatever_these_do() {
    let mut worlds = Vec::new();
    for product in PRODUCTS {
        for one in FRONTS {
            for other in FRONTS {
                worlds.extend(FORMS.map(|form| (product, [one, other], form)));
            }
        }
    }
    assert_eq!(worlds.len(), 432);
    for (product, fronts, form) in part(&worlds) {
        ends_as_it_must(product, fronts, form);
    }
}

#[test]
fn a_run_that_is_cut_off_anywhere_is_finished_by_the_next() {
    let cases = [(PRODUCTS[0], Form::Central), (PRODUCTS[1], Form::Collocated)];
    let whens = [When::Before, When::Midway, When::After, When::Outlived];
    // More effects than any run has.
    let places: Vec<_> = (0..60).flat_map(|effect| whens.map(|when| Kill { effect, when })).collect();
    let mut cut = 0;
    for (product, form) in cases {
        for kill in part(&places) {
            let mut pool = pool(product, [Front::Sound; 2], form);
            pool.others();
            if pool.run(2, "run 1", Some(kill)).is_ok() {
                continue;
            }
            cut += 1;
            // An installer that has outlived its run must end first.
            let (mut ended, mut ends) = (None, Vec::new());
            for number in 2..8 {
                let (end, _) = pool.run(2, &format!("run {number}"), None).unwrap();
                if end == End::AtGoal {
                    ended = Some(end);
                    break;
                }
                ends.push(end);
                pool.lab.pass(Period::hours(1)).unwrap();
            }
            assert_eq!(ended, Some(End::AtGoal), "{form:?}, cut off at {kill:?}: {ends:?}");
            assert!(pool.is_current(), "{form:?}, cut off at {kill:?}");
        }
    }
    assert!(cut > 5, "{cut}");
}
