//! The spaces: the worlds that are walked through, as products of small axes that a reader can check.

use std::{collections::BTreeMap, sync::Arc};

use reconcile_core::{Claims, Goal, Rules};
use reconcile_hosts::lab::{Cut, Fault, Simulated, SimulatedRegistration};
use reconcile_schema::{
    Build, Claim, Doubt, Estimates, Fabric, ForeignServices, Installer, Maintenance, Mirrored, OnExceed,
    PendingRestart, Period, PoolRecord, Product, Reboots, Recognised, Released, Role, RunId, Service, ServiceState,
    Shells, StartType, Store, Window,
};

/// The servers of the documentation, one for each product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Standard,
    StandardWithCentral,
    BackEnd,
    BackEndCollocatedWithCentral,
    /// One of three servers of a pool that takes over for it.
    FrontEnd,
    /// The same, in a pool where a server is simply stopped.
    FrontEndOf2013,
    /// One of three servers of a pool that agree on a share which of them is taken down.
    FrontEndThatClaims,
    /// The server from which the back end of that pool is updated, after those three.
    BackEndThatClaims,
}

/// The content of the share where the servers of a pool agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Nobody has claimed the pool, and the servers that come first are done.
    Free,
    /// Another server has claimed the pool.
    Taken,
    /// This server has claimed it, and its journal does not know that.
    Own,
    /// Nobody has claimed it, and one of the servers that come first has reported an older build.
    Early,
    /// Another server had claimed it, and released it five minutes ago.
    Fresh,
    /// Another server had claimed it, and released it at a time one year ahead.
    Future,
    /// The file of one of the servers that come first has another owner, whatever its content.
    Stranger,
    /// The owner of that file cannot be read.
    Unread,
}

/// The services at the beginning of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Services {
    Run,
    Stopped,
    HalfStopped,
    /// Everything runs, including one service that is only started manually.
    ManualRuns,
    ManualStopped,
    DisabledRuns,
    DisabledStopped,
    OnePaused,
    /// Somebody failed the server over.
    FailedOver,
    /// Everything runs, including services of the product with unpublished names, and services of others.
    Unpublished,
    /// Everything runs, including a service of others that the goal names; the goal also names one that does not exist.
    Others,
    /// Everything runs, including a service of others that holds modules of the product and is not named.
    Foreign,
    /// The same, with a policy that only warns.
    ForeignWarned,
}

/// The web server at the beginning of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Web {
    Runs,
    Stopped,
    ManualStopped,
}

/// The state of the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Databases {
    Current,
    Behind,
    /// Current now; the binaries of the update expect more.
    BehindAfterwards,
}

/// How management shells affect the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    None,
    Open(Shells),
}

/// Whether the server may be taken down, whatever else is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It may: there are no windows.
    Given,
    /// It may: a window is open, and stays open.
    Open,
    Closed,
    /// Somebody set a hold.
    Held,
    /// As many outages for the target as are allowed had no effect.
    Spent,
}

/// The journal at the beginning of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    Empty,
    /// An earlier run began to take the services down, with all of them running, and was killed.
    TakenDown,
}

/// How the installer's first start is cut short, on a server for which the manifest declares only Core Components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutShort {
    /// A bit for each component that it has patched, in the order of their names.
    pub patched: u16,
    pub code: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub kind: Kind,
    /// A bit for each of [`JUDGED`], set if it is at its build.
    pub current: u8,
    pub services: Services,
    pub web: Web,
    pub databases: Databases,
    pub staged: bool,
    /// How the installer differs from the smooth case.
    pub installer: Option<Fault>,
    pub cut: Option<CutShort>,
    /// Whether Windows requests a restart.
    pub pending: bool,
    pub reboot: Reboots,
    /// The policy for a restart that Windows requests.
    pub restart: PendingRestart,
    pub shell: Shell,
    pub leave: Leave,
    pub journal: Journal,
    pub record: Record,
    /// Another fault.
    pub fault: Option<Fault>,
}

pub const KINDS: [Kind; 4] =
    [Kind::Standard, Kind::StandardWithCentral, Kind::BackEnd, Kind::BackEndCollocatedWithCentral];
