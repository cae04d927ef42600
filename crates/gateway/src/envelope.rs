//! The body of a data answer: `{"data": …, "meta": {…}}`, written around the engine's bytes, which are not read again.

use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::model::OperationId;
use guichet_engine::outcome::Attempt;
use serde::Serialize;

use crate::content::Content;
use guichet_engine::answer::{Answer, Attributions, Served};

#[derive(Serialize)]
struct Meta<'answer> {
    category: &'answer str,
    operation: &'answer str,
    provider: &'answer str,
    served: Served,
    age_s: u64,
    observed_at: Option<&'answer str>,
    attribution: &'answer Attributions,
    attempts: &'answer [Attempt],
    request_id: &'answer str,
    next_cursor: Option<&'answer str>,
}

/// Writes the envelope of an answer. The data is not copied: it goes from the cache to the network as it is.
pub(crate) fn write(operation: &OperationId, answer: &Answer, request_id: &str) -> Content {
    /// Room for `meta` without growing, in nearly all answers; larger pieces of memory cost more to get.
    const META: usize = 768;
    let meta = Meta {
        category: &operation.category,
        operation: &operation.name,
        provider: &answer.provider,
        served: answer.served,
        age_s: whole_seconds(answer.age),
        observed_at: answer.observed_at.as_deref(),
        attribution: &answer.attribution,
        attempts: &answer.attempts,
        request_id,
        next_cursor: answer.next_cursor.as_deref(),
    };
    let mut end = Vec::with_capacity(META);
    end.extend_from_slice(b",\"meta\":");
    if serde_json::to_writer(&mut end, &meta).is_err() {
        // Strings, numbers and times always serialize, and a vector always takes more.
        end.extend_from_slice(b"null");
    }
    end.push(b'}');
    let begin = Bytes::from_static(b"{\"data\":");
    Content::of([begin, answer.data.clone(), end.into()])
}

/// Rounded down: an answer is never said to be older than it is.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs()
}

#[cfg(test)]
mod tests {
    use bytes::Buf;
    use guichet_engine::answer::Attribution;
    use guichet_engine::outcome::Class;

    use super::*;

    fn id() -> OperationId {
        OperationId {
            category: "weather".into(),
            name: "current".into(),
        }
    }

    fn answer() -> Answer {
        let attempt = |provider: &str, class, status, ms| Attempt {
            provider: provider.into(),
            class,
            status,
            took: Duration::from_millis(ms),
            retry_at: None,
        };
        Answer {
            data: Bytes::from_static(b"{\"temperature_c\":12.5}"),
            digest: 1,
            provider: "open-meteo".into(),
            served: Served::Fresh,
            age: Duration::ZERO,
            fresh_for: Duration::from_mins(10),
            observed_at: Some("2026-11-22T10:30:00Z".into()),
            attribution: Attributions::new([Attribution {
                text: "Weather data by Open-Meteo.com".into(),
                url: "https://open-meteo.com/".into(),
                licence: "CC-BY-4.0".into(),
            }]),
            attempts: vec![
                attempt("met-no", Class::RateLimited, Some(429), 83),
                attempt("open-meteo", Class::Ok, Some(200), 112),
            ],
            next_cursor: None,
        }
    }

    fn written(answer: &Answer) -> String {
        let mut pieces = write(&id(), answer, "r-1").into_pieces();
        let text = pieces.copy_to_bytes(pieces.remaining());
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    }

    #[test]
    fn a_fresh_answer_after_a_failure() {
        insta::assert_snapshot!(written(&answer()));
    }

    #[test]
    fn a_stale_page_of_a_list() {
        let stale = Answer {
            served: Served::Stale,
            age: Duration::from_millis(7_199_999),
            fresh_for: Duration::ZERO,
            observed_at: None,
            attribution: Attributions::default(),
            attempts: Vec::new(),
            next_cursor: Some("b3BlbjoyMA".into()),
            ..answer()
        };
        insta::assert_snapshot!(written(&stale));
    }
}
