//! Whether a server is fit for an outage: what `doctor` alone reads, judged. What the gate asks anyway is not here.

use alloc::{collections::BTreeMap, format, string::String, vec, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{
    BackupSeen, Build, CachedPackage, CertificateSeen, CheckClass, CheckId, CmdletSeen, Dependency, DriftCode,
    Examined, Fact, FileSeen, Period, PowerShellSeen, Product, ServerReached, StartType, TaskSeen, TrustedRoots,
    Verdict, WindowsVersion, shown_at,
};

use crate::{
    blocker::{Unfit, listed},
    calendar::next_opening,
    drift::compare,
    goal::Goal,
    seen::Seen,
};

/// The result of a check, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub verdict: Verdict,
    /// What was found, as a clause.
    pub what: String,
}

impl Found {
    pub(crate) fn new(verdict: Verdict, what: impl Into<String>) -> Self {
        Self { verdict, what: what.into() }
    }

    fn ok(what: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, what)
    }

    fn fault(what: impl Into<String>) -> Self {
        Self::new(Verdict::Fault, what)
    }

    fn warning(what: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, what)
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, why)
    }

    pub(crate) fn not_asked(why: impl Into<String>) -> Self {
        Self::new(Verdict::NotAsked, why)
    }

    /// A fault that names these, or what is well where there are none.
    fn none_of(named: &[String], verdict: Verdict, well: impl Into<String>) -> Self {
        if named.is_empty() { Self::ok(well) } else { Self::new(verdict, listed(named)) }
    }
}

/// The checks of the examined facts that forbid taking this server down.
pub(crate) fn unfit(goal: &Goal, seen: &Seen) -> Vec<Unfit> {
    let found = CheckId::ALL.into_iter().filter_map(|check| {
        let Found { verdict, what } = examine(goal, seen, check)?;
        Some(Unfit { check, verdict, what })
    });
    found.filter(|unfit| forbids(goal, unfit.check, unfit.verdict)).collect()
}

/// Whether a result of a check forbids taking a server down.
pub(crate) fn forbids(goal: &Goal, check: CheckId, verdict: Verdict) -> bool {
    let rules = &goal.rules.doctor;
    match (verdict, check.class()) {
        (Verdict::Fault | Verdict::Unknown, CheckClass::Gate) => true,
        (Verdict::Fault, CheckClass::Advice) => !rules.ignore.contains_key(&check),
        (Verdict::Unknown, CheckClass::Advice) => rules.require.contains(&check),
        (Verdict::Ok | Verdict::NotAsked | Verdict::Warning, _) => false,
    }
}

