//! What a call takes of its caller's budgets of tokens and money: reserved by estimate before anyone is asked, counted
//! as used when the answer ends.
//!
//! **Invariant:** a call has one bill, whatever is tried, raced or continued for it. It counts what the call's usage
//! records say; where nobody knows what was used (the caller left before an answer began), the estimate stays.

use std::sync::Arc;

use guichet_catalogue::model::{Dimension, Quota};
use guichet_dialects::chat::Usage;
use guichet_dialects::facts::Facts;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::ModelCall;
use super::choose::ModelCandidate;
use super::need::{estimate, units};
use crate::answer::{SkipReason, Skipped};
use crate::engine::Engine;
use crate::ledger::{Agreement, Claim, Exhausted, Reservation};

/// The bill of one call. Clones are the same bill.
#[derive(Clone)]
pub(super) struct Bill(Option<Arc<Open>>);

struct Open {
    engine: Engine,
    budgets: Arc<[Claim]>,
    sheet: Mutex<Sheet>,
    /// Candidates that are raced are covered one after the other.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Sheet {
    reservation: Option<Reservation>,
    /// What was used so far: several answers may follow each other where one broke off.
    used: Used,
    /// What was in the way of a candidate.
    exceeded: Option<Exhausted>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    input: u64,
    output: u64,
    dollars: f64,
}

impl Used {
    /// What it is of a budget.
    fn of(self, quota: &Quota) -> f64 {
        if quota.dimension == Dimension::Money {
            return self.dollars;
        }
        let usage = Usage {
            input: self.input,
            output: self.output,
            ..Usage::default()
        };
        units(quota, &usage, None).unwrap_or(0.0)
    }
}

impl Bill {
    /// The bill of this call; callers without such budgets have none.
    pub(super) fn open(engine: &Engine, call: &ModelCall) -> Self {
        let budgets = &call.origin.budgets;
        Self((!budgets.is_empty()).then(|| {
            Arc::new(Open {
                engine: engine.clone(),
                budgets: Arc::clone(budgets),
                sheet: Mutex::default(),
                turn: tokio::sync::Mutex::default(),
            })
        }))
    }

    /// Reserves what asking this candidate takes, besides what was used already. What was reserved for another
    /// candidate is for this one too.
    pub(super) async fn cover(
        &self,
        candidate: &ModelCandidate,
        facts: &Facts,
    ) -> Result<(), Skipped> {
        let Some(open) = &self.0 else {
            return Ok(());
        };
        let provider = &candidate.candidate.endpoint.provider;
        let skipped = |reason, retry_at| Skipped {
            provider: Arc::clone(&provider.id),
            reason,
            retry_at,
            class: None,
        };
        let mut usage = estimate(facts, candidate.known.as_deref());
        usage.output = usage.output.min(candidate.cut_to.unwrap_or(u64::MAX));
        let known = candidate.known.as_ref();
        let price = known.and_then(|model| model.price.as_ref());
        let free = provider
            .models
            .as_ref()
            .is_some_and(|server| server.is_free(&candidate.model));
        let counts_money = |claim: &Claim| claim.quota().dimension == Dimension::Money;
        if price.is_none() && !free && open.budgets.iter().any(counts_money) {
            return Err(skipped(SkipReason::Unpriced, None));
        }
        let needed = |quota: &Quota| units(quota, &usage, price).unwrap_or(0.0);
        open.reserve(needed)
            .await
            .map_err(|full| skipped(SkipReason::Budget, full.retry_at))
    }

    /// A request is about to leave: what is reserved is spent, unless it becomes known what was used.
    pub(super) fn asked(&self) {
        if let Some(open) = &self.0
            && let Some(reservation) = &mut open.sheet.lock().reservation
        {
            reservation.spend();
        }
    }

    /// An answer has ended, which took so much; US dollars where the price is known.
    pub(super) fn settle(&self, usage: &Usage, dollars: Option<f64>) {
        if let Some(open) = &self.0 {
            open.settle(Used {
                input: usage.input,
                output: usage.output,
                dollars: dollars.unwrap_or(0.0),
            });
        }
    }

    /// Nobody answered: only what was used before counts.
    pub(super) fn void(&self) {
        if let Some(open) = &self.0 {
            open.settle(Used::default());
        }
    }

    /// What was in the way of a candidate that was to be asked.
    pub(super) fn exceeded(&self) -> Option<Exhausted> {
        self.0.as_ref()?.sheet.lock().exceeded.clone()
    }
}

impl Open {
    /// Reserves what is needed, and has it agreed by those who share the budgets, where there are any.
    async fn reserve(&self, needed: impl Fn(&Quota) -> f64) -> Result<(), Exhausted> {
        let _turn = self.turn.lock().await;
        let now = self.engine.now();
        let Some(agreement) = self.reserve_here(needed, now)? else {
            return Ok(());
        };
        let asked = agreement.ask(now).await;
        let mut sheet = self.sheet.lock();
        let reservation = sheet.reservation.as_mut();
        let agreed = reservation.map_or(Ok(()), |reservation| reservation.agreed(asked));
        if let Err(full) = &agreed {
            sheet.exceeded = Some(full.clone());
        }
        agreed
    }

    fn reserve_here(
        &self,
        needed: impl Fn(&Quota) -> f64,
        now: Timestamp,
    ) -> Result<Option<Agreement>, Exhausted> {
        let mut sheet = self.sheet.lock();
        let used = sheet.used;
        let wanted = |quota: &Quota| used.of(quota) + needed(quota);
        let reserved = if let Some(reservation) = &mut sheet.reservation {
            reservation.raise(wanted, now)
        } else {
            let claims = self.budgets.iter().map(|budget| {
                let window = Arc::clone(&budget.window);
                Claim::of(window, wanted(budget.quota()))
            });
            let ledger = self.engine.guard().ledger();
            let reserved = ledger.reserve(claims.collect(), now);
            reserved.map(|reservation| sheet.reservation = Some(reservation))
        };
        if let Err(full) = reserved {
            sheet.exceeded = Some(full.clone());
            return Err(full);
        }
        Ok(sheet.reservation.as_ref().and_then(Reservation::to_agree))
    }

    fn settle(&self, more: Used) {
        let mut sheet = self.sheet.lock();
        let used = Used {
            input: sheet.used.input + more.input,
            output: sheet.used.output + more.output,
            dollars: sheet.used.dollars + more.dollars,
        };
        sheet.used = used;
        if let Some(reservation) = &mut sheet.reservation {
            reservation.spend();
            reservation.settle(|quota| Some(used.of(quota)), self.engine.now());
        }
    }
}
