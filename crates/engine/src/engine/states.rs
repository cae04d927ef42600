//! How each candidate stands, for health pages and checks.

use std::sync::Arc;

use guichet_catalogue::model::Operation;

use super::Engine;
use crate::answer::{SkipReason, Skipped};
use crate::guard::Need;
use crate::identity::CredentialId;
use crate::plan::{Candidate, unusable};

/// One candidate of an operation.
#[derive(Debug, Clone)]
pub struct CandidateState {
    /// The provider.
    pub provider: Arc<str>,
    /// The credential, where it is asked with one.
    pub credential: Option<CredentialId>,
    /// Why it would not be asked now; none = it would.
    pub state: Option<Skipped>,
}

impl Engine {
    /// Whether those who count quotas together can be reached; none where it alone counts.
    #[must_use]
    pub fn shares_counters(&self) -> Option<bool> {
        self.0.guard.ledger().reaches_others()
    }

    /// The credentials of a provider that the configuration uses.
    #[must_use]
    pub fn credential_ids(&self, provider: &str) -> Vec<CredentialId> {
        let catalogue = self.0.catalogue.load();
        let known = catalogue.providers.get(provider);
        if known.is_none_or(|known| unusable(known, &self.0.settings).is_some()) {
            return Vec::new();
        }
        let credentials = self.0.credentials.load();
        let own = credentials.get(provider).map_or(&[][..], Vec::as_slice);
        own.iter().map(|credential| credential.id.clone()).collect()
    }

    /// All candidates of an operation, also those that the configuration leaves out.
    #[must_use]
    pub fn candidates(&self, operation: &Operation) -> Vec<CandidateState> {
        let credentials = self.0.credentials.load();
        let now = self.0.clock.now();
        let mut states = Vec::new();
        for endpoint in &operation.endpoints {
            let provider = &endpoint.provider;
            let left_out = |reason| CandidateState {
                provider: Arc::clone(&provider.id),
                credential: None,
                state: Some(Skipped {
                    provider: Arc::clone(&provider.id),
                    reason,
                    retry_at: None,
                    class: None,
                }),
            };
            if let Some(reason) = unusable(provider, &self.0.settings) {
                states.push(left_out(reason));
                continue;
            }
            let own = credentials.get(&provider.id).map_or(&[][..], Vec::as_slice);
            let without = provider.http().is_none_or(|http| http.auth.works_without());
            if own.is_empty() && !without {
                states.push(left_out(SkipReason::NoCredential));
                continue;
            }
            let with = own
                .iter()
                .cloned()
                .map(Some)
                .chain((own.is_empty()).then_some(None));
            states.extend(with.map(|credential| {
                let candidate = Candidate {
                    endpoint: Arc::clone(endpoint),
                    credential,
                };
                let state = provider.http().and_then(|http| {
                    let guard = &self.0.guard;
                    let need = Need::of_one(guard.ledger(), &candidate, http);
                    guard.peek(&guard.named(&candidate), &need.claims, now)
                });
                let credential = candidate.credential.map(|own| own.id.clone());
                CandidateState {
                    provider: Arc::clone(&provider.id),
                    credential,
                    state,
                }
            }));
        }
        states
    }
}
