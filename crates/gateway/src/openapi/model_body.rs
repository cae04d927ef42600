//! What a door to models must be told: the members without which no request makes sense. All others are OpenAI's and
//! Anthropic's own, whose references describe them; they are passed on.

use guichet_engine::ai::Door;
use serde_json::{Value, json};

/// The body of a door, required.
pub(super) fn described(door: Door) -> Value {
    let (media_type, schema) = match door {
        Door::Transcription | Door::Translation => ("multipart/form-data", form()),
        _ => ("application/json", object(door)),
    };
    json!({ "required": true, "content": { (media_type): { "schema": schema } } })
}

/// The body of a count of tokens: Anthropic's message without a bound on its answer.
pub(super) fn counted() -> Value {
    let mut body = described(Door::Messages);
    let schema = &mut body["content"]["application/json"]["schema"];
    schema["required"] = json!(["messages"]);
    // Nobody is asked, so that any name will do.
    schema["properties"] = json!({ "messages": schema["properties"]["messages"] });
    body
}

fn object(door: Door) -> Value {
    let needed: &[(&str, Value)] = &match door {
        Door::Chat => vec![(
            "messages",
            turns(&["system", "developer", "user", "assistant"]),
        )],
        Door::Messages => vec![
            ("messages", turns(&["user", "assistant"])),
            (
                "max_tokens",
                json!({ "type": "integer", "minimum": 1, "maximum": i32::MAX }),
            ),
        ],
        Door::Responses => vec![("input", text("What is said, or an array of items"))],
        Door::Completions => vec![("prompt", text("What is to be gone on with"))],
        Door::Embeddings => vec![("input", texts())],
        Door::Speech => vec![
            ("input", text("What is to be spoken")),
            ("voice", text("Whose voice it is to be")),
        ],
        Door::Images => vec![("prompt", text("What is to be seen"))],
        Door::Moderations => vec![("input", texts())],
        Door::Rerank => vec![
            ("query", text("The question")),
            (
                "documents",
                json!({ "type": "array", "items": { "type": "string" } }),
            ),
        ],
        Door::Transcription | Door::Translation => Vec::new(),
    };
    let names: Vec<&str> = needed.iter().map(|(name, _)| *name).collect();
    let mut schema = json!({
        "type": "object",
        "required": names,
        "properties": { "model": model(&json!(["string", "null"]), 0) },
        "additionalProperties": true,
    });
    for (name, described) in needed {
        schema["properties"][*name] = described.clone();
    }
    schema
}

/// A recording.
fn form() -> Value {
    json!({
        "type": "object",
        "required": ["file", "model"],
        "properties": {
            "file": { "type": "string", "format": "binary", "minLength": 1, "description": "The recording" },
            "model": model(&json!("string"), 1),
        },
        "additionalProperties": true,
    })
}

/// A form must name it; elsewhere none, or an empty one, leaves the choice.
fn model(kind: &Value, least: u32) -> Value {
    json!({
        "type": kind,
        "minLength": least,
        "maxLength": 64,
        "description": "`provider/model`, a plain name, an alias, `auto`, `auto:fast` …",
    })
}

fn turns(roles: &[&str]) -> Value {
    json!({
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["role", "content"],
            "properties": {
                "role": { "type": "string", "enum": roles },
                "content": text("What is said, or an array of parts"),
            },
        },
    })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn texts() -> Value {
    json!({
        "oneOf": [
            { "type": "string" },
            { "type": "array", "minItems": 1, "items": { "type": "string" } },
        ],
    })
}
