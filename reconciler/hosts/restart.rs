//! The registry keys whose existence requests a restart of Windows.

/// A key below `HKEY_LOCAL_MACHINE` whose existence requests a restart.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// Who requests it, in words.
    pub whose: &'static str,
    pub path: &'static str,
    /// Whether a restart is known to finish an installation. For `PackagesPending` that is unknown: if the key stayed,
    /// a healthy server would be restarted without effect.
    pub of_windows: bool,
}

/// All of them. Other requests are values under `SYSTEM`: a list of files to be replaced, a new computer name.
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
