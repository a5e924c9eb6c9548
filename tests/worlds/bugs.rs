//! The tests, tested: bugs that somebody could write, each planted between the decision and the watched host.

use std::collections::BTreeSet;

use reconcile_core::{Account, Act, Acted, Ask, Goal, Observe, Seen};
use reconcile_hosts::lab::{Fault, LabError};
use reconcile_schema::{
    Baseline, Build, Component, Fact, Mark, Marks, Observed, PackageSeen, Period, Readiness, Reboots, Recognised,
    Rights, RunId, ServiceState, Shells, StartType, Step,
};

use crate::{
    cut::half_patched,
    run::{How, Scene, run},
    space::{CURRENT, Case, CutShort, Databases, Kind, Leave, Record, SMOOTH, Services, Shell, Web},
    truth::{Fate, Memory, expected, fate, untold, wrong},
    watch::Watched,
};

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bug {
    /// Nothing.
    None,
    /// The stop reports success and stops nothing.
    StopsNothing,
    /// At the end, the services are assumed to be running.
    NeverStartsAgain,
    /// Builds compare as text: "556" is above "1149".
    BuildsCompareAsText,
    /// The second stop is left out.
    StopsOnce,
    /// The services that ran are not written down before they are stopped.
    ForgetsWhatRan,
    /// The start of the installer is not written down.
    ForgetsTheInstaller,
    /// The web server is not observed.
    OverlooksTheWebServer,
    /// The package is assumed to be verified.
    TrustsThePackage,
    /// Shells are not looked for.
    OverlooksShells,
    /// Everything that is not disabled is started.
    StartsTooMuch,
    /// An empty or unreachable version counts as current.
    TakesUnknownForCurrent,
    /// A pending restart is not checked.
    OverlooksTheRestart,
    /// Rights are not checked.
    AssumesRights,
    /// The window is assumed to be open.
    IgnoresTheWindow,
    /// The hold is ignored.
    ForgetsTheHold,
    /// Outages without effect are not counted.
    CountsNoOutages,
    /// A pool is assumed to be ready.
    AssumesReadiness,
    /// A pool that reports nothing about its fabric, or only warnings, is assumed to be healthy.
    TakesSilenceForHealth,
    /// The readiness of an upgrade domain is not checked.
    OverlooksTheUpgradeDomain,
    /// The pool is ignored.
    OverlooksThePool,
    /// A failover is not written down.
    ForgetsTheFailOver,
    /// After the installation, disabled services are assumed to be running.
    NeverFailsBack,
    /// The claim of another server is ignored.
    OverlooksTheClaim,
    /// Every file on the share is believed, no matter who owns it.
    BelievesAnybody,
    /// The pool is assumed to be released.
    NeverReleases,
    /// The recent return of another server of the pool is ignored.
    OverlooksTheRelease,
    /// However the installer ended, the installation counts as done when Core Components is at its build.
    TrustsCoreComponents,
    /// Only services with published names are seen.
    KnowsPublishedNamesOnly,
}

const BUGS: [Bug; 28] = [
    Bug::StopsNothing,
    Bug::NeverStartsAgain,
    Bug::BuildsCompareAsText,
    Bug::StopsOnce,
    Bug::ForgetsWhatRan,
    Bug::ForgetsTheInstaller,
    Bug::OverlooksTheWebServer,
    Bug::TrustsThePackage,
    Bug::OverlooksShells,
    Bug::StartsTooMuch,
    Bug::TakesUnknownForCurrent,
    Bug::OverlooksTheRestart,
    Bug::AssumesRights,
    Bug::IgnoresTheWindow,
    Bug::ForgetsTheHold,
    Bug::CountsNoOutages,
    Bug::AssumesReadiness,
    Bug::TakesSilenceForHealth,
    Bug::OverlooksTheUpgradeDomain,
    Bug::OverlooksThePool,
    Bug::ForgetsTheFailOver,
    Bug::NeverFailsBack,
    Bug::OverlooksTheClaim,
    Bug::BelievesAnybody,
    Bug::NeverReleases,
    Bug::OverlooksTheRelease,
    Bug::TrustsCoreComponents,
    Bug::KnowsPublishedNamesOnly,
];

struct Buggy<'a> {
    host: Watched<'a>,
    bug: Bug,
}

