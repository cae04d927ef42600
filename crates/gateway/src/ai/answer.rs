//! What came of a call, as it leaves: the engine's bytes, and headers that say who answered.
//!
//! **Invariant:** no header of a provider passes, neither of the one that answered nor of one that failed.

use guichet_engine::ai::{Door, ModelAnswer, ModelContent};
use guichet_engine::answer::Served;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::content::Content;
use crate::reply::{Reply, Response, Story, set_header};
use crate::values::Values;

const X_GUICHET_PROVIDER: HeaderName = HeaderName::from_static("x-guichet-provider");
const X_GUICHET_MODEL: HeaderName = HeaderName::from_static("x-guichet-model");
const X_GUICHET_ATTEMPTS: HeaderName = HeaderName::from_static("x-guichet-attempts");
const X_GUICHET_COST: HeaderName = HeaderName::from_static("x-guichet-cost");
const X_GUICHET_DROPPED: HeaderName = HeaderName::from_static("x-guichet-dropped");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// Where Anthropic's clients look for the request's id.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// Tells proxies not to gather a stream before they pass it on.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The reply that an answer is. Its headers use this room, which is empty.
pub(super) fn told(
    answer: ModelAnswer,
    door: Door,
    request_id: &str,
    mut headers: HeaderMap,
) -> Reply {
    tell_origin(&mut headers, &answer);
    let content = match answer.content {
        ModelContent::Whole { body, content_type } => {
            let json = HeaderValue::from_static("application/json");
            headers.insert(CONTENT_TYPE, content_type.try_into().unwrap_or(json));
            Content::from(body)
        }
        ModelContent::Stream(stream) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
            Content::stream(stream)
        }
    };
    let mut response = Response::new(content);
    *response.headers_mut() = headers;
    if door == Door::Messages {
        set_header(&mut response, REQUEST_ID, request_id);
    }
    let story = Story {
        served: Some(answer.served),
        provider: Some(answer.provider),
        attempts: answer.attempts,
        ..Story::default()
    };
    Reply { response, story }
}

fn tell_origin(headers: &mut HeaderMap, answer: &ModelAnswer) {
    let mut values = Values::default();
    headers.insert(X_GUICHET_PROVIDER, values.text(&answer.provider).end());
    headers.insert(X_GUICHET_MODEL, values.text(&answer.model).end());
    let attempts = values.number(answer.attempts.len() as u64).end();
    headers.insert(X_GUICHET_ATTEMPTS, attempts);
    if let Some(cost) = answer.cost {
        headers.insert(X_GUICHET_COST, tell_dollars(&mut values, cost));
    }
    if !answer.dropped.is_empty() {
        let dropped = values.text(&answer.dropped.join(",")).end();
        headers.insert(X_GUICHET_DROPPED, dropped);
    }
    let status = match answer.served {
        Served::Cached if answer.shared => "guichet; fwd=miss; collapsed",
        Served::Cached => "guichet; hit",
        _ => return,
    };
    headers.insert(CACHE_STATUS, HeaderValue::from_static(status));
}

/// A sum in dollars as it was meant: a token costs billionths, and what a float adds to that is no price.
fn tell_dollars(values: &mut Values, sum: f64) -> HeaderValue {
    /// Parts of a dollar that are told.
    const PARTS: u64 = 1_000_000_000_000;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "no sum is negative, and no call costs millions"
    )]
    let parts = (sum * PARTS as f64).round() as u64;
    values.number(parts / PARTS);
    let mut rest = parts % PARTS;
    if rest > 0 {
        values.text(".");
    }
    let mut unit = PARTS / 10;
    while rest > 0 {
        values.number(rest / unit);
        rest %= unit;
        unit /= 10;
    }
    values.end()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};

    use super::*;

    fn answer(content: ModelContent) -> ModelAnswer {
        ModelAnswer {
            provider: "groq".into(),
            model: "openai/gpt-oss-20b".into(),
            served: Served::Fresh,
            shared: false,
            attempts: Vec::new(),
            dropped: vec!["seed".into(), "logprobs".into()],
            cost: Some(0.000_001_5),
            content,
        }
    }

    fn shown(reply: &Reply) -> String {
        let mut lines: Vec<String> = reply
            .response
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines.join("\n")
    }

    #[test]
    fn a_whole_answer_says_who_gave_it() {
        let whole = ModelContent::Whole {
            body: Bytes::from_static(b"{}"),
            content_type: "application/json".into(),
        };
        insta::assert_snapshot!(shown(&told(answer(whole), Door::Chat, "r-1", HeaderMap::new())), @r"
        content-type: application/json
        x-guichet-attempts: 0
        x-guichet-cost: 0.0000015
        x-guichet-dropped: seed,logprobs
        x-guichet-model: openai/gpt-oss-20b
        x-guichet-provider: groq
        ");
    }

    #[test]
    fn a_sum_is_told_without_what_a_float_adds() {
        let dollars = |sum| tell_dollars(&mut Values::default(), sum);
        assert_eq!(dollars(0.1 + 0.2), "0.3");
        assert_eq!(dollars(0.000_000_075 * 3.0), "0.000000225");
        assert_eq!(dollars(1.05), "1.05");
        assert_eq!(dollars(0.0), "0");
        assert_eq!(dollars(12.0), "12");
        assert_eq!(dollars(10.0), "10");
    }

    #[test]
    fn what_another_call_paid_for_says_so() {
        let whole = || ModelContent::Whole {
            body: Bytes::from_static(b"{}"),
            content_type: "application/json".into(),
        };
        let cached = |shared| ModelAnswer {
            served: Served::Cached,
            shared,
            cost: Some(0.0),
            ..answer(whole())
        };
        let said = |shared| shown(&told(cached(shared), Door::Chat, "r-1", HeaderMap::new()));
        assert!(said(false).contains("cache-status: guichet; hit\n"));
        assert!(said(true).contains("cache-status: guichet; fwd=miss; collapsed\n"));
        assert!(said(true).contains("x-guichet-cost: 0\n"));
    }

    #[test]
    fn a_stream_is_neither_kept_nor_held_back() {
        let stream = ModelContent::Stream(stream::empty().boxed());
        insta::assert_snapshot!(shown(&told(answer(stream), Door::Messages, "r-1", HeaderMap::new())), @r"
        cache-control: no-store
        content-type: text/event-stream
        request-id: r-1
        x-accel-buffering: no
        x-guichet-attempts: 0
        x-guichet-cost: 0.0000015
        x-guichet-dropped: seed,logprobs
        x-guichet-model: openai/gpt-oss-20b
        x-guichet-provider: groq
        ");
    }
}