/// What a check of the examined facts finds; none for a check that the gate makes.
pub(crate) fn examine(goal: &Goal, seen: &Seen, check: CheckId) -> Option<Found> {
    let nothing = Examined::default();
    let (examined, unread) = match &seen.host.examined {
        Fact::Known(examined) => (&**examined, None),
        Fact::Unknown(why) => (&nothing, Some(why.as_str())),
        Fact::NotLooked => (&nothing, Some("nobody has read it")),
    };
    let at = seen.host.at;
    let found = match check {
        CheckId::WindowsVersion => read(&examined.windows, |version| windows(goal.product, *version)),
        CheckId::PowerShell => read(&examined.power_shell, power_shell),
        CheckId::ExecutionPolicy => read(&examined.power_shell, execution_policy),
        CheckId::Clock => read(&examined.clock_ahead, |ahead| clock(*ahead)),
        CheckId::LastBoot => return Some(last_boot(seen.host.uptime)),
        CheckId::OriginalRelease => return Some(original_release(goal, seen)),
        CheckId::Services => return Some(services(seen)),
        CheckId::InstallerCache => read(&examined.cached_packages, |packages| installer_cache(packages)),
        CheckId::DotNet => read(&examined.dotnet, |release| dotnet(goal.product, &goal.core, *release)),
        CheckId::Dependencies => read(&examined.dependencies, |all| dependencies(all)),
        CheckId::TrustedRoots => read(&examined.trusted_roots, trusted_roots),
        CheckId::RootCount => read(&examined.trusted_roots, root_count),
        CheckId::Certificates => read(&examined.certificates, |all| certificates(all, at)),
        CheckId::Schannel if !goal.is_in_pool() => Found::not_asked("this is no Front End Server of a pool"),
        CheckId::Schannel => read(&examined.schannel, |values| {
            let wrong = [
                ("EnableSessionTicket", values.enable_session_ticket),
                ("ClientAuthTrustMode", values.client_auth_trust_mode),
            ];
            let wrong = wrong.into_iter().filter(|(_, value)| *value != Some(2));
            let shown = |(name, value): (&str, Option<u32>)| match value {
                Some(value) => format!("{name} is {value}"),
                None => format!("{name} is not set"),
            };
            Found::none_of(&wrong.map(shown).collect::<Vec<_>>(), Verdict::Warning, "both are 2")
        }),
        CheckId::Module => read(&examined.module, file),
        CheckId::Cmdlets => read(&examined.cmdlets, |all| cmdlets(all)),
        CheckId::Answers => read(&examined.cmdlets, |all| answers(all)),
        CheckId::Scripts => read(&examined.scripts, file),
        CheckId::Signature => read(&examined.signature, file),
        CheckId::ShareLock => read(&examined.share_lock, file),
        CheckId::PoolServers => read(&examined.pool_servers, |all| pool_servers(all)),
        CheckId::Backups => read(&examined.backups, |all| backups(goal, at, all)),
        CheckId::PoolBuilds => return Some(pool_builds(goal, seen)),
        CheckId::Replication => read(&examined.replicas, |all| {
            let behind = all.iter().filter(|replica| !replica.up_to_date);
            let behind = behind.map(|replica| format!("the replica of {} is not up to date", replica.server));
            Found::none_of(&behind.collect::<Vec<_>>(), Verdict::Warning, counted(all.len(), "replica", "replicas"))
        }),
        CheckId::ScheduledTask => read(&examined.task, |found| task(goal, at, found.as_ref())),
        CheckId::PrivateFolder => read(&examined.private_folder, file),
        CheckId::FreeSpace
        | CheckId::PendingRestart
        | CheckId::Components
        | CheckId::Package
        | CheckId::OpenShells
        | CheckId::Rights
        | CheckId::Databases
        | CheckId::Pool => return None,
    };
    // A fact that is missing because the whole was not read is unknown, whatever it would have been.
    Some(match unread {
        Some(why) if found.verdict == Verdict::NotAsked => Found::unknown(why),
        Some(_) | None => found,
    })
}

/// Judges a fact that is known.
pub(crate) fn read<T>(fact: &Fact<T>, judge: impl FnOnce(&T) -> Found) -> Found {
    match fact {
        Fact::NotLooked => Found::not_asked("it has no meaning on this server"),
        Fact::Unknown(why) => Found::unknown(why.clone()),
        Fact::Known(value) => judge(value),
    }
}

/// A file that is as assumed, or what is wrong with it.
pub(crate) fn file(seen: &FileSeen) -> Found {
    match &seen.problem {
        None => Found::ok(seen.path.clone()),
        Some(problem) => Found::fault(format!("{}: {problem}", seen.path)),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The versions of Windows for which the system requirements name a product, as the first two numbers and the lowest
/// build; later versions of that family are not known to the requirements, and are reported.
///
/// Lync Server 2013 and Skype for Business Server 2015 by Microsoft's pages; that Windows Server 2022 serves for 2019,
/// and what serves for Subscription Edition, is recalled.
const fn supported(product: Product) -> &'static [(u32, u32, u32)] {
    match product {
        Product::Lync2010 => &[(6, 0, 6002), (6, 1, 7600)],
        Product::Lync2013 => &[(6, 1, 7601), (6, 2, 9200), (6, 3, 9600)],
        Product::Sfb2015 => &[(6, 1, 7601), (6, 2, 9200), (6, 3, 9600), (10, 0, 14393), (10, 0, 17763)],
        Product::Sfb2019 => &[(10, 0, 14393), (10, 0, 17763), (10, 0, 20348)],
        Product::SfbSe => &[(10, 0, 14393), (10, 0, 17763), (10, 0, 20348), (10, 0, 26100)],
    }
}

fn windows(product: Product, version: WindowsVersion) -> Found {
    let WindowsVersion { major, minor, build } = version;
    let shown = format!("Windows {major}.{minor}.{build}");
    if supported(product).contains(&(major, minor, build)) {
        Found::ok(shown)
    } else {
        Found::warning(format!("{shown}, which is not known to be supported for {product}"))
    }
}

/// `ConvertFrom-Json`, which every script uses, came with Windows PowerShell 3.0.
fn power_shell(seen: &PowerShellSeen) -> Found {
    let PowerShellSeen { version, language_mode, .. } = seen;
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        _ if language_mode != "FullLanguage" => {
            Found::fault(format!("a policy holds PowerShell {version} to the mode {language_mode}"))
        }
        Some(major) if major >= 3 => Found::ok(format!("PowerShell {version}")),
        Some(_) => Found::fault(format!("PowerShell {version}")),
        None => Found::unknown(format!("PowerShell reports the version {version:?}")),
    }
}

