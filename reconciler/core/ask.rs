//! What a decision asks for: the facts that are expensive to read.

use core::fmt;

use reconcile_schema::Store;

/// An expensive fact, read only when a decision asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// What the account may do here.
    Rights,
    /// How the update's package stands.
    Package,
    /// Free space on the system drive.
    Disk,
    /// Who holds the product's management assemblies.
    Shells,
    /// Which services of others hold modules of the product.
    Foreign,
    /// How the pool stands.
    Pool,
    /// What the servers of the pool have on their share.
    Claim,
    /// The versions of these databases.
    Databases(Store),
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rights => f.write_str("the rights of the account"),
            Self::Package => f.write_str("the update's package"),
            Self::Disk => f.write_str("the free disk space"),
            Self::Shells => f.write_str("the open management shells"),
            Self::Foreign => f.write_str("the services of others"),
            Self::Pool => f.write_str("the readiness of the pool"),
            Self::Claim => f.write_str("the claim of the pool"),
            Self::Databases(store) => write!(f, "the {store}"),
        }
    }
}