pub const POOL_KINDS: [Kind; 2] = [Kind::FrontEnd, Kind::FrontEndOf2013];
pub const CLAIMING_KINDS: [Kind; 2] = [Kind::FrontEndThatClaims, Kind::BackEndThatClaims];
pub const RECORDS: [Record; 8] = [
    Record::Free,
    Record::Taken,
    Record::Own,
    Record::Early,
    Record::Fresh,
    Record::Future,
    Record::Stranger,
    Record::Unread,
];
pub const SERVICES: [Services; 8] = [
    Services::Run,
    Services::Stopped,
    Services::HalfStopped,
    Services::ManualRuns,
    Services::ManualStopped,
    Services::DisabledRuns,
    Services::DisabledStopped,
    Services::OnePaused,
];
pub const WEB: [Web; 3] = [Web::Runs, Web::Stopped, Web::ManualStopped];
pub const DATABASES: [Databases; 3] = [Databases::Current, Databases::Behind, Databases::BehindAfterwards];
pub const INSTALLERS: [Option<Fault>; 8] = [
    None,
    Some(Fault::InstallerAsksForReboot),
    Some(Fault::InstallerBeginsReboot),
    Some(Fault::InstallerStartsServices),
    Some(Fault::InstallerFindsServices),
    Some(Fault::InstallerStopsHalfWay),
    Some(Fault::InstallerDoesNothing),
    Some(Fault::InstallerFails),
];
pub const SHELLS: [Shell; 4] =
    [Shell::None, Shell::Open(Shells::Block), Shell::Open(Shells::Wait), Shell::Open(Shells::Close)];

/// The components that the goals judge, with the revisions that they must reach.
pub const JUDGED: [(&str, u64); 4] = [
    ("core-components", 1149),
    ("front-end-server", 1133),
    ("web-components-server", 1001),
    ("administrative-tools", 1149),
];
/// Every judged component is at its build.
pub const CURRENT: u8 = 0b1111;
/// The revision of a component that is behind. As a text it is "above" every build that it should reach.
const BEHIND: u64 = 556;
/// The service of worlds that concern a single service.
pub const ONE: &str = "RTCIMMCU";
/// A service of others that holds modules of the product.
pub const RECORDER: &str = "Recorder";
/// Services with unpublished names: with display name, image path, and whether they belong to the product.
pub const UNPUBLISHED: [(&str, &str, &str, bool); 4] = [
    (
        "RTCPDPAUTH",
        "Bandwidth Policy Service (Authentication)",
        r#""C:\Program Files\{product}\Server\PDPAuth.exe" -service"#,
        true,
    ),
    ("RTCVIS", "Skype for Business Server Video Interop Server", r"D:\Video\VisSvc.exe", true),
    ("MSSQL$RTC", "SQL Server (RTC)", r"C:\Program Files\Microsoft SQL Server\sqlservr.exe -sRTC", false),
    ("Recorder", "Contoso Recorder", r"C:\Program Files\Contoso\Recorder.exe", false),
];

/// The smooth case: an outdated server with everything running.
pub const SMOOTH: Case = Case {
    kind: Kind::Standard,
    current: 0,
    services: Services::Run,
    web: Web::Runs,
    databases: Databases::BehindAfterwards,
    staged: false,
    installer: None,
    cut: None,
    pending: false,
    reboot: Reboots::WhenRequired,
    restart: PendingRestart::Report,
    shell: Shell::None,
    leave: Leave::Given,
    journal: Journal::Empty,
    record: Record::Free,
    fault: None,
};

impl Case {
    /// The differences between a world and the smooth case, in the form of `WORLD`: `fault: Some(PoolBusy), web:
    /// Stopped`.
    pub fn name(&self) -> String {
        let (ours, smooth) = (self.fields(), SMOOTH.fields());
        let differs = ours.iter().zip(&smooth).filter(|(ours, smooth)| ours != smooth);
        let named: Vec<_> = differs.map(|((field, value), _)| format!("{field}: {value}")).collect();
        if named.is_empty() { "SMOOTH".into() } else { named.join(", ") }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        macro_rules! fields {
            ($($field:ident),*) => {{
                let Self { $($field),* } = self;
                vec![$((stringify!($field), format!("{:?}", $field))),*]
            }};
        }
        fields!(
            kind, current, services, web, databases, staged, installer, cut, pending, reboot, restart, shell, leave,
            journal, record, fault
        )
    }
}

/// Every product of the given axes. Each axis is a function from a world to its variants.
fn product(axes: &[&dyn Fn(Case) -> Vec<Case>]) -> Vec<Case> {
    axes.iter().fold(vec![SMOOTH], |cases, axis| cases.into_iter().flat_map(axis).collect())
}

fn kinds(case: Case) -> Vec<Case> {
    KINDS.map(|kind| Case { kind, ..case }).to_vec()
}

fn databases(case: Case) -> Vec<Case> {
    DATABASES.map(|databases| Case { databases, ..case }).to_vec()
}

fn installers(case: Case) -> Vec<Case> {
    INSTALLERS.map(|installer| Case { installer, ..case }).to_vec()
}

fn services(of: &[Services]) -> impl Fn(Case) -> Vec<Case> {
    move |case| of.iter().map(|services| Case { services: *services, ..case }).collect()
}

fn components(of: &[u8]) -> impl Fn(Case) -> Vec<Case> {
    move |case| of.iter().map(|current| Case { current: *current, ..case }).collect()
}

