//! One candidate, asked once: requests, redirects, the reading of answers. What it may take is given to it.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::filter::{Filter, Input, Program, Variables};
use guichet_catalogue::model::{Auth, Exchange, Http, HttpCall, Within};
use guichet_catalogue::schema::Shape;
use http::header::LOCATION;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::decode;
use crate::gauge::Telling;
use crate::identity::Credential;
use crate::journal::Journal;
use crate::ledger::{Exhausted, Refused, Reservation};
use crate::outcome::{Class, Failure};
use crate::periods;
use crate::read::{Answer, Reading, validate};
use crate::request::{Draft, Sender, check_egress};
use crate::tokens::{Fetching, Granted, Tokens};
use crate::transport::{Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse};

/// Hops after the first request.
const REDIRECTS: usize = 3;

/// A host that does not exist today may exist tomorrow, and a broken name server says the same of every host.
const NO_SUCH_HOST: Duration = Duration::from_mins(2);

/// Everything that asking a candidate over HTTP needs.
pub(crate) struct Attempting<'a> {
    pub(crate) program: &'a Program,
    pub(crate) http: &'a Http,
    pub(crate) credential: Option<&'a Credential>,
    pub(crate) tokens: &'a Tokens,
    pub(crate) sender: &'a Sender,
    pub(crate) transport: &'a Arc<dyn Transport>,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) journal: &'a Journal,
    pub(crate) variables: Variables,
    /// What this attempt may take altogether.
    pub(crate) time: Duration,
}

impl Attempting<'_> {
    /// Asks, and checks what is answered. Whatever it waits for, it takes no longer than it may.
    pub(crate) async fn ask_in_time(
        &mut self,
        call: &HttpCall,
        shape: &Shape,
        reservation: &mut Reservation,
    ) -> Result<Answer, Failure> {
        // The transport keeps the time itself, and says better what it waited for.
        const MORE: Duration = Duration::from_millis(5);
        let (time, credential) = (self.time + MORE, self.credential);
        let asked = tokio::time::timeout(time, self.ask(call, shape, reservation)).await;
        let asked = asked.unwrap_or_else(|_| Err(Failure::new(Class::Upstream, "time was up")));
        asked.map_err(|failure| as_of(failure, credential))
    }

    /// Asks, and checks what is answered.
    async fn ask(
        &mut self,
        call: &HttpCall,
        shape: &Shape,
        reservation: &mut Reservation,
    ) -> Result<Answer, Failure> {
        let end = Instant::now() + self.time;
        let mut steps = Map::new();
        for (name, exchange) in &call.steps {
            let step = self.exchange(exchange, None, end, reservation).await?;
            steps.insert(name.clone(), step.result);
            self.variables.steps = Input::from(&Value::Object(steps.clone()));
        }
        let answer = self
            .exchange(&call.last, call.next, end, reservation)
            .await?;
        validate(shape, &answer.result).map_err(|failure| failure.with_status(answer.status))?;
        Ok(answer)
    }

    async fn exchange(
        &self,
        exchange: &Exchange,
        next: Option<Filter>,
        end: Instant,
        reservation: &mut Reservation,
    ) -> Result<Answer, Failure> {
        let before = |failure, reservation: &Reservation| Failure {
            never_sent: reservation.is_unsent(),
            ..failure
        };
        let key = self
            .key(end)
            .await
            .map_err(|failure| before(failure, reservation))?;
        let request = self
            .request(exchange, key.as_ref())
            .map_err(|failure| before(failure, reservation))?;
        reservation.sent();
        let asked = self.one(request, exchange, next, end, reservation).await;
        let is_refused = matches!(&asked, Err(failure) if failure.class == Class::Auth && failure.status == Some(401));
        let (Some(key), Some(credential)) = (key.filter(|key| key.cached), self.credential) else {
            return asked;
        };
        if !is_refused {
            return asked;
        }
        // A token may be taken back before its time. The request was refused, so that it can be made again, once.
        self.tokens.forget(&credential.id, &key.token);
        let key = self.key(end).await?;
        let request = self.request(exchange, key.as_ref())?;
        self.charge(reservation).await?;
        self.one(request, exchange, next, end, reservation).await
    }

    async fn key(&self, end: Instant) -> Result<Option<Granted>, Failure> {
        let fetching = Fetching {
            http: self.http,
            sender: self.sender,
            transport: self.transport,
            clock: self.clock,
            end,
        };
        self.tokens.key(self.credential, fetching).await
    }

    /// One request, with its redirects, and the reading of what comes of it.
    async fn one(
        &self,
        request: UpstreamRequest,
        exchange: &Exchange,
        next: Option<Filter>,
        end: Instant,
        reservation: &mut Reservation,
    ) -> Result<Answer, Failure> {
        let response = self
            .follow(request, exchange.max_bytes, end, reservation)
            .await?;
        let now = self.clock.now();
        let (program, http, variables) = (self.program, self.http, self.variables.clone());
        let read = Reading {
            program,
            http,
            exchange,
            variables,
            now,
        }
        .read(&response, next);
        told(
            program,
            http,
            &response,
            read.as_ref().err(),
            reservation,
            now,
        );
        read
    }

    fn request(
        &self,
        exchange: &Exchange,
        key: Option<&Granted>,
    ) -> Result<UpstreamRequest, Failure> {
        let (program, http) = (self.program, self.http);
        let draft = Draft::build(program, http, exchange, &self.variables, self.sender)?;
        draft.sign(&http.auth, key.map(|key| &key.token))
    }

    /// Sends a request and follows redirects, each checked and counted like the first request.
    async fn follow(
        &self,
        mut request: UpstreamRequest,
        body: usize,
        end: Instant,
        reservation: &mut Reservation,
    ) -> Result<UpstreamResponse, Failure> {
        let mut hop = 0;
        loop {
            let limits = Limits {
                time: end.saturating_duration_since(Instant::now()),
                body,
            };
            let sent = self.transport.send(request.clone(), limits).await;
            let response = sent.map_err(|error| {
                let failure = failed(&error, self.clock.now());
                if failure.never_sent {
                    reservation.never_sent();
                }
                Failure {
                    never_sent: failure.never_sent && hop == 0,
                    ..failure
                }
            })?;
            let Some(next) = self.redirected(request, &response)? else {
                return Ok(response);
            };
            if hop == REDIRECTS {
                let failure = Failure::new(Class::Upstream, "redirected too often");
                return Err(failure.with_status(response.status));
            }
            self.charge(reservation)
                .await
                .map_err(|failure| failure.with_status(response.status))?;
            request = next;
            hop += 1;
        }
    }

    /// A hop is a request that nobody planned, and the provider counts it: its units are taken and written down first.
    async fn charge(&self, reservation: &mut Reservation) -> Result<(), Failure> {
        let no_room = |full: Exhausted| Failure {
            retry_at: full.retry_at,
            ..Failure::new(
                if full.is_short {
                    Class::RateLimited
                } else {
                    Class::QuotaExhausted
                },
                format!("no room for a redirect in the window {}", full.window),
            )
        };
        let now = self.clock.now();
        reservation.another(now).map_err(no_room)?;
        reservation.agree(now).await.map_err(no_room)?;
        self.journal.windows().await;
        reservation.sent();
        Ok(())
    }

    fn redirected(
        &self,
        request: UpstreamRequest,
        response: &UpstreamResponse,
    ) -> Result<Option<UpstreamRequest>, Failure> {
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location = response
            .headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok());
        let target = location.and_then(|location| request.url.join(location).ok());
        let leads_astray =
            |detail: &str| Failure::new(Class::Blocked, detail).with_status(response.status);
        let Some(target) = target else {
            return Err(leads_astray("redirected to nowhere"));
        };
        check_egress(self.http, &target)
            .map_err(|_| leads_astray("redirected to a host that the file does not allow"))?;
        // A secret goes nowhere but where it was meant to go.
        if target.origin() != request.url.origin() && self.http.auth != Auth::None {
            return Err(leads_astray("redirected with a credential to another host"));
        }
        if request.method != http::Method::GET {
            return Err(leads_astray("redirected although it was no GET"));
        }
        Ok(Some(UpstreamRequest {
            url: target.into(),
            ..request
        }))
    }
}

