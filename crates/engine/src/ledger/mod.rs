//! What we may still ask of each provider: every window of every budget, reserved before a request and settled after it.
//!
//! A decision looks at all windows at once and takes from all or none. A reservation gives back what it took when it
//! is dropped before the request left. What changed is remembered as such, and handed to the store before a request is
//! sent.

mod belief;
mod beliefs;
mod counted;
mod debts;
mod learn;
mod listing;
mod pace;
mod price;
mod share;
mod shared;
mod sharing;
mod window;

use std::sync::Arc;

use guichet_catalogue::model::{Dimension, Quota, Window};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::gauge::Gauge;
use crate::identity::ProjectId;
use crate::store::{BeliefRecord, Level, WindowRecord};
pub use counted::CountedWindow;
use counted::Windows;
pub use learn::Refused;
pub use listing::{Listing, OutlookState, QuotaState};
pub use pace::Outlook;
pub use share::{Share, Shares};
pub use shared::{Away, Shared, SharedLevel, Taking, Told};
pub(crate) use sharing::Agreement;
use sharing::{Mode, Sharing};
pub use window::began;
pub(crate) use window::room_again;

/// All budgets.
#[derive(Debug, Default)]
pub struct Ledger {
    windows: Mutex<Windows>,
    shares: Shares,
    /// Wakes who writes changes down, after a rest.
    changed: Notify,
    /// Those who have a say in it too; none = it alone counts.
    sharing: Option<Sharing>,
}

/// Units that a request needs of one window.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which window of whose budget, and how much it holds.
    pub window: Arc<CountedWindow>,
    /// How much the request needs.
    pub units: f64,
    /// What was ever taken of the window when it was reserved, without what was under way.
    settled: f64,
    /// Which opening of the window it was reserved of.
    opening: u32,
    /// What each of the units counted for when they were reserved.
    weight: f64,
}

/// A window that has not enough left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhausted {
    /// Whose budget.
    pub budget: Arc<str>,
    /// Which window.
    pub window: Arc<str>,
    /// Whether it is one of minutes rather than days.
    pub is_short: bool,
    /// When there will be enough; none = never, or when something under way ends.
    pub retry_at: Option<Timestamp>,
    /// Whether only calls under way stand in the way.
    pub busy: bool,
}

/// How a window stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Units that are left.
    pub left: f64,
    /// When all of it is there again, if nothing more is used; none = never, or when something under way ends.
    pub whole_at: Option<Timestamp>,
}

impl Claim {
    /// So many units of a window.
    #[must_use]
    pub fn of(window: Arc<CountedWindow>, units: f64) -> Self {
        Self {
            window,
            units,
            settled: 0.0,
            opening: 0,
            weight: 1.0,
        }
    }

    /// What the window holds, and how it opens and ends.
    #[must_use]
    pub fn quota(&self) -> &Quota {
        self.window.quota()
    }

    fn is_concurrency(&self) -> bool {
        self.quota().window == Window::Concurrency
    }

    /// Units that an answer to this request may be silent about: others were under way with it, and what it took itself
    /// is known to the provider at the end, unless that is one request.
    fn unknown(&self, fill: &window::Fill) -> f64 {
        let counts_calls = matches!(
            self.quota().dimension,
            Dimension::Requests | Dimension::Calls
        );
        let own = if counts_calls { 0.0 } else { self.units };
        (fill.taken - self.settled).max(0.0) + own
    }
}

impl Ledger {
    /// The window that this budget has by this quota. Found once, it is claimed of without being looked for.
    pub fn window(&self, budget: &str, quota: &Arc<Quota>) -> Arc<CountedWindow> {
        self.windows.lock().counted(budget, quota)
    }

    /// A claim of a window, which is looked for.
    pub fn claim(&self, budget: &str, quota: &Arc<Quota>, units: f64) -> Claim {
        Claim::of(self.window(budget, quota), units)
    }

    /// A ledger whose budgets are shared by projects.
    #[must_use]
    pub fn sharing(shares: Shares) -> Self {
        Self {
            shares,
            ..Self::default()
        }
    }

    /// Takes the units of all claims, or of none, for nobody in particular.
    pub fn reserve(
        self: &Arc<Self>,
        claims: Vec<Claim>,
        now: Timestamp,
    ) -> Result<Reservation, Exhausted> {
        self.reserve_for(None, claims, now)
    }

