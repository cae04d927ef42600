//! How the time of a call is shared among its candidates.

use std::time::Duration;

use tokio::time::Instant;

/// Less than this is too short for any answer, so nobody is offered less while there is more.
const LEAST: Duration = Duration::from_millis(300);

/// When a call must be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    pub(crate) fn instant(self) -> Instant {
        self.0
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// What is left until so long after it.
    pub(crate) fn left_with(self, grace: Duration) -> Duration {
        (self.0 + grace).saturating_duration_since(Instant::now())
    }

    pub(crate) fn passed(self) -> bool {
        self.left().is_zero()
    }

    /// What one of the candidates left may take, so that a slow one cannot eat the time of the others.
    pub(crate) fn share(self, candidates_left: usize) -> Duration {
        share(self.left(), candidates_left)
    }

    /// Half of what is left, for what has to be known before anyone can be asked. In whole steps, so that calls which
    /// begin a moment apart allow the same time and can share the work.
    pub(crate) fn time_for_places(self) -> Duration {
        const STEP: Duration = Duration::from_millis(50);
        let steps = (self.left() / 2).as_millis().div_ceil(STEP.as_millis());
        STEP * u32::try_from(steps).unwrap_or(u32::MAX)
    }
}

fn share(left: Duration, candidates_left: usize) -> Duration {
    let even = left / u32::try_from(candidates_left.max(1)).unwrap_or(u32::MAX);
    even.max(LEAST).min(left)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everyone_gets_a_share_although_everyone_before_used_theirs_up(
            milliseconds in 1_u64..60_000,
            candidates in 1_usize..12,
        ) {
            let total = Duration::from_millis(milliseconds);
            let mut left = total;
            for still in (1..=candidates).rev() {
                let share = share(left, still);
                prop_assert!(share <= left);
                prop_assert!(still > 1 || share == left, "the last one gets all that is left");
                if total / u32::try_from(candidates).unwrap() >= LEAST {
                    prop_assert!(share >= LEAST, "{share:?} of {left:?} for {still}");
                }
                left -= share;
            }
        }
    }
}
