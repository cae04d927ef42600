//! What every response gets on its way out: the request id, timings, headers that keep browsers careful.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Method, StatusCode};
use http_body::Body;
use http_body_util::Full;

use crate::reply::{Reply, Response, Story, set_header};
use crate::request_id::X_REQUEST_ID;
use crate::router::Door;
use crate::visit::Visit;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Completes a reply.
pub(crate) fn finish(reply: &mut Reply, visit: &Visit, door: Option<Door>, took: Duration) {
    let response = &mut reply.response;
    set_header(response, X_REQUEST_ID, &*visit.request_id);
    guard(response, door);
    if matches!(door, Some(Door::Data | Door::Proxy)) {
        set_header(response, SERVER_TIMING, server_timing(&reply.story, took));
    }
    if visit.head.method == Method::HEAD {
        drop_body(response);
    }
}

/// Nothing here is meant to be sniffed; and nothing that a browser might show, to be framed or run as a page, but for
/// pages that bring their own policy. Data is JSON, which no browser runs.
fn guard(response: &mut Response, door: Option<Door>) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if door == Some(Door::Data) {
        return;
    }
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        CROSS_ORIGIN_RESOURCE_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    let none = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(none);
}

/// Milliseconds with one decimal, written as whole numbers: formatting a fraction costs more than the rest.
fn server_timing(story: &Story, took: Duration) -> String {
    let mut timing = String::with_capacity(32 * (1 + story.attempts.len()));
    let tenths = took.as_micros() / 100;
    let total = write!(timing, "total;dur={}.{}", tenths / 10, tenths % 10);
    debug_assert!(total.is_ok(), "a string takes everything");
    for attempt in &story.attempts {
        let one = write!(
            timing,
            ", {};dur={}",
            attempt.provider,
            attempt.took.as_millis()
        );
        debug_assert!(one.is_ok(), "a string takes everything");
    }
    timing
}

/// The answer to HEAD: the same headers, the length included, and nothing after them.
fn drop_body(response: &mut Response) {
    let has_length = !matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    );
    if let Some(length) = response.body().size_hint().exact().filter(|_| has_length) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = Full::new(Bytes::new());
}
