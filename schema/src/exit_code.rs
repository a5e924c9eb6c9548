//! How an exit code is written: as a number, or in hexadecimal where it is one of Windows' own, such as that of a crash.

use core::fmt;

/// An exit code of a program, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitCode(pub u32);

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The codes that programs choose are small; status values of Windows have their severity in the highest bits.
        if self.0 > 0xFFFF { write!(f, "0x{:08X}", self.0) } else { write!(f, "{}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_code_of_a_crash_is_hexadecimal() {
        assert_eq!(ExitCode(1603).to_string(), "1603");
        assert_eq!(ExitCode(3_221_225_477).to_string(), "0xC0000005");
    }
}
