//! What a call to a model takes of a provider's quotas: by estimate before it, as counted after it. And what it costs.

use std::sync::Arc;

use guichet_catalogue::model::ai::{Model, Price};
use guichet_catalogue::model::{Dimension, Quota};
use guichet_dialects::chat::Usage;
use guichet_dialects::facts::Facts;

use super::choose::ModelCandidate;
use crate::guard::Need;
use crate::ledger::{Claim, CountedWindow, Ledger};

/// Tokens that an answer takes where neither the caller nor the model's file says how many.
const ANSWER: u64 = 512;
/// Dollars for one of Cloudflare's neurons.
const NEURON: f64 = 0.011 / 1000.0;

/// The windows in which calls to this candidate count.
pub(super) fn windows(ledger: &Ledger, candidate: &ModelCandidate) -> Vec<Arc<CountedWindow>> {
    let credential = candidate.candidate.credential.as_ref();
    let credential = credential.map(|credential| credential.id.as_str());
    let provider = &candidate.candidate.endpoint.provider;
    let quotas = provider.quotas_of(&candidate.model).into_iter();
    quotas
        .map(|quota| {
            let budget = quota.budget(&provider.id, Some(&candidate.model), credential);
            ledger.window(&budget, &quota)
        })
        .collect()
}

/// What asking this candidate takes of its windows, by estimate.
pub(super) fn need(
    windows: &[Arc<CountedWindow>],
    candidate: &ModelCandidate,
    facts: &Facts,
) -> Need {
    let known = candidate.known.as_deref();
    let mut usage = estimate(facts, known);
    usage.output = usage.output.min(candidate.cut_to.unwrap_or(u64::MAX));
    let price = known.and_then(|model| model.price.as_ref());
    let claims = windows.iter().filter_map(|window| {
        let units = units(window.quota(), &usage, price)?;
        Some(Claim::of(Arc::clone(window), units))
    });
    Need::of_claims(claims.collect())
}

/// What a call takes, before anyone has counted.
pub(super) fn estimate(facts: &Facts, known: Option<&Model>) -> Usage {
    let answer = facts
        .max_tokens
        .or(known.and_then(|model| model.default_output))
        .unwrap_or(ANSWER);
    Usage {
        input: facts.estimate_input_tokens(),
        output: answer.saturating_mul(facts.choices.max(1)),
        ..Usage::default()
    }
}

/// What a call takes of a window; none where nobody here can count that.
pub(super) fn units(quota: &Quota, usage: &Usage, price: Option<&Price>) -> Option<f64> {
    match quota.dimension {
        Dimension::Requests | Dimension::Calls | Dimension::Credits => Some(1.0),
        Dimension::InputTokens => Some(exact(usage.input)),
        Dimension::OutputTokens => Some(exact(usage.output)),
        Dimension::Tokens => Some(exact(usage.total())),
        Dimension::Neurons => Some(price.map_or(1.0, |price| cost(price, usage) / NEURON)),
        Dimension::Money => price.map(|price| cost(price, usage)),
        // A token is about four characters; of sound nobody here knows how long it is.
        Dimension::Characters => Some(exact(usage.input.saturating_mul(4))),
        Dimension::AudioSeconds => None,
    }
}

/// US dollars.
pub(super) fn cost(price: &Price, usage: &Usage) -> f64 {
    const MILLION: f64 = 1_000_000.0;
    let cached = usage.cached.unwrap_or(0).min(usage.input);
    let fresh = usage.input - cached;
    let input = exact(fresh) * price.input;
    let from_cache = exact(cached) * price.cached_input.unwrap_or(price.input);
    let output = exact(usage.output) * price.output;
    (input + from_cache + output) / MILLION + price.request.unwrap_or(0.0)
}

/// Tokens are far fewer than a float can count.
#[expect(clippy::cast_precision_loss, reason = "no call has 2^53 tokens")]
fn exact(tokens: u64) -> f64 {
    tokens as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_a_cache_costs_what_the_cache_costs() {
        let price = Price {
            input: 1.0,
            output: 4.0,
            cached_input: Some(0.1),
            image: None,
            minute: None,
            characters: None,
            request: None,
            as_of: jiff::civil::date(2026, 11, 22),
        };
        let usage = Usage {
            input: 1_000_000,
            output: 500_000,
            cached: Some(400_000),
            ..Usage::default()
        };
        assert!((cost(&price, &usage) - (0.6 + 0.04 + 2.0)).abs() < 1e-9);
    }

    #[test]
    fn an_answer_that_nobody_bounds_is_taken_to_be_middling() {
        let facts = Facts {
            choices: 2,
            ..Facts::default()
        };
        assert_eq!(estimate(&facts, None).output, 2 * ANSWER);
        let bounded = Facts {
            max_tokens: Some(50),
            ..Facts::default()
        };
        assert_eq!(estimate(&bounded, None).output, 50);
    }
}
