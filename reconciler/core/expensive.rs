//! The expensive facts of a host between two observations. Each is kept until an act may have changed it.

use alloc::{collections::BTreeMap, format, vec::Vec};

use reconcile_schema::{
    Change, Database, Examined, Fact, Foreign, Observed, PackageSeen, PoolRecord, PoolSeen, Rights, Shared, Shell,
    Step, Store,
};

/// The facts that were last read. Every host that can act keeps one set.
#[derive(Debug, Clone, Default)]
pub struct Expensive {
    pub package: Fact<PackageSeen>,
    /// Its size in bytes.
    pub package_size: Option<u64>,
    pub disk: Fact<u64>,
    pub private_disk: Fact<u64>,
    /// The rights of the account.
    pub rights: Fact<Rights>,
    /// The processes that hold the product's management assemblies.
    pub shells: Fact<Vec<Shell>>,
    /// The services of other products that hold modules of the product.
    pub foreign: Fact<Vec<Foreign>>,
    pub databases: Shared<BTreeMap<Store, Fact<Vec<Database>>>>,
    /// The state of the pool.
    pub pool: Fact<PoolSeen>,
    /// The record that the servers of the pool keep on their share.
    pub claim: Fact<PoolRecord>,
    /// What only `doctor` reads.
    pub examined: Fact<Shared<Examined>>,
}

impl Expensive {
    /// Adds the facts that were read to an observation.
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
        seen.examined = self.examined.clone();
    }

    /// The facts about databases; where they are unknown and the account is known to lack the right, the reason says
    /// so.
    #[must_use]
    pub fn not_readable(&self, fact: Fact<Vec<Database>>) -> Fact<Vec<Database>> {
        let may_not = self.rights.known().is_some_and(|rights| rights.server_admin == Some(false));
        match fact {
            Fact::Unknown(why) if may_not => Fact::Unknown(format!("not readable by this account: {why}")),
            Fact::Known(_) | Fact::Unknown(_) | Fact::NotLooked => fact,
        }
    }

    /// Forgets the facts that `step` may have changed.
    pub fn forget(&mut self, step: &Step) {
        // Other servers change the state of the pool too, so it remains valid for one step only.
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
                self.examined = Fact::NotLooked;
            }
            Change::Databases(store) => {
                self.disk = Fact::NotLooked;
                self.databases.remove(store);
            }
            Change::Boot => *self = Self::default(),
            Change::Claim | Change::Mark | Change::Running(_) => {}
        }
    }

    /// Forgets the facts that other people may have changed during a pause.
    pub fn forget_after_pause(&mut self) {
        (self.shells, self.foreign) = (Fact::NotLooked, Fact::NotLooked);
        (self.pool, self.claim) = (Fact::NotLooked, Fact::NotLooked);
    }
}
