//! Leave to ask a candidate, and what becomes of it when the candidate fails.

use guichet_catalogue::model::{Class, Dimension, Quota, Suspends};
use guichet_dialects::facts::Facts;

use super::choose::ModelCandidate;
use super::need::need;
use super::prepared::Prepared;
use super::verdict::Verdict;
use crate::answer::Skipped;
use crate::engine::Engine;
use crate::guard::{Permit, Reach};

/// Leave to ask: what it takes is reserved, and written down before anything is sent.
pub(super) async fn admit(
    engine: &Engine,
    candidate: &ModelCandidate,
    prepared: &Prepared,
    facts: &Facts,
) -> Result<Permit, Skipped> {
    let guard = engine.guard();
    let need = need(&prepared.windows, candidate, facts);
    let permit = guard.admit(&prepared.named, need, engine.now())?;
    engine.written().await;
    Ok(permit)
}

/// The candidate failed so: ledger and breakers learn it.
pub(super) fn settle(engine: &Engine, mut permit: Permit, verdict: &Verdict) {
    let failure = &verdict.failure;
    if failure.status.is_some_and(|status| status >= 400) {
        permit.reservation.settle(of_refused, engine.now());
    }
    permit
        .reservation
        .learn(|quota| spent(quota, verdict), engine.now());
    let reach = match verdict.suspends {
        Suspends::Nothing => {
            // The candidate is sound: the request was at fault.
            engine.settle_within(permit, Class::BadRequest, Reach::Narrow, None);
            return;
        }
        Suspends::Model | Suspends::Group => Reach::Narrow,
        Suspends::Credential | Suspends::Provider => Reach::Wide,
    };
    engine.settle_within(permit, failure.class, reach, failure.retry_at);
}

/// What a refused request took: it was a request, and nothing was read or written for it.
fn of_refused(quota: &Quota) -> Option<f64> {
    let counts_requests = matches!(quota.dimension, Dimension::Requests | Dimension::Credits);
    (!counts_requests).then_some(0.0)
}

/// How much of a window is used, by what the provider said when it refused; none where it did not speak of this one.
fn spent(quota: &Quota, verdict: &Verdict) -> Option<f64> {
    if let Some(tally) = verdict.tally {
        // The window whose limit it named, whatever our file believes of the others.
        return ((tally.limit - quota.limit).abs() < 0.5).then_some(tally.used);
    }
    let named = verdict.window.is_some() && verdict.window == quota.window.period();
    let shared = verdict.suspends == Suspends::Group && quota.group.is_some();
    let over = verdict.failure.class == Class::QuotaExhausted;
    let meant = match verdict.window {
        Some(_) => named,
        None => shared,
    };
    (over && meant).then_some(quota.limit)
}
