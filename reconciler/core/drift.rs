//! The difference between a goal and the observed facts, fact by fact.

use alloc::{borrow::Cow, format, string::String, string::ToString, vec::Vec};
use core::fmt;

use reconcile_schema::{
    Build, Cause, Component, ComponentName, Damage, Database, DatabaseState, DbVersion, DriftCode, DriftState, Fact,
    Origin, Reached, Service, ServiceState, Store,
};

use crate::{
    blocker::{Blocker, shown_code},
    goal::Goal,
    seen::Seen,
    wanted::{Databases, Want, WindowsRestart, behind_in, lacks_update, reboot_due, wanted, windows_asks},
};

/// One fact, desired and observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared<'a> {
    /// What kind of fact it is.
    pub kind: FactKind,
    /// What it is about: a component, a service, a database.
    pub subject: Cow<'a, str>,
    pub desired: Said<'a>,
    pub observed: Said<'a>,
    /// What the difference means, when there is one.
    pub code: Option<DriftCode>,
    /// Whether this is a note only, which changes neither state nor exit code.
    pub note: bool,
}

/// A desired or an observed value. Most of them are never shown, so their text is made on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said<'a> {
    /// The build of a component.
    Build(&'a Build),
    /// The state of a service.
    State(ServiceState),
    /// The version of a database.
    Version(Option<DbVersion>),
    Words(Cow<'a, str>),
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(build) => build.fmt(f),
            Self::State(state) => state.fmt(f),
            Self::Version(Some(version)) => version.fmt(f),
            Self::Version(None) => f.write_str("unknown"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

impl<'a> From<&'a str> for Said<'a> {
    fn from(words: &'a str) -> Self {
        Self::Words(words.into())
    }
}

impl From<String> for Said<'_> {
    fn from(words: String) -> Self {
        Self::Words(words.into())
    }
}

/// The kinds of facts that a goal covers. Where a list of facts could not be read, the whole list is one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactKind {
    Product,
    /// The build of a component.
    Component,
    /// The builds of all components.
    Components,
    /// The state of a service.
    Service,
    /// The states of all services.
    Services,
    /// How the installation ended.
    Installation,
    /// Whether a restart is pending.
    Restart,
    /// Whether a restart that Windows requests is pending.
    WindowsRestart,
    /// The version of a database.
    Database,
    /// The versions of a set of databases.
    Databases,
    /// Whether the journal can be read.
    Journal,
}

impl FactKind {
    /// The kind in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Component => "component",
            Self::Components => "components",
            Self::Service => "service",
            Self::Services => "services",
            Self::Installation => "installation",
            Self::Restart | Self::WindowsRestart => "restart",
            Self::Database => "database",
            Self::Databases => "databases",
            Self::Journal => "journal",
        }
    }

    /// Whether it is about the installed components and their installation.
    #[must_use]
    pub const fn is_of_builds(self) -> bool {
        matches!(self, Self::Product | Self::Component | Self::Components | Self::Installation | Self::Restart)
    }

    /// Where facts of this kind are read on a host.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Product | Self::Component | Self::Components => "the Uninstall key",
            Self::Service => "the service manager",
            Self::Services => "the service manager, and the journal",
            Self::Installation | Self::Journal => "the journal",
            Self::Restart => "the keys of a pending restart, and the journal",
            Self::WindowsRestart => "the keys of a pending restart",
            Self::Database | Self::Databases => "Test-CsDatabase",
        }
    }
}

