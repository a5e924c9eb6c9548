//! The expected result of a run, derived from the true state of a world, without the decision's own terms.

use reconcile_core::{Class, End, Goal, Outcome};
use reconcile_hosts::lab::{Fault, Simulated};
use reconcile_schema::{PendingRestart, Reboots, Service, Shells, StartType, Step};

use crate::{
    rules::Rule,
    run::Scene,
    space::{CURRENT, Case, Databases, Journal, Kind, Leave, Record, Services, Shell, Web},
    watch::{asked, behind, outdated},
};

/// Where a run ends, at the level that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Goal,
    Short(Class),
    /// In a restart from which the machine has not come back yet.
    Down,
}

/// Where a run ended.
pub const fn fate(end: &End) -> Fate {
    match end {
        End::AtGoal => Fate::Goal,
        End::Blocked(blocker) => Fate::Short(blocker.class()),
        End::GoingDown => Fate::Down,
    }
}

/// Where a run in this world must end.
pub fn expected(case: &Case) -> Fate {
    let install = case.current != CURRENT;
    let stores = !case.kind.is_in_pool();
    let later = stores && install && case.databases == Databases::BehindAfterwards;
    let databases = stores && case.databases == Databases::Behind;
    let updates = install || databases;
    let waits = case.pending || matches!(case.fault, Some(Fault::RebootPending | Fault::RebootStays));
    let restarts = case.restart == PendingRestart::Restart;
    let work = updates || restarts && waits;
    let barred = |class| if work { Fate::Short(class) } else { Fate::Goal };
    // Faults of the server itself.
    match case.fault {
        Some(Fault::ComponentsUnreadable | Fault::CoreUnrecognised | Fault::ServicesUnreadable) => {
            return Fate::Short(Class::Unknown);
        }
        Some(Fault::DatabaseUnreachable | Fault::DatabaseVersionEmpty) if stores => return Fate::Short(Class::Unknown),
        Some(Fault::WrongProduct | Fault::ProductMissing | Fault::NewerBuild) => return Fate::Short(Class::Operator),
        Some(Fault::DatabaseMirrored) if stores && updates => return Fate::Short(Class::Operator),
        Some(Fault::RebootUnreadable) if restarts => return Fate::Short(Class::Unknown),
        Some(Fault::RebootUnreadable) => return barred(Class::Unknown),
        Some(Fault::NotAdministrator | Fault::Confined) => return barred(Class::Operator),
        // The space for an installer is checked if one runs, the space for databases if they are on this server.
        Some(Fault::DiskExhausted) if install || updates && has_own_databases(case) => {
            return Fate::Short(Class::Operator);
        }
        Some(Fault::PrivateDiskFull) if install => return Fate::Short(Class::Operator),
        Some(Fault::DiskFull) if updates && has_own_databases(case) => return Fate::Short(Class::Operator),
        // Stopping, installing and starting need rights on the machine; databases and the pool need rights in the
        // domain.
        Some(Fault::NotServerAdmin) if stores || moves(case) => return barred(Class::Operator),
        Some(Fault::ShellsUnreadable) if install => return Fate::Short(Class::Unknown),
        Some(Fault::PackageMissing | Fault::PackageAltered | Fault::PackageForeign) if install => {
            return Fate::Short(Class::Operator);
        }
        // What doctor alone finds forbids the first stop, while something runs that could be stopped.
        Some(Fault::InstallerCacheGap) if work => return Fate::Short(Class::Later),
        Some(Fault::ServiceHangsInStop) if !work => return Fate::Goal,
        Some(Fault::ServiceHangsInStop) => {
            let hangs = case.server().services.iter().any(|service| service.name == "RTCSRV" && !service.is_stopped());
            return if hangs { Fate::Short(Class::Operator) } else { Fate::Goal };
        }
        Some(Fault::WebStopDenied) if install && case.web == Web::Runs => return Fate::Short(Class::Operator),
        // A service that is starting may not be stopped; and if nothing needs to be stopped, it never comes up.
        Some(Fault::ServicePending) => return Fate::Short(if work { Class::Later } else { Class::Operator }),
        Some(Fault::ServiceDies) => return if work || !runs(case) { Fate::Short(Class::Failed) } else { Fate::Goal },
        Some(Fault::ServiceHangsInStart) => {
            return if work || !runs(case) { Fate::Short(Class::Operator) } else { Fate::Goal };
        }
        Some(Fault::AnotherInstallation) => {
            return if work || !runs(case) { Fate::Short(Class::Later) } else { Fate::Goal };
        }
        // Conditions that any user can cause forbid the work, but keep no service down.
        Some(Fault::WindowsInstallerHeld) => return if work { Fate::Short(Class::Later) } else { Fate::Goal },
        Some(Fault::DatabaseUpdateDoesNothing) => {
            return if databases || later { Fate::Short(Class::Operator) } else { Fate::Goal };
        }
        Some(_) | None => {}
    }
    let fault = case.fault.filter(|_| work && asks_the_pool(case));
    if let Some(class) = fault.and_then(|fault| pools_word(case.kind, fault)) {
        return Fate::Short(class);
    }
    if case.services == Services::Others && work && case.fault == Some(Fault::OtherHangsInStop) {
        return Fate::Short(Class::Operator);
    }
    if case.services == Services::Foreign && install {
        return Fate::Short(Class::Later);
    }
    if case.services == Services::FailedOver {
        return Fate::Short(Class::Operator);
    }
    if case.kind.claims() {
        match (case.fault, case.record) {
            (Some(Fault::ShareUnreachable), _) if work => return Fate::Short(Class::Unknown),
            (Some(Fault::ShareUnreachable), _) => return Fate::Short(Class::Failed), // It cannot report that it is done.
            (_, Record::Stranger | Record::Unread) if work => return Fate::Short(Class::Operator),
            // A server whose update failed keeps its claim, and has nothing to report.
            (Some(Fault::ShareBusy), Record::Own) if install && case.installer == Some(Fault::InstallerFails) => {}
            (Some(Fault::ShareBusy), _) => return Fate::Short(Class::Later), // Here neither.
            (_, Record::Taken) => return barred(Class::Later),
            (_, Record::Early) if case.kind == Kind::BackEndThatClaims => return barred(Class::Later),
            (_, Record::Free | Record::Own | Record::Early | Record::Fresh | Record::Future) => {}
            (_, Record::Stranger | Record::Unread) => {}
        }
    }
    match case.leave {
        Leave::Given | Leave::Open => {}
        Leave::Closed => return barred(Class::Later),
        Leave::Held if !runs(case) => return Fate::Short(Class::Later), // Somebody else stopped them.
        Leave::Held => return barred(Class::Later),
        Leave::Spent => return barred(Class::Operator),
    }
    let shell = case.shell == Shell::Open(Shells::Block)
        || case.shell == Shell::Open(Shells::Wait)
        || case.fault == Some(Fault::ShellOpen);
    let pending = waits || case.fault == Some(Fault::RenameOutlasts);
    let forbidden = case.reboot == Reboots::Never;
    match case.installer {
        _ if !work => Fate::Goal,
        _ if install && shell => Fate::Short(Class::Later),
        _ if pending && forbidden => Fate::Short(Class::Later),
        _ if case.fault == Some(Fault::RebootStays) => Fate::Short(Class::Operator),
        _ if !install => Fate::Goal,
        Some(Fault::InstallerFails) => Fate::Short(Class::Failed),
        Some(Fault::InstallerStopsHalfWay) if moves_nothing(case) => Fate::Short(Class::Failed),
        Some(Fault::InstallerDoesNothing) => Fate::Short(Class::Operator),
        Some(Fault::InstallerAsksForReboot | Fault::InstallerBeginsReboot) if forbidden => Fate::Short(Class::Later),
        Some(_) | None => Fate::Goal,
    }
}

