//! What a rollout may not do, by an arithmetic of its own: it reads the plain facts and the events, nothing from core.

use std::collections::{BTreeMap, BTreeSet};

use reconcile_schema::Role;

use super::{
    draw::{Plain, WINDOW},
    drive::Work,
};

/// The wait between two upgrade domains, in seconds.
pub const READY: u64 = 20 * 60;

/// How often each rule was broken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Too few Front End Servers of a pool were up.
    pub quorum: usize,
    /// Two servers of a pool that do not belong to one domain were down at once, or too soon after each other.
    pub domains: usize,
    /// Paired pools were worked on together.
    pub pairs: usize,
    /// More servers were worked on than allowed.
    pub at_once: usize,
    /// A server was taken down outside its window, or was expected to be still down when the window closes.
    pub windows: usize,
    /// A ring, a role, the back end or the Central Management Store came too early.
    pub order: usize,
    /// A server began after another one had failed: one of its pool or, where a failure stops everything, any other.
    pub failures: usize,
    /// A server had no turn although nothing had failed, or had two.
    pub turns: usize,
}

/// Servers of a pool; how many of them, first in the order of `Get-CsComputer`, count; and how many of these must run.
const FUNCTIONAL: [(usize, usize, usize); 12] = [
    (1, 1, 0),
    (2, 2, 1),
    (3, 3, 2),
    (4, 4, 2),
    (5, 5, 3),
    (6, 6, 3),
    (7, 7, 4),
    (8, 7, 4),
    (9, 7, 4),
    (10, 9, 5),
    (11, 9, 5),
    (12, 9, 5),
];

/// Counts the broken rules of a rollout.
pub fn judge(plain: &Plain, done: &[Work]) -> Broken {
    let mut broken = Broken::default();
    let host = |work: &Work| &plain.hosts[work.host];
    let mut pools: BTreeMap<usize, Vec<Work>> = BTreeMap::new();
    for work in done {
        pools.entry(host(work).pool).or_default().push(*work);
    }
    let failed = done.iter().any(|work| !work.reached);
    let turns: BTreeSet<_> = done.iter().map(|work| work.host).collect();
    broken.turns += done.len() - turns.len();
    broken.turns += if failed { 0 } else { plain.hosts.len() - turns.len() };
    broken.at_once += usize::from(most(done.iter().copied()) > plain.at_once);
    let mut fronts: BTreeMap<usize, usize> = BTreeMap::new();
    for host in plain.hosts.iter().filter(|host| host.role == Role::FrontEnd) {
        *fronts.entry(host.pool).or_default() += 1;
    }
    for (pool, works) in &pools {
        of_pool(plain, works, fronts.get(pool).copied().unwrap_or_default(), &mut broken);
    }
    let span = |pool: &usize| {
        let works = pools.get(pool)?;
        Some((works.iter().map(|work| work.from).min()?, works.iter().map(|work| work.until).max()?))
    };
    for (one, other) in &plain.pairs {
        if let (Some(one), Some(other)) = (span(one), span(other)) {
            broken.pairs += usize::from(one.0 < other.1 && other.0 < one.1);
        }
    }
    if let Some(hours) = &plain.windows {
        for work in done {
            let hour = u64::from(hours[host(work).site]);
            // Rollouts begin at noon, so the day does too.
            let opens = (hour + 12) % 24 * 3600;
            let at = (work.from + 86_400 - opens) % 86_400;
            let foreseen = u64::from(host(work).length);
            broken.windows += usize::from(at + foreseen > u64::from(WINDOW));
        }
    }
    order(plain, done, &mut broken);
    let first = done.iter().filter(|work| !work.reached).map(|work| (work.until, host(work).pool)).min();
    if let Some((since, _)) = first.filter(|_| !plain.go_on) {
        broken.failures += done.iter().filter(|work| work.from > since).count();
    }
    broken
}

/// The largest number of servers that are worked on at one time.
fn most(works: impl Iterator<Item = Work>) -> usize {
    let mut changes: Vec<(u64, i64)> = works.flat_map(|work| [(work.from, 1), (work.until, -1)]).collect();
    changes.sort_unstable(); // An end comes before a beginning at the same time.
    let (mut now, mut most) = (0, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    usize::try_from(most).unwrap()
}

/// The broken rules in a pool with this number of Front End Servers.
fn of_pool(plain: &Plain, works: &[Work], size: usize, broken: &mut Broken) {
    let host = |work: &Work| &plain.hosts[work.host];
    let is_front_end = |work: &&Work| host(work).role == Role::FrontEnd;
    if let Some((_, first, least)) = FUNCTIONAL.iter().find(|(servers, ..)| *servers == size) {
        // In the worst case, all servers that are down are among the first.
        let down = most(works.iter().filter(is_front_end).copied());
        broken.quorum += usize::from(first.saturating_sub(down) < *least);
    }
    let gap = if size > 0 { READY } else { 0 };
    for one in works {
        for other in works.iter().filter(|other| other.host != one.host && one.from <= other.from) {
            let domains = (host(one).domain, host(other).domain);
            let together = domains.0.is_some() && domains.0 == domains.1;
            broken.domains += usize::from(!together && other.from < one.until + gap);
            broken.failures += usize::from(!one.reached && other.from > one.until);
        }
        let back_end = host(one).role == Role::BackEnd;
        broken.order += usize::from(back_end && works.iter().filter(is_front_end).any(|work| work.until > one.from));
    }
}

/// The order in which the roles of a site have their turns.
const ROLES: [Role; 7] = [
    Role::FrontEnd,
    Role::BackEnd,
    Role::StandardEdition,
    Role::Director,
    Role::Mediation,
    Role::PersistentChat,
    Role::Edge,
];

fn order(plain: &Plain, done: &[Work], broken: &mut Broken) {
    let host = |work: &Work| &plain.hosts[work.host];
    let central = plain.hosts.iter().find(|host| host.central).map(|host| host.pool);
    // A back end has its turn with its pool; every pool here has Front End Servers.
    let rank = |work: &Work| {
        let role = if host(work).role == Role::BackEnd { Role::FrontEnd } else { host(work).role };
        ROLES.iter().position(|other| *other == role)
    };
    let mut rings: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    let mut stages: BTreeMap<(usize, usize, Option<usize>), (u64, u64)> = BTreeMap::new();
    let (mut others, mut last) = (BTreeMap::new(), None);
    for work in done {
        let widen =
            |(from, until): &mut (u64, u64)| (*from, *until) = ((*from).min(work.from), (*until).max(work.until));
        widen(rings.entry(host(work).ring).or_insert((u64::MAX, 0)));
        if Some(host(work).pool) == central {
            widen(&mut last.get_or_insert((host(work).ring, (u64::MAX, 0))).1);
        } else {
            widen(stages.entry((host(work).ring, host(work).site, rank(work))).or_insert((u64::MAX, 0)));
            widen(others.entry(host(work).ring).or_insert((u64::MAX, 0)));
        }
    }
    for (one, other) in rings.values().zip(rings.values().skip(1)) {
        broken.order += usize::from(other.0 < one.1 + u64::from(plain.soak));
    }
    for ((one, at), (other, then)) in stages.iter().zip(stages.iter().skip(1)) {
        broken.order += usize::from((one.0, one.1) == (other.0, other.1) && then.0 < at.1);
    }
    if let Some((ring, (from, _))) = last {
        broken.order += usize::from(others.get(&ring).is_some_and(|(_, until)| from < *until));
    }
}
