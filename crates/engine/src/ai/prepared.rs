//! What calls need of a candidate and what does not change from one to the next: its breakers, its windows, where and
//! with which headers it is asked. Made for its first call and kept as long as catalogue and credentials are the same.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use guichet_catalogue::model::Endpoint;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use parking_lot::Mutex;

use super::arranged::name;
use super::choose::ModelCandidate;
use super::need;
use super::silence::Waits;
use crate::engine::Engine;
use crate::guard::Named;
use crate::identity::Credential;
use crate::ledger::CountedWindow;
use crate::outcome::Failure;
use crate::transport::{Destination, UpstreamRequest};

/// A candidate, ready to be asked.
pub(crate) struct Prepared {
    pub(crate) named: Named,
    /// Names what is measured: a model of a provider, whatever the credential.
    pub(super) name: Box<str>,
    /// The windows that a call counts in.
    pub(super) windows: Vec<Arc<CountedWindow>>,
    /// How long it is usually silent.
    pub(super) waits: Arc<Waits>,
    /// Requests for a whole answer and for a stream.
    requests: [OnceLock<Result<Blank, Failure>>; 2],
    /// They are compared by their places, so they must keep them.
    _endpoint: Arc<Endpoint>,
    _credential: Option<Arc<Credential>>,
}

/// A request without its body. It holds a secret.
pub(super) struct Blank {
    url: Destination,
    /// Those of a request with JSON.
    headers: HeaderMap,
    private_allowed: bool,
}

const JSON: &str = "application/json";

impl Prepared {
    fn new(engine: &Engine, candidate: &ModelCandidate) -> Self {
        let guard = engine.guard();
        let name = name(candidate);
        Self {
            named: guard.named_with_model(&candidate.candidate, &candidate.model),
            windows: need::windows(guard.ledger(), candidate),
            waits: engine.silence().of(&name),
            name: name.into(),
            requests: Default::default(),
            _endpoint: Arc::clone(&candidate.candidate.endpoint),
            _credential: candidate.candidate.credential.clone(),
        }
    }

    /// The request without its body, which `write` makes the first time.
    pub(super) fn request(
        &self,
        stream: bool,
        write: impl FnOnce() -> Result<Blank, Failure>,
    ) -> Result<&Blank, Failure> {
        let request = self.requests[usize::from(stream)].get_or_init(write);
        request.as_ref().map_err(Failure::clone)
    }
}

impl Blank {
    /// What this request has, whatever its body will be.
    pub(super) fn of(request: UpstreamRequest) -> Self {
        let mut headers = request.headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        Self {
            url: request.url,
            headers,
            private_allowed: request.private_allowed,
        }
    }

    /// The request with this body.
    pub(super) fn with(&self, content_type: &str, body: bytes::Bytes) -> Option<UpstreamRequest> {
        let mut headers = self.headers.clone();
        if content_type != JSON {
            headers.insert(CONTENT_TYPE, HeaderValue::try_from(content_type).ok()?);
        }
        Some(UpstreamRequest {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body,
            private_allowed: self.private_allowed,
        })
    }
}

/// Whoever was asked lately.
#[derive(Default)]
pub(crate) struct AllPrepared(Mutex<HashMap<Key, Arc<Prepared>>>);

/// The places of endpoint and credential in memory, and the provider's name for the model.
type Key = (usize, usize, Arc<str>);

/// Names may come from callers, where a provider takes any.
const MOST: usize = 4_096;

impl AllPrepared {
    /// Forgets all: the catalogue or the credentials are others.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}

impl Engine {
    /// A candidate, ready to be asked.
    pub(super) fn prepared(&self, candidate: &ModelCandidate) -> Arc<Prepared> {
        let own = &candidate.candidate;
        let credential = own.credential.as_ref();
        let key = (
            Arc::as_ptr(&own.endpoint).addr(),
            credential.map_or(0, |credential| Arc::as_ptr(credential).addr()),
            Arc::clone(&candidate.model),
        );
        let mut all = self.all_prepared().0.lock();
        if let Some(known) = all.get(&key) {
            return Arc::clone(known);
        }
        if all.len() >= MOST {
            all.clear();
        }
        let prepared = Arc::new(Prepared::new(self, candidate));
        all.insert(key, Arc::clone(&prepared));
        prepared
    }
}