/// Every state of the server × everything that the installer may do.
///
/// 4 servers × 16 sets of components × 8 states of the services × 3 of the web server × 3 of the databases × 8
/// installers.
pub fn states() -> Vec<Case> {
    let all: Vec<u8> = (0..=CURRENT).collect();
    product(&[
        &kinds,
        &components(&all),
        &services(&SERVICES),
        &|case| WEB.map(|web| Case { web, ..case }).to_vec(),
        &databases,
        &installers,
    ])
}

/// Services with unpublished names × the work to be done × everything that the installer may do.
///
/// 4 servers × 3 sets of components × 8 installers, and the 2 servers of pools.
pub fn unpublished() -> Vec<Case> {
    let of = services(&[Services::Unpublished]);
    let mut cases = product(&[&kinds, &components(&[0, 0b0110, CURRENT]), &of, &installers]);
    cases.extend(product(&[&pool_kinds, &of]));
    cases
}

/// The worlds with such services in which runs are interrupted everywhere.
///
/// 4 servers × 4 installers, and the 2 servers of pools.
pub fn unpublished_interrupted() -> Vec<Case> {
    let [works, asks, _, starts, finds, ..] = INSTALLERS;
    let of = services(&[Services::Unpublished]);
    let some = |case| [works, asks, starts, finds].map(|installer| Case { installer, ..case }).to_vec();
    let mut cases = product(&[&kinds, &of, &some]);
    cases.extend(product(&[&pool_kinds, &of]));
    cases
}

/// Services of others × the work to be done × some of what the installer may do × whether they stop.
///
/// 4 servers × 3 states × 3 sets of components × 4 installers × 2, and the 2 servers of pools.
pub fn others() -> Vec<Case> {
    let [works, asks, _, starts, _, _, _, fails] = INSTALLERS;
    let of = services(&[Services::Others, Services::Foreign, Services::ForeignWarned]);
    let hangs = |case| [None, Some(Fault::OtherHangsInStop)].map(|fault| Case { fault, ..case }).to_vec();
    let some = |case| [works, asks, starts, fails].map(|installer| Case { installer, ..case }).to_vec();
    let mut cases = product(&[&kinds, &of, &components(&[0, 0b0110, CURRENT]), &some, &hangs]);
    cases.extend(product(&[&pool_kinds, &of, &hangs]));
    cases
}

/// The worlds with such services in which runs are interrupted everywhere.
///
/// 4 servers × 2 installers, and the 2 servers of pools.
pub fn others_interrupted() -> Vec<Case> {
    let [works, asks, ..] = INSTALLERS;
    let of = services(&[Services::Others]);
    let some = |case| [works, asks].map(|installer| Case { installer, ..case }).to_vec();
    let mut cases = product(&[&kinds, &of, &some]);
    cases.extend(product(&[&pool_kinds, &of]));
    cases
}

/// The worlds with such services that go exactly as foreseen.
pub fn others_foreseen() -> Vec<Case> {
    let of = services(&[Services::Others]);
    let mut cases = product(&[&kinds, &components(&[0, CURRENT]), &of]);
    cases.extend(product(&[&pool_kinds, &of]));
    cases
}

/// What can forbid the work × the work to be done × the content of the journal.
///
/// 4 servers × 4 sets of components × 4 states of the services × 3 of the databases × 5 installers × restart pending
/// or not × 2 reboot policies × 4 states and policies of shells × 2 journals, without those that are among the states.
pub fn gates() -> Vec<Case> {
    let [works, asks, _, starts, _, halfway, _, fails] = INSTALLERS;
    let some = [works, asks, starts, halfway, fails];
    let mut cases = product(&[
        &kinds,
        &components(&[0, 0b0001, 0b0110, CURRENT]),
        &services(&[Services::Run, Services::Stopped, Services::ManualRuns, Services::ManualStopped]),
        &databases,
        &|case| some.map(|installer| Case { installer, ..case }).to_vec(),
        &|case| [false, true].map(|pending| Case { pending, ..case }).to_vec(),
        &|case| [Reboots::Never, Reboots::WhenRequired].map(|reboot| Case { reboot, ..case }).to_vec(),
        &|case| SHELLS.map(|shell| Case { shell, ..case }).to_vec(),
        &|case| [Journal::Empty, Journal::TakenDown].map(|journal| Case { journal, ..case }).to_vec(),
    ]);
    let policy = |case: &Case| case.reboot == Reboots::Never || case.shell != Shell::None;
    cases.retain(|case| case.pending || case.journal != Journal::Empty || policy(case));
    cases
}

