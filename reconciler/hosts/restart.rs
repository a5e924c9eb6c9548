//! The keys that ask for a restart of Windows by being there.

/// A key below `HKEY_LOCAL_MACHINE` that asks for a restart by being there.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// Who asks, in words.
    pub whose: &'static str,
    pub path: &'static str,
    /// Whether a restart is known to finish what was installed. That of `PackagesPending` is not: a key that stays would have a
    /// sound server restarted without effect.
    pub of_windows: bool,
}

/// All of them. Others ask by values under `SYSTEM`: a list of files to be replaced, a new computer name.
pub const ASKING: [Asking; 3] = [
    Asking {
        whose: "Windows servicing",
        path: r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
        of_windows: true,
    },
    Asking {
        whose: "Windows servicing (packages to be finished)",
        path: r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\PackagesPending",
        of_windows: false,
    },
    Asking {
        whose: "Windows Update",
        path: r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
        of_windows: true,
    },
];
