//! The watch: a host around a simulated server that checks every act against the true state there.

use jiff::Timestamp;
use reconcile_core::{
    Act, Acted, Ask, Blocker, Compared, Goal, Observe, Seen, Want, compare, drift, open_at, state, wanted,
};
use reconcile_hosts::lab::{Fault, LabError, LabHost, Simulated};
use reconcile_schema::{
    Attempt, Cause, DriftCode, DriftState, ForeignServices, Mark, Marks, Observed, Period, PoolRecord, Reboots,
    Released, RunId, ServiceState, Shells, StartType, Step, Store,
};

use crate::{
    rules::Rule,
    space::{RECORDER, UNPUBLISHED},
};

/// The observations in one world, over all its runs.
#[derive(Debug)]
pub struct Watch {
    /// Things that must never happen, and did.
    pub violations: Vec<String>,
    /// Every act, whether the run survived it or not.
    pub acts: Vec<Step>,
    /// Every effect: an act, or a mark.
    pub effects: Vec<Effect>,
    /// When the first service was taken down.
    pub down: Option<Timestamp>,
    /// The services that may be started: those that ran, and those that start automatically.
    startable: Vec<String>,
    /// Whether an installer ran since the services were last stopped.
    held: bool,
    /// Whether an installer ran since then that may have replaced files that no build shows, because nobody saw an
    /// earlier one end.
    pub may_hold: bool,
    /// Whether the journal was lost, so that nobody can know of that.
    pub forgetful: bool,
    /// Whether marks were lost, so that work which is done may be repeated.
    pub lossy: bool,
    /// Whether somebody else acts on the server too.
    pub crowded: bool,
    /// The number of this watch's first mark that, like all later ones, cannot be written.
    pub unwritable_from: Option<usize>,
    /// The number of this watch's only mark, counted from 0, that cannot be written.
    pub unwritable_once: Option<usize>,
    /// Every mark that was written, in order.
    pub told: Vec<(RunId, Timestamp, Mark)>,
    /// The act after which somebody starts (or stops) every service that is not disabled.
    pub meddle: Option<(usize, bool)>,
    observations: u32,
}

/// The content of the journal when a step is about to be taken.
#[derive(Debug, Clone, Copy)]
struct Told<'a> {
    marks: &'a Marks,
    /// The start of the installer before this step: a mark of the step itself is no reason for it.
    earlier: Option<&'a Attempt>,
}

/// An act or a mark, both of which leave a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Act,
    Mark,
}

/// More acts than any world can need.
const MOST: usize = 24;

impl Watch {
    /// A watch over a server in this state.
    pub fn over(server: &Simulated) -> Self {
        let may = |service: &&reconcile_schema::Service| match service.start {
            StartType::Automatic => true,
            StartType::Manual => !service.is_stopped(),
            StartType::Disabled => false,
        };
        Self {
            violations: Vec::new(),
            acts: Vec::new(),
            effects: Vec::new(),
            down: None,
            startable: server.services.iter().filter(may).map(|service| service.name.clone()).collect(),
            held: false,
            may_hold: false,
            forgetful: false,
            lossy: false,
            crowded: false,
            unwritable_from: None,
            unwritable_once: None,
            told: Vec::new(),
            meddle: None,
            observations: 0,
        }
    }

    /// Services that may be started although the server does not show it, because the journal records them.
    pub fn may_start(&mut self, names: impl IntoIterator<Item = String>) {
        self.startable.extend(names);
    }

    /// How often a step was taken.
    pub fn count(&self, step: &Step) -> usize {
        self.acts.iter().filter(|taken| *taken == step).count()
    }

    /// Whether assemblies can be held that the installer replaced.
    pub const fn held(&self) -> bool {
        self.held && !self.forgetful
    }

    fn insist(&mut self, holds: bool, rule: Rule, what: &str, step: &Step) {
        if !holds {
            self.violations.push(format!("{step}: {}", rule.broken(what)));
        }
    }