/// Whether the server may be taken down × the work to be done × whether the machine may be restarted.
///
/// 4 servers × 4 sets of components × 4 states of the services × 3 of the databases × 2 installers × restart pending or
/// not × 3 reboot policies × 4 ways of leave.
pub fn leaves() -> Vec<Case> {
    let reboots = [Reboots::Never, Reboots::WhenRequired, Reboots::InWindow];
    product(&[
        &kinds,
        &components(&[0, 0b0001, 0b0110, CURRENT]),
        &services(&[Services::Run, Services::Stopped, Services::HalfStopped, Services::ManualRuns]),
        &databases,
        &|case| [None, Some(Fault::InstallerAsksForReboot)].map(|installer| Case { installer, ..case }).to_vec(),
        &|case| [false, true].map(|pending| Case { pending, ..case }).to_vec(),
        &|case| reboots.map(|reboot| Case { reboot, ..case }).to_vec(),
        &|case| [Leave::Open, Leave::Closed, Leave::Held, Leave::Spent].map(|leave| Case { leave, ..case }).to_vec(),
    ])
}

/// The faults that are none of the installer. Of those that only `doctor` finds, one whose verdict is a fault, one whose
/// verdict is a warning, and the one with which nothing is known: the decision does not tell the others apart.
fn faults_of_servers() -> Vec<Fault> {
    let stands_for_all = |fault: Fault| matches!(fault, Fault::InstallerCacheGap | Fault::BackupOld);
    let counts = |fault: &Fault| {
        !INSTALLERS.contains(&Some(*fault)) && (fault.only_found_by().is_none() || stands_for_all(*fault))
    };
    Fault::ALL.iter().copied().filter(counts).collect()
}

/// Every other fault of a lab, on a server in each state of need.
///
/// 4 servers × 2 sets of components × 3 states of the services × 3 of the databases × the faults, and an installer that
/// is slow and stops half way.
pub fn faults() -> Vec<Case> {
    let faults = faults_of_servers();
    let mut cases = product(&[
        &kinds,
        &components(&[0, CURRENT]),
        &services(&[Services::Run, Services::HalfStopped, Services::ManualRuns]),
        &databases,
        &|case| faults.iter().map(|fault| Case { fault: Some(*fault), ..case }).collect(),
    ]);
    let installer = Some(Fault::InstallerStopsHalfWay);
    cases.push(Case { installer, fault: Some(Fault::InstallerIsSlow), ..SMOOTH });
    cases.push(Case { installer, fault: Some(Fault::InstallerGoesQuiet), ..SMOOTH });
    cases
}

fn pool_kinds(case: Case) -> Vec<Case> {
    POOL_KINDS.map(|kind| Case { kind, databases: Databases::Current, ..case }).to_vec()
}

/// Every state of a server of a pool × everything that the installer may do, and servers that somebody failed over.
///
/// 2 servers × 4 sets of components × 8 states of the services × 3 of the web server × 8 installers × restart pending or
/// not × 2 reboot policies.
pub fn pools() -> Vec<Case> {
    let mut cases = product(&[
        &pool_kinds,
        &components(&[0, 0b0001, 0b0110, CURRENT]),
        &services(&SERVICES),
        &|case| WEB.map(|web| Case { web, ..case }).to_vec(),
        &installers,
        &|case| [false, true].map(|pending| Case { pending, ..case }).to_vec(),
        &|case| [Reboots::Never, Reboots::WhenRequired].map(|reboot| Case { reboot, ..case }).to_vec(),
    ]);
    let failed_over = |case: &Case| case.kind == Kind::FrontEnd && case.services == Services::Run;
    let taken: Vec<_> = cases.iter().filter(|case| failed_over(case)).copied().collect();
    cases.extend(taken.into_iter().map(|case| Case { services: Services::FailedOver, ..case }));
    cases
}

/// Every fault of a pool, and every other fault, on its servers in each state of need.
///
/// 2 servers × 2 sets of components × 4 states of the services × the faults.
pub fn pool_faults() -> Vec<Case> {
    let faults = faults_of_servers();
    product(&[
        &pool_kinds,
        &components(&[0, CURRENT]),
        &services(&[Services::Run, Services::Stopped, Services::HalfStopped, Services::ManualRuns]),
        &|case| faults.iter().map(|fault| Case { fault: Some(*fault), ..case }).collect(),
    ])
}

/// The worlds in which runs on a server of a pool are interrupted everywhere.
///
/// 2 servers × 2 sets of components × 4 states of the services × 8 installers, and a restart that is pending.
pub fn pools_interrupted() -> Vec<Case> {
    let of = [Services::Run, Services::HalfStopped, Services::ManualRuns, Services::ManualStopped];
    let mut cases = product(&[&pool_kinds, &components(&[0, 0b0110]), &services(&of), &installers]);
    cases.extend(pool_kinds(Case { pending: true, services: Services::ManualRuns, ..SMOOTH }));
    cases
}

