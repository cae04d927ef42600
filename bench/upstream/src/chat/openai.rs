//! Chat completions in OpenAI's shape.

use bytes::Bytes;
use serde_json::{Value, json};

use super::stream::data;

fn usage(words: usize) -> Value {
    json!({"prompt_tokens": 20, "completion_tokens": words, "total_tokens": 20 + words})
}

fn chunk(choices: &Value) -> Value {
    json!({
        "id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": "bench",
        "choices": choices,
    })
}

fn delta(delta: &Value, finish_reason: &Value) -> Bytes {
    data(&chunk(
        &json!([{"index": 0, "delta": delta, "finish_reason": finish_reason}]),
    ))
}

pub(super) fn whole(words: usize) -> Bytes {
    let message = json!({"role": "assistant", "content": " word".repeat(words)});
    let answer = json!({
        "id": "chatcmpl-bench", "object": "chat.completion", "created": 1_767_225_600, "model": "bench",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage(words),
    });
    answer.to_string().into()
}

/// The role, the words, the end, the usage, the mark.
pub(super) fn stream(words: usize) -> Vec<Bytes> {
    let mut events = vec![delta(
        &json!({"role": "assistant", "content": ""}),
        &Value::Null,
    )];
    let word = delta(&json!({"content": " word"}), &Value::Null);
    events.extend(std::iter::repeat_n(word, words));
    events.push(delta(&json!({}), &json!("stop")));
    let mut last = chunk(&json!([]));
    last["usage"] = usage(words);
    events.push(data(&last));
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}
