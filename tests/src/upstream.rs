//! A transport whose hosts do what they are told, request by request, and remember what reached them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse,
};
use guichet_sim::alphabet::{LATENCY, Scripted};
use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use serde_json::Value;

/// Hosts by name. One that was told nothing does not exist.
#[derive(Debug, Default)]
pub struct Upstream(Mutex<HashMap<String, Host>>);

#[derive(Debug, Default)]
struct Host {
    turns: VecDeque<Scripted>,
    always: Option<Scripted>,
    requests: Vec<UpstreamRequest>,
    arrived: u32,
    at_once: u32,
    most_at_once: u32,
}

impl Upstream {
    /// What a host does from now on, after what it was told with [`Upstream::next`].
    pub fn always(&self, host: &str, turn: Scripted) {
        self.with(host, |host| host.always = Some(turn));
    }

    /// What a host does with its next request that it was not told about yet.
    pub fn next(&self, host: &str, turn: Scripted) {
        self.with(host, |host| host.turns.push_back(turn));
    }

    /// Requests that were made to a host, whether or not they reached it.
    #[must_use]
    pub fn requests(&self, host: &str) -> Vec<UpstreamRequest> {
        self.with(host, |host| host.requests.clone())
    }

    /// How many requests were made to a host.
    #[must_use]
    pub fn asked(&self, host: &str) -> usize {
        self.with(host, |host| host.requests.len())
    }

    /// Requests that reached a host: those that it counts.
    #[must_use]
    pub fn arrived(&self, host: &str) -> u32 {
        self.with(host, |host| host.arrived)
    }

    /// The most requests that were under way to a host at the same time.
    #[must_use]
    pub fn most_at_once(&self, host: &str) -> u32 {
        self.with(host, |host| host.most_at_once)
    }

    /// Requests made to anyone.
    #[must_use]
    pub fn asked_of_all(&self) -> usize {
        self.0.lock().values().map(|host| host.requests.len()).sum()
    }

    fn with<T>(&self, name: &str, act: impl FnOnce(&mut Host) -> T) -> T {
        act(self.0.lock().entry(name.to_owned()).or_default())
    }

    fn begin(&self, request: &UpstreamRequest) -> Scripted {
        self.with(request.url.host_str().unwrap_or_default(), |host| {
            host.requests.push(request.clone());
            host.at_once += 1;
            host.most_at_once = host.most_at_once.max(host.at_once);
            let turn = host.turns.pop_front().or_else(|| host.always.clone());
            turn.unwrap_or_else(|| fails(TransportError::NoSuchHost))
        })
    }
}

impl Transport for Upstream {
    fn send(
        &self,
        request: UpstreamRequest,
        limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        Box::pin(async move {
            let (wait, result) = self.begin(&request).within(limits);
            let name = request.url.host_str().unwrap_or_default();
            if result
                .as_ref()
                .err()
                .is_none_or(|error| !error.never_sent())
            {
                self.with(name, |host| host.arrived += 1);
            }
            let _under_way = UnderWay {
                upstream: self,
                name,
            };
            tokio::time::sleep(wait).await;
            result
        })
    }
}

/// A request that has not ended; it ends when its caller leaves, too.
struct UnderWay<'a> {
    upstream: &'a Upstream,
    name: &'a str,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.upstream.with(self.name, |host| host.at_once -= 1);
    }
}

/// An answer with these headers and this body.
///
/// # Panics
/// When a header cannot be one.
#[must_use]
pub fn answers(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Scripted {
    let headers = headers.iter().map(|(name, value)| {
        let name = HeaderName::try_from(*name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let value =
            HeaderValue::try_from(*value).unwrap_or_else(|error| panic!("{value}: {error}"));
        (name, value)
    });
    let response = UpstreamResponse {
        status,
        headers: headers.collect(),
        body: body.into(),
    };
    Scripted::Answer {
        after: LATENCY,
        response,
    }
}

/// A JSON answer.
#[must_use]
pub fn json(status: u16, body: &Value) -> Scripted {
    answers(
        status,
        &[("content-type", "application/json")],
        body.to_string(),
    )
}

/// A page where data was wanted.
#[must_use]
pub fn page(status: u16) -> Scripted {
    let body = "<!doctype html><html><head><title>One moment</title></head></html>";
    answers(status, &[("content-type", "text/html")], body)
}

/// A redirect.
#[must_use]
pub fn redirects(status: u16, location: &str) -> Scripted {
    answers(status, &[("location", location)], "")
}

/// No answer.
#[must_use]
pub fn fails(error: TransportError) -> Scripted {
    Scripted::Fail {
        after: LATENCY,
        error,
    }
}

/// No answer until the caller's time is up.
#[must_use]
pub fn hangs(error: TransportError) -> Scripted {
    Scripted::Hang { error }
}

/// The same answer, later.
#[must_use]
pub fn after(wait: Duration, turn: Scripted) -> Scripted {
    match turn {
        Scripted::Answer { response, .. } => Scripted::Answer {
            after: wait,
            response,
        },
        Scripted::Fail { error, .. } => Scripted::Fail { after: wait, error },
        hang @ Scripted::Hang { .. } => hang,
    }
}
