//! What came of a replay.

use crate::upstream::Tally;

/// What came of a replay.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Calls that came.
    pub calls: usize,
    /// Seconds that each served call took longer than its answer.
    waits: Vec<f64>,
    /// What the providers counted.
    pub tally: Tally,
}

impl Outcome {
    /// Nothing yet, of so many calls.
    #[must_use]
    pub fn new(calls: usize) -> Self {
        Self {
            calls,
            waits: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// A call was served so many seconds later than it could have been.
    pub fn served(&mut self, wait: f64) {
        self.waits.push(wait.max(0.0));
    }

    /// What the providers counted.
    pub fn wasted(&mut self, tally: Tally) {
        self.tally = tally;
    }

    /// Calls that were served.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    pub fn count(&self) -> f64 {
        self.waits.len() as f64
    }

    /// Refusals of providers, per thousand calls.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    pub fn wasted_per_thousand(&self) -> f64 {
        1_000.0 * self.tally.refused as f64 / self.calls.max(1) as f64
    }

    /// What nineteen of twenty served calls had to wait at most, in seconds.
    #[must_use]
    pub fn wait_of_most(&self) -> f64 {
        let mut sorted = self.waits.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
        sorted.get(place).copied().unwrap_or(0.0)
    }
}