    /// The rules that apply when a step is about to be taken.
    fn before(
        &mut self,
        goal: &Goal,
        now: &Simulated,
        Told { marks, earlier }: Told<'_>,
        record: &PoolRecord,
        step: &Step,
    ) {
        let alone = goal.claims.is_none() || record.is_claimed_by(&goal.server);
        self.insist(alone || !step.takes_down(), Rule::ClaimFirst, "taken down without a claim", step);
        let doubted = goal.claims.is_some() && record.doubts.iter().any(|doubt| doubt.forbids(&goal.server));
        self.insist(
            !doubted || !step.takes_down(),
            Rule::BelievedRecordsOnly,
            "taken down by a record that is not believed",
            step,
        );
        let products_stopped = own(now).filter(|service| !service.is_web()).all(|one| one.is_stopped());
        let all_stopped = own(now).all(|service| service.is_stopped());
        let others_stopped = now.services.iter().filter(|one| is_named(goal, one)).all(|one| one.is_stopped());
        let holds = |one: &reconcile_schema::Service| now.registered.get(&one.name).is_some_and(|it| it.holds);
        let held = now.services.iter().any(|one| is_others(one) && holds(one) && !one.is_stopped());
        // Nobody knows what is missing from an installation that was not seen to end successfully.
        let unproven =
            earlier.is_some_and(|last| last.target == goal.core && !matches!(last.code, Some(0 | 1641 | 3010)));
        let behind = behind(goal, now) || unproven;
        let quiet = self.crowded; // The run is not responsible for what somebody else did since the last observation.
        match step {
            Step::Install => {
                self.insist(behind, Rule::OnlyWhatIsNeeded, "nothing is below its build", step);
                self.insist(all_stopped || quiet, Rule::StoppedForInstall, "services run", step);
                self.insist(!now.has(Fault::ShellOpen) || quiet, Rule::StoppedForInstall, "a shell is open", step);
                let warned = goal.rules.foreign == Some(ForeignServices::Warn);
                self.insist(
                    !held || warned || quiet,
                    Rule::StoppedForInstall,
                    "a service of others holds modules",
                    step,
                );
                self.insist(now.staged, Rule::VerifiedPackage, "the package is not verified", step);
                self.insist(marks.attempt.is_some(), Rule::JournalFirst, "the journal does not know of it", step);
                self.insist(!now.has(Fault::RebootPending), Rule::RestartFirst, "a restart is pending", step);
                self.insist(now.reboot_asked.is_none(), Rule::RestartFirst, "our installer asked for a restart", step);
            }
            Step::UpdateDatabases(store) => {
                self.insist(
                    !behind || self.lossy,
                    Rule::BinariesBeforeDatabases,
                    "a component is below its build",
                    step,
                );
                self.insist(products_stopped || quiet, Rule::BinariesBeforeDatabases, "services run", step);
                self.insist(outdated(now, store), Rule::OnlyWhatIsNeeded, "nothing is below its version", step);
                self.insist(
                    !self.held(),
                    Rule::AssembliesReleased,
                    "the services were not stopped since the installation",
                    step,
                );
            }
            Step::StopOthers | Step::FailOver | Step::StopServices | Step::StopWeb | Step::Reboot => {
                let first = *step == Step::StopOthers || *step == Step::Reboot;
                self.insist(
                    first || others_stopped || quiet,
                    Rule::OthersAroundOurs,
                    "a service of others runs that uses ours",
                    step,
                );
                let known = marks.baseline.is_some() || own(now).all(|service| service.is_stopped());
                self.insist(known, Rule::JournalFirst, "the journal does not know what ran", step);
                // If a mark was lost, stopping what is already stopped costs nothing.
                let idle = *step == Step::StopServices && products_stopped;
                let missed = self.lossy || self.crowded; // The run may not have seen what was stopped.
                let again = missed && marks.attempt.as_ref().is_some_and(|attempt| !attempt.stopped_since);
                let needed = idle
                    || again
                    || behind
                    || self.held
                    || self.may_hold
                    || asked(now)
                    || goal.stores.iter().any(|store| outdated(now, store));
                self.insist(needed, Rule::OnlyWhatIsNeeded, "nothing needs it", step);
            }
            Step::Stage => self.insist(behind, Rule::OnlyWhatIsNeeded, "nothing needs it", step),
            Step::CloseShells => {
                self.insist(
                    goal.rules.shells == Shells::Close,
                    Rule::ShellsArePeoples,
                    "a shell was closed that nobody allowed to be",
                    step,
                );
            }
            Step::Claim => {
                self.insist(record.claims.is_empty(), Rule::OneClaim, "another server has the claim", step);
                // A time in the future does not show when that was.
                let past = |last: &&Released| Period::between(now.clock, last.at) < Period::minutes(5);
                let fresh = |last: &&Released| past(last) && Period::between(last.at, now.clock) < Period::minutes(20);
                let other = record.released.values().filter(|last| last.server != goal.server).find(fresh);
                self.insist(
                    !goal.is_in_pool() || other.is_none(),
                    Rule::OneAfterAnother,
                    "another server is back for less than 20 minutes",
                    step,
                );
            }
            Step::StartOthers => {
                let up = |one: &reconcile_schema::Service| one.is_running() || one.start != StartType::Automatic;
                let stuck = now.has(Fault::ServiceHangsInStop) || now.has(Fault::ServiceHangsInStart);
                self.insist(own(now).all(up) || stuck || quiet, Rule::OthersAroundOurs, "ours do not run yet", step);
            }
            Step::StartWeb | Step::FailBack | Step::StartServices | Step::Release => {}
            Step::UpdatePoolDatabases(_) => {} // Worlds of their own show it (`databases`).
        }
        self.pool(goal, now, step);
        self.leave(goal, now, marks, step);
        let first = self.down.is_none() && step.takes_down();
        if first && (behind || goal.stores.iter().any(|store| outdated(now, store))) {
            let forbids = forbidding(goal, now, behind);
            self.insist(forbids.is_empty(), Rule::GateHolds, &format!("taken down although {forbids:?}"), step);
        }
        if first {
            self.down = Some(now.clock);
        }
    }

