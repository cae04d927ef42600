//! One candidate, asked once: until its answer is whole, or its stream has said something.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use guichet_catalogue::filter::Input;
use guichet_catalogue::model::ai::{Dialect, ModelServer, Route};
use guichet_catalogue::model::{Catalogue, Class, Http, Suspends, Within};
use guichet_dialects::chat::Finish;
use guichet_dialects::error::ProviderError;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::ModelCall;
use super::choose::ModelCandidate;
use super::prepared::{Blank, Prepared};
use super::translate::{
    Addressee, Fault, Incoming, NotAnAnswer, NotSent, Outgoing, Received, Relay, Spoken, incoming,
    outgoing,
};
use super::verdict::{Complaint, Kind, Verdict};
use crate::answer::Rejection;
use crate::attempt::failed;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::gauge::{Gauge, Telling};
use crate::ledger::Reservation;
use crate::outcome::Failure;
use crate::request::{Draft, Sender, check_egress};
use crate::transport::{Transport, TransportError, UpstreamStream};

/// Bytes of a whole answer: spoken words and pictures are large.
const LARGEST: usize = 64 << 20;
/// Bytes of an error's body that are looked at.
const LARGEST_ERROR: usize = 256 << 10;

/// What every attempt of a call has in common.
pub(super) struct Attempting<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) call: &'a ModelCall,
    pub(super) spoken: &'a Spoken<'a>,
    pub(super) sender: &'a Sender,
    pub(super) transport: &'a dyn Transport,
    pub(super) clock: &'a dyn Clock,
    /// When the caller stops waiting.
    pub(super) until: Instant,
}

/// A good beginning.
pub(super) struct Begun {
    pub(super) status: u16,
    /// What the caller said and the provider was not told.
    pub(super) dropped: Vec<String>,
    pub(super) answer: Beginning,
}

/// What has come so far.
pub(super) enum Beginning {
    /// Everything.
    Whole(Incoming),
    /// Enough to know that it answers.
    Stream(Box<Opened>),
}

/// A stream that has said something.
pub(super) struct Opened {
    pub(super) relay: Relay,
    /// For the caller, not yet sent.
    pub(super) ready: Vec<Bytes>,
    pub(super) body: Coming,
}

/// A body that is still coming.
pub(super) type Coming = BoxStream<'static, Result<Bytes, TransportError>>;

impl<'a> Attempting<'a> {
    /// Of a call that began then.
    pub(super) fn new(
        engine: &'a Engine,
        catalogue: &'a Catalogue,
        call: &'a ModelCall,
        spoken: &'a Spoken<'a>,
        began: Instant,
    ) -> Self {
        let usual = engine.settings().models.timeout;
        Self {
            catalogue,
            call,
            spoken,
            sender: engine.sender(),
            transport: engine.transport(),
            clock: engine.clock(),
            until: began + call.wish.timeout.unwrap_or(usual),
        }
    }
}