/// The worlds in which a run on a server of a pool is killed twice.
pub fn pools_killed_twice() -> Vec<Case> {
    let asks = Case { installer: Some(Fault::InstallerAsksForReboot), services: Services::ManualRuns, ..SMOOTH };
    [pool_kinds(Case { services: Services::ManualRuns, ..SMOOTH }), pool_kinds(asks)].concat()
}

fn claiming_kinds(case: Case) -> Vec<Case> {
    CLAIMING_KINDS.map(|kind| Case { kind, databases: Databases::Current, ..case }).to_vec()
}

/// The content of the share × every state of need × what the installer may do × whether the share can be reached and is
/// free.
///
/// 2 servers × 8 records × 3 sets of components × 4 states of the services × 4 installers × 3 shares.
pub fn claims() -> Vec<Case> {
    let [works, asks, _, starts, _, _, _, fails] = INSTALLERS;
    product(&[
        &claiming_kinds,
        &|case| RECORDS.map(|record| Case { record, ..case }).to_vec(),
        &components(&[0, 0b0110, CURRENT]),
        &services(&[Services::Run, Services::Stopped, Services::HalfStopped, Services::ManualRuns]),
        &|case| [works, asks, starts, fails].map(|installer| Case { installer, ..case }).to_vec(),
        &|case| {
            [None, Some(Fault::ShareUnreachable), Some(Fault::ShareBusy)].map(|fault| Case { fault, ..case }).to_vec()
        },
    ])
}

/// The worlds in which runs on a server that claims its pool are interrupted everywhere.
pub fn claims_interrupted() -> Vec<Case> {
    let [works, asks, _, starts, ..] = INSTALLERS;
    product(&[
        &claiming_kinds,
        &|case| [Record::Free, Record::Own, Record::Fresh].map(|record| Case { record, ..case }).to_vec(),
        &services(&[Services::Run, Services::ManualRuns]),
        &|case| [works, asks, starts].map(|installer| Case { installer, ..case }).to_vec(),
    ])
}

/// Those of them in which the pool may be claimed at once.
pub fn claims_without_a_pause() -> Vec<Case> {
    claims_interrupted().into_iter().filter(|case| case.record != Record::Fresh).collect()
}

/// The worlds of a claimed pool that go exactly as foreseen.
pub fn claims_foreseen() -> Vec<Case> {
    let of = [Services::Run, Services::HalfStopped, Services::ManualRuns];
    product(&[&claiming_kinds, &components(&[0, CURRENT]), &services(&of)])
}

/// The worlds of a pool that go exactly as foreseen.
///
/// 2 servers × 3 sets of components × 8 states of the services × 3 of the web server × 2 of the package × restart pending or
/// not.
pub fn pools_foreseen() -> Vec<Case> {
    product(&[
        &pool_kinds,
        &components(&[0, 0b0110, CURRENT]),
        &services(&SERVICES),
        &|case| WEB.map(|web| Case { web, ..case }).to_vec(),
        &|case| [false, true].map(|staged| Case { staged, ..case }).to_vec(),
        &|case| [false, true].map(|pending| Case { pending, ..case }).to_vec(),
    ])
}

/// A server with a pool that takes over for it, and one that claims that pool.
pub fn pools_that_move() -> Vec<Case> {
    let kinds = [Kind::FrontEnd, Kind::FrontEndThatClaims];
    kinds.map(|kind| Case { kind, databases: Databases::Current, ..SMOOTH }).to_vec()
}

/// A server of each kind that is in no pool.
pub fn plain() -> Vec<Case> {
    KINDS.map(|kind| Case { kind, ..SMOOTH }).to_vec()
}

/// The worlds of a pool in which facts cannot be read.
pub fn pools_unknown() -> Vec<Case> {
    let of = [Services::Run, Services::HalfStopped, Services::ManualRuns];
    product(&[&pool_kinds, &components(&[0, CURRENT]), &services(&of)])
}

/// The worlds in which runs are interrupted everywhere.
///
/// 4 servers × 2 sets of components × 4 states of the services × 8 installers, and one each with databases that are
/// behind already, with a pending restart and with an open shell.
pub fn interrupted() -> Vec<Case> {
    let of = [Services::Run, Services::HalfStopped, Services::ManualRuns, Services::ManualStopped];
    let mut cases = product(&[&kinds, &components(&[0, 0b0110]), &services(&of), &installers]);
    cases.push(Case { current: CURRENT, databases: Databases::Behind, ..SMOOTH });
    cases.push(Case { pending: true, services: Services::ManualRuns, ..SMOOTH });
    cases.push(Case { shell: Shell::Open(Shells::Close), ..SMOOTH });
    cases
}

