//! What we may still ask of each provider: every window of every budget, reserved before a request and settled after it.
//!
//! A decision looks at all windows at once and takes from all or none. A reservation gives back what it took when it
//! is dropped before the request left. What changed is handed to the store before a request is sent.

mod window;

use std::collections::HashMap;
use std::sync::Arc;

use guichet_catalogue::model::{Quota, Window};
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::store::WindowRecord;
use window::Level;
pub(crate) use window::room_again;

/// All budgets.
#[derive(Debug, Default)]
pub struct Ledger {
    levels: Mutex<HashMap<WindowKey, Level>>,
}

/// One window of one budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct WindowKey {
    budget: Arc<str>,
    window: Arc<str>,
}

/// Units that a request needs of one window.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Whose budget.
    pub budget: Arc<str>,
    /// Which window, and how much it holds.
    pub quota: Arc<Quota>,
    /// How much the request needs.
    pub units: f64,
}

/// A window that has not enough left.
#[derive(Debug, Clone, PartialEq)]
pub struct Exhausted {
    /// Whose budget.
    pub budget: Arc<str>,
    /// Which window.
    pub window: String,
    /// Whether it is one of minutes rather than days.
    pub is_short: bool,
    /// When there will be enough; none = never, or when something under way ends.
    pub retry_at: Option<Timestamp>,
    /// Whether only calls under way stand in the way.
    pub busy: bool,
}

impl Claim {
    fn key(&self) -> WindowKey {
        WindowKey {
            budget: Arc::clone(&self.budget),
            window: self.quota.id().into(),
        }
    }
}

impl Ledger {
    /// Takes the units of all claims, or of none.
    pub fn reserve(
        self: &Arc<Self>,
        claims: Vec<Claim>,
        now: Timestamp,
    ) -> Result<Reservation, Exhausted> {
        let mut levels = self.levels.lock();
        for claim in &claims {
            let level = levels
                .entry(claim.key())
                .or_insert_with(|| Level::opened(now));
            level.advance(&claim.quota, now);
            level.check(claim, now)?;
        }
        for claim in &claims {
            if let Some(level) = levels.get_mut(&claim.key()) {
                level.take(&claim.quota, claim.units, now);
            }
        }
        Ok(Reservation {
            ledger: Arc::clone(self),
            claims,
            planned: 1,
            sent: 0,
        })
    }

    /// Whether the claims could be reserved now, without taking anything.
    pub fn check(&self, claims: &[Claim], now: Timestamp) -> Result<(), Exhausted> {
        let levels = self.levels.lock();
        claims.iter().try_for_each(|claim| {
            let mut level = levels
                .get(&claim.key())
                .cloned()
                .unwrap_or_else(|| Level::opened(now));
            level.advance(&claim.quota, now);
            level.check(claim, now)
        })
    }

    /// The state of these claims' windows, for the store. What is under way is nothing to remember.
    pub fn records(&self, claims: &[Claim]) -> Vec<WindowRecord> {
        let levels = self.levels.lock();
        let durable = claims
            .iter()
            .filter(|claim| claim.quota.window != Window::Concurrency);
        durable
            .filter_map(|claim| {
                let level = levels.get(&claim.key())?;
                Some(WindowRecord {
                    budget: claim.budget.to_string(),
                    window: claim.quota.id(),
                    opened_at: level.opened_at,
                    used: level.used,
                })
            })
            .collect()
    }

    /// Takes over what the store remembers.
    pub fn restore(&self, records: Vec<WindowRecord>) {
        let mut levels = self.levels.lock();
        for record in records {
            let key = WindowKey {
                budget: record.budget.into(),
                window: record.window.into(),
            };
            levels.insert(key, Level::restored(record.opened_at, record.used));
        }
    }

    /// Units used of a window, as of now.
    pub fn used(&self, claim: &Claim, now: Timestamp) -> f64 {
        let mut level = self
            .levels
            .lock()
            .get(&claim.key())
            .cloned()
            .unwrap_or_else(|| Level::opened(now));
        level.advance(&claim.quota, now);
        level.used
    }

