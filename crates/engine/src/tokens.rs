//! Tokens of providers that want one in place of the credential: OAuth 2's client credentials (RFC 6749, 4.4).
//!
//! A token lives in memory until shortly before it expires. Whoever needs one while it is being fetched waits for that
//! one request. **Invariant:** neither secrets nor tokens are in what goes wrong here.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::model::{Auth, Http, TokenSource};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use jiff::Timestamp;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::clock::Clock;
use crate::decode::base64;
use crate::identity::{Credential, CredentialId};
use crate::outcome::{Class, Failure};
use crate::request::{Sender, check_egress, standard_headers};
use crate::transport::{Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse};

/// A token is a line of text; whoever sends more sends something else.
const MAX_BYTES: usize = 64 << 10;
/// How long a token is taken to last where the provider does not say.
const UNSAID: Duration = Duration::from_mins(5);
/// A token is not used for the last of its time, so that it does not expire on its way.
const MARGIN: Duration = Duration::from_secs(30);

/// The tokens of all credentials.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<CredentialId, Arc<Slot>>>);

/// The token of one credential, and who is fetching it.
#[derive(Default)]
struct Slot {
    /// Fetches that ended.
    ended: AtomicU64,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Of the last fetch.
    failure: Option<Failure>,
}

struct Token {
    text: SecretString,
    /// What it was given for: another secret, or another file, needs another one.
    secret: SecretString,
    source: TokenSource,
    good_until: Timestamp,
}

/// A token, and whether it was there before it was asked for.
#[derive(Clone)]
pub(crate) struct Granted {
    pub(crate) token: SecretString,
    pub(crate) cached: bool,
}

/// What fetching a token takes.
#[derive(Clone, Copy)]
pub(crate) struct Fetching<'a> {
    pub(crate) http: &'a Http,
    pub(crate) sender: &'a Sender,
    pub(crate) transport: &'a Arc<dyn Transport>,
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// When it must be there.
    pub(crate) end: Instant,
}

impl Tokens {
    /// What goes where a provider's file says: a credential's secret, or the token that is had for it.
    pub(crate) async fn key(
        &self,
        credential: Option<&Credential>,
        fetching: Fetching<'_>,
    ) -> Result<Option<Granted>, Failure> {
        let Some(credential) = credential else {
            return Ok(None);
        };
        if let Auth::Oauth2Client { source, .. } = &fetching.http.auth {
            return self.get(credential, source, fetching).await.map(Some);
        }
        Ok(Some(Granted {
            token: credential.secret.clone(),
            cached: false,
        }))
    }

    /// The token for a credential: the one that is there, or a new one.
    async fn get(
        &self,
        credential: &Credential,
        source: &TokenSource,
        fetching: Fetching<'_>,
    ) -> Result<Granted, Failure> {
        let slot = self.slot(&credential.id);
        let ended = slot.ended.load(Ordering::Acquire);
        let late = |_| Failure::new(Class::Upstream, "time was up while waiting for the token");
        let mut state = timeout_at(fetching.end, slot.state.lock())
            .await
            .map_err(late)?;
        if let Some(token) = &state.token
            && token.is_for(credential, source)
            && fetching.clock.now() < token.good_until
        {
            let token = token.text.clone();
            return Ok(Granted {
                token,
                cached: true,
            });
        }
        // Whoever waited for a fetch that failed has asked, too.
        let has_waited = slot.ended.load(Ordering::Acquire) != ended;
        if let Some(failure) = state.failure.as_ref().filter(|_| has_waited) {
            return Err(failure.clone());
        }
        let fetched = fetch(credential, source, fetching).await;
        slot.ended.fetch_add(1, Ordering::Release);
        state.token = None;
        // That one caller had too little time says nothing to the others.
        let in_time = Instant::now() < fetching.end;
        state.failure = fetched.as_ref().err().filter(|_| in_time).cloned();
        let token = state.token.insert(fetched?).text.clone();
        Ok(Granted {
            token,
            cached: false,
        })
    }

