//! What came of a replay.

use crate::demand::Arrival;
use crate::upstream::Tally;

/// What came of a replay.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Calls that came.
    pub(crate) calls: usize,
    /// Served calls by their numbers, and how many seconds each took longer than its answer.
    served: Vec<(usize, f64)>,
    /// What the providers counted.
    pub(crate) tally: Tally,
}

impl Outcome {
    /// Nothing yet, of so many calls.
    #[must_use]
    pub(crate) fn new(calls: usize) -> Self {
        Self {
            calls,
            served: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// A call was served so many seconds later than it could have been.
    pub(crate) fn served(&mut self, number: usize, wait: f64) {
        self.served.push((number, wait.max(0.0)));
    }

    /// What the providers counted.
    pub(crate) fn wasted(&mut self, tally: Tally) {
        self.tally = tally;
    }

    /// Calls that were served.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    pub(crate) fn count(&self) -> f64 {
        self.served.len() as f64
    }

    /// The part of the calls of one kind that was served.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    pub(crate) fn part_of(&self, kind: usize, calls: &[Arrival]) -> f64 {
        let all = calls.iter().filter(|call| call.kind == kind).count();
        let served = self.served.iter();
        let served = served
            .filter(|(number, _)| calls[*number].kind == kind)
            .count();
        served as f64 / all.max(1) as f64
    }

    /// Refusals of providers, per thousand calls that were served.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    pub(crate) fn wasted_per_thousand(&self) -> f64 {
        1_000.0 * self.tally.refused as f64 / self.served.len().max(1) as f64
    }

    /// What nineteen of twenty served calls had to wait at most, in seconds.
    #[must_use]
    pub(crate) fn wait_of_most(&self) -> f64 {
        let mut sorted: Vec<f64> = self.served.iter().map(|(_, wait)| *wait).collect();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
        sorted.get(place).copied().unwrap_or(0.0)
    }
}
