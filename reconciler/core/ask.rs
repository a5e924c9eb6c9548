//! What a decision asks for: the facts that are expensive to read.

use core::fmt;

use reconcile_schema::Store;

/// An expensive fact, read only when a decision asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The rights of the account.
    Rights,
    /// The state of the update's package.
    Package,
    /// Free space on the system drive.
    Disk,
    /// The processes that hold the product's management assemblies.
    Shells,
    /// The services of other products that hold modules of the product.
    Foreign,
    /// The state of the pool.
    Pool,
    /// The record that the servers of the pool keep on their share.
    Claim,
    /// What only `doctor` reads.
    Examination,
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
            Self::Examination => f.write_str("what doctor checks"),
            Self::Databases(store) => write!(f, "the {store}"),
        }
    }
}