    /// Takes the units of all claims, or of none. What is kept for other projects is not taken.
    pub fn reserve_for(
        self: &Arc<Self>,
        project: Option<&ProjectId>,
        mut claims: Vec<Claim>,
        now: Timestamp,
    ) -> Result<Reservation, Exhausted> {
        let mode = self.mode();
        let mut windows = self.windows.lock();
        for claim in &claims {
            let level = windows.present(&claim.window, now);
            if mode.decides(claim)
                && let Err(full) = level.check(claim, claim.units * mode.weight(claim), now)
            {
                self.look_at(&mut windows, claim);
                return Err(full);
            }
        }
        let mut others = Vec::new();
        if !self.shares.0.is_empty() {
            let shares = &self.shares;
            others = shares.admit(&mut windows, project, &mut claims, mode, now)?;
        }
        for claim in &mut claims {
            if mode != Mode::Alone {
                windows.share(&claim.window);
            }
            claim.weight = mode.weight(claim);
            let window = Arc::clone(&claim.window);
            windows.change(&window, &self.changed, |level| level.reserve(claim, now));
            windows.was_used(&window, now);
        }
        drop(windows);
        Ok(Reservation {
            ledger: Arc::clone(self),
            unagreed: mode.to_agree(&claims, others),
            unplanned: 0,
            claims,
            reserved: now,
            planned: 1,
            sent: 0,
        })
    }

    /// Whether the claims could be reserved now, without taking anything.
    pub fn check(&self, claims: &[Claim], now: Timestamp) -> Result<(), Exhausted> {
        let mode = self.mode();
        let mut windows = self.windows.lock();
        let mut claims = claims.iter().filter(|claim| mode.decides(claim));
        claims.try_for_each(|claim| {
            let level = windows.as_of(&claim.window, now);
            let checked = level.check(claim, claim.units * mode.weight(claim), now);
            checked.inspect_err(|_| self.look_at(&mut windows, claim))
        })
    }

    /// Takes over what the store remembers.
    pub fn restore(&self, records: &[WindowRecord]) {
        let mut windows = self.windows.lock();
        for record in records {
            windows.restore(record);
        }
    }

    /// Units used of a window, as of now.
    pub fn used(&self, claim: &Claim, now: Timestamp) -> f64 {
        self.windows.lock().as_of(&claim.window, now).used
    }

    /// How a window stands, as of now.
    pub fn standing(&self, window: &CountedWindow, now: Timestamp) -> Standing {
        let level = self.windows.lock().as_of(window, now);
        let quota = window.quota();
        Standing {
            left: (level.limit(quota, now) - level.used).max(0.0),
            whole_at: level.whole_at(quota, now),
        }
    }

    /// Moves the levels that have changed since this was last asked into `levels`. What is under way is nothing to
    /// remember. Whoever asks must write them down before anyone asks again: else an older level could overwrite a newer.
    pub fn take_changes(&self, levels: &mut Vec<Level>) {
        self.windows.lock().take_changes(levels);
    }

    /// What has changed of what is believed since this was last asked.
    pub fn take_beliefs(&self) -> Vec<BeliefRecord> {
        self.windows.lock().take_beliefs()
    }

    /// Takes over what the store remembers of what was believed.
    pub fn restore_beliefs(&self, records: &[BeliefRecord], now: Timestamp) {
        let mut windows = self.windows.lock();
        for record in records {
            windows.restore_belief(record, now);
        }
    }

    /// These levels could not be written down: they count as changed again.
    pub fn not_written(&self, levels: &[Level]) {
        self.windows.lock().not_written(levels);
    }

    /// Returns when something has changed since [`Ledger::rest`].
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Whoever writes changes down looks no further until [`Ledger::changed`] returns; false where there are some left.
    pub fn rest(&self) -> bool {
        self.windows.lock().rest()
    }

    /// Counts what was really used in place of what was claimed, also where it is more than there was.
    fn correct(
        &self,
        claims: &mut [Claim],
        used: impl Fn(&Quota) -> Option<f64>,
        reserved: Timestamp,
        now: Timestamp,
    ) {
        let mut windows = self.windows.lock();
        for claim in claims {
            let Some(used) = used(claim.quota()) else {
                continue;
            };
            let mut counted = used - claim.units;
            windows.change(&claim.window, &self.changed, |level| {
                level.under_way += counted;
                let weighed = counted * claim.weight;
                if counted < 0.0 {
                    counted = -level.give_back(claim, -weighed, reserved) / claim.weight;
                } else {
                    level.take(claim.window.quota(), weighed, now);
                }
            });
            self.owe(&mut windows, claim, counted);
            claim.units = used;
        }
    }

