//! Whether a pool can do without one of its servers: what the product says of it, and how many must stay.

use alloc::{string::String, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{Period, PoolSeen, Readiness, ServerName};

use crate::{Goal, Seen, quorum::spare};

/// How long a Front End pool must have been ready before its next servers are taken down (Microsoft Learn, "Topologies and
/// components for Front End Servers", Lync Server 2013: between upgrade domains; nothing shorter is documented for later
/// products).
pub const READY: Period = Period::minutes(20);

/// Why a pool cannot do without one of its servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unready {
    /// It is busy: replicas are on their way.
    Busy,
    /// By its own word, too few of its servers are active.
    Insufficient {
        /// How many are active.
        active: u32,
        /// How many it has.
        servers: u32,
    },
    /// Replicas are missing.
    Replicas {
        /// The product's words for each.
        missing: Vec<String>,
    },
    /// With one server less, too few would run.
    Quorum {
        /// How many are active.
        active: u32,
        /// How many it has.
        servers: u32,
        /// How many must be.
        needed: u32,
    },
    /// The last server that was taken down has not been back for long enough.
    Settling {
        /// That server.
        server: ServerName,
        /// When it was back.
        back: Timestamp,
        /// When the pool was ready again, where it was not meanwhile.
        again: Option<Timestamp>,
        /// How long the pool must still be ready.
        left: Period,
    },
}

/// Why the pool that was found so cannot do without this server now.
pub(crate) fn unready(goal: &Goal, seen: &Seen, found: &PoolSeen) -> Option<Unready> {
    let (active, servers) = (found.active, found.servers.max(goal.peers));
    match found.readiness {
        Readiness::Busy => return Some(Unready::Busy),
        Readiness::InsufficientActiveFrontEnds => return Some(Unready::Insufficient { active, servers }),
        Readiness::Ready => {}
    }
    if !found.missing.is_empty() {
        return Some(Unready::Replicas { missing: found.missing.clone() });
    }
    let (left, needed) = (active.saturating_sub(u32::from(seen.is_active())), needed(servers));
    (left < needed).then_some(Unready::Quorum { active, servers, needed })
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("it is busy (PoolUpgradeState is Busy)"),
            Self::Insufficient { active, servers } => {
                write!(
                    f,
                    "{active} of its {servers} servers are active (PoolUpgradeState is InsufficientActiveFrontEnds)"
                )
            }
            Self::Replicas { missing } => write!(f, "replicas are missing: {}", missing.join("; ")),
            Self::Quorum { active, servers, needed } => {
                write!(f, "{active} of its {servers} servers are active, and {needed} must stay")
            }
            Self::Settling { server, back, again: None, left: _ } => {
                write!(f, "it must have been ready for {READY} since {server} came back at {back:.0}")
            }
            Self::Settling { server, back: _, again: Some(again), left: _ } => {
                write!(
                    f,
                    "it must have been ready for {READY} since {server} came back, and is ready since {again:.0} only"
                )
            }
        }
    }
}

/// How many servers of a pool must run when one more is to go.
fn needed(servers: u32) -> u32 {
    let spare = usize::try_from(servers).map_or(0, spare);
    servers.saturating_sub(u32::try_from(spare).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_keeps_what_the_documents_ask_for() {
        let table =
            [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (8, 5), (9, 6), (10, 6), (12, 8), (16, 11)];
        for (servers, kept) in table {
            assert_eq!(needed(servers), kept, "a pool of {servers}");
        }
    }
}
