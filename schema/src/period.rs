//! A length of time as people write it: `90s`, `30m`, `2h`, `1d`.

use alloc::string::String;
use core::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::NameError;

/// A length of time in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Period {
    seconds: u32,
}

impl Period {
    /// `count` seconds.
    #[must_use]
    pub const fn seconds(count: u32) -> Self {
        Self { seconds: count }
    }

    /// `count` minutes.
    #[must_use]
    pub const fn minutes(count: u32) -> Self {
        Self { seconds: count.saturating_mul(60) }
    }

    /// `count` hours.
    #[must_use]
    pub const fn hours(count: u32) -> Self {
        Self::minutes(count.saturating_mul(60))
    }

    /// The period from `earlier` to `later`; none when the clock went backwards in between.
    #[must_use]
    pub fn between(earlier: Timestamp, later: Timestamp) -> Self {
        Self { seconds: u32::try_from(later.duration_since(earlier).as_secs()).unwrap_or(0) }
    }

    /// The period in whole seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u32 {
        self.seconds
    }

    /// The moment one period after `start`.
    #[must_use]
    pub fn after(self, start: Timestamp) -> Timestamp {
        start.saturating_add(SignedDuration::from_secs(i64::from(self.seconds))).unwrap_or(start)
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        Self::from_secs(u64::from(period.seconds))
    }
}

/// The rest of a period after another; nothing when that one is longer.
impl Sub for Period {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { seconds: self.seconds.saturating_sub(other.seconds) }
    }
}

impl Add for Period {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { seconds: self.seconds.saturating_add(other.seconds) }
    }
}

/// As people say it: `45 s`, `7 min`, `1 h 05 min`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60) {
            (0, 0, seconds) => alloc::format!("{seconds} s"),
            (0, minutes, 0) => alloc::format!("{minutes} min"),
            (0, minutes, seconds) => alloc::format!("{minutes} min {seconds:02} s"),
            (hours, 0, _) => alloc::format!("{hours} h"),
            (hours, minutes, _) => alloc::format!("{hours} h {minutes:02} min"),
        };
        f.pad(&text)
    }
}

const EXPECTED: &str = "a period such as 90s, 30m, 2h or 1d";

impl FromStr for Period {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let parsed = text.char_indices().next_back().and_then(|(at, unit)| {
            let unit = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86400,
                _ => return None,
            };
            let digits = text.get(..at)?;
            let plain = !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok()?.checked_mul(unit)).flatten()
        });
        parsed.map(Self::seconds).ok_or_else(|| NameError { expected: EXPECTED, found: text.into() })
    }
}

/// Files contain the largest unit that holds a period exactly, so that it can be read back.
impl serde::Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let units = [(86400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')];
        let whole = units.into_iter().find(|(size, _)| self.seconds > 0 && self.seconds.is_multiple_of(*size));
        let (size, unit) = whole.unwrap_or((1, 's'));
        to.collect_str(&format_args!("{}{unit}", self.seconds / size))
    }
}

impl<'de> serde::Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Period {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]+[smhd]$",
            "description": EXPECTED
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn periods_read_and_say_themselves() {
        for (text, said) in
            [("45s", "45 s"), ("30m", "30 min"), ("90s", "1 min 30 s"), ("65m", "1 h 05 min"), ("1d", "24 h")]
        {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), said);
        }
        for bad in ["", "m", "5", "5 m", "-5m", "1.5h", "5w", "９m", "9999999999s", "99999999999s", "50000d"] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for seconds in [0, 59, 60, 3601, 999_999, 1_000_001, 1_194_640, 86_400 * 365, u32::MAX] {
            let written = serde_json::to_string(&Period::seconds(seconds)).unwrap();
            assert_eq!(serde_json::from_str::<Period>(&written).unwrap(), Period::seconds(seconds), "{written}");
        }
    }

    #[test]
    fn a_clock_that_went_backwards_gives_no_period() {
        let (early, late) = (Timestamp::from_second(100).unwrap(), Timestamp::from_second(160).unwrap());
        assert_eq!(Period::between(early, late), Period::minutes(1));
        assert_eq!(Period::between(late, early), Period::default());
    }
}
