//! What callers may still ask of us: their windows are of the same ledger as those of providers.

use std::sync::Arc;

use guichet_catalogue::model::Quota;
use jiff::Timestamp;

use super::Engine;
use crate::ledger::{Claim, Exhausted, Reservation, Standing};

impl Engine {
    /// A claim of a caller's window.
    #[must_use]
    pub fn claim(&self, budget: &str, quota: &Arc<Quota>, units: f64) -> Claim {
        self.guard().ledger().claim(budget, quota, units)
    }

    /// Takes the units of all claims, or of none. What was taken is durable before a request of the call leaves.
    pub fn reserve(&self, claims: Vec<Claim>, now: Timestamp) -> Result<Reservation, Exhausted> {
        self.guard().ledger().reserve(claims, now)
    }

    /// How a claim's window stands.
    #[must_use]
    pub fn standing(&self, claim: &Claim, now: Timestamp) -> Standing {
        self.guard().ledger().standing(&claim.window, now)
    }
}
