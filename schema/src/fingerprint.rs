//! The fingerprint of a manifest: two files with the same fingerprint declare the same.

use alloc::{format, string::String};
use core::fmt;

use crate::names::text;

/// What the fingerprint begins with: the name of the digest.
const DIGEST: &str = "sha256:";

/// How many bytes of the digest people see.
const SHOWN: usize = 6;

/// The SHA-256 of a manifest in its canonical form: keys sorted, without comments and layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint with this digest.
    #[must_use]
    pub const fn of(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Its first digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        let digits: String = self.0.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
        format!("{DIGEST}{digits}")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DIGEST)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(DIGEST).filter(|digits| digits.len() == 64)?;
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? * 16 + low?).ok()?;
    }
    Some(digest)
}

text!(
    Fingerprint,
    |text| digest(text).map(Self),
    "^sha256:[0-9A-Fa-f]{64}$",
    "a fingerprint such as sha256: and 64 hexadecimal digits"
);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let text = format!("sha256:{}", "0aF9".repeat(16));
        let read: Fingerprint = text.parse().unwrap();
        assert_eq!(read.to_string(), text.to_lowercase());
        assert_eq!(read.short(), "sha256:0af90af90af9");
        assert_eq!(serde_json::from_str::<Fingerprint>(&format!("\"{read}\"")).unwrap(), read);
    }

    #[test]
    fn anything_else_is_refused() {
        let digits = "0a".repeat(32);
        for text in
            ["", &digits, &format!("sha256:{digits}0"), &format!("sha1:{digits}"), &format!("sha256:{}x", &digits[1..])]
        {
            let error = text.parse::<Fingerprint>().unwrap_err().to_string();
            assert!(error.contains("expected a fingerprint") && error.contains(text), "{error}");
        }
    }
}
