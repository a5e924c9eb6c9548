//! The calendar: when the maintenance windows of a manifest are open, in points of time.

use alloc::{format, string::String, vec, vec::Vec};

use jiff::{
    Timestamp,
    civil::Date,
    tz::{AmbiguousOffset, TimeZone},
};
use reconcile_schema::{ClockTime, Maintenance, Period, ZoneName, shown_at};

/// A period in which servers may be taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment when it is over.
    pub until: Timestamp,
}

impl Opening {
    /// Whether it is open at `at`.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// When it opens and closes, in its time zone: `Sat 2026-11-28 22:00 – Sun 04:00 (Europe/Berlin)`.
    #[must_use]
    pub fn shown(&self, zone: &ZoneName) -> String {
        let (from, until) = (zone.rules().to_datetime(self.from), zone.rules().to_datetime(self.until));
        let until = if from.date() == until.date() { until.strftime("%H:%M") } else { until.strftime("%a %H:%M") };
        format!("{} – {until} ({zone})", from.strftime("%a %Y-%m-%d %H:%M"))
    }

    /// When it opens: `Sat 2026-11-28 22:00 (Europe/Berlin)`.
    #[must_use]
    pub fn begin_shown(&self, zone: &ZoneName) -> String {
        shown_at(self.from, Some(zone))
    }

    #[must_use]
    pub fn length(&self) -> Period {
        Period::between(self.from, self.until)
    }
}

/// The start of windows where the answer must not depend on the day of the question: 2026-01-01.
pub(crate) const ANY_DAY: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// How far ahead the search for the next opening goes, in days. A window that opens every week opens within the first
/// limit; only excluded days make it later.
const AHEAD: [i64; 3] = [9, 60, 800];

/// The opening that contains `at`.
#[must_use]
pub fn open_at(maintenance: &Maintenance, at: Timestamp) -> Option<Opening> {
    openings(maintenance, at, 2).into_iter().find(|opening| opening.contains(at))
}

/// The first opening after `at` that lasts at least this long; none if there is none within two years.
#[must_use]
pub fn next_opening(maintenance: &Maintenance, at: Timestamp, at_least: Period) -> Option<Opening> {
    AHEAD.into_iter().find_map(|days| {
        let fits = |opening: &Opening| opening.from > at && opening.length() >= at_least;
        let mut found = openings(maintenance, at, days);
        if AHEAD.last() != Some(&days) {
            found.pop(); // It may continue past the end of this search, so a longer one finds it.
        }
        found.into_iter().find(fits)
    })
}

/// The openings that are not over at `at`, up to those that begin `days` later, in order and without overlap.
#[must_use]
pub fn openings(maintenance: &Maintenance, at: Timestamp, days: i64) -> Vec<Opening> {
    let zone = maintenance.time_zone.rules();
    let today = zone.to_datetime(at).date();
    let mut all = Vec::new();
    for nth in -2..=days {
        let Some(date) = day_after(today, nth) else { continue };
        for window in maintenance.windows.values().filter(|window| window.days.contains(date.weekday())) {
            let closes = if window.to <= window.from { day_after(date, 1) } else { Some(date) };
            let from = moment(zone, date, window.from);
            let until = closes.and_then(|date| moment(zone, date, window.to));
            if let (Some(from), Some(until)) = (from, until) {
                all.push(Opening { from, until });
            }
        }
    }
    for days in maintenance.except.values() {
        let (first, behind) = (start(zone, Some(days.first)), start(zone, day_after(days.last, 1)));
        if let (Some(first), Some(behind)) = (first, behind) {
            all = all.into_iter().flat_map(|opening| without(opening, first, behind)).collect();
        }
    }
    all.retain(|opening| opening.until > at && opening.from < opening.until);
    all.sort_by_key(|opening| opening.from);
    let mut merged: Vec<Opening> = Vec::new();
    for opening in all {
        match merged.last_mut().filter(|last| opening.from <= last.until) {
            Some(last) => last.until = last.until.max(opening.until),
            None => merged.push(opening),
        }
    }
    merged
}

