//! Whether a server is fit for an outage: what `doctor` alone reads, judged. What the gate asks anyway is not here.

use alloc::vec::Vec;

use reconcile_schema::{CheckClass, CheckId, Examined, Fact, Verdict};

use crate::{
    blocker::Unfit,
    comeback::{certificates, dependencies, installer_cache, root_count, schannel, trusted_roots},
    found::{Found, file, read},
    goal::Goal,
    machine::{clock, dotnet, execution_policy, last_boot, power_shell, windows},
    seen::Seen,
    surroundings::{answers, backups, cmdlets, original_release, pool_builds, pool_servers, replicas, services, task},
};

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
        CheckId::Schannel => read(&examined.schannel, schannel),
        CheckId::Module => read(&examined.module, file),
        CheckId::Cmdlets => read(&examined.cmdlets, |all| cmdlets(all)),
        CheckId::Answers => read(&examined.cmdlets, |all| answers(all)),
        CheckId::Scripts => read(&examined.scripts, file),
        CheckId::Signature => read(&examined.signature, file),
        CheckId::ShareLock => read(&examined.share_lock, file),
        CheckId::PoolServers => read(&examined.pool_servers, |all| pool_servers(all)),
        CheckId::Backups => read(&examined.backups, |all| backups(goal, at, all)),
        CheckId::PoolBuilds => return Some(pool_builds(goal, seen)),
        CheckId::Replication => read(&examined.replicas, |all| replicas(all)),
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
