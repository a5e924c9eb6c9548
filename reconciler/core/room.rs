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

/// How many times its own size an installer needs at most: itself, its unpacked files, and what it keeps to undo the
/// installation. An assumption: no figure is published.
const TIMES: u64 = 3;

/// The work that the drives must have room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The installer, if it will run.
    installer: Option<u64>,
    /// The update of databases on this server's own SQL Server. Nobody here can see the disks of another one.
    databases: bool,
}

impl Room {
    /// The remaining work on a server, by the space that it needs.
    pub(crate) fn of(goal: &Goal, seen: &Seen) -> Self {
        let installs = lacks_update(goal, seen).is_some();
        // The new binaries may expect newer versions of databases that are current now.
        let is_ahead = |store: &Store| installs || !matches!(behind_in(goal, seen, store), Databases::Current);
        Self {
            installer: installs.then(|| seen.host.package_size.unwrap_or_default().saturating_mul(TIMES)),
            databases: goal.stores.iter().any(|store| goal.is_own(store) && is_ahead(store)),
        }
    }

    /// How many bytes must be free on a drive, and what needs them.
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

/// More free space than this changes no decision, for a package of this size.
pub(crate) fn enough(package: Option<u64>) -> u64 {
    DATABASE.max(package.unwrap_or_default().saturating_mul(TIMES))
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
