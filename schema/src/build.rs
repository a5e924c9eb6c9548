//! A build: `5.0.8308.1149` is a product line, `5.0.8308`, and a revision of it, `1149`.

use core::{cmp::Ordering, fmt, str::FromStr};

use semver::Version;

use crate::{NameError, names::text_serde};

/// A four-part build number of one of the products.
///
/// The first three parts are the product line and form a semantic version; the fourth rises with each cumulative
/// update. Builds of different lines do not compare, so a Lync Server 2013 build can never pass for an "older" Skype
/// for Business build: hence `PartialOrd` and no `Ord`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Build {
    /// The product line, for instance `6.0.9319`.
    pub line: Version,
    /// The fourth number. Compared as a number: `992` is older than `1001`.
    pub revision: u64,
}

impl Build {
    /// The build `major.minor.patch.revision`.
    #[must_use]
    pub const fn new(major: u64, minor: u64, patch: u64, revision: u64) -> Self {
        Self { line: Version::new(major, minor, patch), revision }
    }

    /// Whether this build belongs to the same line as `other` and is at or above it.
    #[must_use]
    pub fn reaches(&self, other: &Self) -> bool {
        matches!(self.partial_cmp(other), Some(Ordering::Equal | Ordering::Greater))
    }
}

impl PartialOrd for Build {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.line == other.line).then(|| self.revision.cmp(&other.revision))
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Version { major, minor, patch, .. } = &self.line; // A line is never a pre-release.
        write!(f, "{major}.{minor}.{patch}.{}", self.revision)
    }
}

impl FromStr for Build {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let expected = "a build of four numbers such as 5.0.8308.1149";
        let numbers = numbers(text).ok_or_else(|| NameError { expected, found: text.into() })?;
        let [major, minor, patch, revision] = numbers.map(u64::from);
        Ok(Self::new(major, minor, patch, revision))
    }
}

/// Numbers separated by dots: decimal digits only, each at most the 32 bits that Windows Installer allows.
pub(crate) fn numbers<const N: usize>(text: &str) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut bytes = text.bytes();
    for (nth, number) in numbers.iter_mut().enumerate() {
        let mut sum: Option<u32> = None;
        loop {
            match bytes.next() {
                Some(digit @ b'0'..=b'9') => {
                    sum = Some(sum.unwrap_or(0).checked_mul(10)?.checked_add(u32::from(digit - b'0'))?);
                }
                Some(b'.') if nth + 1 < N => break,
                None if nth + 1 == N => break,
                Some(_) | None => return None,
            }
        }
        *number = sum?;
    }
    Some(numbers)
}

text_serde!(Build, r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$", "a build of four numbers in quotes, such as \"5.0.8308.1149\"");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    fn build(text: &str) -> Build {
        text.parse().unwrap()
    }

    #[test]
    fn revisions_compare_as_numbers() {
        assert!(build("5.0.8308.992") < build("5.0.8308.1001"));
        assert!(build("5.0.8308.1001").reaches(&build("5.0.8308.992")));
    }

    #[test]
    fn lines_do_not_compare() {
        assert_eq!(build("5.0.8308.1").partial_cmp(&build("6.0.9319.0")), None);
        assert!(!build("6.0.9319.0").reaches(&build("5.0.8308.1")));
    }

    #[test]
    fn only_four_plain_numbers_are_a_build() {
        for text in
            ["", "5", "5.0.8308", "5.0.8308.1149.0", "5.0.8308.x", "5.0.8308.+1", " 5.0.8308.1", "5.0.8308.99999999999"]
        {
            let error = text.parse::<Build>().unwrap_err().to_string();
            assert_eq!(error, format!("expected a build of four numbers such as 5.0.8308.1149, found \"{text}\""));
        }
        assert_eq!(build("7.0.2046.583").to_string(), "7.0.2046.583");
    }
}
