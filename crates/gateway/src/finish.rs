//! What every response gets on its way out: the request id, timings, headers that keep browsers careful.

use std::time::Duration;

use guichet_engine::rehearsal::Rehearsal;
use http::header::{
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Method, StatusCode};
use http_body::Body;

use crate::content::Content;
use crate::reply::{Reply, Response, Story};
use crate::request_id::X_REQUEST_ID;
use crate::router::Door;
use crate::values::Values;
use crate::visit::Visit;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Marks what is given while failures are rehearsed: `met-no=5xx, groq=401`.
const X_GUICHET_REHEARSAL: HeaderName = HeaderName::from_static("x-guichet-rehearsal");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Completes a reply.
pub(crate) fn finish(
    reply: &mut Reply,
    visit: &Visit,
    door: Option<Door>,
    took: Duration,
    rehearsed: &[Rehearsal],
) {
    let response = &mut reply.response;
    let mut values = Values::default();
    let request_id = values.text(&visit.request_id).end();
    response.headers_mut().insert(X_REQUEST_ID, request_id);
    guard(response, door);
    if !rehearsed.is_empty() {
        let each = rehearsed
            .iter()
            .map(|one| format!("{}={}", one.provider, one.fault));
        let text = each.collect::<Vec<_>>().join(", ");
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().insert(X_GUICHET_REHEARSAL, value);
        }
    }
    if matches!(door, Some(Door::Data | Door::Proxy)) {
        let timing = server_timing(&mut values, &reply.story, took);
        response.headers_mut().insert(SERVER_TIMING, timing);
    }
    if visit.head.method == Method::HEAD {
        drop_body(response);
    }
}

/// Nothing here is meant to be sniffed; and nothing that a browser might show, to be framed or run as a page, but for
/// pages that bring their own policy. Data is JSON, which no browser runs, and so is what models say, or a stream of it.
fn guard(response: &mut Response, door: Option<Door>) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    if matches!(door, Some(Door::Data | Door::Ask(_))) {
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
fn server_timing(values: &mut Values, story: &Story, took: Duration) -> HeaderValue {
    let whole = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    let tenths = whole(took.as_micros() / 100);
    let total = values.text("total;dur=").number(tenths / 10);
    total.text(".").number(tenths % 10);
    for attempt in &story.attempts {
        let one = values.text(", ").text(&attempt.provider);
        one.text(";dur=").number(whole(attempt.took.as_millis()));
    }
    values.end()
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
    *response.body_mut() = Content::default();
}
