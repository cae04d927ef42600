//! What each letter does to an answer that comes whole.

use std::time::Duration;

use bytes::Bytes;
use guichet_engine::transport::{Limits, TransportError, UpstreamResponse};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};

use super::{Fault, Wrong};

/// What an in-memory transport does for one request.
#[derive(Debug, Clone)]
pub enum Scripted {
    /// It answers after this time.
    Answer {
        /// How long the whole answer takes.
        after: Duration,
        /// The answer.
        response: UpstreamResponse,
    },
    /// It fails after this time.
    Fail {
        /// How long that takes.
        after: Duration,
        /// How it fails.
        error: TransportError,
    },
    /// Nothing happens until the caller's time is up; then it fails so.
    Hang {
        /// How it fails.
        error: TransportError,
    },
}

impl Scripted {
    /// What a transport that keeps the limits reports, and after how long.
    pub fn within(self, limits: Limits) -> (Duration, Result<UpstreamResponse, TransportError>) {
        match self {
            Self::Answer { after, .. } if after > limits.time => {
                (limits.time, Err(TransportError::Timeout))
            }
            Self::Answer { after, response } if response.body.len() > limits.body => {
                (after, Err(TransportError::TooLarge))
            }
            Self::Answer { after, response } => (after, Ok(response)),
            Self::Fail { after, error } if after <= limits.time => (after, Err(error)),
            Self::Fail { error, .. } if error.never_sent() => {
                (limits.time, Err(TransportError::ConnectTimeout))
            }
            Self::Fail { .. } => (limits.time, Err(TransportError::Timeout)),
            Self::Hang { error } => (limits.time, Err(error)),
        }
    }
}

/// How long an answer takes that nothing slows down.
pub const LATENCY: Duration = Duration::from_millis(20);
/// Between two bytes of a slow body.
pub const DRIP: Duration = Duration::from_millis(200);
/// Seconds of a `Retry-After`.
pub const RETRY_AFTER_SECONDS: u32 = 30;
/// The size of an oversized body.
pub const OVERSIZED: usize = 64 << 20;
/// Where the redirect leads.
pub const PRIVATE_URL: &str = "http://169.254.169.254/latest/meta-data/";

/// What a provider under this fault does with a request to which `good` is the right answer. `error_sample` is an
/// answer of the provider's own that says what the fault says, where one is known: its status is kept for `401` and
/// `5xx`, and replaced by 429 or 200 where the letter names the status. A letter of streams does what comes nearest.
#[must_use]
pub fn faulted(
    fault: Fault,
    good: &UpstreamResponse,
    error_sample: Option<&UpstreamResponse>,
) -> Scripted {
    let fail = |error| Scripted::Fail {
        after: LATENCY,
        error,
    };
    let own = |otherwise: fn() -> UpstreamResponse| {
        error_sample.map_or_else(otherwise, UpstreamResponse::clone)
    };
    match fault.of_whole() {
        Fault::Ok => answer(good.clone()),
        Fault::Refused => fail(TransportError::Connect),
        Fault::Nxdomain => fail(TransportError::NoSuchHost),
        Fault::BadCert => fail(TransportError::Tls),
        Fault::DnsHang | Fault::ConnectTimeout => Scripted::Hang {
            error: TransportError::ConnectTimeout,
        },
        Fault::HeaderTimeout | Fault::BodyStall => Scripted::Hang {
            error: TransportError::Timeout,
        },
        Fault::SlowDrip => slow(good.clone()),
        Fault::ResetMidBody => fail(TransportError::Broken),
        Fault::OversizedBody => fail(TransportError::TooLarge),
        Fault::TruncatedJson => answer(half(good)),
        Fault::TooManyWithRetryAfter => answer(retry_later(own(too_many))),
        Fault::TooManyBare => answer(too_many()),
        Fault::Unauthorized => answer(own(unauthorized)),
        Fault::ServerError => answer(own(server_error)),
        Fault::ErrorBody => answer(UpstreamResponse {
            status: 200,
            ..own(error_body)
        }),
        Fault::WrongSchema(wrong) => answer(wrong_schema(wrong)),
        Fault::RedirectToPrivateIp => answer(redirect()),
        // `of_whole` leaves none of these.
        Fault::ResetAfter(_)
        | Fault::StallAfter(_)
        | Fault::ErrorEvent(_)
        | Fault::EofWithoutFinish(_)
        | Fault::CommentsThenError => fail(TransportError::Broken),
    }
}

fn answer(response: UpstreamResponse) -> Scripted {
    Scripted::Answer {
        after: LATENCY,
        response,
    }
}

fn slow(good: UpstreamResponse) -> Scripted {
    let drops = u32::try_from(good.body.len()).unwrap_or(u32::MAX);
    Scripted::Answer {
        after: LATENCY.saturating_add(DRIP.saturating_mul(drops)),
        response: good,
    }
}

fn half(good: &UpstreamResponse) -> UpstreamResponse {
    UpstreamResponse {
        body: good.body.slice(..good.body.len() / 2),
        ..good.clone()
    }
}

fn retry_later(mut refusal: UpstreamResponse) -> UpstreamResponse {
    refusal.status = 429;
    refusal
        .headers
        .insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    refusal
}

pub(crate) fn too_many() -> UpstreamResponse {
    made(429, "text/plain", "Too Many Requests")
}

pub(crate) fn unauthorized() -> UpstreamResponse {
    made(401, "application/json", r#"{"message":"Unauthorized"}"#)
}

fn server_error() -> UpstreamResponse {
    made(503, "text/plain", "Service Unavailable")
}

fn error_body() -> UpstreamResponse {
    made(
        200,
        "application/json",
        r#"{"error":true,"message":"internal error"}"#,
    )
}

fn wrong_schema(wrong: Wrong) -> UpstreamResponse {
    match wrong {
        Wrong::Empty => made(200, "application/json", ""),
        Wrong::Html => made(
            200,
            "text/html; charset=utf-8",
            "<!doctype html><html><head><title>Welcome</title></head><body>Please sign in.</body></html>",
        ),
        Wrong::OtherJson => made(200, "application/json", r#"{"unexpected":[{"shape":1}]}"#),
    }
}

fn redirect() -> UpstreamResponse {
    let mut response = made(302, "text/plain", "");
    response
        .headers
        .insert(LOCATION, HeaderValue::from_static(PRIVATE_URL));
    response
}

pub(crate) fn made(status: u16, kind: &'static str, body: &'static str) -> UpstreamResponse {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    UpstreamResponse {
        status,
        headers,
        body: Bytes::from_static(body.as_bytes()),
    }
}
