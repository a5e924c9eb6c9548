//! A month of unattended nights, checked by independent arithmetic.
//!
//! `UPDATE_GOLDEN=1` writes the calendar again; read the difference.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::{collections::BTreeSet, env, fs, path::Path};

use jiff::{
    Timestamp,
    civil::{Date, Weekday, date, time},
    tz::TimeZone,
};
use reconcile_schema::Step;

use reconcile_support::month::{Month, play};

/// Whether the local time of a server lies in its windows. Written by hand from the manifest of the fleet, without the
/// program's code.
fn in_window(server: &str, at: Timestamp) -> bool {
    let (zone, except) = match server.split('.').nth(1).unwrap() {
        "berlin" => ("Europe/Berlin", [date(2026, 10, 31), date(2026, 11, 1)]),
        "new-york" => ("America/New_York", [Date::MIN, Date::MIN]),
        "kolkata" => ("Asia/Kolkata", [date(2026, 11, 8), date(2026, 11, 11)]),
        other => panic!("{other}"),
    };
    let wall = at.to_zoned(TimeZone::get(zone).unwrap()).datetime();
    if except[0] <= wall.date() && wall.date() <= except[1] {
        return false;
    }
    let evening_before = wall.date().yesterday().unwrap().weekday();
    let (today, now) = (wall.date().weekday(), wall.time());
    let (sat, fri) = (Weekday::Saturday, Weekday::Friday);
    let midweek = |day| matches!(day, Weekday::Tuesday | Weekday::Wednesday);
    match zone {
        "Europe/Berlin" => {
            (today == sat && now >= time(22, 0, 0, 0))
                || (evening_before == sat && now < time(4, 0, 0, 0))
                || (midweek(today) && now >= time(23, 30, 0, 0))
                || (midweek(evening_before) && now < time(2, 30, 0, 0))
        }
        "America/New_York" => {
            ([fri, sat].contains(&today) && now >= time(23, 0, 0, 0))
                || ([fri, sat].contains(&evening_before) && now < time(5, 0, 0, 0))
        }
        _ => {
            !matches!(today, Weekday::Saturday | Weekday::Sunday) && now >= time(1, 0, 0, 0) && now < time(4, 30, 0, 0)
        }
    }
}

#[test]
fn a_month_of_nights() {
    let Month { calendar, taken, lab, goals, runs } = play().unwrap();
    assert_eq!((runs, goals.len()), (31 * 24 * 12, 12));

    // Outside a window, only a started installation may take a server down.
    let downs: Vec<_> = taken.iter().filter(|taken| taken.step.takes_down()).collect();
    for down in downs.iter().filter(|down| !down.installing) {
        assert!(in_window(down.server.as_str(), down.at), "{}: {} at {}", down.server, down.step, down.at);
    }
    let servers: BTreeSet<_> = downs.iter().map(|down| &down.server).collect();
    assert_eq!(servers.len(), 12, "every server was updated");
    // Work must have happened in the nights in which summer time ended in Berlin and in New York.
    for (first, last) in [("2026-10-24T20:00Z", "2026-10-25T03:00Z"), ("2026-11-01T03:00Z", "2026-11-01T10:00Z")] {
        let (first, last): (Timestamp, Timestamp) = (first.parse().unwrap(), last.parse().unwrap());
        assert!(downs.iter().any(|down| first <= down.at && down.at < last), "no work in the night of {first}");
    }

    // A server on hold must stay untouched.
    assert!(taken.iter().all(|taken| !taken.held));

    // At the end, every server is at the second update with current databases, and all services run.
    for goal in &goals {
        let server = lab.world().servers.get(&goal.server).unwrap();
        assert!(server.services.iter().all(|service| service.is_running()), "{}", goal.server);
        let behind = server.components().into_iter().filter(|one| one.name.is_core() && one.build != goal.core);
        assert_eq!(behind.count(), 0, "{}", goal.server);
        let databases = server.databases.iter().flat_map(|store| store.databases.values());
        assert!(databases.into_iter().all(|one| one.installed >= one.expected), "{}", goal.server);
    }
    assert!(taken.iter().any(|taken| taken.step == Step::Reboot), "some installer asked for a restart");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/month/calendar.txt");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &calendar).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let difference = similar::TextDiff::from_lines(&golden, &calendar);
    let difference = difference.unified_diff().header("tests/month/calendar.txt", "now").to_string();
    assert!(golden == calendar, "{difference}\nUPDATE_GOLDEN=1 writes it again");
    assert!(calendar.lines().all(|line| line.chars().count() <= 100), "a line is longer than 100 columns");
}

#[test]
fn the_same_seed_gives_the_same_month() {
    assert_eq!(play().unwrap().calendar, play().unwrap().calendar);
}
