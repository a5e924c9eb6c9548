//! The keys that ask for a restart of Windows by being there.

/// Who asks, in words, and the key below `HKEY_LOCAL_MACHINE`. Others ask by values under `SYSTEM`: a list of files to be
/// replaced, a new computer name.
pub const ASKING: [(&str, &str); 3] = [
    ("Windows servicing", r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"),
    (
        "Windows servicing (packages to be finished)",
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\PackagesPending",
    ),
    ("Windows Update", r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"),
];