impl Attempting<'_> {
    /// Asks.
    pub(super) async fn begin(
        &self,
        candidate: &ModelCandidate,
        prepared: &Prepared,
        reservation: &mut Reservation,
    ) -> Result<Begun, Verdict> {
        let Sent {
            asked,
            outgoing,
            body,
        } = self.send(candidate, prepared, reservation).await?;
        let answer = if self.call.facts.stream {
            Beginning::Stream(Box::new(self.open(&asked, &outgoing, body).await?))
        } else {
            Beginning::Whole(self.whole(&asked, &outgoing, body).await?)
        };
        Ok(Begun {
            status: asked.status,
            dropped: outgoing.dropped,
            answer,
        })
    }

    /// Asks for the rest of an answer that another candidate began: what comes is for the relay that has begun.
    pub(super) async fn go_on(
        &self,
        candidate: &ModelCandidate,
        prepared: &Prepared,
        reservation: &mut Reservation,
    ) -> Result<(Dialect, Outgoing, Coming), Verdict> {
        let sent = self.send(candidate, prepared, reservation).await?;
        Ok((sent.asked.route.dialect, sent.outgoing, sent.body))
    }

    /// Sends the request, and reads as far as the status, which is a good one.
    async fn send<'b>(
        &self,
        candidate: &'b ModelCandidate,
        prepared: &Prepared,
        reservation: &mut Reservation,
    ) -> Result<Sent<'b>, Verdict> {
        let provider = &candidate.candidate.endpoint.provider;
        let (Some(http), Some(server)) = (provider.http(), provider.models.as_deref()) else {
            return Err(Verdict::of(Failure::new(
                Class::Gone,
                "it serves no models",
            )));
        };
        let route = server
            .routes
            .get(&self.call.door.task())
            .ok_or_else(|| Verdict::of(Failure::new(Class::Plan, "it has no such route")))?;
        let addressee = Addressee {
            model: &candidate.model,
            known: candidate.known.as_deref(),
            context: candidate.context,
            cut_to: candidate.cut_to,
        };
        let outgoing =
            outgoing(self.call, self.spoken, server, route, addressee).map_err(unsent)?;
        let path = &outgoing.path;
        let request = prepared
            .request(self.call.facts.stream, || {
                self.blank(candidate, http, server, path)
            })
            .and_then(|blank| {
                let body = joined(&outgoing.body);
                blank
                    .with(&outgoing.content_type, body)
                    .ok_or_else(|| Failure::new(Class::Gone, "the type of its body cannot be sent"))
            })
            .map_err(Verdict::of)?;
        reservation.sent();
        let left = self.until.saturating_duration_since(Instant::now());
        let opened = self.transport.open(request, left).await;
        let UpstreamStream {
            status,
            headers,
            body,
        } = opened.map_err(|error| {
            if error.never_sent() {
                reservation.never_sent();
            }
            self.broken(&error)
        })?;
        let asked = Asked {
            candidate,
            route,
            status,
            headers,
        };
        if (200..300).contains(&status) {
            reservation.learn(&self.told(&asked, http), self.clock.now());
            return Ok(Sent {
                asked,
                outgoing,
                body,
            });
        }
        let body = self.read(body, LARGEST_ERROR).await.unwrap_or_default();
        Err(self.complaint(&asked, status, &body))
    }

    /// What the headers of a good answer tell of quotas.
    fn told(&self, asked: &Asked<'_>, http: &Http) -> Vec<Gauge> {
        let telling = Telling {
            program: &self.catalogue.program,
            http,
            model: Some(&asked.candidate.model),
            within: Within::Answers,
            status: asked.status,
            headers: &asked.headers,
            body: Input::null(),
            now: self.clock.now(),
        };
        telling.gauges()
    }

    fn blank(
        &self,
        candidate: &ModelCandidate,
        http: &Http,
        server: &ModelServer,
        path: &str,
    ) -> Result<Blank, Failure> {
        let credential = candidate.candidate.credential.as_ref();
        let secret = credential.map(|credential| &credential.secret);
        let (account, secret) = match (&server.account, secret) {
            (Some(_), Some(secret)) => {
                let (account, token) = parted(secret)?;
                (Some(account), Some(token))
            }
            (_, secret) => (None, secret.cloned()),
        };
        let url = target(http, account.as_deref(), path)?;
        let own = headers(server)?;
        let allowed = http.own_hosts;
        let draft = Draft::of_proxy(Method::POST, url, own, Bytes::new(), allowed, self.sender);
        draft.sign(&http.auth, secret.as_ref()).map(Blank::of)
    }

    async fn whole(
        &self,
        asked: &Asked<'_>,
        outgoing: &Outgoing,
        body: Coming,
    ) -> Result<Incoming, Verdict> {
        let content_type = asked.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let body = self
            .read(body, LARGEST)
            .await
            .map_err(|error| self.broken(&error))?;
        let received = Received {
            body,
            content_type,
            created: self.clock.now().as_second(),
            request_id: &self.call.caller.request_id,
        };
        let read = incoming(
            self.call,
            self.spoken,
            asked.route.dialect,
            outgoing,
            received,
        );
        let incoming = read.map_err(|error| match error {
            NotAnAnswer::Error(error) => self.error_within(asked, &error),
            NotAnAnswer::Malformed(detail) => malformed(&detail, asked.status),
        })?;
        match incoming.finishes.as_slice() {
            [Finish::ContentFilter | Finish::Refusal]
                if incoming.empty && self.call.wish.past_content_policy =>
            {
                Err(declined(asked.status))
            }
            _ => Ok(incoming),
        }
    }

    /// Reads until something has been said: whatever goes wrong before it, the caller never notices.
    async fn open(
        &self,
        asked: &Asked<'_>,
        outgoing: &Outgoing,
        body: Coming,
    ) -> Result<Opened, Verdict> {
        let mut opened = Opened {
            relay: Relay::new(
                self.call,
                self.spoken,
                asked.route.dialect,
                outgoing,
                self.clock.now().as_second(),
                &self.call.caller.request_id,
            ),
            ready: Vec::new(),
            body,
        };
        while !opened.relay.semantic() && !opened.relay.is_whole() {
            let next = timeout_at(self.until, opened.body.next()).await;
            let step = match next.map_err(|_| self.broken(&TransportError::Timeout))? {
                Some(Ok(bytes)) => opened.relay.feed(bytes, &mut opened.ready),
                Some(Err(error)) => return Err(self.broken(&error)),
                None => {
                    let end = opened.relay.finish(&mut opened.ready);
                    opened.body = Box::pin(futures_util::stream::empty());
                    end.and(if opened.relay.is_whole() {
                        Ok(())
                    } else {
                        Err(Fault::CutOff)
                    })
                }
            };
            step.map_err(|fault| self.fault(asked, &fault))?;
        }
        Ok(opened)
    }

    async fn read(&self, mut body: Coming, most: usize) -> Result<Bytes, TransportError> {
        let mut whole = BytesMut::new();
        let mut first = None;
        loop {
            let next = timeout_at(self.until, body.next()).await;
            let Some(piece) = next.map_err(|_| TransportError::Timeout)? else {
                break;
            };
            let piece = piece?;
            let length = whole.len() + first.as_ref().map_or(0, Bytes::len) + piece.len();
            if length > most {
                return Err(TransportError::TooLarge);
            }
            match first.take() {
                // Most answers come in one piece, which needs no copy.
                None if whole.is_empty() => first = Some(piece),
                begun => {
                    whole.extend_from_slice(&begun.unwrap_or_default());
                    whole.extend_from_slice(&piece);
                }
            }
        }
        Ok(first.unwrap_or_else(|| whole.freeze()))
    }

    fn broken(&self, error: &TransportError) -> Verdict {
        Verdict::of(failed(error, self.clock.now()))
    }

    fn fault(&self, asked: &Asked<'_>, fault: &Fault) -> Verdict {
        match fault {
            Fault::Error(error) => self.error_within(asked, error),
            Fault::Malformed(detail) => malformed(detail, asked.status),
            Fault::CutOff => Verdict::of(
                Failure::new(Class::Upstream, "the stream ended before its end")
                    .with_status(asked.status),
            ),
        }
    }

    /// An error in an answer that began well.
    fn error_within(&self, asked: &Asked<'_>, error: &ProviderError) -> Verdict {
        let body = guichet_dialects::error::as_body(error);
        self.complaint(asked, error.status.unwrap_or(asked.status), &body)
    }

    fn complaint(&self, asked: &Asked<'_>, status: u16, body: &[u8]) -> Verdict {
        Complaint {
            program: &self.catalogue.program,
            provider: &asked.candidate.candidate.endpoint.provider,
            model: &asked.candidate.model,
            dialect: asked.route.dialect,
            status,
            headers: &asked.headers,
            body,
            now: self.clock.now(),
        }
        .verdict()
    }
}