/// The state of a host, by every fact that was compared. It is at its goal exactly when no step is wanted; a known
/// difference counts before an unknown fact.
#[must_use]
pub fn state(goal: &Goal, seen: &Seen, compared: &[Compared<'_>]) -> DriftState {
    if wanted(goal, seen) == Want::Nothing {
        return DriftState::AtGoal;
    }
    state_by(compared).unwrap_or(DriftState::Unknown)
}

/// The state of a host, by these facts alone: at its goal, where none of them differs.
#[must_use]
pub fn state_of(compared: &[Compared<'_>]) -> DriftState {
    state_by(compared).unwrap_or(DriftState::AtGoal)
}

fn state_by(compared: &[Compared<'_>]) -> Option<DriftState> {
    let state_of = |code| match code {
        DriftCode::Ahead => DriftState::Ahead,
        DriftCode::WrongProduct => DriftState::WrongProduct,
        DriftCode::ComponentBehind
        | DriftCode::PoolUnequal
        | DriftCode::DatabaseBehind
        | DriftCode::ServiceDown
        | DriftCode::RestartDue
        | DriftCode::AssembliesHeld
        | DriftCode::InstallationUnproven => DriftState::Drift,
        DriftCode::OriginalRelease
        | DriftCode::ComponentMissing
        | DriftCode::JournalDamaged
        | DriftCode::OtherManifest
        | DriftCode::DoctorFault
        | DriftCode::DoctorWarning => DriftState::AtGoal,
        DriftCode::BuildsOnly => DriftState::BuildsOnly,
        DriftCode::NotReadable => DriftState::NotReadable,
        DriftCode::Unknown
        | DriftCode::StaleSnapshot
        | DriftCode::MissingSnapshot
        | DriftCode::DuplicateSnapshot
        | DriftCode::UnreadableSnapshot
        | DriftCode::UnnamedServer => DriftState::Unknown,
    };
    let has = |state: DriftState| {
        let mut codes = compared.iter().filter(|found| !found.note).filter_map(|found| found.code);
        codes.any(|code| state_of(code) == state).then_some(state)
    };
    let order =
        [DriftState::WrongProduct, DriftState::Ahead, DriftState::Drift, DriftState::Unknown, DriftState::NotReadable];
    order.into_iter().find_map(has)
}

/// All differences between `seen` and `goal`, and all unknown facts, without warnings.
#[must_use]
pub fn drift<'a>(goal: &'a Goal, seen: &'a Seen) -> Vec<Compared<'a>> {
    compare(goal, seen).into_iter().filter(|compared| compared.code.is_some() && !compared.note).collect()
}

/// Every fact that a goal covers, desired and observed: components, services, restart, databases.
#[must_use]
pub fn compare<'a>(goal: &'a Goal, seen: &'a Seen) -> Vec<Compared<'a>> {
    let mut all = components(goal, seen);
    all.extend(journal(seen));
    let fits = seen.host.components.known().is_none_or(|components| goal.refuses(components).is_none());
    if !fits {
        return all; // The services on a host that this manifest does not fit are nobody's drift.
    }
    all.extend(services(goal, seen));
    all.extend(installation(goal, seen));
    all.extend(after_installation(seen).or_else(|| windows_restart(goal, seen)));
    for store in goal.all_stores() {
        all.extend(databases(goal, seen, store));
    }
    all
}

/// What caused a difference, judged by the goal that the host reached last.
#[must_use]
pub fn origin(goal: &Goal, reached: Option<&Reached>, code: DriftCode, subject: &str) -> Option<Origin> {
    let asks = matches!(code, DriftCode::ComponentBehind | DriftCode::DatabaseBehind | DriftCode::ServiceDown);
    if !asks {
        return None;
    }
    let Some(reached) = reached else { return Some(Origin::NeverReached) };
    if code == DriftCode::ComponentBehind {
        let desired = goal.floors.iter().find(|(name, _)| name.as_str() == subject);
        let (then, desired) = match desired {
            Some((name, desired)) => (reached.aim.of(name), desired),
            None => (Some(&reached.aim.core), &goal.core),
        };
        if !then.is_some_and(|then| then.reaches(desired)) {
            let then = then.map_or_else(|| "no build".into(), ToString::to_string);
            return Some(Origin::NewIntent { reached: reached.at, then });
        }
    }
    Some(Origin::FellBack { reached: reached.at })
}

fn compared<'a>(
    kind: FactKind,
    subject: impl Into<Cow<'a, str>>,
    desired: impl Into<Said<'a>>,
    observed: impl Into<Said<'a>>,
    code: Option<DriftCode>,
) -> Compared<'a> {
    let note = code.is_some_and(DriftCode::is_warning);
    Compared { kind, subject: subject.into(), desired: desired.into(), observed: observed.into(), code, note }
}

fn components<'a>(goal: &'a Goal, seen: &'a Seen) -> Vec<Compared<'a>> {
    let unknown = |why: Said<'a>| {
        compared(FactKind::Components, "components", Said::Build(&goal.core), why, Some(DriftCode::Unknown))
    };
    let Fact::Known(known) = &seen.host.components else {
        return [unknown(why(&seen.host.components).into())].into();
    };
    let newer = match goal.refuses(known) {
        Some(Blocker::Newer { .. }) => true,
        Some(Blocker::Unknown { what: _, why }) => return [unknown(why.into())].into(),
        Some(blocker) => {
            let (desired, wrong) = (goal.product.title(), Some(DriftCode::WrongProduct));
            return [compared(FactKind::Product, "product", desired, blocker.to_string(), wrong)].into();
        }
        None => false,
    };
    let mut ours: Vec<_> = known.iter().filter(|component| component.product == goal.product).collect();
    ours.sort_by_key(|component| (!component.name.is_core(), &component.name));
    let of = |component: &'a Component| {
        let desired = goal.desired(&component.name).unwrap_or(&component.build);
        let code = match (newer, component.build.reaches(desired)) {
            (true, _) => (component.name.is_core()).then_some(DriftCode::Ahead),
            (false, true) => goal.is_original(component).then_some(DriftCode::OriginalRelease),
            (false, false) => Some(DriftCode::ComponentBehind),
        };
        // A component above its build is in order.
        let desired = if code.is_none_or(DriftCode::is_warning) { &component.build } else { desired };
        compared(
            FactKind::Component,
            component.name.as_str(),
            Said::Build(desired),
            Said::Build(&component.build),
            code,
        )
    };
    let missing = |name: &&ComponentName| !ours.iter().any(|component| component.name == **name);
    let missing: Vec<_> = if newer { Vec::new() } else { goal.named.iter().filter(missing).collect() };
    let missing = missing.into_iter().filter_map(|name| {
        let desired = Said::Build(goal.desired(name)?);
        Some(compared(FactKind::Component, name.as_str(), desired, "not installed", Some(DriftCode::ComponentMissing)))
    });
    let missing: Vec<_> = missing.collect();
    ours.into_iter().map(of).chain(missing).collect()
}

