//! Which models there are.

use std::sync::Arc;

use guichet_catalogue::model::ai::Task;

use super::KnownModel;
use super::choose::ModelCandidate;
use super::need::need;
use crate::engine::Engine;
use crate::plan::{Candidate, unusable};
use crate::policy::Tier;

/// Every model that can be asked for by name: those of the files, then those that servers listed.
pub(super) fn models(engine: &Engine) -> Vec<KnownModel> {
    let catalogue = engine.catalogue();
    let discovered = engine.discovered();
    let mut all = Vec::new();
    for id in &catalogue.ai.order {
        let Some(provider) = catalogue.providers.get(id) else {
            continue;
        };
        let Some(server) = &provider.models else {
            continue;
        };
        for model in server.models.values() {
            all.push(KnownModel {
                provider: Arc::clone(id),
                id: Arc::clone(&model.id),
                model: Some(Arc::clone(model)),
                ready: is_ready(engine, id, &model.id),
            });
        }
        let listed = discovered.0.get(id).into_iter().flatten();
        let unknown = listed.filter(|listed| !server.models.contains_key(&listed.id));
        all.extend(unknown.map(|listed| KnownModel {
            provider: Arc::clone(id),
            id: Arc::clone(&listed.id),
            model: None,
            ready: is_ready(engine, id, &listed.id),
        }));
    }
    all
}

/// Whether somebody could be asked for it now.
fn is_ready(engine: &Engine, provider: &str, model: &Arc<str>) -> bool {
    let catalogue = engine.catalogue();
    let Some(endpoint) = endpoint(&catalogue, provider, model) else {
        return false;
    };
    if unusable(&endpoint.provider, engine.settings()).is_some() {
        return false;
    }
    let credentials = engine.credentials();
    let own = credentials.get(provider).map_or(&[][..], Vec::as_slice);
    let without = endpoint
        .provider
        .http()
        .is_some_and(|http| http.auth.works_without());
    let with = own.iter().cloned().map(Some);
    let none = (own.is_empty() && without).then_some(None);
    with.chain(none).any(|credential| {
        let candidate = ModelCandidate {
            candidate: Candidate {
                endpoint: Arc::clone(&endpoint),
                credential,
            },
            model: Arc::clone(model),
            tier: Tier::default(),
            free: false,
            known: None,
            context: None,
            cut_to: None,
        };
        let guard = engine.guard();
        let facts = guichet_dialects::facts::Facts::default();
        let prepared = engine.prepared(&candidate);
        let need = need(&prepared.windows, &candidate, &facts);
        let now = engine.now();
        guard.peek(&prepared.named, &need.claims, now).is_none()
    })
}

/// The provider's endpoint for the first task that the model does.
fn endpoint(
    catalogue: &guichet_catalogue::model::Catalogue,
    provider: &str,
    model: &str,
) -> Option<Arc<guichet_catalogue::model::Endpoint>> {
    let server = catalogue.providers.get(provider)?.models.as_ref()?;
    let task = server
        .models
        .get(model)
        .and_then(|model| model.tasks.first().copied())
        .unwrap_or(Task::Chat);
    let mut endpoints = catalogue.ai.tasks.get(&task)?.iter();
    endpoints
        .find(|endpoint| *endpoint.provider.id == *provider)
        .cloned()
}