/// A suspension for a wrong key lasts until the key changes. Where there is no key nothing would ever change, so the
/// same words mean that the provider does not want us now.
pub(crate) fn as_of(failure: Failure, credential: Option<&Credential>) -> Failure {
    match (failure.class, credential) {
        (Class::Auth, None) => Failure {
            class: Class::Blocked,
            ..failure
        },
        _ => failure,
    }
}

/// Hands what an answer tells of quotas to the ledger, and that it is a refusal, if it is one.
pub(crate) fn told(
    program: &Program,
    http: &Http,
    response: &UpstreamResponse,
    failure: Option<&Failure>,
    reservation: &Reservation,
    now: Timestamp,
) {
    let class = failure.map(|failure| failure.class);
    let long = match class {
        Some(Class::RateLimited) => Some(false),
        Some(Class::QuotaExhausted) => Some(true),
        _ => None,
    };
    if long.is_none() && http.limits.is_empty() {
        return;
    }
    let telling = Telling {
        program,
        http,
        model: None,
        within: Within::Answers,
        status: response.status,
        headers: &response.headers,
        body: decode::whatever(&response.body),
        now,
    };
    let gauges = telling.gauges();
    let Some(long) = long else {
        return reservation.learn(&gauges, now);
    };
    let refused = Refused {
        gauges,
        window: periods::in_body(&response.body),
        group: false,
        long,
    };
    reservation.refused(&refused, now);
}

/// What a broken request means for the candidate.
pub(crate) fn failed(error: &TransportError, now: Timestamp) -> Failure {
    let (class, retry_at) = match error {
        TransportError::NoSuchHost => (Class::Gone, now.checked_add(NO_SUCH_HOST).ok()),
        TransportError::TooLarge => (Class::BadPayload, None),
        TransportError::Forbidden => (Class::Blocked, None),
        TransportError::Resolve
        | TransportError::Connect
        | TransportError::Tls
        | TransportError::ConnectTimeout
        | TransportError::Timeout
        | TransportError::Broken => (Class::Upstream, None),
    };
    Failure {
        retry_at,
        never_sent: error.never_sent(),
        ..Failure::new(class, error.to_string())
    }
}
