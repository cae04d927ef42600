//! What is left of every quota.

use super::Engine;
use crate::ledger::{Listing, QuotaState};

impl Engine {
    /// Every window of every provider that could be asked, by provider, budget and window.
    #[must_use]
    pub fn quotas(&self) -> Vec<QuotaState> {
        let listing = Listing {
            catalogue: &self.0.catalogue.load(),
            credentials: &self.0.credentials.load(),
            settings: &self.0.settings,
        };
        self.0.guard.ledger().list(&listing, self.0.clock.now())
    }
}