fn services<'a>(goal: &Goal, seen: &'a Seen) -> Vec<Compared<'a>> {
    if let unread @ (Fact::Unknown(_) | Fact::NotLooked) = &seen.host.services {
        return [compared(FactKind::Services, "services", "running", why(unread), Some(DriftCode::Unknown))].into();
    }
    let of = |service: &'a Service, observed: Said<'a>, code| {
        compared(FactKind::Service, &service.name, Said::State(ServiceState::Running), observed, code)
    };
    let down = Some(DriftCode::ServiceDown);
    let should_run = goal.should_run(&seen.host, seen.baseline());
    let mut all: Vec<_> = should_run
        .map(|service| of(service, Said::State(service.state), down.filter(|_| !service.is_running())))
        .collect();
    if goal.fails_over() && (seen.is_failed_over() || seen.is_failed_over_by_us()) {
        all.extend(seen.disabled().map(|service| of(service, "disabled, as by a failover".into(), down)));
    }
    all
}

/// Lines of the journal that cannot be read, until somebody acknowledges it.
fn journal(seen: &Seen) -> Option<Compared<'static>> {
    let damage = seen.marks.damaged.as_ref()?;
    let damaged = Some(DriftCode::JournalDamaged);
    let found = format!("{damage}; {}", Damage::MAY_BE_LOST);
    Some(compared(FactKind::Journal, "journal", "readable", found, damaged))
}