impl Observe for Buggy<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        let mut seen = self.host.observe(goal)?;
        let services = |seen: &mut Observed, web: bool, state| {
            if let Fact::Known(services) = &mut seen.services {
                services.iter_mut().filter(|one| one.is_web() == web).for_each(|one| one.state = state);
            }
        };
        match self.bug {
            Bug::NeverStartsAgain if self.host.watch.acts.contains(&Step::Install) => {
                services(&mut seen, false, ServiceState::Running);
            }
            Bug::OverlooksTheWebServer => services(&mut seen, true, ServiceState::Stopped),
            Bug::BuildsCompareAsText => {
                if let Fact::Known(components) = &mut seen.components {
                    components.iter_mut().for_each(|component| as_text(self.host.goal, component));
                }
            }
            Bug::TrustsThePackage if seen.package != Fact::NotLooked => seen.package = Fact::Known(PackageSeen::Staged),
            Bug::OverlooksShells if seen.shells != Fact::NotLooked => seen.shells = Fact::Known(Vec::new()),
            Bug::AssumesRights if seen.rights != Fact::NotLooked => {
                seen.rights = Fact::Known(Rights { administrator: true, server_admin: Some(true), confined: false });
            }
            Bug::AssumesReadiness => {
                if let Fact::Known(pool) = &mut seen.pool {
                    (pool.readiness, pool.missing) = (Readiness::Ready, Vec::new());
                }
            }
            Bug::TakesSilenceForHealth => {
                if let Fact::Known(pool) = &mut seen.pool {
                    (pool.warnings, pool.fabric) = (Vec::new(), None);
                }
            }
            Bug::OverlooksTheUpgradeDomain => {
                if let Fact::Known(pool) = &mut seen.pool {
                    pool.domains.clear();
                }
            }
            Bug::OverlooksTheClaim => {
                if let Fact::Known(record) = &mut seen.claim {
                    record.claims.retain(|claim| claim.server == self.host.goal.server);
                }
            }
            Bug::BelievesAnybody => {
                if let Fact::Known(record) = &mut seen.claim {
                    record.doubts.clear();
                }
            }
            Bug::OverlooksTheRelease => {
                if let Fact::Known(record) = &mut seen.claim {
                    record.released.clear();
                }
            }
            Bug::KnowsPublishedNamesOnly => {
                if let Fact::Known(services) = &mut seen.services {
                    services.retain(|service| service.recognised == Recognised::Name);
                }
            }
            Bug::NeverFailsBack if self.host.watch.acts.contains(&Step::Install) => {
                if let Fact::Known(services) = &mut seen.services {
                    let disabled = services.iter_mut().filter(|one| one.start == StartType::Disabled);
                    disabled.for_each(|one| (one.start, one.state) = (StartType::Automatic, ServiceState::Running));
                }
            }
            Bug::OverlooksThePool | Bug::ForgetsTheFailOver | Bug::NeverFailsBack => {}
            Bug::IgnoresTheWindow => seen.at = Period::hours(165).after(seen.at), // The window will be open on Saturday.
            Bug::OverlooksTheRestart => seen.reboot = Fact::Known(Vec::new()),
            Bug::TakesUnknownForCurrent => {
                for fact in seen.databases.values_mut() {
                    if let Fact::Known(databases) = fact {
                        databases.iter_mut().for_each(|one| (one.installed, one.reachable) = (one.expected, true));
                    }
                }
            }
            Bug::None | Bug::StopsNothing | Bug::NeverStartsAgain | Bug::StopsOnce | Bug::ForgetsWhatRan => {}
            Bug::ForgetsTheInstaller | Bug::TrustsThePackage | Bug::OverlooksShells | Bug::StartsTooMuch => {}
            Bug::AssumesRights | Bug::ForgetsTheHold | Bug::CountsNoOutages | Bug::NeverReleases => {}
            Bug::TrustsCoreComponents => {}
        }
        Ok(seen)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.host.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        let mut marks = self.host.marks()?;
        match (self.bug, &mut marks.attempt) {
            (Bug::StopsOnce, Some(attempt)) => attempt.stopped_since = true,
            (Bug::TrustsCoreComponents, Some(attempt)) => attempt.code = attempt.code.or(Some(0)).map(|_| 0),
            (Bug::ForgetsTheHold, _) => marks.hold = None,
            (Bug::CountsNoOutages, _) => marks.outages = 0,
            (Bug::NeverReleases, _) => (marks.claimed, marks.told) = (false, Some(self.host.goal.core.clone())),
            _ => {}
        }
        Ok(marks)
    }
}

/// The build of a component as a comparison of texts would understand it.
fn as_text(goal: &Goal, component: &mut Component) {
    let Some(desired) = goal.desired(&component.name) else { return };
    if component.build.revision.to_string() > desired.revision.to_string() {
        component.build = Build { revision: desired.revision, ..component.build.clone() };
    }
}

