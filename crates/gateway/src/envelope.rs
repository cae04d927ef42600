//! The body of a data answer: `{"data": …, "meta": {…}}`, written around the engine's bytes, which are not read again.

use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::model::OperationId;
use guichet_engine::answer::Answer;
use guichet_engine::outcome::Attempt;
use guichet_engine::rehearsal::Rehearsal;

use crate::content::Content;
use crate::quoted;

/// Writes the envelope of an answer. The data is not copied: it goes from the cache to the network as it is.
pub(crate) fn write(
    operation: &OperationId,
    answer: &Answer,
    request_id: &str,
    rehearsed: &[Rehearsal],
) -> Content {
    let mut meta = Meta::of(operation, answer);
    meta.mark(rehearsed);
    around(answer.data.clone(), meta.write(answer.age, request_id))
}

/// The data, and what was written to follow it.
pub(crate) fn around(data: Bytes, meta: Bytes) -> Content {
    Content::of([Bytes::from_static(b"{\"data\":"), data, meta])
}

/// All that follows the data, but for the age and the request's id, which differ from answer to answer.
pub(crate) struct Meta {
    before_age: String,
    after_age: String,
    after_id: String,
}

impl Meta {
    pub(crate) fn of(operation: &OperationId, answer: &Answer) -> Self {
        let mut text = String::from(",\"meta\":{\"category\":");
        quoted::push(&mut text, &operation.category);
        text.push_str(",\"operation\":");
        quoted::push(&mut text, &operation.name);
        text.push_str(",\"provider\":");
        quoted::push(&mut text, &answer.provider);
        text.push_str(",\"served\":");
        quoted::push_plain(&mut text, answer.served.as_str());
        text.push_str(",\"age_s\":");
        let before_age = std::mem::take(&mut text);
        text.push_str(",\"observed_at\":");
        push_or_null(&mut text, answer.observed_at.as_deref());
        text.push_str(",\"attribution\":");
        text.push_str(answer.attribution.as_json());
        text.push_str(",\"attempts\":");
        push_attempts(&mut text, &answer.attempts);
        text.push_str(",\"request_id\":");
        let after_age = std::mem::take(&mut text);
        text.push_str(",\"next_cursor\":");
        push_or_null(&mut text, answer.next_cursor.as_deref());
        text.push_str("}}");
        Self {
            before_age,
            after_age,
            after_id: text,
        }
    }

    /// Marks an answer that is given while failures are rehearsed.
    fn mark(&mut self, rehearsed: &[Rehearsal]) {
        if rehearsed.is_empty() {
            return;
        }
        let list = serde_json::to_string(rehearsed).unwrap_or_else(|_| "[]".into());
        let end = self.after_id.trim_end_matches("}}").len();
        self.after_id.truncate(end);
        self.after_id.push_str(",\"rehearsal\":");
        self.after_id.push_str(&list);
        self.after_id.push_str("}}");
    }

    /// The text, in memory of its own length.
    pub(crate) fn write(&self, age: Duration, request_id: &str) -> Bytes {
        let mut number = itoa::Buffer::new();
        let age = number.format(whole_seconds(age));
        let parts = [
            &self.before_age,
            age,
            &self.after_age,
            "\"",
            request_id,
            "\"",
            &self.after_id,
        ];
        let mut text = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            text.extend_from_slice(part.as_bytes());
        }
        text.into()
    }
}

fn push_or_null(text: &mut String, value: Option<&str>) {
    match value {
        Some(value) => quoted::push(text, value),
        None => text.push_str("null"),
    }
}

/// None, when the answer came from memory.
fn push_attempts(text: &mut String, attempts: &[Attempt]) {
    if attempts.is_empty() {
        return text.push_str("[]");
    }
    // Names, numbers and times always serialize.
    text.push_str(&serde_json::to_string(attempts).unwrap_or_else(|_| "[]".into()));
}

/// Rounded down: an answer is never said to be older than it is.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs()
}

#[cfg(test)]
mod tests {
    use bytes::Buf;
    use guichet_engine::answer::{Attribution, Attributions, Served};
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
        let mut pieces = write(&id(), answer, "r-1", &[]).into_pieces();
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
