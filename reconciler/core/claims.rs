//! Where the servers of a pool agree on who of them is taken down, and when it is the turn of the back end.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{
    AccountName, Build, Claim, ClaimShare, Doubt, Fqdn, Manifest, Period, Role, ServerName, UpdateName,
};

use crate::{
    Goal, Seen,
    pool::{READY, Unready},
    roster::{Entry, Roster},
    topology::Standing,
};

/// Where a pool's record lies, and for whom its server waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The folder on the share.
    pub folder: String,
    /// The accounts whose files are believed in addition to those of the servers' own computer accounts.
    pub writers: Vec<AccountName>,
    /// The name of the record: that of the pool or, of two pools that stand in for each other, the one that comes first. So one
    /// claim keeps them both.
    pub name: Fqdn,
    /// The pool.
    pub pool: Fqdn,
    /// The upgrade domain: the servers of one may be taken down together.
    pub domain: Option<UpdateName>,
    /// The servers that must be done before this one is taken down: those at the front of its own back end.
    pub after: Vec<ServerName>,
}

impl Claims {
    /// What a manifest says of it for a server of this role in this pool.
    pub(crate) fn of(manifest: &Manifest, roster: &Roster<'_>, role: Role, standing: &Standing<'_>) -> Option<Self> {
        // An Edge Server stands in front of the firewall and in no domain: no share of the inside is there for it.
        let ClaimShare { folder, writers } = manifest.rollout.claims.as_ref().filter(|_| role != Role::Edge)?.clone();
        let folder = folder.to_string();
        let pool = standing.pool?;
        let partners = manifest.pools.iter().filter_map(|(name, other)| match &other.paired_with {
            Some(partner) if name == pool => Some(partner),
            Some(partner) if partner == pool => Some(name),
            Some(_) | None => None,
        });
        let name = partners.fold(pool, Ord::min).clone();
        let after = if role == Role::BackEnd { fronts(manifest, roster, pool).collect() } else { Vec::new() };
        Some(Self { folder, writers, name, pool: pool.clone(), domain: standing.upgrade_domain.cloned(), after })
    }
}

/// The Front End Servers of a pool. One that has an entry of its own next to a range that contains it is told by that entry.
pub(crate) fn fronts<'a>(
    manifest: &'a Manifest,
    roster: &'a Roster<'a>,
    pool: &'a Fqdn,
) -> impl Iterator<Item = ServerName> + 'a {
    let front = move |entry: &&Entry<'_>| {
        let Standing { role, pool: named, .. } = Standing::of(manifest, entry.server);
        role == Some(Role::FrontEnd) && named == Some(pool)
    };
    roster.entries().iter().filter(front).flat_map(move |entry| roster.servers(entry, |_| true).map(|(_, name)| name))
}

/// The claim of a server for this run.
#[must_use]
pub fn claim_of(goal: &Goal, claims: &Claims, seen: &Seen) -> Claim {
    Claim {
        server: goal.server.clone(),
        pool: claims.pool.clone(),
        domain: claims.domain.clone(),
        run: seen.run.id.clone(),
        at: seen.host.at,
        boot: seen.host.boot.known().cloned(),
        written: None,
        later: BTreeMap::new(),
    }
}

/// The build that the other servers of the pool are to be told of: that of Core Components, once no component is behind.
#[must_use]
pub fn reached(goal: &Goal, seen: &Seen) -> Option<Build> {
    let components = seen.host.components.known()?;
    goal.behind(components).is_empty().then(|| seen.host.core(goal.product).cloned())?
}

/// Whether the other servers of the pool are to be told that this one is done, or has not claimed the pool any more.
pub(crate) fn is_unreleased(goal: &Goal, seen: &Seen) -> bool {
    goal.claims.is_some()
        && (seen.marks.claimed || reached(goal, seen).is_some_and(|core| seen.marks.told != Some(core)))
}

/// The first server that must be done before this one and has not said that it is, with the build that it told of last.
pub(crate) fn not_done<'a>(goal: &'a Goal, seen: &'a Seen) -> Option<(&'a ServerName, Option<&'a Build>)> {
    let (claims, record) = (goal.claims.as_ref()?, seen.host.claim.known()?);
    let told = claims.after.iter().map(|server| (server, record.reached.get(server)));
    told.into_iter().find(|(_, build)| !build.is_some_and(|build| build.reaches(&goal.core)))
}

/// What keeps this server from being taken down because nobody can rely on what lies on the share.
pub(crate) fn doubts(goal: &Goal, seen: &Seen) -> Vec<Doubt> {
    let doubts = seen.host.claim.known().map_or(&[][..], |record| &record.doubts);
    doubts.iter().filter(|doubt| doubt.forbids(&goal.server)).cloned().collect()
}

