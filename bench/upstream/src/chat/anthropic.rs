//! Messages in Anthropic's shape.

use bytes::Bytes;
use serde_json::{Value, json};

use super::stream::named;

fn message(content: &Value, stop_reason: &Value, words: usize) -> Value {
    json!({
        "id": "msg_bench", "type": "message", "role": "assistant", "model": "bench",
        "content": content, "stop_reason": stop_reason, "stop_sequence": null,
        "usage": {"input_tokens": 20, "output_tokens": words},
    })
}

pub(super) fn whole(words: usize) -> Bytes {
    let text = json!([{"type": "text", "text": " word".repeat(words)}]);
    message(&text, &json!("end_turn"), words).to_string().into()
}

/// The message, one block of text, its end.
pub(super) fn stream(words: usize) -> Vec<Bytes> {
    let event = |value: Value| named(value["type"].as_str().unwrap_or_default(), &value);
    let mut events = vec![
        event(json!({"type": "message_start", "message": message(&json!([]), &Value::Null, 1)})),
        event(
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        ),
        event(json!({"type": "ping"})),
    ];
    let word = event(
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " word"}}),
    );
    events.extend(std::iter::repeat_n(word, words));
    events.push(event(json!({"type": "content_block_stop", "index": 0})));
    events.push(event(json!({
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": null},
        "usage": {"output_tokens": words},
    })));
    events.push(event(json!({"type": "message_stop"})));
    events
}
