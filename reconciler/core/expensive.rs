//! The expensive facts of a host between two observations: kept until an act may have changed them.

use alloc::{collections::BTreeMap, format, vec::Vec};

use reconcile_schema::{
    Change, Database, Fact, Foreign, Observed, PackageSeen, PoolRecord, PoolSeen, Rights, Shared, Shell, Step, Store,
};

/// What was last looked at. Every host that can act keeps one.
#[derive(Debug, Clone, Default)]
pub struct Expensive {
    /// How the update's package stands.
    pub package: Fact<PackageSeen>,
    /// How many bytes it has.
    pub package_size: Option<u64>,
    /// Free bytes on the system drive.
    pub disk: Fact<u64>,
    /// Free bytes on the drive of the private folder.
    pub private_disk: Fact<u64>,
    /// What the account may do.
    pub rights: Fact<Rights>,
    /// Who holds the product's management assemblies.
    pub shells: Fact<Vec<Shell>>,
    /// Which services of others hold modules of the product.
    pub foreign: Fact<Vec<Foreign>>,
    /// The databases.
    pub databases: Shared<BTreeMap<Store, Fact<Vec<Database>>>>,
    /// How the pool stands.
    pub pool: Fact<PoolSeen>,
    /// What the servers of the pool have on their share.
    pub claim: Fact<PoolRecord>,
}

impl Expensive {
    /// Puts what was looked at into an observation.
    pub fn carry(&self, seen: &mut Observed) {
        seen.package = self.package.clone();
        seen.package_size = self.package_size;
        seen.disk = self.disk.clone();
        seen.private_disk = self.private_disk.clone();
        seen.rights = self.rights.clone();
        seen.shells = self.shells.clone();
        seen.foreign = self.foreign.clone();
        seen.databases = self.databases.clone();
        seen.pool = self.pool.clone();
        seen.claim = self.claim.clone();
    }

    /// What was read of databases; where they could not be, and the account is known to lack the right, that is said.
    #[must_use]
    pub fn not_readable(&self, fact: Fact<Vec<Database>>) -> Fact<Vec<Database>> {
        let may_not = self.rights.known().is_some_and(|rights| rights.server_admin == Some(false));
        match fact {
            Fact::Unknown(why) if may_not => Fact::Unknown(format!("not readable by this account: {why}")),
            Fact::Known(_) | Fact::Unknown(_) | Fact::NotLooked => fact,
        }
    }

    /// Forgets what `step` may have changed.
    pub fn forget(&mut self, step: &Step) {
        // Others work on the pool, too: what it says counts for one step.
        (self.pool, self.claim) = (Fact::NotLooked, Fact::NotLooked);
        match step.change() {
            Change::Package => {
                (self.package, self.disk, self.private_disk) = (Fact::NotLooked, Fact::NotLooked, Fact::NotLooked);
            }
            Change::Stopped(_) | Change::Shells => (self.shells, self.foreign) = (Fact::NotLooked, Fact::NotLooked),
            Change::Components => {
                (self.disk, self.private_disk) = (Fact::NotLooked, Fact::NotLooked);
                (self.shells, self.foreign) = (Fact::NotLooked, Fact::NotLooked);
                self.databases.clear();
            }
            Change::Databases(store) => {
                self.disk = Fact::NotLooked;
                self.databases.remove(store);
            }
            Change::Boot => *self = Self::default(),
            Change::Claim | Change::Mark | Change::Running(_) => {}
        }
    }

    /// Forgets what other people may have changed while nothing was done.
    pub fn forget_after_pause(&mut self) {
        (self.shells, self.foreign) = (Fact::NotLooked, Fact::NotLooked);
        (self.pool, self.claim) = (Fact::NotLooked, Fact::NotLooked);
    }
}