    /// The rules of a pool that apply when a step is about to be taken on one of its servers.
    fn pool(&mut self, goal: &Goal, now: &Simulated, step: &Step) {
        let moves = matches!(step, Step::FailOver | Step::FailBack);
        self.insist(goal.fails_over() || !moves, Rule::OwnPoolOnly, "no pool takes over for this server", step);
        let serves = goal.fails_over() && now.is_active() && !self.crowded;
        let others = *step == Step::StopOthers; // These stop while the server still serves in its pool.
        self.insist(
            !serves || moves || others || !step.takes_down(),
            Rule::FailoverFirst,
            "taken down without a failover",
            step,
        );
    }

    /// The rules of windows and holds that apply when a step is about to be taken.
    fn leave(&mut self, goal: &Goal, now: &Simulated, marks: &Marks, step: &Step) {
        let up =
            matches!(step, Step::StartServices | Step::StartOthers | Step::FailBack | Step::StartWeb | Step::Release);
        self.insist(marks.hold.is_none() || up, Rule::HoldHolds, "the server is on hold", step);
        self.insist(marks.damaged.is_none() || up, Rule::DamageForbids, "a hold may be lost", step);
        let Some(maintenance) = goal.rules.maintenance.as_deref().filter(|_| step.takes_down()) else { return };
        let open = open_at(maintenance, now.clock).is_some();
        let down = now.services.iter().any(|one| one.start == StartType::Automatic && one.is_stopped());
        // Work that the installer has begun is finished; and a server that is already down may restart, unless that is
        // forbidden.
        let goes_on = marks.baseline.as_ref().is_some_and(|baseline| baseline.installing);
        let ends = down && marks.attempt.is_some();
        let may = if *step == Step::Reboot && goal.rules.reboot == Reboots::InWindow { false } else { goes_on || ends };
        self.insist(open || may, Rule::WindowsOnly, "no window is open", step);
    }

