//! Requests: what an Anthropic client says comes through whole, and what others say is put as Anthropic wants it.

mod conversation;
mod read;
mod settings;

use serde_json::{Value, json};

use super::*;
use crate::chat::{Message, Part, Request, Role};

/// Shapes: <https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/message_create_params.py>
/// and the params of blocks beside it.
fn full() -> Value {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 4096,
        "system": [
            {"type": "text", "text": "You are terse."},
            {"type": "text", "text": "The manual.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "What is in these?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0K"}},
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                {"type": "image", "source": {"type": "file", "file_id": "file_011"}},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0"},
                 "title": "Report", "cache_control": {"type": "ephemeral"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
                {"type": "search_result", "source": "wiki", "title": "T", "content": [{"type": "text", "text": "x"}]},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Two tools.", "signature": "EqQBsig"},
                {"type": "redacted_thinking", "data": "EmwKAhgB"},
                {"type": "text", "text": "Looking.", "citations": [
                    {"type": "char_location", "cited_text": "x", "document_index": 0, "document_title": null,
                     "start_char_index": 0, "end_char_index": 1}]},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bern", "days": 1.0}},
                {"type": "tool_use", "id": "toolu_2", "name": "time", "input": {}, "cache_control": {"type": "ephemeral"}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "21 °C"},
                {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true, "content": [
                    {"type": "text", "text": "no clock"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/"}}]},
                {"type": "text", "text": "And now?"},
            ]},
        ],
        "tools": [
            {"name": "weather", "description": "Weather of a city", "strict": true,
             "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
            {"name": "time", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "output_config": {"format": {"type": "json_schema", "schema":
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}}},
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "service_tier": "auto",
        "cache_control": {"type": "ephemeral"},
        "stream": true,
    })
}

fn read(body: &Value) -> Request {
    read_request(body.to_string().as_bytes()).unwrap()
}

fn refusal(body: &Value) -> String {
    read_request(body.to_string().as_bytes())
        .unwrap_err()
        .to_string()
}

fn written(request: &Request) -> (Value, Vec<String>) {
    let written = write_request(request, 4096);
    (
        serde_json::from_slice(&written.body).unwrap(),
        written.dropped,
    )
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message {
        role,
        name: None,
        parts,
        extra: serde_json::Map::new(),
    }
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall {
        id: id.into(),
        name: "weather".into(),
        arguments: arguments.into(),
        signature: None,
        cache: None,
    }
}

fn result(id: &str, text: &str) -> Part {
    Part::ToolResult {
        id: id.into(),
        name: None,
        parts: vec![Part::text(text)],
        failed: false,
        cache: None,
    }
}

fn asked(model: &str, messages: Vec<Message>) -> Request {
    Request {
        model: model.into(),
        messages,
        ..Request::default()
    }
}

fn user(text: &str) -> Message {
    message(Role::User, vec![Part::text(text)])
}