/// Whether this server's own SQL Server holds databases that may need an update: a Central Management Store is
/// elsewhere.
const fn has_own_databases(case: &Case) -> bool {
    matches!(case.kind, Kind::Standard | Kind::StandardWithCentral)
}

/// Whether the server serves in a pool, which is asked before the server is taken down.
fn asks_the_pool(case: &Case) -> bool {
    case.kind.is_in_pool() && !matches!(case.services, Services::Stopped | Services::FailedOver)
}

/// Whether its pool takes over for the server: not if the server's services do not run.
fn moves(case: &Case) -> bool {
    asks_the_pool(case) && matches!(case.kind, Kind::FrontEnd | Kind::FrontEndThatClaims)
}

/// How a run ends on a server whose pool has this fault.
fn pools_word(kind: Kind, fault: Fault) -> Option<Class> {
    let moves = matches!(kind, Kind::FrontEnd | Kind::FrontEndThatClaims);
    let words = [
        (Fault::PoolBusy, Class::Later),
        (Fault::PoolUnreadable, Class::Unknown),
        (Fault::PoolInsufficient, Class::Operator),
        (Fault::ReplicaMissing, Class::Operator),
        (Fault::PoolDomainNotReady, Class::Later),
        (Fault::PoolWarns, Class::Later),
        (Fault::PoolSilent, Class::Unknown),
        (Fault::PoolInAnotherLanguage, Class::Unknown),
        (Fault::FailOverTimesOut, Class::Failed),
        (Fault::FailBackTimesOut, Class::Failed),
    ];
    let of_a_move = |fault| matches!(fault, Fault::FailOverTimesOut | Fault::FailBackTimesOut);
    let word = words.into_iter().find(|(known, _)| *known == fault && (moves || !of_a_move(*known)));
    word.map(|(_, class)| class)
}