    /// The rules that apply after a step was taken, whether the run survived it or not.
    fn after(&mut self, goal: &Goal, before: &Simulated, now: &Simulated, earlier: Option<&Attempt>, step: &Step) {
        let fell = now
            .components
            .iter()
            .any(|(name, build)| !before.components.get(name).is_some_and(|was| build.reaches(was)));
        self.insist(!fell, Rule::NothingFalls, "a build fell", step);
        let versions = |server: &Simulated| -> Vec<_> {
            server.databases.iter().flat_map(|store| store.databases.values().map(|one| one.installed)).collect()
        };
        let lower = versions(before).iter().zip(versions(now)).any(|(was, is)| is < *was);
        self.insist(!lower, Rule::NothingFalls, "a database fell", step);
        if matches!(step, Step::StartServices | Step::StartOthers | Step::FailBack | Step::StartWeb) {
            for service in now
                .services
                .iter()
                .zip(&before.services)
                .filter(|(is, was)| is.is_running() && !was.is_running())
                .map(|(is, _)| is)
            {
                let back = |was: &reconcile_schema::Service| was.name == service.name && !was.is_stopped();
                let ran = before.failed_over.iter().any(back); // A failback brings them back.
                self.insist(
                    ran || self.startable.contains(&service.name),
                    Rule::StoppedStaysStopped,
                    "started what did not run",
                    step,
                );
            }
        }
        let others = |server: &Simulated| -> Vec<_> {
            server
                .services
                .iter()
                .filter(|one| is_others(one) && !is_named(goal, one))
                .map(|one| (one.state, one.start))
                .collect()
        };
        let touched = *step != Step::Reboot && others(before) != others(now);
        self.insist(
            !touched || self.crowded,
            Rule::OthersUntouched,
            "a service of others was stopped or started",
            step,
        );
        self.may_hold |= *step == Step::Install && earlier.is_some_and(|last| last.code.is_none());
        match step {
            Step::Install if before.components != now.components => self.held = true,
            Step::FailOver | Step::StopServices if own(now).all(|one| one.is_web() || one.is_stopped()) => {
                (self.held, self.may_hold) = (false, false);
            }
            Step::Reboot if before.boot != now.boot => (self.held, self.may_hold) = (false, false),
            Step::Install | Step::FailOver | Step::StopServices | Step::Reboot => {}
            Step::Stage | Step::StopWeb | Step::CloseShells | Step::StartWeb | Step::FailBack => {}
            Step::UpdateDatabases(_) | Step::UpdatePoolDatabases(_) => {}
            Step::StartServices | Step::Claim | Step::Release => {}
            Step::StopOthers | Step::StartOthers => {}
        }
        self.insist(self.count(&Step::Install) <= 3, Rule::Ends, "too many installations", step);
        self.insist(self.count(&Step::Reboot) <= 2, Rule::Ends, "too many restarts", step);
        self.insist(self.acts.len() <= MOST, Rule::Ends, "too many acts", step);
    }
}

/// The product's services and the web server, by the definition of the space, not by their recognition.
fn own(now: &Simulated) -> impl Iterator<Item = &reconcile_schema::Service> {
    now.services.iter().filter(|service| !is_others(service))
}

/// Whether a service belongs to others.
fn is_others(service: &reconcile_schema::Service) -> bool {
    UNPUBLISHED.iter().any(|(name, _, _, own)| *name == service.name && !own) || service.name == RECORDER
}

/// Whether the goal names a service of others.
fn is_named(goal: &Goal, service: &reconcile_schema::Service) -> bool {
    goal.also_stop.iter().any(|name| name.as_str().eq_ignore_ascii_case(&service.name))
}

/// Whether any judged component is below its build.
pub fn behind(goal: &Goal, now: &Simulated) -> bool {
    let below = |(name, build): (&reconcile_schema::ComponentName, &reconcile_schema::Build)| {
        let wanted = if name.as_str() == "core-components" { Some(&goal.core) } else { goal.floors.get(name) };
        wanted.is_some_and(|wanted| build.revision < wanted.revision)
    };
    now.components.iter().any(below)
}

/// Whether any database of the store is below the version that the binaries expect; `xds` does not count.
pub fn outdated(now: &Simulated, store: &Store) -> bool {
    let databases = now.databases.iter().filter(|known| known.store == *store).flat_map(|known| &known.databases);
    databases.into_iter().any(|(name, one)| name != "xds" && one.installed < one.expected)
}

/// Whether a restart of the machine is pending.
pub fn asked(now: &Simulated) -> bool {
    now.reboot_asked.is_some() || now.has(Fault::RebootPending) || now.has(Fault::RebootStays)
}