impl Act for Buggy<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        let mut seen = seen.clone();
        match (self.bug, step) {
            (Bug::StopsNothing, Step::StopServices) => {
                return Ok(Acted::Ended(Account::success("the services are stopped")));
            }
            (Bug::StartsTooMuch, Step::StartServices) => {
                let all =
                    seen.host.services.known().into_iter().flatten().map(|service| service.name.clone()).collect();
                seen.marks.baseline = Some(Baseline {
                    running: all,
                    since: seen.host.at,
                    up: None,
                    installing: true,
                    failed_over: false,
                });
            }
            _ => {}
        }
        self.host.act(goal, &seen, step, quiet)
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        match (self.bug, mark) {
            (Bug::ForgetsWhatRan, Mark::TakingDown { .. })
            | (Bug::ForgetsTheInstaller, Mark::Installing { .. })
            | (Bug::ForgetsTheFailOver, Mark::FailingOver) => Ok(()),
            _ => self.host.mark(run, mark),
        }
    }

    fn pause(&mut self, period: Period) {
        self.host.pause(period);
    }
}

/// The faults of one run in one world.
fn faults(case: &Case, bug: Bug) -> Vec<String> {
    let mut scene = Scene::of(case);
    let mut goal = scene.goal.clone();
    if bug == Bug::OverlooksThePool {
        goal.pool = None;
    }
    let mut host = Buggy { host: scene.host(), bug };
    let outcome = match run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {}) {
        Ok(outcome) => outcome,
        Err(error) => return vec![error.to_string()],
    };
    let mut faults = std::mem::take(&mut scene.watch.violations);
    if fate(&outcome.end) != expected(case) {
        faults.push(format!("expected {:?}, found {:?}", expected(case), outcome.end));
    }
    faults.extend(wrong(&goal, &scene.ran, scene.now(), &outcome, Memory::Whole));
    faults.extend(untold(&scene, &outcome));
    if fate(&outcome.end) == Fate::Goal {
        faults.extend(half_patched(&scene));
    }
    faults
}

/// For each bug, a few worlds are enough to find it; without a bug, they find nothing.
pub fn each_is_found() {
    let fault = |fault| Case { fault: Some(fault), ..SMOOTH };
    let cases = [
        SMOOTH,
        Case { services: Services::ManualStopped, ..SMOOTH },
        Case { services: Services::Unpublished, ..SMOOTH },
        Case { web: Web::Stopped, ..SMOOTH },
        Case { current: CURRENT, databases: Databases::Behind, ..SMOOTH },
        Case { shell: Shell::Open(Shells::Block), ..SMOOTH },
        Case { pending: true, reboot: Reboots::Never, ..SMOOTH },
        Case { leave: Leave::Closed, ..SMOOTH },
        Case { leave: Leave::Held, ..SMOOTH },
        Case { leave: Leave::Spent, ..SMOOTH },
        fault(Fault::PackageAltered),
        fault(Fault::DatabaseUnreachable),
        fault(Fault::NotServerAdmin),
        Case { cut: Some(CutShort { patched: 0b0010, code: 1603 }), ..SMOOTH },
        Case { cut: Some(CutShort { patched: 0b0100, code: 1603 }), ..SMOOTH },
        fault(Fault::Confined),
        Case { kind: Kind::FrontEnd, ..SMOOTH },
        Case { kind: Kind::FrontEnd, ..fault(Fault::PoolBusy) },
        Case { kind: Kind::FrontEndOf2013, ..fault(Fault::PoolInsufficient) },
        Case { kind: Kind::FrontEnd, ..fault(Fault::PoolWarns) },
        Case { kind: Kind::FrontEnd, ..fault(Fault::PoolSilent) },
        Case { kind: Kind::FrontEndOf2013, ..fault(Fault::PoolDomainNotReady) },
        Case { kind: Kind::FrontEndThatClaims, ..SMOOTH },
        Case { kind: Kind::FrontEndThatClaims, record: Record::Taken, ..SMOOTH },
        Case { kind: Kind::FrontEndThatClaims, record: Record::Fresh, ..SMOOTH },
        Case { kind: Kind::FrontEndThatClaims, record: Record::Stranger, ..SMOOTH },
    ];
    for case in &cases {
        assert_eq!(faults(case, Bug::None), Vec::<String>::new(), "{case:?}");
    }
    let found = |bug: &&Bug| cases.iter().any(|case| !faults(case, **bug).is_empty());
    let missed: BTreeSet<&Bug> = BUGS.iter().filter(|bug| !found(bug)).collect();
    assert_eq!(missed, BTreeSet::new());
    println!("planted bugs found: {} of {}", BUGS.len(), BUGS.len());
}
