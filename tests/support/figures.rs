//! Medians, and how far to trust them.

use std::fmt;

use fastrand::Rng;

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A median, with the interval that contains nineteen of twenty medians of resampled values.
pub struct Estimate {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

/// How often values are resampled.
const RESAMPLES: usize = 200;

impl Estimate {
    /// The median of some values; the bootstrap uses a random seed of its own.
    pub fn of(values: &[f64]) -> Self {
        let mut rng = Rng::with_seed(4711);
        let resample = |rng: &mut Rng| {
            median((0..values.len()).filter_map(|_| values.get(rng.usize(..values.len())).copied()).collect())
        };
        let mut medians: Vec<f64> = (0..RESAMPLES).map(|_| resample(&mut rng)).collect();
        medians.sort_by(f64::total_cmp);
        let at = |share: f64| medians.get((RESAMPLES as f64 * share) as usize).copied().unwrap_or_default();
        Self { median: median(values.to_vec()), low: at(0.025), high: at(0.975) }
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} [{:.2}, {:.2}]", self.median, self.low, self.high)
    }
}
