//! Any call to a provider as it is: with our credential, quota and breaker, and the provider's own answer.

use std::sync::Arc;

use bytes::Bytes;
use guichet_catalogue::filter::{Input, Variables};
use guichet_catalogue::model::{Catalogue, Http, Provider};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::Engine;
use super::call::refused;
use crate::answer::{Reason, Refusal, SkipReason, Skipped};
use crate::attempt::{failed, told};
use crate::call::Caller;
use crate::guard::{Need, Permit};
use crate::outcome::{Attempt, Class, Failure};
use crate::plan::{Candidate, unusable};
use crate::replay::seconds;
use crate::request::{Draft, check_egress};
use crate::reset_time::retry_after;
use crate::tokens::Fetching;
use crate::transport::{Limits, UpstreamRequest, UpstreamResponse};

/// A call to a provider as it is.
#[derive(Debug, Clone)]
pub struct ProxyCall {
    /// The provider.
    pub provider: Arc<str>,
    /// The method.
    pub method: Method,
    /// What follows the provider's base URL.
    pub path_and_query: String,
    /// Headers to pass on; whoever makes the call leaves out what is between it and us.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Who asks.
    pub caller: Caller,
}

/// Bytes of an answer that are passed on.
const MAX_BYTES: usize = 16 << 20;

impl Engine {
    /// Passes a call on. The answer is the provider's own, whatever its status.
    pub async fn proxy(&self, call: ProxyCall) -> Result<UpstreamResponse, Refusal> {
        let catalogue = self.catalogue();
        let provider = catalogue
            .providers
            .get(&call.provider)
            .ok_or_else(|| refused(Reason::NoCandidate))?;
        let http = provider
            .http()
            .ok_or_else(|| left_out(provider, SkipReason::Disabled))?;
        let candidate = self
            .proxy_candidate(provider, &catalogue)
            .map_err(|reason| left_out(provider, reason))?;
        let variables = Variables {
            params: Input::object(),
            now: seconds(self.0.clock.now()),
            ..Variables::default()
        };
        let url = target(&catalogue, http, &variables, &call.path_and_query)
            .ok_or_else(|| left_out(provider, SkipReason::Input))?;
        let draft = Draft::of_proxy(
            call.method,
            url,
            call.headers,
            call.body,
            http.own_hosts,
            &self.0.sender,
        );
        let guard = &self.0.guard;
        let need = Need::of_one(guard.ledger(), &candidate, http);
        let named = guard.named(&candidate);
        let not_now = |skipped: Skipped| Refusal {
            retry_at: skipped.retry_at,
            skipped: vec![skipped],
            ..refused(Reason::AllSuspended)
        };
        let admitted = guard.admit(&named, need, self.0.clock.now());
        let mut permit = admitted.map_err(not_now)?;
        self.agreed(&mut permit, &named).await.map_err(not_now)?;
        self.pass_on(&candidate, http, permit, draft).await
    }

