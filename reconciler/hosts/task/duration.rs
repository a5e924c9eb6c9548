//! A length of time in the form of task definitions: `PT1H30M`, `P1DT12H`.

use reconcile_schema::Period;

/// The period in the largest units that fit.
pub fn written(period: Period) -> String {
    let seconds = period.as_seconds();
    let mut text = String::from("P");
    let days = seconds / 86400;
    if days > 0 {
        text += &format!("{days}D");
    }
    let times = [(seconds / 3600 % 24, 'H'), (seconds / 60 % 60, 'M'), (seconds % 60, 'S')];
    if days == 0 || times.iter().any(|(count, _)| *count > 0) {
        text.push('T');
    }
    for (count, unit) in times {
        if count > 0 {
            text += &format!("{count}{unit}");
        }
    }
    if seconds == 0 { "PT0S".into() } else { text }
}

/// The period in a text, in whatever units; none for units without a fixed length (years, months) and for other texts.
pub fn read(text: &str) -> Option<Period> {
    let (days, times) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, times)) if !times.is_empty() => (days, times),
        Some(_) => return None,
        None => (text.get(1..)?, ""),
    };
    let mut seconds = 0_u32;
    let mut some = false;
    for (part, units) in [(days, &[('D', 86400)][..]), (times, &[('H', 3600), ('M', 60), ('S', 1)])] {
        let mut rest = part;
        for (unit, size) in units {
            if let Some((count, after)) = rest.split_once(*unit) {
                if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                seconds = seconds.checked_add(count.parse::<u32>().ok()?.checked_mul(*size)?)?;
                (rest, some) = (after, true);
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    some.then(|| Period::seconds(seconds))
}
