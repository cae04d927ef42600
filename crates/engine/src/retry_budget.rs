//! How often a provider may be asked a second time within a call: a fifth of its calls, and a few to begin with.
//! Without it, retries would become the outage.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Retries that each provider has earned.
#[derive(Debug, Default)]
pub(crate) struct RetryBudget {
    earned: Mutex<HashMap<Arc<str>, f64>>,
}

impl RetryBudget {
    const PER_CALL: f64 = 0.2;
    const FLOOR: f64 = 3.0;
    const MOST: f64 = 20.0;

    /// A first attempt earns a fifth of a retry.
    pub(crate) fn earn(&self, provider: &Arc<str>) {
        let mut earned = self.earned.lock();
        let retries = earned.entry(Arc::clone(provider)).or_insert(Self::FLOOR);
        *retries = (*retries + Self::PER_CALL).min(Self::MOST);
    }

    /// Takes one retry, if one was earned.
    pub(crate) fn spend(&self, provider: &Arc<str>) -> bool {
        let mut earned = self.earned.lock();
        let retries = earned.entry(Arc::clone(provider)).or_insert(Self::FLOOR);
        let enough = *retries >= 1.0;
        if enough {
            *retries -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn retries_stay_below_a_fifth_of_the_calls_and_the_floor(calls in prop::collection::vec(any::<bool>(), 0..500)) {
            let budget = RetryBudget::default();
            let provider: Arc<str> = "p".into();
            let (mut made, mut retried) = (0.0, 0.0);
            for fails in calls {
                budget.earn(&provider);
                made += 1.0;
                retried += f64::from(u8::from(fails && budget.spend(&provider)));
                prop_assert!(retried <= made * RetryBudget::PER_CALL + RetryBudget::FLOOR + 1e-9);
            }
        }
    }
}
