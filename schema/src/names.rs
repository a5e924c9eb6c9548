//! Names and other short texts that must have a certain form.

use alloc::{borrow::ToOwned, format, string::String};

/// Gives a type that is read by `FromStr` and written by `Display` the same two forms in files, and a JSON Schema with
/// its pattern and with what a person should write. The pattern gives the gist, without lengths; the type is stricter.
macro_rules! text_serde {
    ($name:ident, $pattern:expr, $expected:expr $(, $key:literal = $value:expr)*) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                /// Parses the text without copying it first: a fleet has millions of them.
                struct Text;

                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                from.deserialize_str(Text)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> alloc::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string", "pattern": $pattern, "description": $expected $(, $key: $value)*
                })
            }
        }
    };
}
pub(crate) use text_serde;

/// The text does not have the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found \"{found}\"")]
pub struct NameError {
    /// What was expected, in words.
    pub expected: &'static str,
    /// The text as it was given.
    pub found: String,
}

/// Gives a type both forms by `text_serde`, and `FromStr` by `$read`: what that does not read is answered with what was
/// expected.
macro_rules! text {
    ($name:ident, $read:expr, $pattern:expr, $expected:expr $(, $key:literal = $value:expr)*) => {
        impl core::str::FromStr for $name {
            type Err = $crate::NameError;

            fn from_str(text: &str) -> Result<Self, $crate::NameError> {
                $read(text).ok_or_else(|| $crate::NameError { expected: $expected, found: text.into() })
            }
        }

        $crate::names::text_serde!($name, $pattern, $expected $(, $key = $value)*);
    };
}
pub(crate) use text;

/// A newtype over a text of one form.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $pattern:expr, $expected:expr, $form:path $(, $key:literal = $value:expr)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(alloc::string::String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(&self.0)
            }
        }

        $crate::names::text!($name, |text| $form(text).map(Self), $pattern, $expected $(, $key = $value)*);
    };
}

pub(crate) use name;

name!(
    /// A fully qualified domain name, in lower case: two or more labels of letters, digits and hyphens.
    Fqdn,
    r"^([A-Za-z0-9-]+\.)+[0-9]*[A-Za-z-][A-Za-z0-9-]*$",
    "a fully qualified domain name such as sql01.contoso.example",
    fqdn
);

/// A reason in a manifest: 1 to 1024 characters.
#[derive(schemars::JsonSchema)]
#[schemars(transparent, description = "a text of 1 to 1024 characters")]
pub(crate) struct Text(
    #[expect(dead_code, reason = "only its schema is used")]
    #[schemars(length(min = 1, max = 1024))]
    String,
);

/// Names, each with a reason.
pub(crate) fn reasons<'de, D, Name>(from: D) -> Result<alloc::collections::BTreeMap<Name, String>, D::Error>
where
    D: serde::Deserializer<'de>,
    Name: serde::Deserialize<'de> + Ord,
{
    let given: alloc::collections::BTreeMap<Name, String> = serde::Deserialize::deserialize(from)?;
    given.into_iter().map(|(name, reason)| Ok((name, text_of(reason)?))).collect()
}

/// How a manifest writes an [`Fqdn`]: in full, or without the domain that the manifest declares.
pub(crate) struct ShortOrFull;

impl schemars::JsonSchema for ShortOrFull {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "DomainName".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = ServerName::json_schema(generator);
        schema.insert("description".into(), "a fully qualified domain name such as sql01.contoso.example".into());
        schema
    }
}

name!(
    /// The name of a server in a manifest, in lower case: its host name or its fully qualified domain name.
    ServerName,
    r"^([A-Za-z0-9-]+\.)*[0-9]*[A-Za-z-][A-Za-z0-9-]*$",
    "a server name such as fe01.contoso.example",
    host
);

name!(
    /// A SQL Server instance name: at most 16 characters, no backslash.
    SqlInstance,
    r"^[A-Za-z_][A-Za-z0-9_$#]*$",
    "a SQL Server instance name such as RTC",
    instance
);

