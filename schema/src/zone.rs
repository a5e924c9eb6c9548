//! A time zone by its name in the IANA database, or by the name that Windows uses.

use alloc::{borrow::ToOwned, format, string::String};
use core::fmt;

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use windows_timezones::WindowsTimezone;

use crate::names::text;

/// A time zone, such as `Europe/Berlin` or `W. Europe Standard Time`.
///
/// Its rules are built into this program, so they are the same on every machine: a server and the pipeline that judges
/// it cannot disagree about when a window opens. The Unicode CLDR translates Windows names (windowsZones, the
/// territory-independent entry).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneName {
    text: String,
    zone: TimeZone,
}

impl ZoneName {
    fn read(text: &str) -> Option<Self> {
        let windows = text.parse::<WindowsTimezone>().ok().map(WindowsTimezone::tzdb_id);
        let zone = TimeZoneDatabase::bundled().get(windows.unwrap_or(text)).ok().filter(|zone| !zone.is_unknown())?;
        Some(Self { text: text.to_owned(), zone })
    }

    /// The zone's rules.
    #[must_use]
    pub const fn rules(&self) -> &TimeZone {
        &self.zone
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// A point in time as people read it: `Sat 2026-01-10 22:00 (Europe/Berlin)`, or in UTC where there is no zone. Programs read RFC 3339.
#[must_use]
pub fn shown_at(at: Timestamp, zone: Option<&ZoneName>) -> String {
    let (rules, name) = zone.map_or((TimeZone::UTC, "UTC"), |zone| (zone.rules().clone(), zone.as_str()));
    format!("{} ({name})", rules.to_datetime(at).strftime("%a %Y-%m-%d %H:%M"))
}

text!(
    ZoneName,
    Self::read,
    "^[A-Za-z][A-Za-z0-9 ()./_+-]*$",
    "a time zone such as Europe/Berlin or W. Europe Standard Time"
);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_windows_and_of_the_iana_are_the_same_zones() {
        for (windows, iana) in [
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Pacific Standard Time", "America/Los_Angeles"),
            ("US Eastern Standard Time", "America/Indiana/Indianapolis"),
            ("India Standard Time", "Asia/Kolkata"),
            ("AUS Eastern Standard Time", "Australia/Sydney"),
            ("UTC", "Etc/UTC"),
        ] {
            let (one, other): (ZoneName, ZoneName) = (windows.parse().unwrap(), iana.parse().unwrap());
            for second in [1_700_000_000, 1_720_000_000, 1_800_000_000] {
                let at = jiff::Timestamp::from_second(second).unwrap();
                assert_eq!(one.rules().to_offset(at), other.rules().to_offset(at), "{windows}");
            }
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for bad in ["", "Europe/Berln", "CET0", "Mitteleuropa", "Etc/Unknown", "../Berlin", "+02:00"] {
            assert!(bad.parse::<ZoneName>().is_err(), "{bad}");
        }
    }
}
