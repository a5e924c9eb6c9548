//! Whether a manifest may still be followed: its serial may only rise, and it may have a last day.

use alloc::{format, string::String, string::ToString};
use core::fmt;

use jiff::{Timestamp, tz::TimeZone};
use reconcile_schema::{Accepted, Code, Day, Manifest, ManifestCode, Mark, Sha256, When, ZoneName, shown_at};

/// Why a manifest may not be followed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// A manifest with a higher serial was accepted here.
    Older { serial: Option<u64>, accepted: Accepted },
    /// A manifest with the same serial and other content was accepted here.
    Changed(Accepted),
    Expired {
        day: Day,
        /// The time zone of that day.
        zone: String,
    },
}

impl Stale {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Older { .. } | Self::Changed(_) => Code::ManifestOlder,
            Self::Expired { .. } => Code::ManifestExpired,
        }
    }

    /// The code of the error at the manifest.
    #[must_use]
    pub const fn manifest_code(&self) -> ManifestCode {
        match self {
            Self::Older { .. } | Self::Changed(_) => ManifestCode::ManifestOlder,
            Self::Expired { .. } => ManifestCode::ManifestExpired,
        }
    }

    /// The place in the manifest that it is about, as a JSON pointer.
    #[must_use]
    pub const fn pointer(&self) -> &'static str {
        match self {
            Self::Older { serial: None, .. } => "",
            Self::Older { serial: Some(_), .. } | Self::Changed(_) => "/serial",
            Self::Expired { .. } => "/expires",
        }
    }

    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Older { accepted, .. } => {
                format!(
                    "put the newer manifest back; or, where this one is meant, give it a serial above {}",
                    accepted.serial
                )
            }
            Self::Changed(accepted) => format!("give it a serial above {}", accepted.serial),
            Self::Expired { .. } => "check what it declares, then give it a later day".into(),
        }
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let was = |accepted: &Accepted| {
            format!("serial {} was accepted here on {}", accepted.serial, shown_at(accepted.at, None))
        };
        match self {
            Self::Older { serial: Some(serial), accepted } => {
                write!(f, "the manifest has serial {serial}, and {}", was(accepted))
            }
            Self::Older { serial: None, accepted } => write!(f, "the manifest has no serial, and {}", was(accepted)),
            Self::Changed(accepted) => write!(f, "{} with other content, from {}", was(accepted), accepted.manifest),
            Self::Expired { day, zone } => write!(f, "the manifest expired at the end of {day} ({zone})"),
        }
    }
}

/// Why this manifest may not be followed any more on a server that accepted `accepted` last.
#[must_use]
pub fn stale(manifest: &Manifest, sha256: &Sha256, accepted: Option<&Accepted>, now: Timestamp) -> Option<Stale> {
    match (manifest.serial, accepted) {
        (Some(serial), Some(accepted)) if serial == accepted.serial && *sha256 != accepted.sha256 => {
            Some(Stale::Changed(accepted.clone()))
        }
        (serial, Some(accepted)) if serial.is_none_or(|serial| serial < accepted.serial) => {
            Some(Stale::Older { serial, accepted: accepted.clone() })
        }
        (_, Some(_) | None) => expired(manifest, now),
    }
}

/// Whether the last day of a manifest is over.
#[must_use]
pub fn expired(manifest: &Manifest, now: Timestamp) -> Option<Stale> {
    let day = manifest.expires?;
    // One moment for all its servers: each server could have a time zone of its own, but the manifest has one.
    let zone = manifest.policy.maintenance.as_ref().and_then(When::windows).map(|windows| &windows.time_zone);
    let end = day.end(zone.map_or(&TimeZone::UTC, ZoneName::rules));
    (now >= end).then(|| Stale::Expired { day, zone: zone.map_or_else(|| "UTC".into(), ToString::to_string) })
}

/// The mark that records a manifest which is followed; nothing where it is already recorded, or where a newer one is.
#[must_use]
pub fn accepting(manifest: &Manifest, sha256: &Sha256, path: &str, accepted: Option<&Accepted>) -> Option<Mark> {
    let serial = manifest.serial?;
    let is_news = accepted.is_none_or(|last| last.serial < serial || last.serial == serial && last.sha256 != *sha256);
    is_news.then(|| Mark::Accepted { serial, sha256: sha256.clone(), manifest: path.into() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "age_tests.rs"]
mod tests;