    /// Counts what was really used in place of what was claimed, also where it is more than there was.
    fn correct(&self, claims: &mut [Claim], used: impl Fn(&Quota) -> Option<f64>, now: Timestamp) {
        let mut levels = self.levels.lock();
        for claim in claims {
            let Some((used, level)) = used(&claim.quota).zip(levels.get_mut(&claim.key())) else {
                continue;
            };
            if used < claim.units {
                level.give_back(claim.units - used);
            } else {
                level.take(&claim.quota, used - claim.units, now);
            }
            claim.units = used;
        }
    }

    /// Believes a provider that tells how much of a window is used, where that is more than was counted here.
    fn learn(&self, claims: &[Claim], told: impl Fn(&Quota) -> Option<f64>, now: Timestamp) {
        let mut levels = self.levels.lock();
        for claim in claims {
            let Some((told, level)) = told(&claim.quota).zip(levels.get_mut(&claim.key())) else {
                continue;
            };
            level.advance(&claim.quota, now);
            if told > level.used {
                level.take(&claim.quota, told - level.used, now);
            }
        }
    }

    fn give_back(&self, claims: &[Claim], part: impl Fn(&Quota) -> f64) {
        let mut levels = self.levels.lock();
        for claim in claims {
            if let Some(level) = levels.get_mut(&claim.key()) {
                level.give_back(claim.units * part(&claim.quota));
            }
        }
    }
}

/// Units taken for the requests of one attempt. Dropped, it gives back the part of those that were not sent, and what
/// counts requests under way.
#[derive(Debug)]
pub struct Reservation {
    ledger: Arc<Ledger>,
    claims: Vec<Claim>,
    planned: u32,
    sent: u32,
}

impl Reservation {
    /// For how many requests, alike in weight, the claims are.
    #[must_use]
    pub fn for_requests(mut self, planned: u32) -> Self {
        self.planned = planned.max(1);
        self
    }

    /// Takes as much again as one request was planned with, for one that nobody planned.
    pub fn another(&mut self, now: Timestamp) -> Result<(), Exhausted> {
        let part = 1.0 / f64::from(self.planned);
        // Requests of one attempt follow each other, so only one of them is under way.
        let counted = |claim: &&Claim| claim.quota.window != Window::Concurrency;
        let more = self.claims.iter().filter(counted).map(|claim| Claim {
            units: claim.units * part,
            ..claim.clone()
        });
        let mut taken = self.ledger.reserve(more.collect(), now)?;
        // What was taken is this reservation's from here on: there is nothing left for the other one to give back.
        taken.claims.clear();
        for claim in &mut self.claims {
            if claim.quota.window != Window::Concurrency {
                claim.units += claim.units * part;
            }
        }
        self.planned += 1;
        Ok(())
    }

    /// Puts what was really used in the place of what was claimed, where `used` knows it.
    pub fn settle(&mut self, used: impl Fn(&Quota) -> Option<f64>, now: Timestamp) {
        let ledger = Arc::clone(&self.ledger);
        ledger.correct(&mut self.claims, used, now);
    }

    /// Takes over what the provider tells of the windows that were claimed: units used, where `told` knows them.
    pub fn learn(&self, told: impl Fn(&Quota) -> Option<f64>, now: Timestamp) {
        self.ledger.learn(&self.claims, told, now);
    }

    /// A request is about to leave: from here on its units are spent.
    pub fn sent(&mut self) {
        self.sent += 1;
    }

    /// The latest request certainly never reached the provider: nothing was spent on it.
    pub fn never_sent(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    /// Whether no request has left yet.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        self.sent == 0
    }

    /// What was claimed.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let unsent = self.planned.saturating_sub(self.sent);
        let part = f64::from(unsent) / f64::from(self.planned);
        self.ledger.give_back(&self.claims, |quota| {
            if quota.window == Window::Concurrency {
                1.0
            } else {
                part
            }
        });
    }
}

#[cfg(test)]
mod tests;