fn execution_policy(seen: &PowerShellSeen) -> Found {
    let by_group = seen.policies.iter().filter(|one| matches!(one.scope.as_str(), "MachinePolicy" | "UserPolicy"));
    let mut by_group = by_group.filter(|one| one.policy != "Undefined");
    match by_group.next() {
        None => Found::ok("no group policy sets one"),
        // reconcile itself asks for RemoteSigned.
        Some(one) if matches!(one.policy.as_str(), "RemoteSigned" | "Unrestricted" | "Bypass") => {
            Found::ok(format!("{} is {}", one.scope, one.policy))
        }
        Some(one) => Found::fault(format!("{} is {}", one.scope, one.policy)),
    }
}

/// Kerberos refuses a difference of more than five minutes by default.
fn clock(ahead: i64) -> Found {
    let (apart, direction) = (ahead.unsigned_abs(), if ahead < 0 { "behind" } else { "ahead of" });
    let lasted = Period::seconds(u32::try_from(apart).unwrap_or(u32::MAX));
    let said = format!("{lasted} {direction} that of the domain");
    match apart {
        0..60 => Found::ok(said),
        60..300 => Found::warning(said),
        300.. => Found::fault(said),
    }
}

const LONG_UP: Period = Period::hours(90 * 24);

fn last_boot(uptime: Option<Period>) -> Found {
    match uptime {
        None => Found::unknown("the server does not report it"),
        Some(up) if up > LONG_UP => Found::warning(format!("it has been up for {up}")),
        Some(up) => Found::ok(format!("it has been up for {up}")),
    }
}

fn original_release(goal: &Goal, seen: &Seen) -> Found {
    if seen.host.components.known().is_none() {
        return Found::unknown("the installed components are unknown");
    }
    let all = compare(goal, seen);
    let left = all.iter().filter(|found| found.code == Some(DriftCode::OriginalRelease));
    let left: Vec<_> = left.map(|found| format!("{} is at {}", found.subject, found.observed)).collect();
    Found::none_of(&left, Verdict::Warning, "no component")
}

fn services(seen: &Seen) -> Found {
    let Some(services) = seen.host.services.known() else { return Found::unknown("the services are unknown") };
    let ours: Vec<_> = services.iter().filter(|service| service.is_products()).collect();
    let strange = ours.iter().filter(|service| !service.recognised.is_by_name());
    let strange: Vec<_> = strange.map(|service| format!("{} is recognised by its properties", service.name)).collect();
    Found::none_of(&strange, Verdict::Warning, counted(ours.len(), "service", "services"))
}

fn installer_cache(packages: &[CachedPackage]) -> Found {
    if packages.is_empty() {
        return Found::unknown("Windows Installer names no package of the product");
    }
    let missing = packages.iter().filter_map(|package| {
        let of = match &package.update {
            None => package.component.clone(),
            Some(update) => format!("update {update} of {}", package.component),
        };
        match (&package.path, &package.problem) {
            (Some(_), None) => None,
            (Some(path), Some(problem)) => Some(format!("{path} ({of}): {problem}")),
            (None, problem) => {
                Some(format!("no LocalPackage of {of}: {}", problem.as_deref().unwrap_or("the value is missing")))
            }
        }
    });
    Found::none_of(&missing.collect::<Vec<_>>(), Verdict::Fault, counted(packages.len(), "package", "packages"))
}

