//! Whether a pool can do without one of its servers: what the product says of it, and how many must stay.

use alloc::{string::String, vec::Vec};
use core::fmt;

use reconcile_schema::{PoolSeen, Readiness};

use crate::{Goal, Seen};

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
    let (left, needed) = (active.saturating_sub(u32::from(seen.is_active())), functional(servers));
    (left < needed).then_some(Unready::Quorum { active, servers, needed })
}

/// How many servers of a pool of this size must run for it to stay functional (Microsoft Learn: Front End Pool high
/// availability and management). Of a large pool some may run only among the first of `Get-CsComputer -Pool`; which ones is
/// left to the product, this is a floor.
const fn functional(servers: u32) -> u32 {
    match servers {
        0 | 1 => 0, // Nobody is there to take over, which the product says itself.
        2 => 1,
        3 | 4 => 2,
        5 | 6 => 3,
        7..=9 => 4,
        10 | 11 => 5,
        12.. => 7,
    }
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_documents() {
        let table =
            [(2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (8, 4), (9, 4), (10, 5), (11, 5), (12, 7), (16, 7)];
        for (servers, needed) in table {
            assert_eq!(functional(servers), needed, "a pool of {servers}");
        }
    }
}
