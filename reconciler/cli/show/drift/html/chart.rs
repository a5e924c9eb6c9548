//! How far behind a product is, as a drawing: its releases over time, and how many servers have each.
//!
//! Places along the time axis are percentages, heights are pixels, so the drawing has any width while its text keeps
//! its size. Each release that matters gets a flag; flags that would overlap on the narrowest screen get rows of their
//! own.

use jiff::Timestamp;
use serde::Serialize;

use super::content::{ProductProgress, ReleaseRow};
use crate::manifest::diagnostic::escape;

/// The width of the drawing on the narrowest screen, and of one character in it, in pixels.
const NARROW: f64 = 300.0;
const CHARACTER: f64 = 7.2;

/// The distance of a flag from its pole, in pixels.
const GAP: f64 = 5.0;

/// The height of a row of flags, and of the longest bar, in pixels.
const ROW: f64 = 19.0;
const LONGEST: f64 = 64.0;

/// How many characters of a name fit into a flag.
const LETTERS: usize = 18;

const MONTHS: &str = "January February March April May June July August September October November December";

/// The largest number of years below the axis.
const YEARS: i32 = 7;

/// A drawing, and its content as a sentence and a table.
#[derive(Debug, Serialize)]
pub struct Chart<'a> {
    product: &'a str,
    sentence: String,
    height: f64,
    axis: f64,
    bars: Vec<Bar>,
    years: Vec<Year>,
    rows: &'a [ReleaseRow],
    other: u64,
    unknown: u64,
    /// The servers that are only in the table.
    rest: Option<String>,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    top: f64,
    target: bool,
    used: bool,
    flag: Option<Flag>,
}

/// The words at a bar: to its right in the left half, to its left in the right half, as far as there is room.
#[derive(Debug, Serialize)]
struct Flag {
    text: String,
    x: f64,
    y: f64,
    rightwards: bool,
}

#[derive(Debug, Serialize)]
struct Year {
    x: f64,
    text: String,
}

impl<'a> Chart<'a> {
    /// The drawing of a product at a given time.
    pub fn of(progress: &'a ProductProgress, as_of: Timestamp) -> Self {
        let mut dated: Vec<_> =
            progress.releases.iter().filter_map(|release| Some((years(&release.date)?, release))).collect();
        dated.sort_by(|a, b| a.0.total_cmp(&b.0));
        let last = years(&as_of.strftime("%Y-%m-%d").to_string()).unwrap_or(0.0);
        let begin = dated.first().map_or(last, |(at, _)| *at);
        let end = dated.last().map_or(last, |(at, _)| at.max(last));
        let place = |at: f64| rounded(2.0 + 96.0 * (at - begin) / (end - begin).max(0.1));

        let most = progress.releases.iter().map(|release| release.servers).max().unwrap_or(0).max(1) as f64;
        let mut bars: Vec<_> = dated
            .iter()
            .map(|(at, release)| Bar {
                x: place(*at),
                top: if release.servers == 0 { 4.0 } else { (LONGEST * release.servers as f64 / most).max(6.0) },
                target: release.target,
                used: release.servers > 0,
                flag: (release.target || release.servers > 0).then(|| Flag {
                    text: words(release),
                    x: 0.0,
                    y: 0.0,
                    rightwards: place(*at) < 50.0,
                }),
            })
            .collect();
        let rows = stack(&mut bars);
        let axis = rounded(rows as f64 * ROW + LONGEST + 12.0);
        for bar in &mut bars {
            bar.top = rounded(axis - bar.top);
        }
        Self {
            product: &progress.product,
            sentence: sentence(progress, &dated),
            height: axis + 22.0,
            axis,
            bars,
            years: calendar(begin, end).into_iter().map(|(at, text)| Year { x: place(at), text }).collect(),
            rows: &progress.releases,
            other: progress.other,
            unknown: progress.unknown,
            rest: rest(progress),
        }
    }
}

/// Gives each flag its lowest free row, from the middle outwards, so that no pole crosses a flag of its own half;
/// returns the number of rows.
fn stack(bars: &mut [Bar]) -> usize {
    let (left, right): (Vec<_>, Vec<_>) = bars.iter_mut().partition(|bar| bar.x < 50.0);
    let mut rows: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut placed = Vec::new();
    for bar in left.into_iter().rev().chain(right) {
        let Some(flag) = &mut bar.flag else { continue };
        let (pole, width) = (bar.x / 100.0 * NARROW, flag.text.chars().count() as f64 * CHARACTER);
        let from = if flag.rightwards { pole + GAP } else { pole - GAP - width };
        let from = from.min(NARROW - width).max(0.0);
        let to = from + width;
        flag.x = rounded(if flag.rightwards { from - pole } else { to - pole });
        let free =
            |row: &Vec<(f64, f64)>| row.iter().all(|(start, stop)| to + 2.0 * GAP < *start || *stop + 2.0 * GAP < from);
        let row = rows.iter().position(free).unwrap_or(rows.len());
        match rows.get_mut(row) {
            Some(row) => row.push((from, to)),
            None => rows.push(vec![(from, to)]),
        }
        placed.push((flag, row));
    }
    let count = rows.len();
    for (flag, row) in placed {
        flag.y = rounded((count - row) as f64 * ROW - 4.0);
    }
    count
}