    async fn pass_on(
        &self,
        candidate: &Candidate,
        http: &Http,
        mut permit: Permit,
        draft: Draft,
    ) -> Result<UpstreamResponse, Refusal> {
        let began = Instant::now();
        let end = began + self.0.settings.timeout;
        let fetching = Fetching {
            http,
            sender: &self.0.sender,
            transport: &self.0.transport,
            clock: &self.0.clock,
            end,
        };
        let credential = candidate.credential.as_deref();
        let sent = match self.0.tokens.key(credential, fetching).await {
            Ok(key) => {
                let secret = key.as_ref().map(|key| &key.token);
                let request = draft.sign(&http.auth, secret).map_err(|_| {
                    left_out(&candidate.endpoint.provider, SkipReason::NoCredential)
                })?;
                permit.reservation.sent();
                let sent = self.send(request, end).await;
                if let (Ok(response), Some(key), Some(credential)) = (&sent, &key, credential)
                    && response.status == 401
                {
                    self.0.tokens.forget(&credential.id, &key.token);
                }
                sent
            }
            Err(failure) => Err(failure),
        };
        let now = self.0.clock.now();
        let failure = match &sent {
            Ok(response) => failure_of_status(response, now),
            Err(failure) => Some(failure.clone()),
        };
        if failure.as_ref().is_some_and(|failure| failure.never_sent) {
            permit.reservation.never_sent();
        }
        if let Ok(response) = &sent {
            let program = &self.0.catalogue.load().program;
            let failure = failure.as_ref();
            told(program, http, response, failure, &permit.reservation, now);
        }
        let class = failure.as_ref().map_or(Class::Ok, |failure| failure.class);
        let retry_at = failure.as_ref().and_then(|failure| failure.retry_at);
        self.settle(permit, class, retry_at);
        let attempt = Attempt {
            provider: Arc::clone(&candidate.endpoint.provider.id),
            class,
            status: sent.as_ref().ok().map(|response| response.status),
            took: began.elapsed(),
            retry_at,
        };
        self.observed(&candidate.endpoint.operation, &attempt);
        sent.map_err(|_| Refusal {
            attempts: vec![attempt],
            retry_at,
            ..refused(Reason::AllFailed)
        })
    }

    async fn send(
        &self,
        request: UpstreamRequest,
        end: Instant,
    ) -> Result<UpstreamResponse, Failure> {
        let limits = Limits {
            time: end.saturating_duration_since(Instant::now()),
            body: MAX_BYTES,
        };
        let sent = self.0.transport.send(request, limits).await;
        sent.map_err(|error| failed(&error, self.0.clock.now()))
    }

    fn proxy_candidate(
        &self,
        provider: &Arc<Provider>,
        catalogue: &Catalogue,
    ) -> Result<Candidate, SkipReason> {
        if let Some(reason) = unusable(provider, &self.0.settings) {
            return Err(reason);
        }
        let http = provider.http().ok_or(SkipReason::Disabled)?;
        let endpoint = catalogue
            .operations()
            .flat_map(|operation| &operation.endpoints)
            .find(|endpoint| endpoint.provider.id == provider.id)
            .ok_or(SkipReason::Disabled)?;
        let credentials = self.0.credentials.load();
        let own = credentials.get(&provider.id).map_or(&[][..], Vec::as_slice);
        let turn = self.next_turn();
        let credential = (!own.is_empty()).then(|| own[turn % own.len()].clone());
        if credential.is_none() && !http.auth.works_without() {
            return Err(SkipReason::NoCredential);
        }
        Ok(Candidate {
            endpoint: Arc::clone(endpoint),
            credential,
        })
    }
}

/// Where the call leads; none where a path such as `/../` or `//host` leads out of what the file allows.
fn target(
    catalogue: &Catalogue,
    http: &Http,
    variables: &Variables,
    path_and_query: &str,
) -> Option<Url> {
    let base = catalogue
        .program
        .run(http.base_url, &variables.params, variables)
        .ok()?;
    let url = Url::parse(&format!(
        "{}{path_and_query}",
        base.as_str()?.trim_end_matches('/')
    ))
    .ok()?;
    check_egress(http, &url).ok().map(|()| url)
}

fn left_out(provider: &Provider, reason: SkipReason) -> Refusal {
    let skipped = Skipped {
        provider: Arc::clone(&provider.id),
        reason,
        retry_at: None,
        class: None,
    };
    Refusal {
        skipped: vec![skipped],
        ..refused(Reason::NoCandidate)
    }
}

/// What a passed-on status says about the provider; what it says to the caller is the caller's.
fn failure_of_status(response: &UpstreamResponse, now: Timestamp) -> Option<Failure> {
    let class = match response.status {
        401 => Class::Auth,
        429 => Class::RateLimited,
        500..=599 => Class::Upstream,
        _ => return None,
    };
    let failure = Failure::new(class, "the status says so").with_status(response.status);
    Some(Failure {
        retry_at: retry_after(&response.headers, now),
        ..failure
    })
}