name!(
    /// The short name of a Windows service: at most 256 characters, no slash and no backslash.
    ServiceName,
    r"^[^/\\]+$",
    "the short name of a Windows service, such as Get-Service shows it under Name",
    service
);

name!(
    /// A SHA-256 as 64 hexadecimal digits, in lower case; what `Get-FileHash` prints is accepted.
    Sha256,
    "^[0-9A-Fa-f]+$",
    "a SHA-256 of 64 hexadecimal digits, as Get-FileHash prints it",
    sha256
);

name!(
    /// The name that a manifest gives to an update or to a group: letters, digits, dots, hyphens, underscores.
    UpdateName,
    "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    "a name of letters, digits, dots, hyphens and underscores",
    word
);

name!(
    /// A Windows account: `DOMAIN\name`, or its security identifier. Groups are not allowed, because an account is
    /// compared with the owner of a file.
    AccountName,
    r"^(S-1-[0-9-]+|[^\\/@]+\\[^\\/@]+)$",
    "an account such as CONTOSO\\gmsa$, or its security identifier, S-1-5-21-…",
    account
);

/// An account, by its name with its domain or by its identifier.
fn account(text: &str) -> Option<String> {
    let text = text.trim();
    let identifier = text.strip_prefix("S-1-").is_some_and(|rest| {
        rest.contains('-')
            && rest.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let is_name = |name: &str| {
        !name.trim().is_empty()
            && !name.contains(|sign: char| matches!(sign, '\\' | '/' | '@' | '"') || sign.is_control())
    };
    let named = text.split_once('\\').is_some_and(|(domain, name)| is_name(domain) && is_name(name));
    (text.chars().count() <= 256 && (identifier || named)).then(|| text.to_owned())
}

/// A short name that the service manager accepts (Microsoft Learn: CreateServiceW).
fn service(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=256).contains(&text.chars().count()) && !text.contains(['/', '\\', '\0', '\r', '\n']);
    fits.then(|| text.to_owned())
}

impl ServerName {
    /// The first label, without a domain.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }
}

fn label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The name of a host. An IP address is none (RFC 1123, section 2.1: the last label of a name is not all digits).
fn host(text: &str) -> Option<String> {
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_address = last.bytes().all(|byte| byte.is_ascii_digit());
    (text.len() <= 253 && text.split('.').all(label) && !is_address).then(|| text.to_ascii_lowercase())
}

fn fqdn(text: &str) -> Option<String> {
    host(text).filter(|name| name.contains('.'))
}

fn instance(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#'));
    (first && rest && text.len() <= 16).then(|| text.to_owned())
}

fn sha256(text: &str) -> Option<String> {
    (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

fn word(text: &str) -> Option<String> {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    (first && rest && text.len() <= 64).then(|| text.to_owned())
}

name!(
    /// One server, or a numbered range of them: `se-[001-120].contoso.example` stands for 120 servers.
    ///
    /// Both ends of the range have the same number of digits, and so have the names.
    ServerPattern,
    r"^(?=.*[A-Za-z-][^.]*$)[A-Za-z0-9.-]*(\[[0-9]+-[0-9]+\])?[A-Za-z0-9.-]*$",
    ServerPattern::EXPECTED,
    pattern
);

/// More servers than any deployment has, and few enough to list.
const LARGEST_RANGE: u32 = 100_000;

impl ServerPattern {
    pub(crate) const EXPECTED: &'static str =
        "a server name such as fe01.contoso.example, or a range such as fe[01-12].contoso.example";

    /// The servers that the pattern stands for, in order.
    pub fn servers(&self) -> impl Iterator<Item = ServerName> + '_ {
        self.numbered(|_| true).map(|(_, name)| name)
    }

    /// The servers whose numbers, counted from 0, are wanted, each with its number.
    pub fn numbered<'a>(
        &'a self,
        wanted: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = (usize, ServerName)> + 'a {
        let (before, width, range, after) = parts(&self.0).unwrap_or((&self.0, 0, 0..=0, ""));
        let name = move |number| {
            let name = if width == 0 { format!("{before}{after}") } else { format!("{before}{number:0width$}{after}") };
            ServerName(name.to_ascii_lowercase())
        };
        range.enumerate().filter(move |(nth, _)| wanted(*nth)).map(move |(nth, number)| (nth, name(number)))
    }

    /// Whether the pattern stands for exactly one server.
    #[must_use]
    pub fn is_single(&self) -> bool {
        !self.0.contains('[')
    }

    /// The numbers of the range, the text before and after it, and the number of digits; none for a single server.
    #[must_use]
    pub fn range(&self) -> Option<(&str, usize, core::ops::RangeInclusive<u32>, &str)> {
        parts(&self.0).filter(|(_, width, ..)| *width > 0)
    }

    /// Whether the pattern stands for `name`.
    #[must_use]
    pub fn matches(&self, name: &ServerName) -> bool {
        let Some((before, width, range, after)) = parts(&self.0) else { return false };
        let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase()); // As the name is.
        let Some(middle) = name.0.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&after)) else {
            return false;
        };
        if width == 0 {
            return middle.is_empty();
        }
        middle.len() == width
            && middle.bytes().all(|byte| byte.is_ascii_digit())
            && middle.parse().is_ok_and(|number| range.contains(&number))
    }
}