/// The words for a release on its flag.
fn words(release: &ReleaseRow) -> String {
    let name = brief(&release.name);
    let count = if release.servers == 1 { "1 server".into() } else { format!("{} servers", release.servers) };
    if release.target { format!("{name}, target: {count}") } else { format!("{name}: {count}") }
}

/// A name in the short form that people use: `CU7 HF1`, `Oct 2023 security`.
fn brief(name: &str) -> String {
    // Escaped before it is measured, because escapes take room.
    let mut short = escape(name).replace("Cumulative Update ", "CU").replace("Hotfix ", "HF").replace(['(', ')'], "");
    for month in MONTHS.split(' ') {
        short = short.replace(month, month.get(..3).unwrap_or(month));
    }
    if short.chars().count() > LETTERS { short.chars().take(LETTERS - 1).chain(['…']).collect() } else { short }
}

/// The content of the drawing, for people who cannot see it.
fn sentence(progress: &ProductProgress, dated: &[(f64, &ReleaseRow)]) -> String {
    let known: u64 = progress.releases.iter().map(|release| release.servers).sum();
    let all = known + progress.other + progress.unknown;
    let reached: u64 = progress.releases.iter().filter(|it| it.target).map(|it| it.servers).sum();
    let have = if reached == 1 { "has" } else { "have" };
    let mut text = format!("{reached} of {all} servers {have} a release that the manifest declares");
    let oldest = dated.iter().find(|(_, release)| release.servers > 0);
    let target = dated.iter().rev().find(|(_, release)| release.target);
    if let (Some((old, oldest)), Some((new, target))) = (oldest, target)
        && new - old > 0.04
    {
        let behind = span(new - old);
        text += &format!(
            "; the oldest in use is {} of {}, {behind} older than {} of {}",
            brief(&oldest.name),
            oldest.date,
            brief(&target.name),
            target.date
        );
    }
    text + "."
}

/// The servers without a bar.
fn rest(progress: &ProductProgress) -> Option<String> {
    let undated = progress.releases.iter().filter(|it| years(&it.date).is_none()).map(|it| it.servers).sum();
    let parts: Vec<_> = [
        (undated, "on releases without a date"),
        (progress.other, "on builds that the catalogue does not know"),
        (progress.unknown, "whose build is not known"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, which)| format!("{count} {which}"))
    .collect();
    (!parts.is_empty()).then(|| format!("Not drawn: {}.", parts.join(", ")))
}

/// A number of years in words, to the month.
fn span(years: f64) -> String {
    let months = (years * 12.0).round() as u64;
    let part = |count: u64, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {one}s")),
    };
    let parts: Vec<_> = [part(months / 12, "year"), part(months % 12, "month")].into_iter().flatten().collect();
    if parts.is_empty() { "less than a month".into() } else { parts.join(" ") }
}

/// A date as a number of years, with the middle for missing parts. Nothing, if it is no date.
fn years(date: &str) -> Option<f64> {
    let mut parts = date.split('-').map(str::parse::<u32>);
    let year = f64::from(parts.next()?.ok().filter(|year| *year < 10_000)?);
    let Some(month) = parts.next() else { return Some(year + 0.5) };
    let month = month.ok().filter(|month| (1..=12).contains(month))?;
    let day = parts.next().map_or(Some(15), |day| day.ok().filter(|day| (1..=31).contains(day)))?;
    Some(year + (f64::from(month) - 1.0 + (f64::from(day) - 1.0) / 31.0) / 12.0)
}

/// The new years between two dates that are written below the axis.
fn calendar(begin: f64, end: f64) -> Vec<(f64, String)> {
    let (first, last) = (begin.ceil() as i32, end.floor() as i32);
    let every = ((last - first) / YEARS + 1).max(1);
    (first..=last).filter(|year| (last - year) % every == 0).map(|year| (f64::from(year), year.to_string())).collect()
}

/// Enough digits for a drawing.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
