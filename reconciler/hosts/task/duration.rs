//! A length of time in the form of task definitions: `PT1H30M`, `P1DT12H`.

use jiff::{Span, SpanRelativeTo};
use reconcile_schema::Period;

/// The period in the largest units that fit.
pub fn written(period: Period) -> String {
    let seconds = period.as_seconds();
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    Span::new().days(days).hours(hours).minutes(minutes).seconds(seconds % 60).to_string()
}

/// The period in a text, in whatever units; none for units without a fixed length (years, months) and for other texts.
pub fn read(text: &str) -> Option<Period> {
    // A span can also be written as `-PT1H`, `PT1.5S` or `1 hour`.
    let (days, times) = text.split_once('T').unwrap_or((text, ""));
    let has_only = |part: &str, units: &str| part.chars().all(|char| char.is_ascii_digit() || units.contains(char));
    if !has_only(days.strip_prefix('P')?, "D") || !has_only(times, "HMS") {
        return None;
    }
    let span: Span = text.parse().ok()?;
    let seconds = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?.as_secs();
    u32::try_from(seconds).ok().map(Period::seconds)
}