/// An installation that no run saw end successfully.
fn installation(goal: &Goal, seen: &Seen) -> Option<Compared<'static>> {
    let (attempt, code) = match (seen.begun_later(&goal.core), seen.unproven(&goal.core)) {
        (Some(later), _) => (later, DriftCode::Ahead),
        (None, Some(unproven)) => (unproven, DriftCode::InstallationUnproven),
        (None, None) => return None,
    };
    let ended = match attempt.code {
        Some(code) => format!("{} ended with exit code {}", attempt.target, shown_code(code)),
        None => format!("{} was begun and not seen to end", attempt.target),
    };
    Some(compared(FactKind::Installation, "installation", "seen to end well", ended, Some(code)))
}

/// Work that an installer which ran in this boot has left.
fn after_installation(seen: &Seen) -> Option<Compared<'static>> {
    let attempt = seen.attempt_in_this_boot()?;
    if !attempt.stopped_since {
        let observed = "not stopped since the installer ran";
        return Some(compared(
            FactKind::Services,
            "services",
            "stopped once since the installer ran",
            observed,
            Some(DriftCode::AssembliesHeld),
        ));
    }
    let Some(Cause::RebootPending(who)) = reboot_due(seen) else { return None };
    let observed = format!("requested by {}", who.join(", "));
    Some(compared(FactKind::Restart, "restart", "none pending", observed, Some(DriftCode::RestartDue)))
}

/// A pending restart that Windows requests, on a server where our installer needs nothing.
fn windows_restart(goal: &Goal, seen: &Seen) -> Option<Compared<'static>> {
    let restart = |observed, code| compared(FactKind::WindowsRestart, "restart", "none pending", observed, Some(code));
    let asked = |who: Vec<String>| restart(format!("requested by {}", who.join(", ")), DriftCode::RestartDue);
    match windows_asks(goal, seen) {
        WindowsRestart::None => None,
        WindowsRestart::Said(who) => Some(Compared { note: true, ..asked(who) }),
        WindowsRestart::Wanted(who) => Some(asked(who)),
        WindowsRestart::Unknown(_) => Some(restart(why(&seen.host.reboot).to_string(), DriftCode::Unknown)),
    }
}

fn databases<'a>(goal: &Goal, seen: &'a Seen, store: &Store) -> Vec<Compared<'a>> {
    let checked = seen.marks.checked.get(store);
    let databases = match (behind_in(goal, seen, store), seen.host.databases(store), checked) {
        (_, Fact::Known(databases), _) => databases,
        (Databases::Current, _, Some(checked)) => &checked.databases, // A check that is still valid.
        (Databases::Current | Databases::Behind(_), _, _) => return Vec::new(),
        // The expected versions can be read only after the binaries are installed.
        (Databases::Ask, _, _) if !binaries_are_there(goal, seen) => return Vec::new(),
        (Databases::Ask | Databases::Unclear(_), unread, _) => {
            let unknown = Some(match unread {
                Fact::Unknown(_) => unread_by(seen),
                Fact::NotLooked | Fact::Known(_) => DriftCode::Unknown,
            });
            return [compared(FactKind::Databases, store.to_string(), "current", why(unread), unknown)].into();
        }
    };
    let of = |database: &'a Database| {
        let (desired, observed) = (Said::Version(database.expected), Said::Version(database.installed));
        let (desired, observed, code) = match database.state() {
            DatabaseState::Current => (observed.clone(), observed, None),
            DatabaseState::Behind => (desired, observed, Some(DriftCode::DatabaseBehind)),
            DatabaseState::Unknown(why) => (desired, why.into(), Some(unread_by(seen))),
        };
        compared(FactKind::Database, &database.name, desired, observed, code)
    };
    databases.iter().map(of).collect()
}

/// What it means that databases could not be read: an account without the right cannot be expected to read them.
fn unread_by(seen: &Seen) -> DriftCode {
    let may_not = seen.host.rights.known().is_some_and(|rights| rights.server_admin == Some(false));
    if may_not { DriftCode::NotReadable } else { DriftCode::Unknown }
}

fn binaries_are_there(goal: &Goal, seen: &Seen) -> bool {
    seen.host.components.known().is_some() && lacks_update(goal, seen).is_none()
}

fn why<T>(fact: &Fact<T>) -> &str {
    match fact {
        Fact::Unknown(why) => why,
        Fact::NotLooked | Fact::Known(_) => "not looked at",
    }
}