/// The worlds in which a run is killed twice: the smooth case; a restart; an installer that starts everything; a
/// manually started service on a server where only the databases are behind; half an installation.
pub fn killed_twice() -> Vec<Case> {
    let manual = Case { services: Services::ManualRuns, ..SMOOTH };
    let installer = |fault| Case { installer: Some(fault), ..manual };
    vec![
        Case { kind: Kind::StandardWithCentral, ..manual },
        Case { current: CURRENT, databases: Databases::Behind, ..manual },
        Case { current: 0b1101, kind: Kind::BackEnd, ..manual },
        installer(Fault::InstallerAsksForReboot),
        installer(Fault::InstallerStartsServices),
    ]
}

/// Every set of components that an installer may have patched when it stops, whatever its order, where only Core
/// Components is declared; and how it ends.
///
/// 2 servers × 256 sets, 2 × 16; a failure, a crash, a service that it met.
pub fn cuts() -> Vec<Case> {
    let all = |kind| {
        let count = Case { kind, ..SMOOTH }.server().components.len();
        (0..1_u16 << count).flat_map(move |patched| {
            let cut = |code| Case { kind, cut: Some(CutShort { patched, code }), ..SMOOTH };
            [1603, 0xC000_0005, 2].map(cut)
        })
    };
    KINDS.into_iter().flat_map(all).collect()
}

/// Those of them in which the run that starts the installer is interrupted in it.
pub fn cut_off() -> Vec<Case> {
    let one = |case: &Case| case.cut.is_some_and(|cut| cut.code == 1603);
    cuts().into_iter().filter(one).collect()
}

/// The worlds that go exactly as foreseen.
///
/// 4 servers × 6 sets of components × 8 states of the services × 3 of the web server × 3 of the databases × 2 of the
/// package × restart pending or not.
pub fn foreseen() -> Vec<Case> {
    product(&[
        &kinds,
        &components(&[0, 0b0001, 0b0110, 0b1000, 0b1110, CURRENT]),
        &services(&SERVICES),
        &|case| WEB.map(|web| Case { web, ..case }).to_vec(),
        &databases,
        &|case| [false, true].map(|staged| Case { staged, ..case }).to_vec(),
        &|case| [false, true].map(|pending| Case { pending, ..case }).to_vec(),
    ])
}

/// The worlds in which facts cannot be read.
///
/// 4 servers × 2 sets of components × 3 states of the services × 3 of the databases × restart pending or not.
pub fn unknown() -> Vec<Case> {
    product(&[
        &kinds,
        &components(&[0, CURRENT]),
        &services(&[Services::Run, Services::HalfStopped, Services::ManualRuns]),
        &databases,
        &|case| [false, true].map(|pending| Case { pending, ..case }).to_vec(),
    ])
}

impl Kind {
    const fn product(self) -> Product {
        match self {
            Self::Standard => Product::Lync2013,
            Self::StandardWithCentral => Product::Sfb2015,
            Self::BackEnd => Product::Sfb2019,
            Self::BackEndCollocatedWithCentral => Product::SfbSe,
            Self::FrontEnd | Self::FrontEndThatClaims | Self::BackEndThatClaims => Product::Sfb2019,
            Self::FrontEndOf2013 => Product::Lync2013,
        }
    }

    fn stores(self) -> Vec<Store> {
        let configured = |exclude_collocated| Store::Configured {
            sql_server: "sql01.contoso.example".parse().unwrap(),
            exclude_collocated,
        };
        let central = || Store::CentralManagement {
            sql_server: "sql02.contoso.example".parse().unwrap(),
            instance: "RTC".parse().ok(),
        };
        match self {
            Self::Standard => vec![Store::Local],
            Self::StandardWithCentral => vec![Store::Local, central()],
            Self::BackEnd | Self::BackEndThatClaims => vec![configured(false)],
            Self::BackEndCollocatedWithCentral => vec![configured(true), central()],
            Self::FrontEnd | Self::FrontEndOf2013 | Self::FrontEndThatClaims => Vec::new(),
        }
    }

    pub const fn is_in_pool(self) -> bool {
        matches!(self, Self::FrontEnd | Self::FrontEndOf2013 | Self::FrontEndThatClaims)
    }

    /// Whether its pool is claimed on a share.
    pub const fn claims(self) -> bool {
        matches!(self, Self::FrontEndThatClaims | Self::BackEndThatClaims)
    }
}

