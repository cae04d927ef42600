//! The ways in which a provider can be made to fail, by the names of the fault alphabet.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::transport::{TransportError, UpstreamResponse};

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Failing {
    /// Nothing listens.
    Refused,
    /// The name does not exist.
    NoSuchHost,
    /// The name server is silent.
    NameHangs,
    /// A certificate that nobody vouches for.
    BadCertificate,
    /// Nobody takes the connection.
    ConnectTimeout,
    /// Nothing comes back.
    Silence,
    /// Half of the body, then silence.
    BodyStalls,
    /// The body comes so slowly that time is up before its end.
    Drips,
    /// The connection breaks.
    Breaks,
    /// Half of a JSON text.
    Truncated,
    /// 429 that says when to come back: in thirty seconds.
    TooManyRetryAfter,
    /// 429 that says nothing.
    TooMany,
    /// 401.
    Unauthorized,
    /// 503.
    ServerError,
    /// Status 200 with an error in the body.
    ErrorBody,
    /// Status 200 with nothing.
    Empty,
    /// Status 200 with a page.
    Page,
    /// Status 200 with JSON of another shape.
    OtherJson,
    /// A redirect to a private address.
    Astray,
    /// A body without end.
    Oversized,
}

/// Every way with its name.
const NAMES: [(Failing, &str); 20] = [
    (Failing::Refused, "refused"),
    (Failing::NoSuchHost, "nxdomain"),
    (Failing::NameHangs, "dns-hang"),
    (Failing::BadCertificate, "bad-cert"),
    (Failing::ConnectTimeout, "connect-timeout"),
    (Failing::Silence, "header-timeout"),
    (Failing::BodyStalls, "body-stall"),
    (Failing::Drips, "slow-drip"),
    (Failing::Breaks, "reset-mid-body"),
    (Failing::Truncated, "truncated-json"),
    (Failing::TooManyRetryAfter, "429+retry-after"),
    (Failing::TooMany, "429-bare"),
    (Failing::Unauthorized, "401"),
    (Failing::ServerError, "5xx"),
    (Failing::ErrorBody, "200-error-body"),
    (Failing::Empty, "200-wrong-schema:empty"),
    (Failing::Page, "200-wrong-schema:html"),
    (Failing::OtherJson, "200-wrong-schema:other-json"),
    (Failing::Astray, "redirect-to-private-ip"),
    (Failing::Oversized, "oversized-body"),
];

/// How long an answer takes that is given at once.
const AT_ONCE: Duration = Duration::from_millis(20);

impl Failing {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let named = NAMES.iter().find(|(failing, _)| *failing == self);
        named.map_or("", |(_, name)| name)
    }

    /// Fails, within the time that the request has.
    pub(super) async fn answer(self, time: Duration) -> Result<UpstreamResponse, TransportError> {
        let json = "application/json";
        let outcome = match self {
            Self::NameHangs | Self::ConnectTimeout => {
                return hang(time, TransportError::ConnectTimeout).await;
            }
            Self::Silence | Self::BodyStalls | Self::Drips => {
                return hang(time, TransportError::Timeout).await;
            }
            Self::Refused => Err(TransportError::Connect),
            Self::NoSuchHost => Err(TransportError::NoSuchHost),
            Self::BadCertificate => Err(TransportError::Tls),
            Self::Breaks => Err(TransportError::Broken),
            Self::Oversized => Err(TransportError::TooLarge),
            Self::Truncated => Ok(whole(200, json, "{\"half\": [1, 2")),
            Self::TooManyRetryAfter => Ok(with(
                whole(429, "text/plain", "rehearsed"),
                RETRY_AFTER,
                "30",
            )),
            Self::TooMany => Ok(whole(429, "text/plain", "rehearsed")),
            Self::Unauthorized => Ok(whole(401, json, "{\"message\": \"rehearsed\"}")),
            Self::ServerError => Ok(whole(503, "text/plain", "rehearsed")),
            Self::ErrorBody => Ok(whole(
                200,
                json,
                "{\"error\": true, \"message\": \"rehearsed\"}",
            )),
            Self::Empty => Ok(whole(200, json, "")),
            Self::Page => Ok(whole(
                200,
                "text/html",
                "<!doctype html><html><head><title>rehearsed</title></head></html>",
            )),
            Self::OtherJson => Ok(whole(200, json, "{\"rehearsed\": [{}]}")),
            Self::Astray => {
                let response = whole(302, "text/plain", "");
                Ok(with(response, LOCATION, "http://169.254.169.254/"))
            }
        };
        tokio::time::sleep(AT_ONCE.min(time)).await;
        outcome
    }
}

async fn hang(time: Duration, error: TransportError) -> Result<UpstreamResponse, TransportError> {
    tokio::time::sleep(time).await;
    Err(error)
}

fn whole(status: u16, kind: &'static str, body: &'static str) -> UpstreamResponse {
    let response = UpstreamResponse {
        status,
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
    };
    with(response, CONTENT_TYPE, kind)
}

fn with(mut response: UpstreamResponse, name: HeaderName, value: &'static str) -> UpstreamResponse {
    let value = HeaderValue::from_static(value);
    response.headers.insert(name, value);
    response
}

/// A word that is no way to fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be rehearsed; there are {}", known())]
pub struct UnknownFailing {
    name: String,
}

fn known() -> String {
    NAMES.map(|(_, name)| name).join(", ")
}

impl FromStr for Failing {
    type Err = UnknownFailing;

    fn from_str(text: &str) -> Result<Self, UnknownFailing> {
        let named = NAMES.iter().find(|(_, name)| *name == text);
        named
            .map(|(failing, _)| *failing)
            .ok_or_else(|| UnknownFailing { name: text.into() })
    }
}

impl TryFrom<String> for Failing {
    type Error = UnknownFailing;

    fn try_from(text: String) -> Result<Self, UnknownFailing> {
        text.parse()
    }
}

impl From<Failing> for &'static str {
    fn from(failing: Failing) -> Self {
        failing.as_str()
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_written() {
        for (failing, name) in NAMES {
            assert_eq!(name.parse(), Ok(failing));
            assert_eq!(failing.to_string(), name);
        }
        let error = "ok".parse::<Failing>().unwrap_err().to_string();
        assert!(error.contains("`ok`") && error.contains("5xx"), "{error}");
    }
}
