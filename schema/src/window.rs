//! When servers may be taken down: weekly windows in a time zone, and days that are left out.

use alloc::{collections::BTreeMap, format, vec::Vec};
use core::fmt;

use jiff::civil::{Date, Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{UpdateName, ZoneName, day::date, names::text};

/// When servers may be taken down: explicitly `always`, or in windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// At any time.
    Always,
    /// In these windows.
    In(Maintenance),
}

impl When {
    /// The windows, if there are any.
    #[must_use]
    pub const fn windows(&self) -> Option<&Maintenance> {
        match self {
            Self::Always => None,
            Self::In(maintenance) => Some(maintenance),
        }
    }
}

/// The word for [`When::Always`].
const ALWAYS: &str = "always";

impl Serialize for When {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Always => to.serialize_str(ALWAYS),
            Self::In(maintenance) => maintenance.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// Reads either form, with the errors of the one that was used.
        struct Either;

        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = When;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`always`, or windows with their time zone")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<When, E> {
                let always = text == ALWAYS;
                always.then_some(When::Always).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<When, A::Error> {
                Maintenance::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(When::In)
            }
        }
        from.deserialize_any(Either)
    }
}

impl JsonSchema for When {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "When".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let windows = generator.subschema_for::<Maintenance>();
        schemars::json_schema!({
            "description": "When servers may be taken down: `always`, said on purpose, or in windows.",
            "anyOf": [{ "const": ALWAYS }, windows],
        })
    }
}

/// When servers may be taken down. Outside these windows nothing is taken down; starting services is always allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Maintenance {
    /// The time zone of the windows: `Europe/Berlin`, or the name that Windows uses for it, `W. Europe Standard Time`.
    pub time_zone: ZoneName,
    /// The weekly windows, by a name of your choice.
    #[schemars(extend("x-expected" = "a name of letters, digits, dots, hyphens and underscores"))]
    pub windows: BTreeMap<UpdateName, Window>,
    /// Days on which nothing is taken down, by a name of your choice, such as `christmas: 2026-12-20..2027-01-06`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-expected" = "a name of letters, digits, dots, hyphens and underscores"))]
    pub except: BTreeMap<UpdateName, Days>,
}

/// A window that opens every week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    /// The days of the week on which it opens, such as `sat`, `sat,sun`, `mon-fri` or `daily`.
    pub days: Weekdays,
    /// When it opens, such as `22:00`. In spring, a time that does not exist becomes the moment of the change; in
    /// autumn, a time that occurs twice means the first one.
    pub from: ClockTime,
    /// When it closes, such as `04:00`. If that is not later than it opens, it closes on the next day.
    pub to: ClockTime,
}

impl Window {
    /// Part number `nth`, counted from 0, of `of` equal parts; none where a part would be shorter than a minute.
    #[must_use]
    pub fn part(&self, nth: u32, of: u32) -> Option<Self> {
        const DAY: u32 = 24 * 60;
        let (from, to) = (u32::from(self.from.minutes), u32::from(self.to.minutes));
        let length = if to > from { to - from } else { to + DAY - from };
        let part = length.checked_div(of).filter(|part| *part > 0 && nth < of)?;
        let begins = from + nth * part;
        let minutes = |minutes: u32| u16::try_from(minutes % DAY).map(|minutes| ClockTime { minutes }).ok();
        let days = self.days.later(u8::try_from(begins / DAY).ok()?);
        Some(Self { days, from: minutes(begins)?, to: minutes(begins + part)? })
    }
}

/// Some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays {
    /// A bit for each day, Monday first.
    days: u8,
}

/// The days of the week as they are written, Monday first.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

impl Weekdays {
    /// Whether `day` is one of them.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.days & bit(day) != 0
    }

    /// The same days, moved by `days`.
    const fn later(self, days: u8) -> Self {
        let days = days % 7;
        Self { days: (self.days << days | self.days >> (7 - days)) & 0b111_1111 }
    }

    fn read(text: &str) -> Option<Self> {
        let day = |name: &str| DAYS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, day)| *day);
        let part = |part: &str| match part.trim().split_once('-') {
            None => day(part.trim()).map(bit),
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                let count = first.until(last); // Wraps around the end of the week: fri-mon has four days.
                Some((0..=count).fold(0, |days, nth| days | bit(first.wrapping_add(nth))))
            }
        };
        if text.eq_ignore_ascii_case("daily") {
            return Some(Self { days: 0b111_1111 });
        }
        let days = text.split(',').try_fold(0, |days, one| Some(days | part(one)?))?;
        Some(Self { days })
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days == 0b111_1111 {
            return f.pad("daily");
        }
        let names: Vec<_> = DAYS.iter().filter(|(_, day)| self.contains(*day)).map(|(name, _)| *name).collect();
        f.pad(&names.join(","))
    }
}