impl Case {
    pub fn goal(&self) -> Goal {
        let line = self.kind.product().line();
        let build = |revision| Build { line: line.clone(), revision };
        let role = match self.kind {
            Kind::Standard | Kind::StandardWithCentral => Role::StandardEdition,
            Kind::BackEnd | Kind::BackEndCollocatedWithCentral | Kind::BackEndThatClaims => Role::BackEnd,
            Kind::FrontEnd | Kind::FrontEndOf2013 | Kind::FrontEndThatClaims => Role::FrontEnd,
        };
        let minutes = Period::minutes;
        Goal {
            named: Arc::default(),
            original: None,
            manifest: None,
            server: "server.contoso.example".parse().unwrap(),
            product: self.kind.product(),
            role,
            site: None,
            claims: self.kind.claims().then(|| {
                let after =
                    if self.kind == Kind::BackEndThatClaims { (1..=3).map(front).collect() } else { Vec::new() };
                Arc::new(Claims {
                    folder: r"\\files\claims".into(),
                    writers: vec![],
                    name: pool(),
                    pool: pool(),
                    domain: None,
                    after,
                })
            }),
            pool: (self.kind.is_in_pool() || self.kind.claims()).then(|| "pool01.contoso.example".parse().unwrap()),
            upgrade_domain: None,
            peers: if self.kind.is_in_pool() { 3 } else { 0 },
            pool_servers: Arc::default(),
            update: "the update".into(),
            core: build(JUDGED[0].1),
            floors: JUDGED[1..]
                .iter()
                .filter(|_| self.cut.is_none())
                .map(|(name, revision)| (component(name), build(*revision)))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
            installer: Installer {
                path: r"D:\Updates\Installer.exe".into(),
                sha256: "0a".repeat(32).parse().unwrap(),
                publisher: "Lab Software Publisher".into(),
            },
            pool_stores: None,
            stores: self.kind.stores(),
            mirrored: Mirrored::Block,
            also_stop: if self.services == Services::Others {
                ["recorder", "NotThere"].iter().map(|name| name.parse().unwrap()).collect()
            } else {
                Arc::default()
            },
            rules: Rules {
                pending_restart: self.restart,
                is_always: false,
                renames: Arc::default(),
                fabric: Fabric::Block,
                maintenance: match self.leave {
                    Leave::Given | Leave::Held | Leave::Spent => None,
                    Leave::Open => weekly("UTC", &[("daily", "00:00", "24:00")], None),
                    // Runs begin at 02:00 on a Sunday.
                    Leave::Closed => weekly("UTC", &[("sat", "22:00", "02:00")], None),
                },
                outage_budget: minutes(30),
                on_exceed: OnExceed::StopBefore,
                estimates: Estimates::default(),
                reboot: self.reboot,
                shells: if let Shell::Open(shells) = self.shell { shells } else { Shells::Block },
                foreign: Some(if self.services == Services::ForeignWarned {
                    ForeignServices::Warn
                } else {
                    ForeignServices::Block
                }),
                doctor: Arc::default(),
                is_examined: true,
                attempts: 3,
                database_check: Period::hours(24),
                stop: minutes(15),
                install: minutes(90),
                start: minutes(60),
                database: minutes(60),
                shell_wait: minutes(10),
                quiet: minutes(20),
            },
        }
    }

    /// The content of the share at the beginning of the run.
    pub fn record(&self) -> PoolRecord {
        let claim = |server| {
            let (run, at) = (RunId("an earlier run".into()), jiff::Timestamp::UNIX_EPOCH);
            vec![Claim {
                server,
                pool: pool(),
                domain: None,
                run,
                at,
                boot: None,
                manifest_fingerprint: None,
                written: None,
                later: BTreeMap::new(),
            }]
        };
        let Goal { core, claims, server, .. } = self.goal();
        let reached = claims.iter().flat_map(|claims| &claims.after).map(|server| (server.clone(), core.clone()));
        let mut record = PoolRecord { reached: reached.collect(), ..PoolRecord::default() };
        match self.record {
            Record::Free => {}
            Record::Taken => record.claims = claim("another.contoso.example".parse().unwrap()),
            Record::Own => record.claims = claim(server),
            Record::Early => {
                let older = Build { revision: BEHIND, ..core };
                record.reached.insert(front(2), older);
            }
            Record::Fresh | Record::Future => {
                let (year, fresh) = (jiff::SignedDuration::from_hours(365 * 24), jiff::SignedDuration::from_mins(-5));
                let at = self.server().clock + if self.record == Record::Future { year } else { fresh };
                let last = Released { server: front(2), domain: None, at, written: None, later: BTreeMap::new() };
                record.released.insert(pool(), last);
            }
            Record::Stranger | Record::Unread => {
                let (server, file) = (front(2), "pool01.contoso.example.front2.contoso.example.json".to_owned());
                record.reached.remove(&server);
                record.doubts.push(if self.record == Record::Stranger {
                    Doubt::Stranger { server, file, owner: r"CONTOSO\mallory".into() }
                } else {
                    Doubt::Unread { server, file, why: "access is denied".into() }
                });
            }
        }
        record
    }

