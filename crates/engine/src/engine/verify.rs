//! Whether a provider, and a credential, works: its cheapest call, live, past the cache.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::filter::Variables;
use guichet_catalogue::model::{Call as How, Catalogue, Provider};
use tokio::time::Instant;

use super::Engine;
use crate::answer::Skipped;
use crate::attempt::Attempting;
use crate::guard::Need;
use crate::identity::CredentialId;
use crate::outcome::Class;
use crate::plan::Candidate;
use crate::replay::seconds;
use crate::request::parameters;

/// How long a provider may take for it.
const TIME: Duration = Duration::from_secs(4);

/// What came of a provider's cheapest call.
#[derive(Debug, Clone)]
pub struct Verification {
    /// What it means; none where there is nothing to be called.
    pub class: Option<Class>,
    /// What happened, without secrets.
    pub detail: String,
    /// How long it took.
    pub took: Duration,
}

impl Engine {
    /// Calls a provider's cheapest operation with a credential (the first one where none is named). It is counted in
    /// the ledger like any call, and heals or opens the breaker like any call.
    pub async fn verify(&self, provider: &str, credential: Option<&CredentialId>) -> Verification {
        let began = Instant::now();
        let nothing = |detail: &str| Verification {
            class: None,
            detail: detail.into(),
            took: began.elapsed(),
        };
        let catalogue = self.catalogue();
        let Some(provider) = catalogue.providers.get(provider) else {
            return nothing("there is no such provider");
        };
        let Some(http) = provider.http() else {
            return nothing("computed here");
        };
        if provider.models.is_some() {
            return self.verify_models(&catalogue, provider, credential).await;
        }
        let Some(verify) = &provider.verify else {
            return nothing("its file names no call that tells ([verify])");
        };
        let operation = catalogue.operation(&provider.category, &verify.operation);
        let endpoint = operation.and_then(|operation| {
            operation
                .endpoints
                .iter()
                .find(|endpoint| endpoint.provider.id == provider.id)
        });
        let (Some(operation), Some(endpoint)) = (operation, endpoint) else {
            return nothing("it answers nothing");
        };
        let How::Http(how) = &endpoint.call else {
            return nothing("computed here");
        };
        let credentials = self.0.credentials.load();
        let own = credentials.get(&provider.id).map_or(&[][..], Vec::as_slice);
        let chosen = own
            .iter()
            .find(|own| credential.is_none_or(|id| own.id == *id))
            .cloned();
        if chosen.is_none() && !http.auth.works_without() {
            return nothing("it needs a credential, and there is none");
        }
        let candidate = Candidate {
            endpoint: endpoint.clone(),
            credential: chosen,
        };
        let variables = Variables {
            params: parameters(&verify.parameters),
            now: seconds(self.0.clock.now()),
            ..Variables::default()
        };
        let guard = &self.0.guard;
        let program = &catalogue.program;
        let need = Need::of(guard.ledger(), &candidate, http, program, &variables);
        let named = guard.named(&candidate);
        let not_asked = |skipped: Skipped| nothing(&format!("not asked: {:?}", skipped.reason));
        let mut permit = match guard.admit(&named, need, self.0.clock.now()) {
            Ok(permit) => permit,
            Err(skipped) => return not_asked(skipped),
        };
        if let Err(skipped) = self.agreed(&mut permit, &named).await {
            return not_asked(skipped);
        }
        let mut attempting = Attempting {
            program: &catalogue.program,
            http,
            credential: candidate.credential.as_deref(),
            tokens: &self.0.tokens,
            sender: &self.0.sender,
            transport: &self.0.transport,
            clock: &self.0.clock,
            journal: &self.0.journal,
            variables,
            time: TIME,
        };
        let asked = attempting
            .ask_in_time(how, &operation.shape, &mut permit.reservation)
            .await;
        let (class, retry_at, detail) = match &asked {
            Ok(_) => (Class::Ok, None, "answered and valid".to_owned()),
            Err(failure) => (failure.class, failure.retry_at, failure.detail.clone()),
        };
        self.settle(permit, class, retry_at);
        Verification {
            class: Some(class),
            detail,
            took: began.elapsed(),
        }
    }

    async fn verify_models(
        &self,
        catalogue: &Catalogue,
        provider: &Arc<Provider>,
        credential: Option<&CredentialId>,
    ) -> Verification {
        let began = Instant::now();
        let verification = |class, detail: String| Verification {
            class,
            detail,
            took: began.elapsed(),
        };
        let credentials = self.0.credentials.load();
        let own = credentials.get(&provider.id).map_or(&[][..], Vec::as_slice);
        let chosen = own
            .iter()
            .find(|own| credential.is_none_or(|id| own.id == *id));
        let needs_one = provider
            .http()
            .is_some_and(|http| !http.auth.works_without());
        if chosen.is_none() && needs_one {
            return verification(None, "it needs a credential, and there is none".into());
        }
        let chosen = chosen.map(|own| &**own);
        match crate::ai::verify::verify(self, catalogue, provider, chosen, TIME).await {
            None => verification(None, "its file names no call that tells (`verify`)".into()),
            Some(Ok(())) => verification(Some(Class::Ok), "answered".into()),
            Some(Err(failure)) => verification(Some(failure.class), failure.detail),
        }
    }
}
