//! Any call to a provider as it is: with our credential, quota and breaker, and the provider's own answer.

use std::sync::Arc;

use bytes::Bytes;
use guichet_catalogue::filter::{Input, Variables};
use guichet_catalogue::model::Provider;
use http::{HeaderMap, Method};
use serde_json::json;
use tokio::time::Instant;
use url::Url;

use super::Engine;
use super::call::refused;
use crate::answer::{Reason, Refusal, SkipReason, Skipped};
use crate::attempt::failed;
use crate::call::Caller;
use crate::guard::claims;
use crate::outcome::{Attempt, Class, Failure};
use crate::plan::{Candidate, unusable};
use crate::replay::seconds;
use crate::request::{Draft, check_egress};
use crate::transport::{Limits, UpstreamResponse};

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
        let skip = |reason| Refusal {
            skipped: vec![Skipped {
                provider: Arc::clone(&provider.id),
                reason,
                retry_at: None,
            }],
            ..refused(Reason::NoCandidate)
        };
        let candidate = self.proxy_candidate(provider, &catalogue).map_err(skip)?;
        let http = provider.http().ok_or_else(|| skip(SkipReason::Disabled))?;
        let variables = Variables {
            params: Input::from(&json!({})),
            now: seconds(self.0.clock.now()),
            ..Variables::default()
        };
        let base = catalogue
            .program
            .run(http.base_url, &variables.params, &variables)
            .ok();
        let base = base
            .as_ref()
            .and_then(|base| base.as_str())
            .unwrap_or_default()
            .trim_end_matches('/')
            .to_owned();
        let url = Url::parse(&format!("{base}{}", call.path_and_query))
            .map_err(|_| skip(SkipReason::Input))?;
        // A path such as `/../` or `//host` must not lead out of what the file allows.
        check_egress(http, &url).map_err(|_| skip(SkipReason::Input))?;
        let claims = claims(&candidate, http, &catalogue.program, &variables);
        let admitted = self.0.guard.admit(&candidate, claims, self.0.clock.now());
        let mut permit = admitted.map_err(|skipped| Refusal {
            retry_at: skipped.retry_at,
            skipped: vec![skipped],
            ..refused(Reason::AllSuspended)
        })?;
        self.0
            .journal
            .windows(self.0.guard.window_records(permit.reservation.claims()))
            .await;
        let draft = Draft::of_proxy(
            call.method,
            url,
            call.headers,
            call.body,
            http.own_hosts,
            &self.0.sender,
        );
        let request = draft
            .sign(
                &http.auth,
                candidate
                    .credential
                    .as_ref()
                    .map(|credential| &credential.secret),
            )
            .map_err(|_| skip(SkipReason::NoCredential))?;
        let began = Instant::now();
        permit.reservation.sent();
        let sent = self
            .0
            .transport
            .send(
                request,
                Limits {
                    time: self.0.settings.timeout,
                    body: MAX_BYTES,
                },
            )
            .await;
        let now = self.0.clock.now();
        let failure = match &sent {
            Ok(response) => failure_of_status(response),
            Err(error) => Some(failed(error, now)),
        };
        if failure.as_ref().is_some_and(|failure| failure.never_sent) {
            permit.reservation.never_sent();
        }
        let class = failure.as_ref().map_or(Class::Ok, |failure| failure.class);
        let retry_at = failure.as_ref().and_then(|failure| failure.retry_at);
        for change in permit.end(class, retry_at, now) {
            self.0
                .journal
                .suspension_later(change.candidate, change.record);
        }
        let status = sent.as_ref().ok().map(|response| response.status);
        let attempt = Attempt {
            provider: Arc::clone(&provider.id),
            class,
            status,
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

    fn proxy_candidate(
        &self,
        provider: &Arc<Provider>,
        catalogue: &guichet_catalogue::model::Catalogue,
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

/// What a passed-on status says about the provider; what it says to the caller is the caller's.
fn failure_of_status(response: &UpstreamResponse) -> Option<Failure> {
    let class = match response.status {
        401 => Class::Auth,
        429 => Class::RateLimited,
        500..=599 => Class::Upstream,
        _ => return None,
    };
    Some(Failure::new(class, "the status says so").with_status(response.status))
}
