//! The order in which models are asked.

use guichet_catalogue::model::ai::Model;
use guichet_dialects::facts::Facts;

use super::ModelCall;
use super::choose::ModelCandidate;
use super::need::{cost, estimate, need};
use crate::engine::Engine;
use crate::policy::{Chosen, Known, Policy, Standing, Tier, arrange};

/// Tokens that only models with a long memory hold. A request of half of it needs one.
const LONG: u64 = 200_000;

/// Candidates as they are to be asked now.
pub(super) fn arranged<C: FromIterator<ModelCandidate>>(
    engine: &Engine,
    call: &ModelCall,
    candidates: Vec<ModelCandidate>,
    turn: usize,
) -> C {
    let [first, _, ..] = candidates.as_slice() else {
        return candidates.into_iter().collect();
    };
    let settings = engine.settings();
    let operation = || first.candidate.endpoint.operation.to_string();
    let Chosen { policy, wished } =
        settings
            .policies
            .of(call.wish.policy, call.caller.policy, operation);
    let counting = engine.counting(policy, turn);
    let stand = |candidate: &ModelCandidate| {
        let model = candidate.known.as_deref();
        let provider = &candidate.candidate.endpoint.provider;
        let own = settings.providers.get(&*provider.id);
        let known = Known {
            name: &|| name(candidate),
            claims: &|| need(&engine.prepared(candidate).windows, candidate, &call.facts).claims,
            money: money(candidate, &call.facts),
            weight: own.and_then(|own| own.weight).unwrap_or(1.0),
            spare: model.map_or(0, |model| spare(model, &call.facts)),
        };
        let cost = match counting.cost(&known) {
            // A free window of minutes is lost in minutes: whoever has no other is used first. What has no window at all
            // can be used at any time.
            None if policy == Policy::Harvest && !(known.claims)().is_empty() => Some([0.0; 2]),
            cost => cost,
        };
        Standing {
            tier: match &call.wish.first {
                _ if !wished => candidate.tier,
                // Whom the caller wants first stays there; the policy is for the others.
                Some(_) => [0, candidate.tier[1], 0, 0],
                None => Tier::default(),
            },
            paid: policy == Policy::Harvest && !candidate.free,
            cost,
        }
    };
    arrange(candidates, stand).collect()
}

/// Names what is measured: a model of a provider, whatever the credential.
pub(super) fn name(candidate: &ModelCandidate) -> String {
    format!(
        "{}/{}",
        candidate.candidate.endpoint.provider.id, candidate.model
    )
}

/// Dollars of the call; infinite where nobody knows.
fn money(candidate: &ModelCandidate, facts: &Facts) -> f64 {
    if candidate.free {
        return 0.0;
    }
    let model = candidate.known.as_deref();
    let price = model.and_then(|model| model.price.as_ref());
    price.map_or(f64::INFINITY, |price| cost(price, &estimate(facts, model)))
}

/// How much a model can do that few can and this call does not need.
fn spare(model: &Model, facts: &Facts) -> u32 {
    let long = model.context.is_some_and(|context| context >= LONG);
    let has = model.abilities;
    [
        has.vision && facts.images == 0,
        has.audio && facts.audios == 0 && !facts.speaks,
        has.files && facts.files == 0,
        long && facts.estimate_input_tokens() < LONG / 2,
    ]
    .into_iter()
    .map(u32::from)
    .sum()
}