/// Whether the servers of the pool that were taken down last have not been back for long enough: since then, or since this
/// run last saw it otherwise, the pool must have been ready.
///
/// Where a server was back at a time that is still to come, nobody knows when that was: the pool must be ready while this run
/// waits, which ends.
pub(crate) fn unsettled(goal: &Goal, seen: &Seen) -> Option<Unready> {
    let (claims, record) = (goal.claims.as_ref().filter(|_| goal.is_in_pool())?, seen.host.claim.known()?);
    let last = record.last_of_others(&goal.server, &claims.pool, claims.domain.as_ref())?;
    let (server, back, now) = (last.server.clone(), last.back(), seen.host.at);
    let again = seen.run.ready_again.filter(|then| *then > back || is_ahead(back, now));
    let ready = match again {
        Some(then) => Period::between(then, now),
        None if is_ahead(back, now) => seen.run.waited,
        None => Period::between(back, now),
    };
    let clock = wrong_clock(&last.server, last.at, last.written, now);
    (ready < READY).then(|| Unready::Settling { server, back, again, left: READY - ready, clock })
}

/// How far two clocks may be apart: what a time service corrects in passing.
pub(crate) const CLOCK_TOLERANCE: Period = Period::minutes(5);

fn is_ahead(time: Timestamp, of: Timestamp) -> bool {
    Period::between(of, time) > CLOCK_TOLERANCE
}

/// A clock that is wrong: what a server said of a time contradicts the clock of the share, or ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongClock {
    /// That of the server, which was ahead of the share's clock.
    Theirs {
        /// The server.
        server: ServerName,
        /// How far it was ahead.
        ahead: Period,
    },
    /// Ours: the server and the share agree.
    Ours {
        /// The server.
        server: ServerName,
        /// How far ours is behind, at least.
        behind: Period,
    },
    /// That of the server or ours: no third clock is known.
    Either {
        /// The server.
        server: ServerName,
        /// How far the server's is ahead of ours, at least.
        apart: Period,
    },
}

/// Whose clock is wrong when a server says `at` in a file that was written then by the clock of the share.
#[must_use]
pub fn wrong_clock(
    server: &ServerName,
    at: Timestamp,
    written: Option<Timestamp>,
    now: Timestamp,
) -> Option<WrongClock> {
    let server = server.clone();
    match written {
        Some(written) if is_ahead(at, written) => {
            Some(WrongClock::Theirs { server, ahead: Period::between(written, at) })
        }
        Some(_) if is_ahead(at, now) => Some(WrongClock::Ours { server, behind: Period::between(now, at) }),
        None if is_ahead(at, now) => Some(WrongClock::Either { server, apart: Period::between(now, at) }),
        Some(_) | None => None,
    }
}

impl fmt::Display for WrongClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Theirs { server, ahead } => {
                write!(f, "the clock of {server} was {} ahead of the share's", roughly(*ahead))
            }
            Self::Ours { server, behind } => {
                write!(f, "the clock of this server is {} behind those of {server} and of the share", roughly(*behind))
            }
            Self::Either { server, apart } => {
                write!(f, "the clock of {server} is ahead, or that of this server behind, by {}", roughly(*apart))
            }
        }
    }
}

/// A difference of clocks as people say it: in days, where it has some.
fn roughly(period: Period) -> String {
    const DAY: u32 = 86_400;
    match (period.as_seconds() + DAY / 2) / DAY {
        0 | 1 => period.to_string(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// Minutes after a day on which nothing else happens.
    fn minute(number: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * number).expect("a time")
    }

    #[test]
    fn the_clock_that_two_others_contradict_is_wrong() {
        let server: ServerName = "fe01.contoso.example".parse().expect("a name");
        let day = 24 * 60;
        let cases = [
            // said, written, now
            (0, Some(0), 10, None),
            (5, Some(0), 1, None),
            (0, Some(day), 2 * day, None), // Written again later.
            (day, Some(0), 10, Some("the clock of fe01.contoso.example was 24 h ahead of the share's")),
            (day, Some(0), 3 * day, Some("the clock of fe01.contoso.example was 24 h ahead of the share's")),
            (
                day,
                Some(day),
                0,
                Some("the clock of this server is 24 h behind those of fe01.contoso.example and of the share"),
            ),
            (5, None, 0, None),
            (6, None, 0, Some("the clock of fe01.contoso.example is ahead, or that of this server behind, by 6 min")),
        ];
        for (at, written, now, said) in cases {
            let clock = wrong_clock(&server, minute(at), written.map(minute), minute(now));
            assert_eq!(clock.map(|clock| clock.to_string()).as_deref(), said, "{at} {written:?} {now}");
        }
    }
}