/// The parts of an opening that remain without the time from `first` to `behind`.
fn without(opening: Opening, first: Timestamp, behind: Timestamp) -> Vec<Opening> {
    if behind <= opening.from || opening.until <= first {
        return vec![opening];
    }
    let parts = [Opening { until: first, ..opening }, Opening { from: behind, ..opening }];
    parts.into_iter().filter(|part| part.from < part.until).collect()
}

fn day_after(date: Date, days: i64) -> Option<Date> {
    date.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn start(zone: &TimeZone, date: Option<Date>) -> Option<Timestamp> {
    moment_at(zone, date?.at(0, 0, 0, 0))
}

/// The moment at which the clock of `zone` shows `time` on `date`.
fn moment(zone: &TimeZone, date: Date, time: ClockTime) -> Option<Timestamp> {
    let (time, later) = time.on();
    moment_at(zone, day_after(date, later)?.to_datetime(time))
}

/// In spring, a time that does not exist becomes the moment of the change; in autumn, a time that occurs twice means
/// the first one.
fn moment_at(zone: &TimeZone, shown: jiff::civil::DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(shown).ok()
        }
        AmbiguousOffset::Gap { after, .. } => {
            // By the rules that apply after the change, the time is before the change.
            let before = after.to_timestamp(shown).ok()?;
            zone.following(before).next().map(|transition| transition.timestamp())
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use reconcile_schema::Window;

    fn maintenance(zone: &str, windows: &[(&str, &str, &str)], except: &[&str]) -> Maintenance {
        let name = |nth: usize| alloc::format!("w{nth}").parse().unwrap();
        let window = |(nth, (days, from, to)): (usize, &(&str, &str, &str))| {
            let window = Window { days: days.parse().unwrap(), from: from.parse().unwrap(), to: to.parse().unwrap() };
            (name(nth), window)
        };
        Maintenance {
            time_zone: zone.parse().unwrap(),
            windows: windows.iter().enumerate().map(window).collect(),
            except: except
                .iter()
                .enumerate()
                .map(|(nth, days)| (name(nth), days.parse().unwrap()))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The openings from a moment on, in UTC.
    fn told(maintenance: &Maintenance, from: &str, days: i64) -> Vec<String> {
        let tell = |opening: Opening| alloc::format!("{:.0}/{:.0}", opening.from, opening.until);
        openings(maintenance, at(from), days).into_iter().map(tell).collect()
    }

    #[test]
    fn a_window_across_midnight_belongs_to_the_day_on_which_it_opens() {
        let saturday = maintenance("UTC", &[("sat", "22:00", "04:00")], &[]);
        assert!(open_at(&saturday, at("2026-11-29T03:59:59Z")).is_some(), "Sunday, an hour before four");
        assert!(open_at(&saturday, at("2026-11-29T04:00:00Z")).is_none(), "the end is not part of it");
        assert!(open_at(&saturday, at("2026-11-29T22:00:00Z")).is_none(), "Sunday evening");
        assert_eq!(told(&saturday, "2026-11-26T00:00:00Z", 4), ["2026-11-28T22:00:00Z/2026-11-29T04:00:00Z"]);
    }

    #[test]
    fn in_spring_the_clock_skips_an_hour_of_the_window() {
        // In Berlin, on 2026-03-29, two o'clock becomes three o'clock.
        let night = maintenance("Europe/Berlin", &[("sat", "22:00", "02:30")], &[]);
        assert_eq!(told(&night, "2026-03-28T12:00:00Z", 2), ["2026-03-28T21:00:00Z/2026-03-29T01:00:00Z"]);
        let late = maintenance("W. Europe Standard Time", &[("sun", "02:30", "05:00")], &[]);
        assert_eq!(told(&late, "2026-03-28T12:00:00Z", 2), ["2026-03-29T01:00:00Z/2026-03-29T03:00:00Z"]);
        let skipped = maintenance("Europe/Berlin", &[("sun", "02:10", "02:50")], &[]);
        assert!(told(&skipped, "2026-03-28T12:00:00Z", 2).is_empty(), "no clock shows any time of it");
    }

    #[test]
    fn in_autumn_the_clock_shows_an_hour_twice_and_the_first_counts() {
        // In Berlin, on 2026-10-25, three o'clock becomes two o'clock.
        let night = maintenance("Europe/Berlin", &[("sat", "22:00", "02:30")], &[]);
        assert_eq!(told(&night, "2026-10-24T12:00:00Z", 2), ["2026-10-24T20:00:00Z/2026-10-25T00:30:00Z"]);
        let late = maintenance("Europe/Berlin", &[("sun", "02:30", "05:00")], &[]);
        assert_eq!(told(&late, "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z/2026-10-25T04:00:00Z"]);
    }

    #[test]
    fn windows_that_touch_are_one() {
        let both = maintenance("UTC", &[("sat", "22:00", "24:00"), ("sun", "00:00", "06:00")], &[]);
        assert_eq!(told(&both, "2026-11-28T00:00:00Z", 3), ["2026-11-28T22:00:00Z/2026-11-29T06:00:00Z"]);
        let always = maintenance("UTC", &[("daily", "00:00", "24:00")], &[]);
        assert_eq!(told(&always, "2026-11-28T00:00:00Z", 7).len(), 1);
    }

    #[test]
    fn days_that_are_left_out_cut_the_window_at_midnight() {
        let freeze = maintenance("Europe/Berlin", &[("daily", "22:00", "04:00")], &["2026-12-24..2026-12-26"]);
        assert_eq!(
            told(&freeze, "2026-12-23T12:00:00Z", 4),
            [
                "2026-12-23T21:00:00Z/2026-12-23T23:00:00Z",
                "2026-12-26T23:00:00Z/2026-12-27T03:00:00Z",
                "2026-12-27T21:00:00Z/2026-12-28T03:00:00Z"
            ]
        );
    }

    #[test]
    fn the_next_opening_is_the_first_that_is_long_enough() {
        let both = maintenance("UTC", &[("mon-fri", "03:00", "04:00"), ("sat", "22:00", "04:00")], &["2026-11-28"]);
        let now = at("2026-11-26T03:30:00Z"); // A Thursday, in the window.
        assert_eq!(next_opening(&both, now, Period::seconds(0)).unwrap().from, at("2026-11-27T03:00:00Z"));
        // Only the Sunday part of the next Saturday's window is left, which is long enough for two hours but not for
        // five.
        assert_eq!(next_opening(&both, now, Period::hours(2)).unwrap().from, at("2026-11-29T00:00:00Z"));
        assert_eq!(next_opening(&both, now, Period::hours(5)).unwrap().from, at("2026-12-05T22:00:00Z"));
        assert_eq!(next_opening(&both, now, Period::hours(7)), None);
    }

    #[test]
    fn a_window_that_never_closes_opens_behind_the_days_that_are_left_out() {
        let always = maintenance("UTC", &[("daily", "00:00", "24:00")], &["2026-11-26"]);
        let opening = next_opening(&always, at("2026-11-26T03:30:00Z"), Period::hours(24 * 30)).unwrap();
        assert_eq!(opening.from, at("2026-11-27T00:00:00Z"));
    }

    #[test]
    fn no_opening_of_a_century_is_longer_than_its_clock_says_or_lies_outside_of_it() {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo"] {
            let nights = maintenance(zone, &[("daily", "23:30", "02:15")], &[]);
            let all = openings(&nights, at("2020-01-01T00:00:00Z"), 36_500);
            assert!(all.len() > 36_000, "{zone}: {}", all.len());
            for opening in all {
                let rules = nights.time_zone.rules();
                for shown in [opening.from, opening.until - jiff::SignedDuration::from_secs(1)] {
                    let time = rules.to_datetime(shown).time();
                    let inside = time >= jiff::civil::time(23, 30, 0, 0) || time < jiff::civil::time(2, 15, 0, 0);
                    assert!(inside, "{zone}: {shown}");
                }
                // One hour longer where the clock repeats an hour within the window.
                assert!(opening.length() <= Period::minutes(165 + 60), "{zone}: {}", opening.from);
            }
        }
    }
}