/// The versions of .NET Framework that a target needs and supports.
///
/// Skype for Business Server 2015: 4.5.2 from CU4 on (Microsoft Support: remote PowerShell fails after CU4); 4.7.1 not
/// before CU5, 4.7.2 not before CU6, 4.8 not before CU9 (Microsoft Learn: Server requirements). Skype for Business
/// Server 2019 supports 4.8 (Microsoft Learn); that it needs 4.7 is recalled, so less is a warning only.
fn dotnet(product: Product, target: &Build, release: Option<u32>) -> Found {
    /// `Release`, and the version (Microsoft Learn: How to determine which .NET Framework versions are installed).
    const RELEASES: [(u32, &str); 10] = [
        (533_320, "4.8.1"),
        (528_040, "4.8"),
        (461_808, "4.7.2"),
        (461_308, "4.7.1"),
        (460_798, "4.7"),
        (394_802, "4.6.2"),
        (394_254, "4.6.1"),
        (393_295, "4.6"),
        (379_893, "4.5.2"),
        (378_389, "4.5"),
    ];
    let Some(release) = release else { return Found::fault(".NET Framework 4.5 or later is not installed") };
    let name = RELEASES.iter().find(|(least, _)| release >= *least).map_or("older than 4.5", |(_, name)| name);
    let shown = format!(".NET Framework {name} (Release {release})");
    let cu = |revision: u64| target.revision >= revision;
    match product {
        Product::Sfb2015 if cu(272) && release < 379_893 => Found::fault(format!("{shown}; {target} needs 4.5.2")),
        Product::Sfb2015 => {
            let too_new = [(528_040, 548, "CU9"), (461_808, 510, "CU6"), (461_308, 281, "CU5")];
            let early = too_new.into_iter().find(|(least, since, _)| release >= *least && !cu(*since));
            match early {
                Some((_, _, update)) => {
                    Found::warning(format!("{shown}, which {update} and later support; the target is {target}"))
                }
                None => Found::ok(shown),
            }
        }
        Product::Sfb2019 | Product::SfbSe if release < 460_798 => {
            Found::warning(format!("{shown}; {product} is not known to support less than 4.7"))
        }
        Product::Lync2010 | Product::Lync2013 | Product::Sfb2019 | Product::SfbSe => Found::ok(shown),
    }
}

fn dependencies(all: &[Dependency]) -> Found {
    let broken = all.iter().filter_map(|Dependency { service, needs, start }| match start {
        None => Some(format!("{service} depends on {needs}, which does not exist")),
        Some(StartType::Disabled) => Some(format!("{service} depends on {needs}, which is disabled")),
        Some(_) => None,
    });
    Found::none_of(&broken.collect::<Vec<_>>(), Verdict::Fault, counted(all.len(), "dependency", "dependencies"))
}

fn trusted_roots(roots: &TrustedRoots) -> Found {
    let shown = |one: &reconcile_schema::MisplacedCertificate| {
        format!("{} ({}) was issued by {}", one.subject, one.thumbprint, one.issuer)
    };
    let misplaced: Vec<_> = roots.misplaced.iter().map(shown).collect();
    match (misplaced.as_slice(), roots.unreadable.as_slice()) {
        ([], []) => Found::ok(counted(roots.count as usize, "root", "roots")),
        ([], unreadable) => Found::unknown(listed(unreadable)),
        (misplaced, _) => Found::fault(listed(misplaced)),
    }
}

fn root_count(roots: &TrustedRoots) -> Found {
    let said = counted(roots.count as usize, "trusted root", "trusted roots");
    if roots.count > 100 { Found::warning(said) } else { Found::ok(said) }
}

const SOON: Period = Period::hours(30 * 24);

fn certificates(all: &[CertificateSeen], at: Timestamp) -> Found {
    if all.is_empty() {
        return Found::unknown("Get-CsCertificate reports no certificate");
    }
    let mut worst = Verdict::Ok;
    let mut said = Vec::new();
    for one in all {
        let name = format!("{} ({}, {})", one.usage, one.subject, one.thumbprint);
        if one.not_after <= at {
            worst = Verdict::Fault;
            said.insert(0, format!("{name} expired at {}", shown_at(one.not_after, None)));
        } else if let Some(from) = one.not_before.filter(|from| *from > at) {
            worst = Verdict::Fault;
            said.insert(0, format!("{name} is not valid before {}", shown_at(from, None)));
        } else if Period::between(at, one.not_after) < SOON {
            worst = worst.max(Verdict::Warning);
            said.push(format!("{name} expires at {}", shown_at(one.not_after, None)));
        }
    }
    if worst == Verdict::Ok {
        Found::ok(counted(all.len(), "certificate", "certificates"))
    } else {
        Found::new(worst, listed(&said))
    }
}

fn cmdlets(all: &[CmdletSeen]) -> Found {
    let missing = all.iter().filter_map(|one| match one.lacks_parameters.as_slice() {
        _ if !one.exists => Some(format!("{} does not exist", one.name)),
        [] => None,
        lacking => Some(format!("{} has no -{}", one.name, lacking.join(", -"))),
    });
    Found::none_of(&missing.collect::<Vec<_>>(), Verdict::Fault, counted(all.len(), "cmdlet", "cmdlets"))
}