    /// The server at the beginning of the run.
    pub fn server(&self) -> Simulated {
        let goal = self.goal();
        let behind = Build { line: goal.core.line.clone(), revision: BEHIND };
        let mut server = Simulated::healthy(&goal, &behind);
        for (bit, (name, revision)) in JUDGED.iter().enumerate() {
            if self.current & 1 << bit != 0 {
                server.components.insert(component(name), Build { revision: *revision, ..behind.clone() });
            }
        }
        let mut odd = false;
        for service in &mut server.services {
            odd = !odd;
            let one = service.name == ONE;
            let (state, start) = match (service.is_web(), self.web, self.services) {
                (true, Web::Runs, _) => (ServiceState::Running, StartType::Automatic),
                (true, Web::Stopped, _) => (ServiceState::Stopped, StartType::Automatic),
                (true, Web::ManualStopped, _) => (ServiceState::Stopped, StartType::Manual),
                (false, _, Services::Stopped) => (ServiceState::Stopped, StartType::Automatic),
                (false, _, Services::HalfStopped) if odd => (ServiceState::Stopped, StartType::Automatic),
                (false, _, Services::ManualRuns) if one => (ServiceState::Running, StartType::Manual),
                (false, _, Services::ManualStopped) if one => (ServiceState::Stopped, StartType::Manual),
                (false, _, Services::DisabledRuns) if one => (ServiceState::Running, StartType::Disabled),
                (false, _, Services::DisabledStopped) if one => (ServiceState::Stopped, StartType::Disabled),
                (false, _, Services::OnePaused) if one => (ServiceState::Paused, StartType::Automatic),
                (false, _, Services::FailedOver) => {
                    server.failed_over.push(service.clone());
                    (ServiceState::Stopped, StartType::Disabled)
                }
                (false, _, _) => (ServiceState::Running, StartType::Automatic),
            };
            (service.state, service.start) = (state, start);
        }
        if self.services == Services::Unpublished {
            for (name, display_name, image_path, _) in UNPUBLISHED {
                let (name, image_path) = (name.to_owned(), image_path.replace("{product}", goal.product.folder()));
                let registration =
                    SimulatedRegistration { display_name: display_name.into(), image_path, holds: false };
                server.registered.insert(name.clone(), registration);
                let (state, start) = (ServiceState::Running, StartType::Automatic);
                server.services.push(Service { name, state, start, needs: vec![], recognised: Recognised::Name });
            }
        }
        if matches!(self.services, Services::Others | Services::Foreign | Services::ForeignWarned) {
            let (display_name, image_path) = ("Contoso Recorder".into(), r"C:\Contoso\Recorder.exe".into());
            let registration = SimulatedRegistration { display_name, image_path, holds: true };
            server.registered.insert(RECORDER.into(), registration);
            let (name, state, start) = (RECORDER.into(), ServiceState::Running, StartType::Automatic);
            server.services.push(Service { name, state, start, needs: vec![], recognised: Recognised::Name });
        }
        for database in server.databases.iter_mut().flat_map(|store| store.databases.values_mut()) {
            match self.databases {
                Databases::Current => database.after_update = database.expected,
                Databases::Behind => database.expected = database.after_update,
                Databases::BehindAfterwards => {}
            }
        }
        let cut = self.cut.map(|cut| {
            let come_to = server.components.keys().enumerate().filter(|(nth, _)| cut.patched & 1 << nth != 0);
            Cut { patched: come_to.map(|(_, name)| name.clone()).collect(), code: cut.code }
        });
        server.cuts.extend(cut);
        server.staged = self.staged;
        let pending = self.pending.then_some(Fault::RebootPending);
        let shell = matches!(self.shell, Shell::Open(_)).then_some(Fault::ShellOpen);
        server.faults = [self.installer, self.fault, pending, shell].into_iter().flatten().collect();
        server
    }
}

/// Maintenance windows, each with its days, its beginning and its end, and the days that are left out.
pub fn weekly(zone: &str, windows: &[(&str, &str, &str)], except: Option<&str>) -> Option<Arc<Maintenance>> {
    let name = |nth: usize| format!("window-{nth}").parse().unwrap();
    let window = |(days, from, to): &(&str, &str, &str)| Window {
        days: days.parse().unwrap(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
    };
    let maintenance = Maintenance {
        time_zone: zone.parse().unwrap(),
        windows: windows.iter().enumerate().map(|(nth, one)| (name(nth), window(one))).collect(),
        except: except.iter().map(|days| (name(0), days.parse().unwrap())).collect(),
    };
    Some(maintenance.into())
}

fn pool() -> reconcile_schema::Fqdn {
    "pool01.contoso.example".parse().unwrap()
}

/// One of the Front End Servers of the back end that claims.
fn front(number: u32) -> reconcile_schema::ServerName {
    format!("front{number}.contoso.example").parse().unwrap()
}

fn component(name: &str) -> reconcile_schema::ComponentName {
    reconcile_schema::ComponentName::from_title(name).unwrap()
}