/// The conditions that forbid the work and can be checked while everything still runs.
pub fn forbidding(goal: &Goal, now: &Simulated, install: bool) -> Vec<Fault> {
    let forbids = |fault: &Fault| match fault {
        Fault::PoolBusy
        | Fault::PoolInsufficient
        | Fault::ReplicaMissing
        | Fault::PoolDomainNotReady
        | Fault::PoolWarns
        | Fault::PoolSilent
        | Fault::PoolInAnotherLanguage
        | Fault::PoolUnreadable => {
            goal.is_in_pool() && now.services.iter().any(|one| !one.is_web() && !one.is_stopped())
        }
        Fault::DatabaseUnreachable | Fault::DatabaseVersionEmpty | Fault::DatabaseMirrored => !goal.stores.is_empty(),
        Fault::AnotherInstallation
        | Fault::WindowsInstallerHeld
        | Fault::NotAdministrator
        | Fault::Confined
        | Fault::ComponentsUnreadable
        | Fault::CoreUnrecognised
        | Fault::ServicesUnreadable
        | Fault::RebootUnreadable
        | Fault::ServicePending
        | Fault::WrongProduct
        | Fault::ProductMissing
        | Fault::NewerBuild => true,
        Fault::DiskExhausted => install || goal.stores.contains(&Store::Local),
        Fault::DiskFull => goal.stores.contains(&Store::Local),
        Fault::PrivateDiskFull => install,
        Fault::NotServerAdmin => {
            let serves = now.services.iter().any(|one| !one.is_web() && !one.is_stopped());
            !goal.stores.is_empty() || goal.fails_over() && serves
        }
        Fault::ShellOpen => install && goal.rules.shells != Shells::Close,
        Fault::PackageMissing | Fault::PackageAltered | Fault::PackageForeign | Fault::ShellsUnreadable => install,
        Fault::RebootPending | Fault::RebootStays | Fault::RenameOutlasts => {
            goal.rules.reboot == reconcile_schema::Reboots::Never
        }
        Fault::ShareUnreachable => goal.claims.is_some(),
        Fault::LanguageConstrained
        | Fault::PolicyAllSigned
        | Fault::ClockOff
        | Fault::InstallerCacheGap
        | Fault::DotNetMissing
        | Fault::DependencyDisabled
        | Fault::RootMisplaced
        | Fault::CertificateExpired
        | Fault::ModuleMissing
        | Fault::CmdletChanged
        | Fault::FolderOpen
        | Fault::ScriptsRefused
        | Fault::SignatureRefused => true,
        Fault::ShareUnlocked => goal.claims.is_some(),
        Fault::PoolServerDenied => goal.fails_over(),
        Fault::ShareBusy // A server that has the claim needs the record only at the end.
        | Fault::RenameElsewhere
        | Fault::InstallerAsksForReboot
        | Fault::InstallerBeginsReboot
        | Fault::InstallerStartsServices
        | Fault::InstallerIsSlow
        | Fault::InstallerGoesQuiet
        | Fault::InstallerFails
        | Fault::InstallerStopsHalfWay
        | Fault::InstallerStopsAfterCore
        | Fault::InstallerDoesNothing
        | Fault::InstallerFindsServices
        | Fault::ServiceHangsInStop
        | Fault::WebStopDenied
        | Fault::ServiceHangsInStart
        | Fault::ServiceDies
        | Fault::OtherHangsInStop
        | Fault::FailOverTimesOut
        | Fault::FailBackTimesOut
        | Fault::DatabaseUpdateDoesNothing
        | Fault::WindowsStrange
        | Fault::UpForMonths
        | Fault::RootsMany
        | Fault::SchannelUnset
        | Fault::AnswerChanged
        | Fault::BackupOld
        | Fault::ReplicaBehind
        | Fault::TaskAltered
        | Fault::ExaminationFails => false,
    };
    now.faults.iter().copied().filter(forbids).collect()
}

/// The contradictions between drift and decision: a step must be wanted exactly where a fact differs, a difference must
/// be visible, and a host with one must not be at its goal.
pub fn disagreements(goal: &Goal, seen: &Seen) -> Vec<String> {
    // Whether others may begin is not a difference of this server.
    let goal = &Goal { claims: None, ..goal.clone() };
    let (found, rests) = (drift(goal, seen), wanted(goal, seen) == Want::Nothing);
    let mut faults = Vec::new();
    if found.is_empty() != rests || (state(goal, seen, &compare(goal, seen)) == DriftState::AtGoal) != rests {
        faults.push(Rule::OneDecision.broken(format_args!("wanted {:?}, and drift {found:?}", wanted(goal, seen))));
    }
    if let Some(code) = told(&wanted(goal, seen))
        && !found.iter().any(|it| it.code == Some(code))
    {
        faults.push(
            Rule::OneDecision
                .broken(format_args!("wanted {:?}, and no finding is {code:?}: {found:?}", wanted(goal, seen))),
        );
    }
    let alike = |found: &&Compared| found.desired == found.observed;
    faults.extend(
        compare(goal, seen)
            .iter()
            .filter(alike)
            .filter(|it| it.code.is_some() && !it.note)
            .map(|it| Rule::OneDecision.broken(format_args!("not seen: {it:?}"))),
    );
    let unlike = |it: &&Compared| it.desired != it.observed && it.code.is_none();
    faults.extend(
        compare(goal, seen)
            .iter()
            .filter(unlike)
            .map(|it| Rule::OneDecision.broken(format_args!("not reported: {it:?}"))),
    );
    faults
}