/// A warning only: the type that a cmdlet declares may be the base of the type that it returns.
fn answers(all: &[CmdletSeen]) -> Found {
    let declared: Vec<_> = all.iter().filter_map(|one| Some((&one.name, one.lacks_properties.as_ref()?))).collect();
    if declared.is_empty() {
        return Found::unknown("no cmdlet declares the type of its answer");
    }
    let lacking = declared.iter().filter(|(_, lacking)| !lacking.is_empty());
    let lacking = lacking.map(|(name, lacking)| format!("the answer of {name} has no {}", lacking.join(", ")));
    let well = format!("{} declared", counted(declared.len(), "answer is", "answers are"));
    Found::none_of(&lacking.collect::<Vec<_>>(), Verdict::Warning, well)
}

fn pool_servers(all: &[ServerReached]) -> Found {
    let shown = |one: &ServerReached| {
        format!("{}: {}", one.server, one.problem.as_deref().unwrap_or("access to its services is denied"))
    };
    let (denied, unanswered): (Vec<_>, Vec<_>) =
        all.iter().filter(|one| one.denied || one.problem.is_some()).partition(|one| one.denied);
    match (denied.as_slice(), unanswered.as_slice()) {
        ([], []) => Found::ok(counted(all.len(), "server", "servers")),
        ([], unanswered) => Found::unknown(listed(&unanswered.iter().map(|one| shown(one)).collect::<Vec<_>>())),
        (denied, _) => Found::fault(listed(&denied.iter().map(|one| shown(one)).collect::<Vec<_>>())),
    }
}

const BACKED_UP: Period = Period::hours(24);

/// Databases of one server that were backed up at one time are named together.
fn backups(goal: &Goal, at: Timestamp, all: &[BackupSeen]) -> Found {
    let mut old: BTreeMap<(&str, Option<Timestamp>), Vec<String>> = BTreeMap::new();
    for one in all {
        if one.last.is_none_or(|last| Period::between(last, at) > BACKED_UP) {
            old.entry((&one.sql_server, one.last)).or_default().push(one.database.clone());
        }
    }
    let said = old.iter().map(|((server, last), names)| match last {
        None => format!("no full backup of {} on {server} is recorded", listed(names)),
        Some(last) => {
            format!("the last full backup of {} on {server} is of {}", listed(names), shown_at(*last, goal.zone()))
        }
    });
    Found::none_of(&said.collect::<Vec<_>>(), Verdict::Warning, counted(all.len(), "database", "databases"))
}

/// A pool in the middle of a rollout has servers at the old build and at the new one. Any third build stands out.
fn pool_builds(goal: &Goal, seen: &Seen) -> Found {
    let record = match &seen.host.claim {
        _ if goal.claims.is_none() => return Found::not_asked("no share is declared for its pool"),
        Fact::NotLooked => return Found::unknown("nobody has read it"),
        Fact::Unknown(why) => return Found::unknown(why.clone()),
        Fact::Known(record) => record,
    };
    let mut expected = vec![&goal.core];
    expected.extend(seen.host.core(goal.product));
    let others = record.reached.iter().filter(|(server, build)| **server != goal.server && !expected.contains(build));
    let others: Vec<_> = others.map(|(server, build)| format!("{server} is at {build}")).collect();
    Found::none_of(
        &others,
        Verdict::Warning,
        counted(record.reached.len(), "server has reported", "servers have reported"),
    )
}

fn task(goal: &Goal, at: Timestamp, found: Option<&TaskSeen>) -> Found {
    let Some(task) = found else { return Found::not_asked("no task is registered") };
    let TaskSeen { mode, account, next, problems } = task;
    if !problems.is_empty() {
        return Found::warning(listed(problems));
    }
    let mut said = format!("{mode} as {account}");
    if let Some(next) = next {
        said += &format!(", next start {}", shown_at(*next, goal.zone()));
    }
    let opens = goal.rules.maintenance.as_deref().map(|maintenance| next_opening(maintenance, at, Period::default()));
    match (mode.as_str(), opens) {
        ("apply", Some(None)) => Found::warning(format!("{said}; no maintenance window opens any more")),
        ("apply", Some(Some(opens))) => Found::ok(format!("{said}, window from {}", shown_at(opens.from, goal.zone()))),
        _ => Found::ok(said),
    }
}
