//! Two clocks that contradict each other, and the one that is wrong.

use alloc::{format, string::String, string::ToString};
use core::fmt;

use jiff::Timestamp;
use reconcile_schema::{Period, ServerName};

/// The largest accepted difference between two clocks: a time service corrects it in passing.
pub(crate) const CLOCK_TOLERANCE: Period = Period::minutes(5);

pub(crate) fn is_ahead(time: Timestamp, of: Timestamp) -> bool {
    Period::between(of, time) > CLOCK_TOLERANCE
}

/// A clock that is wrong: the time that a server reported contradicts the clock of the share, or ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongClock {
    /// The server's clock, which was ahead of the share's clock.
    Theirs { server: ServerName, ahead: Period },
    /// Ours: the server and the share agree.
    Ours {
        server: ServerName,
        /// How far ours is behind, at least.
        behind: Period,
    },
    /// The server's clock or ours: there is no third clock to compare with.
    Either {
        server: ServerName,
        /// How far the server's is ahead of ours, at least.
        apart: Period,
    },
}

/// Which clock is wrong when a server reports `at` in a file that was written at `written` by the clock of the share.
#[must_use]
pub fn wrong_clock(
    server: &ServerName,
    at: Timestamp,
    written: Option<Timestamp>,
    now: Timestamp,
) -> Option<WrongClock> {
    let server = server.clone();
    match written {
        Some(written) if is_ahead(at, written) => {
            Some(WrongClock::Theirs { server, ahead: Period::between(written, at) })
        }
        Some(_) if is_ahead(at, now) => Some(WrongClock::Ours { server, behind: Period::between(now, at) }),
        None if is_ahead(at, now) => Some(WrongClock::Either { server, apart: Period::between(now, at) }),
        Some(_) | None => None,
    }
}

impl fmt::Display for WrongClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Theirs { server, ahead } => {
                write!(f, "the clock of {server} was {} ahead of the share's", roughly(*ahead))
            }
            Self::Ours { server, behind } => {
                write!(f, "the clock of this server is {} behind those of {server} and of the share", roughly(*behind))
            }
            Self::Either { server, apart } => {
                write!(f, "the clock of {server} is ahead, or that of this server behind, by {}", roughly(*apart))
            }
        }
    }
}

/// A difference between clocks for people, in days if it is that long.
fn roughly(period: Period) -> String {
    const DAY: u32 = 86_400;
    match (period.as_seconds() + DAY / 2) / DAY {
        0 | 1 => period.to_string(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// Minutes after the start of some day.
    fn minute(number: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * number).expect("a time")
    }

    #[test]
    fn the_clock_that_two_others_contradict_is_wrong() {
        let server: ServerName = "fe01.contoso.example".parse().expect("a name");
        let day = 24 * 60;
        let cases = [
            // reported, written, now
            (0, Some(0), 10, None),
            (5, Some(0), 1, None),
            (0, Some(day), 2 * day, None), // Written again later.
            (day, Some(0), 10, Some("the clock of fe01.contoso.example was 24 h ahead of the share's")),
            (day, Some(0), 3 * day, Some("the clock of fe01.contoso.example was 24 h ahead of the share's")),
            (
                day,
                Some(day),
                0,
                Some("the clock of this server is 24 h behind those of fe01.contoso.example and of the share"),
            ),
            (5, None, 0, None),
            (6, None, 0, Some("the clock of fe01.contoso.example is ahead, or that of this server behind, by 6 min")),
        ];
        for (at, written, now, said) in cases {
            let clock = wrong_clock(&server, minute(at), written.map(minute), minute(now));
            assert_eq!(clock.map(|clock| clock.to_string()).as_deref(), said, "{at} {written:?} {now}");
        }
    }
}
