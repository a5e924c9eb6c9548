//! A drive of the server, and sizes for people.

use alloc::format;
use core::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// The drive of Windows.
    System,
    /// The drive of the private folder.
    Private,
}

impl fmt::Display for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "the system drive",
            Self::Private => "the drive of reconcile's folder",
        })
    }
}

/// A number of bytes for people.
pub(crate) fn bytes(count: u64) -> alloc::string::String {
    const GIB: u64 = 1 << 30;
    match count {
        GIB.. => format!("{}.{} GB", count / GIB, count % GIB * 10 / GIB).replace(".0 GB", " GB"),
        _ => format!("{} MB", count >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_said_as_people_say_them() {
        let said = [5 << 20, 900 << 20, 1 << 30, (5 << 30) + (512 << 20), 16 << 30].map(bytes);
        assert_eq!(said, ["5 MB", "900 MB", "1 GB", "5.5 GB", "16 GB"]);
    }
}
