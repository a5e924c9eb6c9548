//! A day of the calendar, as people write it: `2027-06-30`.

use core::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::names::text;

/// A day without a place: the moment when it ends depends on the time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(Date);

impl Day {
    /// The moment at which it is over.
    #[must_use]
    pub fn end(self, zone: &TimeZone) -> Timestamp {
        let next = self.0.tomorrow().and_then(|next| zone.to_zoned(next.into()));
        next.map_or(Timestamp::MAX, |next| next.timestamp())
    }
}

/// A date alone. The parser would also read a date with a time, or with a sign.
pub(crate) fn date(text: &str) -> Option<Date> {
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|_| is_plain)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

text!(Day, |text| date(text).map(Self), "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a day such as 2027-06-30");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::ZoneName;

    #[test]
    fn a_day_ends_on_the_clock_of_its_place() {
        let end = |day: &str, zone: &str| {
            let (day, zone): (Day, ZoneName) = (day.parse().unwrap(), zone.parse().unwrap());
            day.end(zone.rules()).to_string()
        };
        assert_eq!(end("2027-06-30", "Etc/UTC"), "2027-07-01T00:00:00Z");
        assert_eq!(end("2027-06-30", "Europe/Berlin"), "2027-06-30T22:00:00Z");
        assert_eq!(end("2027-12-31", "America/Los_Angeles"), "2028-01-01T08:00:00Z");
        assert_eq!(end("9999-12-31", "Etc/UTC"), Timestamp::MAX.to_string());
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for bad in ["", "2027-02-30", "2027-6-30", "20270630", "2027-06-30T00:00", "-02027-06-30", "2027-06-30 "] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }
}