    /// Drops a token that the provider refused. One that has replaced it meanwhile stays.
    pub(crate) fn forget(&self, credential: &CredentialId, refused: &SecretString) {
        let slot = self.slot(credential);
        // Where it is taken, somebody is fetching another one.
        if let Ok(mut state) = slot.state.try_lock() {
            let is_refused = |token: &Token| token.text.expose_secret() == refused.expose_secret();
            state.token.take_if(|token| is_refused(token));
        }
    }

    fn slot(&self, credential: &CredentialId) -> Arc<Slot> {
        let mut slots = self.0.lock();
        Arc::clone(slots.entry(credential.clone()).or_default())
    }
}

impl Token {
    fn is_for(&self, credential: &Credential, source: &TokenSource) -> bool {
        self.source == *source && self.secret.expose_secret() == credential.secret.expose_secret()
    }
}

async fn fetch(
    credential: &Credential,
    source: &TokenSource,
    fetching: Fetching<'_>,
) -> Result<Token, Failure> {
    let request = request(credential, source, fetching)?;
    let limits = Limits {
        time: fetching.end.saturating_duration_since(Instant::now()),
        body: MAX_BYTES,
    };
    let sent = fetching.transport.send(request, limits).await;
    let response = sent.map_err(|error| unreachable(&error))?;
    let (text, lasts) = read(&response)?;
    let margin = MARGIN.min(lasts / 10);
    let now = fetching.clock.now();
    Ok(Token {
        text,
        secret: credential.secret.clone(),
        source: source.clone(),
        good_until: now.checked_add(lasts.saturating_sub(margin)).unwrap_or(now),
    })
}

fn request(
    credential: &Credential,
    source: &TokenSource,
    fetching: Fetching<'_>,
) -> Result<UpstreamRequest, Failure> {
    check_egress(fetching.http, &source.url)?;
    let unusable = || {
        Failure::new(
            Class::Auth,
            "the credential is no `client_id:client_secret`",
        )
    };
    let (id, secret) = credential
        .secret
        .expose_secret()
        .split_once(':')
        .ok_or_else(unusable)?;
    // RFC 6749, 2.3.1: both are encoded like a form before they are joined.
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret));
    let basic = format!("Basic {}", base64(pair.as_bytes()));
    let mut basic = HeaderValue::try_from(basic).map_err(|_| unusable())?;
    basic.set_sensitive(true);
    let mut headers = standard_headers(fetching.sender);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(AUTHORIZATION, basic);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = &source.scope {
        form.append_pair("scope", scope);
    }
    Ok(UpstreamRequest {
        method: Method::POST,
        url: source.url.clone().into(),
        headers,
        body: Bytes::from(form.finish()),
        private_allowed: fetching.http.own_hosts,
    })
}

fn unreachable(error: &TransportError) -> Failure {
    Failure::new(Class::Upstream, format!("no token: {error}"))
}

/// The token and how long it lasts.
fn read(response: &UpstreamResponse) -> Result<(SecretString, Duration), Failure> {
    let refused = |class, what: &str| {
        let status = response.status;
        Failure::new(class, format!("no token: {what} (status {status})"))
    };
    match response.status {
        200 => {}
        400 | 401 => return Err(refused(Class::Auth, "the credential was refused")),
        _ => return Err(refused(Class::Upstream, "the token's server failed")),
    }
    let nonsense = || refused(Class::Upstream, "the answer holds none that can be sent");
    let answer: Value = serde_json::from_slice(&response.body).map_err(|_| nonsense())?;
    let kind = answer["token_type"].as_str().unwrap_or("bearer");
    let token = answer["access_token"].as_str().unwrap_or_default();
    let sendable = token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.is_empty() || !sendable || !kind.eq_ignore_ascii_case("bearer") {
        return Err(nonsense());
    }
    let lasts = match &answer["expires_in"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_f64(),
    };
    let lasts = lasts.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Ok((token.to_owned().into(), lasts.unwrap_or(UNSAID)))
}
