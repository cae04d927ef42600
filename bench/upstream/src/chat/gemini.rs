//! Generated content in Gemini's shape.

use bytes::Bytes;
use serde_json::{Value, json};

use super::stream::data;

fn answer(text: &str, finish_reason: Option<&str>, words: usize) -> Value {
    let mut candidate =
        json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
    if let Some(reason) = finish_reason {
        candidate["finishReason"] = reason.into();
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": {"promptTokenCount": 20, "candidatesTokenCount": words, "totalTokenCount": 20 + words},
        "modelVersion": "bench", "responseId": "bench",
    })
}

pub(super) fn whole(words: usize) -> Bytes {
    answer(&" word".repeat(words), Some("STOP"), words)
        .to_string()
        .into()
}

/// The words, the last of them with the end.
pub(super) fn stream(words: usize) -> Vec<Bytes> {
    let mut events: Vec<Bytes> = (1..words)
        .map(|number| data(&answer(" word", None, number)))
        .collect();
    events.push(data(&answer(" word", Some("STOP"), words)));
    events
}