text!(Weekdays, Self::read, "^[A-Za-z]{3,5}([, -]+[A-Za-z]{3})*$", "days such as sat, sat,sun, mon-fri or daily");

/// A time of day, in minutes; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    minutes: u16,
}

impl ClockTime {
    /// The time, and the number of days to add to the day on which it was asked for.
    #[must_use]
    pub fn on(self) -> (Time, i64) {
        let within = |minutes: u16| i8::try_from(minutes / 60).ok().zip(i8::try_from(minutes % 60).ok());
        let time = within(self.minutes % (24 * 60)).and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
        (time.unwrap_or(Time::midnight()), i64::from(self.minutes / (24 * 60)))
    }

    fn read(text: &str) -> Option<Self> {
        let digits = |part: &str| {
            let plain = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute) = (digits(hour)?, digits(minute).filter(|_| minute.len() == 2)?);
        let exists = hour < 24 && minute < 60 || (hour, minute) == (24, 0);
        exists.then_some(Self { minutes: hour * 60 + minute })
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:02}:{:02}", self.minutes / 60, self.minutes % 60))
    }
}

text!(ClockTime, Self::read, "^[0-9]{1,2}:[0-9]{2}$", "a time such as 22:00, up to 24:00");

/// A day, or all days from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day; equal to the first for a single day.
    pub last: Date,
}

impl Days {
    /// Whether `day` is one of them.
    #[must_use]
    pub fn contains(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let days = Self { first: date(first)?, last: date(last)? };
        (days.first <= days.last).then_some(days)
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => self.first.fmt(f),
            false => write!(f, "{}..{}", self.first, self.last),
        }
    }
}

text!(
    Days,
    Self::read,
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.\.[0-9]{4}-[0-9]{2}-[0-9]{2})?$",
    "a day such as 2026-12-24, or days such as 2026-12-20..2027-01-06"
);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_window_is_shared_out_over_midnight() {
        let window = |days: &str, from: &str, to: &str| Window {
            days: days.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        };
        let night = window("sat", "22:00", "04:00");
        assert_eq!(night.part(0, 2), Some(window("sat", "22:00", "01:00")));
        assert_eq!(night.part(1, 2), Some(window("sun", "01:00", "04:00")));
        assert_eq!(night.part(2, 2), None);
        assert_eq!(window("fri-sun", "23:00", "01:00").part(1, 2), Some(window("sat,sun,mon", "00:00", "01:00")));
        assert_eq!(window("daily", "00:00", "24:00").part(3, 4), Some(window("daily", "18:00", "00:00")));
        assert_eq!(window("mon", "00:00", "00:01").part(0, 2), None);
    }

    #[test]
    fn days_of_the_week_read_and_say_themselves() {
        for (text, said) in [
            ("sat", "sat"),
            ("Sun,sat", "sat,sun"),
            ("mon-fri", "mon,tue,wed,thu,fri"),
            ("fri-mon", "mon,fri,sat,sun"),
            ("mon-sun", "daily"),
            ("Daily", "daily"),
            ("tue, thu", "tue,thu"),
        ] {
            assert_eq!(text.parse::<Weekdays>().unwrap().to_string(), said, "{text}");
        }
        for bad in ["", "day", "sat sun", "sat,", "mon-", "saturday", "mon-fri-sun"] {
            assert!(bad.parse::<Weekdays>().is_err(), "{bad}");
        }
    }

    #[test]
    fn times_read_and_say_themselves() {
        for (text, said) in [("22:00", "22:00"), ("4:05", "04:05"), ("00:00", "00:00"), ("24:00", "24:00")] {
            assert_eq!(text.parse::<ClockTime>().unwrap().to_string(), said, "{text}");
        }
        for bad in ["", "22", "24:01", "25:00", "22:60", "2:5", "22:00:00", "-1:00", "２2:00"] {
            assert!(bad.parse::<ClockTime>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_read_and_say_themselves() {
        for text in ["2026-12-24", "2026-12-20..2027-01-06"] {
            assert_eq!(text.parse::<Days>().unwrap().to_string(), text);
        }
        for bad in ["", "2026-02-30", "24.12.2026", "2026-12-24..", "2027-01-06..2026-12-20", "2026-12-24T00:00"] {
            assert!(bad.parse::<Days>().is_err(), "{bad}");
        }
    }
}
