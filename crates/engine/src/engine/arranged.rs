//! The order in which candidates for data are asked.
//!
//! Providers of data know different parts of the world, and the catalogue's order says who knows best. So `harvest` moves
//! only those whose free capacity can be saved: whoever has no window of a day or longer keeps its place.

use super::Engine;
use crate::call::Call;
use crate::guard::Need;
use crate::ledger::Claim;
use crate::plan::{Candidate, tier};
use crate::policy::{Chosen, Known, Standing, Tier, arrange};

/// Candidates as they are to be asked now.
pub(super) fn arranged<C: FromIterator<Candidate>>(
    engine: &Engine,
    call: &Call,
    candidates: Vec<Candidate>,
    turn: usize,
) -> C {
    if candidates.len() < 2 {
        return candidates.into_iter().collect();
    }
    let settings = &engine.0.settings;
    let operation = || call.operation.id.to_string();
    let Chosen { policy, wished } =
        settings
            .policies
            .of(call.options.policy, call.caller.policy, operation);
    let counting = engine.counting(policy, turn);
    let stand = |candidate: &Candidate| {
        let provider = &candidate.endpoint.provider;
        let own = settings.providers.get(&*provider.id);
        let known = Known {
            name: &|| candidate.name(),
            claims: &|| claims(engine, candidate),
            money: 0.0,
            weight: own.and_then(|own| own.weight).unwrap_or(1.0),
            spare: 0,
        };
        Standing {
            tier: if wished {
                Tier::default()
            } else {
                tier(provider, settings, &call.options.providers.allowed)
            },
            paid: false,
            cost: counting.cost(&known),
        }
    };
    arrange(candidates, stand).collect()
}

fn claims(engine: &Engine, candidate: &Candidate) -> Vec<Claim> {
    let http = candidate.endpoint.provider.http();
    http.map_or_else(Vec::new, |http| {
        Need::of_one(engine.guard().ledger(), candidate, http).claims
    })
}
