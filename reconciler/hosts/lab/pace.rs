//! The pace of a lab: how fast its clocks run while a person watches a run.

use std::{fmt, iter, str::FromStr, time::Duration};

use reconcile_schema::Period;
use serde::{Deserialize, Serialize};

/// How many seconds of a lab pass in a second of the person who watches. A lab without a pace does not wait at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pace(u32);

/// The longest wait in which nobody asks whether the run must end.
const MOMENT: Duration = Duration::from_millis(50);

impl Pace {
    /// The pace of a real clock.
    pub const REAL: Self = Self(1);
    /// An hour in a second.
    const FASTEST: u32 = 3600;

    /// The moments for which somebody waits while this period passes in the lab, each with how much of it has passed
    /// then.
    pub fn moments(self, period: Period) -> impl Iterator<Item = (Duration, Period)> {
        let mut left = Duration::from(period) / self.0;
        let mut waited = Duration::ZERO;
        iter::from_fn(move || {
            let moment = left.min(MOMENT);
            (left, waited) = (left - moment, waited + moment);
            (moment > Duration::ZERO).then(|| (moment, self.passes(waited)))
        })
    }

    /// How long the lab goes on while somebody waits this long.
    #[must_use]
    pub fn passes(self, waited: Duration) -> Period {
        let seconds = waited.as_millis().saturating_mul(self.0.into()) / 1000;
        Period::seconds(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let factor = text.strip_suffix('x').unwrap_or(text).parse().ok();
        let factor = factor.filter(|factor| (1..=Self::FASTEST).contains(factor));
        factor.map(Self).ok_or_else(|| {
            format!(
                "expected a pace from 1x to {}x, such as 60x (an hour in a minute), found \"{text}\"",
                Self::FASTEST
            )
        })
    }
}

impl TryFrom<String> for Pace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Pace> for String {
    fn from(pace: Pace) -> Self {
        pace.to_string()
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn moments_add_up_to_the_period() {
        for pace in ["1x", "7x", "60x"] {
            let (pace, period) = (pace.parse::<Pace>().unwrap(), Period::seconds(149));
            let moments: Vec<_> = pace.moments(period).collect();
            let passed: Vec<_> = moments.iter().map(|(_, passed)| *passed).collect();
            assert!(passed.is_sorted(), "{passed:?}");
            assert!(period - *passed.last().unwrap() <= Period::seconds(1), "{passed:?}");
        }
        assert_eq!("1x".parse::<Pace>().unwrap().moments(Period::default()).count(), 0);
    }
}
