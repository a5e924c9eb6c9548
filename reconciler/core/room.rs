//! Room: how much of a disk must be free before the work begins.

use reconcile_schema::{Fact, Observed, Store};

use crate::{
    drive::Drive,
    goal::Goal,
    seen::Seen,
    wanted::{Databases, behind_in, lacks_update},
};

/// The free space that `Install-CsDatabase` needs (Microsoft Support: error when installing Lync Server, "cannot
/// find suitable disks").
const DATABASE: u64 = 16 << 30;

/// How many times its own size an installer takes at most: itself, what it unpacks, and what it keeps to undo it. An assumption: no
/// figure is published.
const TIMES: u64 = 3;

/// What the drives must have room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The installer, where one is ahead.
    installer: Option<u64>,
    /// The update of databases on this server's own SQL Server. Nobody here can see the disks of another one.
    databases: bool,
}

impl Room {
    /// What remains to be done on a server takes this.
    pub(crate) fn of(goal: &Goal, seen: &Seen) -> Self {
        let installs = lacks_update(goal, seen).is_some();
        // The new binaries may expect more of databases that are current now.
        let is_ahead = |store: &Store| installs || !matches!(behind_in(goal, seen, store), Databases::Current);
        Self {
            installer: installs.then(|| seen.host.package_size.unwrap_or_default().saturating_mul(TIMES)),
            databases: goal.stores.iter().any(|store| goal.is_own(store) && is_ahead(store)),
        }
    }

    /// How many bytes must be free on a drive, and for what.
    pub(crate) fn needed(self, drive: Drive) -> (u64, &'static str) {
        let installer = self.installer.unwrap_or_default();
        match drive {
            Drive::System if self.databases && installer < DATABASE => (DATABASE, "Install-CsDatabase"),
            Drive::System | Drive::Private => (installer, "the installer (three times its size)"),
        }
    }
}

pub(crate) const fn drives(host: &Observed) -> [(Drive, &Fact<u64>); 2] {
    [(Drive::System, &host.disk), (Drive::Private, &host.private_disk)]
}

/// The free space, as far as any decision looks at it.
pub(crate) fn little(host: &Observed) -> (Option<u64>, [Fact<u64>; 2]) {
    let most = DATABASE.max(host.package_size.unwrap_or_default().saturating_mul(TIMES));
    let little = drives(host).map(|(_, free)| match free {
        Fact::Known(free) => Fact::Known(most.min(*free)),
        Fact::Unknown(why) => Fact::Unknown(why.clone()),
        Fact::NotLooked => Fact::NotLooked,
    });
    (host.package_size, little)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_holds_the_larger_of_both() {
        let needed = |installer, databases| {
            let room = Room { installer, databases };
            (room.needed(Drive::System).0, room.needed(Drive::Private).0)
        };
        assert_eq!(needed(None, false), (0, 0));
        assert_eq!(needed(Some(900 << 20), false), (900 << 20, 900 << 20));
        assert_eq!(needed(Some(900 << 20), true), (DATABASE, 900 << 20));
        assert_eq!(needed(Some(20 << 30), true), (20 << 30, 20 << 30));
        assert_eq!(needed(None, true), (DATABASE, 0));
    }
}
