//! Leave to ask a candidate, and what becomes of it when the candidate fails.

use guichet_catalogue::model::{Class, Dimension, Quota, Suspends};

use super::ModelCall;
use super::bill::Bill;
use super::choose::ModelCandidate;
use super::need::need;
use super::prepared::Prepared;
use super::verdict::Verdict;
use crate::answer::Skipped;
use crate::engine::Engine;
use crate::guard::{Permit, Reach};

/// Leave to ask: what it takes of the provider's quotas and of the caller's budgets is reserved, and written down before
/// anything is sent.
pub(super) async fn admit(
    engine: &Engine,
    candidate: &ModelCandidate,
    prepared: &Prepared,
    call: &ModelCall,
    bill: &Bill,
) -> Result<Permit, Skipped> {
    bill.cover(candidate, &call.facts).await?;
    let guard = engine.guard();
    let need =
        need(&prepared.windows, candidate, &call.facts).for_project(Some(&call.origin.project));
    let mut permit = guard.admit(&prepared.named, need, engine.now())?;
    engine.agreed(&mut permit, &prepared.named).await?;
    bill.asked();
    Ok(permit)
}

/// The candidate failed so: ledger and breakers learn it.
pub(super) fn settle(engine: &Engine, mut permit: Permit, verdict: &Verdict) {
    let failure = &verdict.failure;
    if failure.status.is_some_and(|status| status >= 400) {
        permit.reservation.settle(of_refused, engine.now());
    }
    verdict.teach(&permit.reservation, engine.now());
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
    let counts_requests = matches!(
        quota.dimension,
        Dimension::Requests | Dimension::Calls | Dimension::Credits
    );
    (!counts_requests).then_some(0.0)
}