/// Whether an installer that stops half way finds everything current up to that point: the first half of a Back End
/// consists of the Administrative Tools and the Front End Server.
fn moves_nothing(case: &Case) -> bool {
    matches!(case.kind, Kind::BackEnd | Kind::BackEndCollocatedWithCentral | Kind::BackEndThatClaims)
        && case.current & 0b1010 == 0b1010
}

/// Whether every service that starts automatically runs at the beginning of the run.
fn runs(case: &Case) -> bool {
    !matches!(case.services, Services::HalfStopped | Services::Stopped | Services::OnePaused)
}

/// The services that ran before anybody stopped them.
pub fn ran(case: &Case, server: &Simulated) -> Vec<String> {
    let taken = case.journal == Journal::TakenDown;
    let ran = server.services.iter().filter(|service| taken || !service.is_stopped());
    ran.map(|service| service.name.clone()).collect()
}

/// How far the earlier state of the services can be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// As they were.
    Whole,
    /// The journal was lost, so only the start types are known.
    Lost,
}

/// What is wrong with the server after a run, if the services in `ran` were running when it began.
pub fn wrong(goal: &Goal, ran: &[String], now: &Simulated, outcome: &Outcome, memory: Memory) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut insist = |holds: bool, what: String| {
        if !holds {
            wrong.push(what)
        }
    };
    let at_goal = fate(&outcome.end) == Fate::Goal;
    let named = |service: &Service| outcome.left_down.contains(&service.name);
    let fits = !(now.has(Fault::WrongProduct) || now.has(Fault::ProductMissing) || now.has(Fault::NewerBuild));
    let elsewhere = !now.failed_over.is_empty(); // Somebody failed it over.
    let unread = now.has(Fault::ComponentsUnreadable) || now.has(Fault::CoreUnrecognised);
    let leaves_alone = !fits || elsewhere || now.has(Fault::AnotherInstallation) || unread;
    let blind = now.has(Fault::ServicesUnreadable);
    for service in &now.services {
        let name = &service.name;
        let before = ran.contains(name);
        match service.start {
            StartType::Automatic if !before && (leaves_alone || blind) => {}
            StartType::Automatic => insist(
                service.is_running() || named(service),
                Rule::UpOrNamed.broken(format_args!("{name} is down, unnamed")),
            ),
            StartType::Manual if before && memory == Memory::Whole => {
                insist(
                    service.is_running() || named(service),
                    Rule::UpOrNamed.broken(format_args!("{name} is down, unnamed")),
                );
            }
            StartType::Disabled if before && memory == Memory::Whole => {
                insist(
                    service.is_running() || named(service),
                    Rule::UpOrNamed.broken(format_args!("{name} cannot be started, and is unnamed")),
                );
            }
            StartType::Manual if before => {}
            StartType::Manual => {
                // The web server is not stopped again after an installer that started it.
                let installer = service.is_web() && now.has(Fault::InstallerStartsServices);
                insist(
                    !service.is_running() || installer,
                    Rule::StoppedStaysStopped.broken(format_args!("{name} runs and did not")),
                );
            }
            StartType::Disabled => insist(
                !service.is_running() || before,
                Rule::StoppedStaysStopped.broken(format_args!("{name} runs and is disabled")),
            ),
        }
        if at_goal {
            let disabled = service.start == StartType::Disabled;
            insist(!named(service) || disabled, Rule::GoalIsTrue.broken(format_args!("{name} is down at the goal")));
        }
    }
    if at_goal {
        insist(
            now.failed_over.is_empty() || memory == Memory::Lost,
            Rule::FailedBack.broken("failed over at the goal"),
        );
        insist(!behind(goal, now), Rule::GoalIsTrue.broken("a component is below its build at the goal"));
        insist(
            now.reboot_asked.is_none() || memory == Memory::Lost,
            Rule::GoalIsTrue.broken("our installer waits for a restart"),
        );
        for store in &goal.stores {
            insist(
                !outdated(now, store),
                Rule::GoalIsTrue.broken(format_args!("the {store} are below their version at the goal")),
            );
        }
    }
    let early = now.boot == 1 && asked(now) && goal.rules.reboot == Reboots::WhenRequired && at_goal;
    // Without a journal, a server whose components and databases are current is at its goal, whatever is pending.
    let updates = outcome.steps.iter().any(|step| matches!(step, Step::UpdateDatabases(_)));
    let nobody_knows = memory == Memory::Lost && !updates;
    insist(
        !early || nobody_knows || now.reboot_asked.is_none(),
        Rule::GoalIsTrue.broken("a restart was allowed, needed and not taken"),
    );
    insist(
        at_goal || !outcome.steps.is_empty() || outcome.outage.is_none() || memory == Memory::Lost || !ran.is_empty(),
        Rule::GoalIsTrue.broken("an outage without a step"),
    );
    wrong
}