/// The finding that must show a wanted step.
fn told(want: &Want) -> Option<DriftCode> {
    match want {
        Want::Nothing => None,
        Want::Look(_) | Want::Cannot(Blocker::Unknown { .. }) => Some(DriftCode::Unknown),
        Want::Cannot(Blocker::Newer { .. } | Blocker::BegunLater { .. }) => Some(DriftCode::Ahead),
        Want::Cannot(Blocker::FailedOver) => Some(DriftCode::ServiceDown),
        Want::Cannot(_) => Some(DriftCode::WrongProduct),
        Want::Step(_, Cause::Behind(_)) => Some(DriftCode::ComponentBehind),
        Want::Step(_, Cause::Unproven { .. }) => Some(DriftCode::InstallationUnproven),
        Want::Step(_, Cause::AssembliesHeld) => Some(DriftCode::AssembliesHeld),
        Want::Step(_, Cause::RebootPending(_)) => Some(DriftCode::RestartDue),
        Want::Step(_, Cause::StoreBehind { .. } | Cause::PoolStoreBehind { .. }) => Some(DriftCode::DatabaseBehind),
        Want::Step(_, Cause::Down(_) | Cause::FailedOver) => Some(DriftCode::ServiceDown),
        Want::Step(_, Cause::NotStaged | Cause::ShellsOpen | Cause::Unclaimed | Cause::Unreleased) => None, // Never wanted for themselves.
    }
}

pub struct Watched<'a> {
    pub lab: LabHost<'a>,
    pub watch: &'a mut Watch,
    pub goal: &'a Goal,
}

impl Watched<'_> {
    pub fn truth(&mut self) -> Simulated {
        self.lab.lab().world().servers.values().next().unwrap().clone()
    }
}

impl Observe for Watched<'_> {
    type Error = LabError;

    fn observe(&mut self, goal: &Goal) -> Result<Observed, LabError> {
        self.watch.observations += 1;
        if self.watch.observations > 5000 {
            return Err(LabError::Step("the run does not end".into()));
        }
        self.lab.observe(goal)
    }

    fn look(&mut self, goal: &Goal, ask: &Ask) -> Result<(), LabError> {
        self.lab.look(goal, ask)
    }

    fn marks(&mut self) -> Result<Marks, LabError> {
        self.lab.marks()
    }
}

impl Act for Watched<'_> {
    fn act(&mut self, goal: &Goal, seen: &Seen, step: &Step, quiet: &mut dyn FnMut(Period)) -> Result<Acted, LabError> {
        self.watch.effects.push(Effect::Act);
        self.watch.violations.extend(disagreements(goal, seen));
        let (before, marks) = (self.truth(), self.lab.marks()?);
        let pool = goal.claims.as_ref().and_then(|claims| self.lab.lab().world().pools.get(&claims.name).cloned());
        let record = pool.unwrap_or_default();
        let acted = self.lab.act(goal, seen, step, quiet);
        let now = self.truth();
        if acted.is_ok() || before != now {
            self.watch.acts.push(step.clone());
            let earlier = seen.marks.attempt.as_ref();
            self.watch.before(self.goal, &before, Told { marks: &marks, earlier }, &record, step);
            self.watch.after(self.goal, &before, &now, earlier, step);
        }
        if let Some((_, starts)) = self.watch.meddle.filter(|(after, _)| *after + 1 == self.watch.acts.len()) {
            self.watch.meddle = None;
            let state = if starts { ServiceState::Running } else { ServiceState::Stopped };
            let name = self.goal.server.clone();
            self.lab.lab().change(&name, |server| {
                let free = server.services.iter_mut().filter(|service| service.start != StartType::Disabled);
                free.for_each(|service| service.state = state);
            })?;
            if starts {
                let all: Vec<_> = self.truth().services.into_iter().map(|service| service.name).collect();
                self.watch.may_start(all);
            }
        }
        acted
    }

    fn mark(&mut self, run: &RunId, mark: &Mark) -> Result<(), LabError> {
        self.watch.effects.push(Effect::Mark);
        let marks = self.watch.effects.iter().filter(|effect| **effect == Effect::Mark).count();
        let once = self.watch.unwritable_once.is_some_and(|once| marks == once + 1);
        if once || self.watch.unwritable_from.is_some_and(|from| marks > from) {
            return Err(LabError::Step("the disk is full".into()));
        }
        let at = self.truth().clock;
        self.lab.mark(run, mark)?;
        self.watch.told.push((run.clone(), at, mark.clone()));
        Ok(())
    }

    fn pause(&mut self, period: Period) {
        self.lab.pause(period);
    }
}
