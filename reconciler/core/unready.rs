//! Why a pool cannot spare one of its servers.

use alloc::{string::String, vec::Vec};
use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{Period, ServerName, shown_at};

use crate::{clock::WrongClock, quorum::READY};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unready {
    /// It is busy: replicas are being moved.
    Busy,
    /// It reports that too few of its servers are active.
    Insufficient { active: Option<u32>, servers: Option<u32> },
    /// Its upgrade domains may not all be taken down.
    Domain {
        /// Whether the domain that is not ready is that of this server; if not, it is unknown which one it is.
        own: bool,
    },
    /// It reports neither upgrade domains nor the number of its active servers.
    Untold,
    /// With one server less, too few would run.
    Quorum {
        active: u32,
        servers: u32,
        /// The number that must run.
        needed: u32,
    },
    /// Replicas are missing.
    Replicas {
        /// The product's words for each.
        missing: Vec<String>,
    },
    /// It reports warnings about its fabric.
    Warned { warnings: Vec<String> },
    /// Its answer about its fabric is not understood.
    NotUnderstood {
        /// Its words.
        said: Vec<String>,
    },
    /// The last server that was taken down has not been back for long enough.
    Settling {
        server: ServerName,
        back: Timestamp,
        /// When the pool became ready again, if it was not ready meanwhile.
        again: Option<Timestamp>,
        /// How long the pool must still be ready.
        left: Period,
        /// The wrong clock, if there is one.
        clock: Option<WrongClock>,
    },
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("it is busy (PoolUpgradeState is Busy)"),
            Self::Insufficient { active: Some(active), servers: Some(servers) } => {
                write!(
                    f,
                    "{active} of its {servers} servers are active (PoolUpgradeState is InsufficientActiveFrontEnds)"
                )
            }
            Self::Insufficient { .. } => {
                f.write_str("too few of its servers are active (PoolUpgradeState is InsufficientActiveFrontEnds)")
            }
            Self::Domain { own: true } => {
                f.write_str("the upgrade domain of this server is not ready (IsReadyForUpgrade is False)")
            }
            Self::Domain { own: false } => f.write_str(
                "one of its upgrade domains is not ready (IsReadyForUpgrade is False), and which of them holds this server is not known",
            ),
            Self::Untold => f.write_str(
                "it reports neither its upgrade domains (IsReadyForUpgrade) nor how many of its servers are active",
            ),
            Self::Replicas { missing } => write!(f, "replicas are missing: {}", missing.join("; ")),
            Self::Warned { warnings } => write!(f, "Get-CsPoolFabricState warns: {}", warnings.join("; ")),
            Self::NotUnderstood { said } => {
                write!(f, "the answer of Get-CsPoolFabricState is not understood; it says {}", said.join(", "))
            }
            Self::Quorum { active, servers, needed } => {
                write!(f, "{active} of its {servers} servers are active, and {needed} must stay")
            }
            Self::Settling { server, back, again, left: _, clock } => {
                match again {
                    Some(again) => write!(
                        f,
                        "it must be ready for {READY} after {server} came back, and has been ready only since {}",
                        shown_at(*again, None)
                    )?,
                    None => write!(f, "it must be ready for {READY} after {server} came back on {}", shown_at(*back, None))?,
                }
                clock.as_ref().map_or(Ok(()), |clock| write!(f, "; {clock}"))
            }
        }
    }
}
