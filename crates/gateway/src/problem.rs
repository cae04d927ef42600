//! An error as a client sees it: a problem document of RFC 9457.
//!
//! **Invariant:** it holds no upstream URL, no key, no upstream's body and no stack. Its parts come from closed enums,
//! from the caller's own input and from the catalogue.

use std::borrow::Cow;

use guichet_catalogue::parameters::InvalidParameter;
use guichet_engine::answer::{Rejection, Skipped};
use guichet_engine::outcome::Attempt;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use crate::codes::Code;
use crate::reply::{Response, json_response};

/// An error and what helps to mend it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    help: Box<Help>,
}

/// Boxed, so that what goes well does not carry the weight of what could go wrong.
#[derive(Debug, Default)]
struct Help {
    detail: Cow<'static, str>,
    errors: Vec<InvalidParameter>,
    attempts: Vec<Attempt>,
    skipped: Vec<Skipped>,
    nearest: Option<String>,
    retry_at: Option<Timestamp>,
    /// Seconds, where they are not to be told from the time.
    retry_after: Option<u64>,
    allow: Option<&'static str>,
    rejection: Option<Rejection>,
    limit: Option<LimitTold>,
}

/// A limit of the caller's that stands in the way.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LimitTold {
    /// `key`, `project` or `organization`.
    pub(crate) of: &'static str,
    /// Its id.
    pub(crate) id: String,
    /// As in the header `RateLimit`.
    pub(crate) name: String,
    /// As it was written.
    pub(crate) limit: String,
    /// Time alone does not mend it.
    #[serde(skip)]
    pub(crate) is_final: bool,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let help = Help {
            detail: detail.into(),
            ..Help::default()
        };
        Self {
            code,
            help: Box::new(help),
        }
    }

    /// With each parameter that cannot be used.
    pub(crate) fn with_errors(mut self, errors: Vec<InvalidParameter>) -> Self {
        self.help.errors = errors;
        self
    }

    /// With what was tried, what was not, and when asking again may help.
    pub(crate) fn with_history(
        mut self,
        attempts: Vec<Attempt>,
        skipped: Vec<Skipped>,
        retry_at: Option<Timestamp>,
    ) -> Self {
        self.help.attempts = attempts;
        self.help.skipped = skipped;
        self.help.retry_at = retry_at;
        self
    }

    /// With the name that was probably meant.
    pub(crate) fn with_nearest(mut self, nearest: Option<&str>) -> Self {
        self.help.nearest = nearest.map(str::to_owned);
        self
    }

    /// With the methods that are allowed.
    pub(crate) fn with_allow(mut self, allow: &'static str) -> Self {
        self.help.allow = Some(allow);
        self
    }

    /// With what a provider says is wrong with the request.
    pub(crate) fn with_rejection(mut self, rejection: Rejection) -> Self {
        self.help.rejection = Some(rejection);
        self
    }

    /// With the caller's limit that stands in the way, and when asking again may help.
    pub(crate) fn with_limit(
        mut self,
        limit: LimitTold,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        self.help.limit = Some(limit);
        self.help.retry_at = Some(retry_at);
        self.help.retry_after = Some(seconds_until(retry_at, now));
        self
    }

    /// Whether a limit stands in the way that time alone does not lift.
    pub(crate) fn is_final(&self) -> bool {
        self.help.limit.as_ref().is_some_and(|limit| limit.is_final)
    }

    /// What went wrong this time.
    pub(crate) fn detail(&self) -> &str {
        &self.help.detail
    }

    /// The name that was probably meant.
    pub(crate) fn nearest(&self) -> Option<&str> {
        self.help.nearest.as_deref()
    }

    /// The first parameter that cannot be used.
    pub(crate) fn parameter(&self) -> Option<&str> {
        self.help.errors.first().map(|error| error.name.as_str())
    }

    /// What a provider says is wrong with the request.
    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        self.help.rejection.as_ref()
    }

    /// What was tried.
    pub(crate) fn attempts(&self) -> &[Attempt] {
        &self.help.attempts
    }

    /// The answer that says so.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let status = self.code.status();
        let body = serde_json::to_vec(&self.document(request_id)).unwrap_or_default();
        let mut response = json_response(status, body);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        self.tell_headers(headers);
        response
    }

    /// What goes into headers whatever the body looks like: how to come in, what is allowed, when to come again.
    pub(crate) fn tell_headers(&self, headers: &mut HeaderMap) {
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"guichet\""),
            );
        }
        if let Some(allow) = self.help.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        let until = |at| seconds_until(at, Timestamp::now());
        let seconds = self.help.retry_after.or(self.help.retry_at.map(until));
        if let Some(seconds) = seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
    }

    fn document<'problem>(&'problem self, request_id: &'problem str) -> Document<'problem> {
        Document {
            kind: self.code.urn(),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.help.detail,
            code: self.code.as_str(),
            request_id,
            nearest: self.help.nearest.as_deref(),
            errors: self.help.errors.iter().map(ParameterError::from).collect(),
            attempts: &self.help.attempts,
            skipped: &self.help.skipped,
            limit: self.help.limit.as_ref(),
            retry_at: self.help.retry_at,
        }
    }
}

/// Whole seconds, rounded up; at least one, so that nobody asks again at once.
pub(crate) fn seconds_until(at: Timestamp, now: Timestamp) -> u64 {
    let milliseconds = at.duration_since(now).as_millis();
    u64::try_from(milliseconds)
        .unwrap_or(0)
        .div_ceil(1000)
        .max(1)
}

#[derive(Serialize)]
struct Document<'problem> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'problem str,
    code: &'static str,
    request_id: &'problem str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'problem str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ParameterError<'problem>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attempts: &'problem [Attempt],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    skipped: &'problem [Skipped],
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'problem LimitTold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ParameterError<'problem> {
    name: &'problem str,
    reason: &'problem str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'problem str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'problem str>,
}

impl<'problem> From<&'problem InvalidParameter> for ParameterError<'problem> {
    fn from(error: &'problem InvalidParameter) -> Self {
        Self {
            name: &error.name,
            reason: &error.reason,
            allowed: error.allowed.as_deref(),
            nearest: error.nearest.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn text(problem: Problem) -> String {
        let body = problem.into_response("r-1").into_body();
        let bytes = futures_util::FutureExt::now_or_never(body.collect())
            .unwrap()
            .unwrap()
            .to_bytes();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    }

    #[test]
    fn a_refused_parameter_says_what_would_be_right() {
        let error = InvalidParameter {
            name: "lagn".into(),
            reason: "weather/current has no such parameter".into(),
            allowed: Some("place, lang".into()),
            nearest: Some("lang".into()),
        };
        let problem = Problem::new(
            Code::InvalidParameters,
            "`lagn`: weather/current has no such parameter",
        );
        insta::assert_snapshot!(text(problem.with_errors(vec![error])));
    }

    #[test]
    fn seconds_are_rounded_up_and_never_zero() {
        let after = |milliseconds| NOW + jiff::SignedDuration::from_millis(milliseconds);
        assert_eq!(seconds_until(after(1), NOW), 1);
        assert_eq!(seconds_until(after(1_001), NOW), 2);
        assert_eq!(seconds_until(after(-5_000), NOW), 1);
    }

    #[test]
    fn a_refused_key_is_told_how_to_come_in() {
        let response = Problem::new(Code::MissingKey, "no key").into_response("r-1");
        assert_eq!(response.status(), 401);
        assert_eq!(
            response.headers()[WWW_AUTHENTICATE],
            "Bearer realm=\"guichet\""
        );
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