/// Whose answer it is that is being read.
struct Asked<'a> {
    candidate: &'a ModelCandidate,
    route: &'a Route,
    status: u16,
    headers: HeaderMap,
}

/// A request that was answered with a good status.
struct Sent<'a> {
    asked: Asked<'a>,
    outgoing: Outgoing,
    body: Coming,
}

impl Verdict {
    /// A failure that is nothing but that.
    pub(super) fn of(failure: Failure) -> Self {
        let suspends = match failure.class {
            Class::BadRequest => Suspends::Nothing,
            Class::BadPayload | Class::Plan => Suspends::Model,
            _ => Suspends::Credential,
        };
        Self {
            failure,
            suspends,
            window: None,
            tally: None,
            gauges: Vec::new(),
            rejection: None,
            kind: Kind::Other,
        }
    }
}

fn malformed(detail: &str, status: u16) -> Verdict {
    Verdict::of(Failure::new(Class::BadPayload, detail).with_status(status))
}

/// The provider will not answer such a request, and the caller would rather ask the next one.
fn declined(status: u16) -> Verdict {
    let failure = Failure::new(Class::BadRequest, "it declined for its content policy");
    Verdict {
        kind: Kind::ContentPolicy,
        ..Verdict::of(failure.with_status(status))
    }
}