/// What is wrong with the share after a run: the report of a server at its goal, and the claim of another, which nobody
/// removed.
pub fn untold(scene: &Scene, outcome: &Outcome) -> Option<String> {
    let claims = scene.goal.claims.as_ref()?;
    let record = scene.lab.world().pools.get(&claims.name)?;
    let ours = record.is_claimed_by(&scene.goal.server);
    let told = record.reached.get(&scene.goal.server) == Some(&scene.goal.core);
    let taken = scene.case.record == Record::Taken;
    match fate(&outcome.end) {
        _ if taken && (ours || record.claims.is_empty()) => {
            Some(Rule::OneClaim.broken("the claim of another server is gone"))
        }
        Fate::Goal if ours => Some(Rule::GoalIsReported.broken("at the goal, and the pool is claimed")),
        Fate::Goal if !told => Some(Rule::GoalIsReported.broken("at the goal, and not on the record")),
        Fate::Goal | Fate::Short(_) | Fate::Down => None,
    }
}

/// Whether a run that must end before the installer may start must not have taken anything down.
pub fn untouched(case: &Case) -> bool {
    if !matches!(case.leave, Leave::Given | Leave::Open) {
        return true;
    }
    if case.services == Services::Foreign && case.current != CURRENT {
        return true;
    }
    let unready = [
        Fault::PoolBusy,
        Fault::PoolInsufficient,
        Fault::ReplicaMissing,
        Fault::PoolDomainNotReady,
        Fault::PoolWarns,
        Fault::PoolSilent,
        Fault::PoolInAnotherLanguage,
        Fault::PoolUnreadable,
    ];
    if case.services == Services::FailedOver
        || asks_the_pool(case) && case.fault.is_some_and(|it| unready.contains(&it))
    {
        return true;
    }
    let early = case.record == Record::Early && case.kind == Kind::BackEndThatClaims;
    let unreachable = case.fault == Some(Fault::ShareUnreachable);
    let busy = case.fault == Some(Fault::ShareBusy) && case.record != Record::Own;
    let barred = matches!(case.record, Record::Taken | Record::Stranger | Record::Unread);
    if case.kind.claims() && (barred || early || unreachable || busy) {
        return true;
    }
    if case.fault == Some(Fault::DatabaseMirrored) && !case.kind.is_in_pool() {
        return true;
    }
    let shell = matches!(case.shell, Shell::Open(Shells::Block | Shells::Wait));
    let pending = case.pending && case.reboot == Reboots::Never;
    case.current != CURRENT && (shell || pending) || case.databases == Databases::Behind && pending
}

/// Whether any of the steps takes the server down.
pub fn takes_down(steps: &[Step]) -> bool {
    steps.iter().any(Step::takes_down)
}