/// The text before the range, its number of digits, its numbers, and the text after it; a name without a range has no
/// digits.
fn parts(text: &str) -> Option<(&str, usize, core::ops::RangeInclusive<u32>, &str)> {
    let Some((before, rest)) = text.split_once('[') else {
        return host(text).map(|_| (text, 0, 0..=0, ""));
    };
    let (range, after) = rest.split_once(']')?;
    let (first, last) = range.split_once('-')?;
    let digits = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !digits(last) || first.len() != last.len() || after.contains('[') {
        return None;
    }
    let (from, to) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
    host(&[before, last, after].concat())?;
    (from <= to && to - from < LARGEST_RANGE).then_some((before, first.len(), from..=to, after))
}

fn pattern(text: &str) -> Option<String> {
    parts(text).map(|_| text.to_owned())
}

/// A text that is not empty, and no longer than any path.
pub(crate) fn text_of<E: serde::de::Error>(text: String) -> Result<String, E> {
    match text.chars().count() {
        1..=1024 => Ok(text),
        other => Err(E::custom(format_args!("expected 1 to 1024 characters, found {other}"))),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::{borrow::ToOwned, vec::Vec};

    use super::*;

    #[test]
    fn a_domain_name_has_labels_of_letters_digits_and_hyphens() {
        for good in ["sql01.contoso.example", "SQL01.Contoso.Example", "a.b"] {
            assert_eq!(good.parse::<Fqdn>().unwrap().as_str(), good.to_ascii_lowercase());
        }
        for bad in ["", "sql01", ".a.b", "a..b", "a.b.", "-a.b", "a b.c", "a;b.c", "a.b\n", "sql$.b", "ä.b", "10.0.0.1"]
        {
            assert!(bad.parse::<Fqdn>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_range_stands_for_its_servers() {
        let pattern: ServerPattern = "SE-[08-11].contoso.example".parse().unwrap();
        let names: Vec<_> = pattern.servers().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(
            names,
            ["se-08.contoso.example", "se-09.contoso.example", "se-10.contoso.example", "se-11.contoso.example"]
        );
        for name in pattern.servers() {
            assert!(pattern.matches(&name), "{name}");
        }
        for other in ["se-07.contoso.example", "se-8.contoso.example", "se-008.contoso.example", "se-09.example"] {
            assert!(!pattern.matches(&other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn a_range_is_refused_when_it_cannot_be_meant() {
        for bad in [
            "10.0.0.[1-9]",
            "10.0.0.1",
            "se[1-10]",
            "se[9-1]",
            "se[a-b]",
            "se[1-2",
            "se[1-2][3-4]",
            "[1-2].-x",
            "se[0000000-9999999]",
        ] {
            assert!(bad.parse::<ServerPattern>().is_err(), "{bad}");
        }
    }
}