    /// Ends what these claims have under way, and gives back a part of them. What those who share it have not agreed to
    /// is nothing that they are to be told.
    fn release(
        &self,
        claims: &[Claim],
        part: impl Fn(&Claim) -> f64,
        unagreed: &[Claim],
        reserved: Timestamp,
    ) {
        let mut windows = self.windows.lock();
        for claim in claims {
            windows.look(&claim.window, |level| {
                level.under_way = (level.under_way - claim.units).max(0.0);
            });
            let units = claim.units * part(claim);
            if units > 0.0 {
                let mut given = units;
                windows.change(&claim.window, &self.changed, |level| {
                    let weighed = units * claim.weight;
                    given = level.give_back(claim, weighed, reserved) / claim.weight;
                });
                let unagreed = unagreed
                    .iter()
                    .filter(|other| other.window.is(&claim.window));
                let unknown: f64 = unagreed.map(|other| other.units).sum();
                self.owe(&mut windows, claim, -(given - unknown).max(0.0));
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
    /// Of the claims what those who share the windows have not agreed to yet.
    unagreed: Vec<Claim>,
    /// Of the planned requests those that this is for.
    unplanned: u32,
    /// When.
    reserved: Timestamp,
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
        let counted = |claim: &&Claim| !claim.is_concurrency();
        let more = self.claims.iter().filter(counted).map(|claim| Claim {
            units: claim.units * part,
            ..claim.clone()
        });
        let mut taken = self.ledger.reserve(more.collect(), now)?;
        // What was taken is this reservation's from here on: there is nothing left for the other one to give back.
        taken.claims.clear();
        self.unagreed.append(&mut taken.unagreed);
        self.unplanned += 1;
        for claim in &mut self.claims {
            if !claim.is_concurrency() {
                claim.units += claim.units * part;
            }
        }
        self.planned += 1;
        Ok(())
    }

    /// Takes what is missing of this much of each window, of all or of none. What was claimed beyond it stays.
    pub fn raise(
        &mut self,
        wanted: impl Fn(&Quota) -> f64,
        now: Timestamp,
    ) -> Result<(), Exhausted> {
        let missing = |claim: &Claim| (wanted(claim.quota()) - claim.units).max(0.0);
        let more = self.claims.iter().map(|claim| Claim {
            units: missing(claim),
            ..claim.clone()
        });
        let mut taken = self.ledger.reserve(more.collect(), now)?;
        // As above: it is this reservation's from here on.
        self.unagreed.append(&mut taken.unagreed);
        let taken = std::mem::take(&mut taken.claims);
        for (claim, more) in self.claims.iter_mut().zip(taken) {
            claim.units += more.units;
        }
        Ok(())
    }

    /// Puts what was really used in the place of what was claimed, where `used` knows it.
    pub fn settle(&mut self, used: impl Fn(&Quota) -> Option<f64>, now: Timestamp) {
        let ledger = Arc::clone(&self.ledger);
        ledger.correct(&mut self.claims, used, self.reserved, now);
    }

    /// Takes over what the provider tells of the windows that were claimed.
    pub fn learn(&self, told: &[Gauge], now: Timestamp) {
        self.ledger.believe(&self.claims, told, now);
    }

    /// The request went well: where it was one more than was believed to fit, more fits.
    pub fn passed(&self, now: Timestamp) {
        self.ledger.passed(&self.claims, now);
    }

    /// The provider refused the request for its quotas although it was believed to fit.
    pub fn refused(&self, refused: &Refused, now: Timestamp) {
        self.ledger
            .refused(&self.claims, refused, self.reserved, now);
    }

    /// A request is about to leave: from here on its units are spent.
    pub fn sent(&mut self) {
        self.sent += 1;
    }

    /// Everything that is claimed is spent from here on, but for what counts requests under way.
    pub fn spend(&mut self) {
        self.sent = self.planned;
    }

    /// The latest request certainly never reached the provider: nothing was spent on it.
    pub fn never_sent(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    /// What was claimed of these windows stays taken, even if nothing is sent.
    pub fn keep(&mut self, kept: &[Claim]) {
        let is_kept = |claim: &Claim| kept.iter().any(|kept| claim.window.is(&kept.window));
        let (kept, rest) = std::mem::take(&mut self.claims)
            .into_iter()
            .partition::<Vec<_>, _>(is_kept);
        self.ledger
            .release(&kept, |_| 0.0, &self.unagreed, self.reserved);
        self.claims = rest;
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
        self.ledger.release(
            &self.claims,
            |claim| if claim.is_concurrency() { 1.0 } else { part },
            &self.unagreed,
            self.reserved,
        );
    }
}

#[cfg(test)]
mod learn_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