/// Why nothing was sent: the caller's own fault, or a dialect that has no words for what is asked.
fn unsent(reason: NotSent) -> Verdict {
    let (detail, rejection) = match reason {
        NotSent::Wrong(error) => {
            let rejection = Rejection {
                status: 400,
                message: error.to_string(),
                param: Some(error.path).filter(|path| !path.is_empty()),
                code: None,
            };
            ("the request is malformed", Some(rejection))
        }
        NotSent::Unsayable(_) => ("the request cannot be put into its dialect", None),
    };
    let failure = Failure::new(Class::BadRequest, detail);
    Verdict {
        rejection,
        ..Verdict::of(Failure {
            never_sent: true,
            ..failure
        })
    }
}

/// `account:token`
pub(super) fn parted(secret: &SecretString) -> Result<(String, SecretString), Failure> {
    let text = secret.expose_secret();
    let (account, token) = text.split_once(':').ok_or_else(|| {
        Failure::new(
            Class::Auth,
            "the credential must be the account, a colon and the token",
        )
    })?;
    Ok((account.to_owned(), SecretString::from(token)))
}

pub(crate) fn target(http: &Http, account: Option<&str>, path: &str) -> Result<Url, Failure> {
    let wrong = |detail: &str| Failure::new(Class::Gone, detail);
    let base = http.base_url_text.trim_end_matches('/');
    let base = match account {
        Some(account) => {
            let encoded: String =
                url::form_urlencoded::byte_serialize(account.as_bytes()).collect();
            base.replace("{account}", &encoded)
        }
        None => base.to_owned(),
    };
    let url =
        Url::parse(&format!("{base}{path}")).map_err(|_| wrong("base_url and path make no URL"))?;
    check_egress(http, &url)?;
    Ok(url)
}

fn headers(server: &ModelServer) -> Result<HeaderMap, Failure> {
    let wrong = || Failure::new(Class::Gone, "a header of its file cannot be sent");
    let mut headers = HeaderMap::with_capacity(8);
    for (name, value) in &server.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|_| wrong())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// One piece of memory, without a copy where there is one already.
fn joined(pieces: &[Bytes]) -> Bytes {
    match pieces {
        [] => Bytes::new(),
        [only] => only.clone(),
        several => several.concat().into(),
    }
}

/// How long an upstream that has begun may say nothing.
pub(super) const STALL: Duration = Duration::from_secs(30);
