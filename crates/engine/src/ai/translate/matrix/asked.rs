//! What clients of each door say.

use serde_json::{Value, json};

use super::super::fixtures::call;
use crate::ai::{Door, ModelCall};

const PNG: &str = "iVBORw0KGgo=";
const URL: &str = "https://a.example/cat.png";

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false})
}

/// The shortest request, with usage wanted.
pub(super) fn plain(door: Door, stream: bool) -> ModelCall {
    let mut body = match door {
        Door::Responses => json!({"model": "auto", "input": "hi"}),
        Door::Messages => {
            json!({"model": "auto", "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]})
        }
        Door::Completions => json!({"model": "auto", "prompt": "hi"}),
        _ => json!({"model": "auto", "messages": [{"role": "user", "content": "hi"}]}),
    };
    body["stream"] = stream.into();
    if stream && matches!(door, Door::Chat | Door::Completions) {
        body["stream_options"] = json!({"include_usage": true});
    }
    call(door, body.to_string())
}

/// A schema in which the alphabet gives another order, for a tool and for the answer.
pub(super) fn ordered(door: Door) -> ModelCall {
    const SCHEMA: &str = r#"{"type":"object","properties":{"thoughts":{"type":"string"},"price":{"type":"object","properties":{"unit":{"type":"string"},"amount":{"type":"number"}}}},"required":["thoughts","price"]}"#;
    let body = match door {
        Door::Responses => format!(
            r#"{{"model":"auto","input":"hi","tools":[{{"type":"function","name":"f","parameters":{SCHEMA}}}],"text":{{"format":{{"type":"json_schema","name":"n","schema":{SCHEMA}}}}}}}"#
        ),
        Door::Messages => format!(
            r#"{{"model":"auto","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}],"tools":[{{"name":"f","input_schema":{SCHEMA}}}],"output_config":{{"format":{{"type":"json_schema","schema":{SCHEMA}}}}}}}"#
        ),
        _ => format!(
            r#"{{"model":"auto","messages":[{{"role":"user","content":"hi"}}],"tools":[{{"type":"function","function":{{"name":"f","parameters":{SCHEMA}}}}}],"response_format":{{"type":"json_schema","json_schema":{{"name":"n","schema":{SCHEMA}}}}}}}"#
        ),
    };
    call(door, body)
}

/// The names in it, in the order in which they stand.
pub(super) const ORDER: [&str; 6] = ["thoughts", "price", "unit", "amount", "thoughts", "price"];

/// Every feature that the door has, with the name of each.
pub(super) fn of(door: Door) -> Vec<(&'static str, Value)> {
    match door {
        Door::Responses => responses(),
        Door::Messages => messages(),
        Door::Completions => vec![(
            "text, sampling",
            json!({"model": "auto", "prompt": "Once", "max_tokens": 9, "temperature": 0.5, "stop": ["\n"], "seed": 7}),
        )],
        _ => chat(),
    }
}

fn chat() -> Vec<(&'static str, Value)> {
    let with = |messages: Value, more: Value| {
        let mut body = json!({"model": "auto", "messages": messages});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let hi = json!([{"role": "user", "content": "hi"}]);
    let tool = json!({"type": "function", "function": {"name": "weather", "description": "d", "parameters": schema()}});
    let called = |id: &str, city: &str| json!({"id": id, "type": "function", "function": {"name": "weather", "arguments": format!("{{\"city\":\"{city}\"}}")}});
    let mut signed = called("call_a", "Lyon");
    signed["extra_content"] = json!({"google": {"thought_signature": "c2ln"}});
    let picture = |url: &str| {
        with(
            json!([{"role": "user", "content": [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": url, "detail": "low"}}]}]),
            json!({}),
        )
    };
    vec![
        (
            "system, developer",
            with(
                json!([{"role": "system", "content": "A"}, {"role": "developer", "content": "B"}, {"role": "user", "content": "hi", "name": "ann"}]),
                json!({}),
            ),
        ),
        (
            "tools",
            with(
                json!([{"role": "user", "content": "hi"},
                    {"role": "assistant", "content": null, "reasoning_content": "T", "tool_calls": [signed, called("call_b", "Nice")]},
                    {"role": "tool", "tool_call_id": "call_a", "content": "1"},
                    {"role": "tool", "tool_call_id": "call_b", "content": "2"}]),
                json!({"tools": [tool], "tool_choice": "required", "parallel_tool_calls": true}),
            ),
        ),
        ("vision by URL", picture(URL)),
        (
            "vision in base64",
            picture(&format!("data:image/png;base64,{PNG}")),
        ),
        (
            "schema",
            with(
                hi.clone(),
                json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": schema()}}}),
            ),
        ),
        (
            "reasoning",
            with(
                hi.clone(),
                json!({"reasoning_effort": "high", "max_completion_tokens": 20_000}),
            ),
        ),
        (
            "sampling",
            with(
                hi,
                json!({"stop": ["x", "y"], "seed": 7, "temperature": 1.5, "top_p": 0.5, "presence_penalty": 0.1, "frequency_penalty": 0.2, "max_tokens": 9, "user": "u"}),
            ),
        ),
        (
            "cache markers",
            with(
                json!([{"role": "system", "content": [{"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}}]}, {"role": "user", "content": "hi"}]),
                json!({}),
            ),
        ),
    ]
}

fn responses() -> Vec<(&'static str, Value)> {
    let with = |input: Value, more: Value| {
        let mut body = json!({"model": "auto", "input": input});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let called = |id: &str, city: &str| json!({"type": "function_call", "call_id": id, "name": "weather", "arguments": format!("{{\"city\":\"{city}\"}}")});
    let result = |id: &str, text: &str| json!({"type": "function_call_output", "call_id": id, "output": text});
    let tool = json!({"type": "function", "name": "weather", "description": "d", "parameters": schema(), "strict": true});
    let picture = |url: &str| {
        with(
            json!([{"role": "user", "content": [{"type": "input_text", "text": "what?"}, {"type": "input_image", "image_url": url}]}]),
            json!({}),
        )
    };
    vec![
        (
            "system, developer",
            with(
                json!([{"role": "developer", "content": "B"}, {"role": "user", "content": "hi"}]),
                json!({"instructions": "A"}),
            ),
        ),
        (
            "tools",
            with(
                json!([{"role": "user", "content": "hi"},
                    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "T"}], "encrypted_content": "c2ln"},
                    called("call_a", "Lyon"), called("call_b", "Nice"), result("call_a", "1"), result("call_b", "2")]),
                json!({"tools": [tool], "tool_choice": "required"}),
            ),
        ),
        ("vision by URL", picture(URL)),
        (
            "vision in base64",
            picture(&format!("data:image/png;base64,{PNG}")),
        ),
        (
            "schema",
            with(
                json!("hi"),
                json!({"text": {"format": {"type": "json_schema", "name": "n", "strict": true, "schema": schema()}}}),
            ),
        ),
        (
            "reasoning",
            with(
                json!("hi"),
                json!({"reasoning": {"effort": "high"}, "max_output_tokens": 20_000}),
            ),
        ),
    ]
}

fn messages() -> Vec<(&'static str, Value)> {
    let with = |messages: Value, more: Value| {
        let mut body = json!({"model": "auto", "max_tokens": 99, "messages": messages});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let hi = json!([{"role": "user", "content": "hi"}]);
    let called = |id: &str, city: &str| json!({"type": "tool_use", "id": id, "name": "weather", "input": {"city": city}});
    let result =
        |id: &str, text: &str| json!({"type": "tool_result", "tool_use_id": id, "content": text});
    let picture = |source: Value| {
        with(
            json!([{"role": "user", "content": [{"type": "text", "text": "what?"}, {"type": "image", "source": source}]}]),
            json!({}),
        )
    };
    vec![
        ("system", with(hi.clone(), json!({"system": "A"}))),
        (
            "tools",
            with(
                json!([{"role": "user", "content": "hi"},
                    {"role": "assistant", "content": [{"type": "thinking", "thinking": "T", "signature": "c2ln"}, called("toolu_a", "Lyon"), called("toolu_b", "Nice")]},
                    {"role": "user", "content": [result("toolu_a", "1"), result("toolu_b", "2")]}]),
                json!({"tools": [{"name": "weather", "description": "d", "input_schema": schema()}], "tool_choice": {"type": "any"}}),
            ),
        ),
        ("vision by URL", picture(json!({"type": "url", "url": URL}))),
        (
            "vision in base64",
            picture(json!({"type": "base64", "media_type": "image/png", "data": PNG})),
        ),
        (
            "reasoning",
            with(
                hi.clone(),
                json!({"max_tokens": 20_000, "thinking": {"type": "enabled", "budget_tokens": 8000}}),
            ),
        ),
        (
            "sampling",
            with(
                hi,
                json!({"stop_sequences": ["x"], "temperature": 0.5, "top_p": 0.5, "top_k": 3, "metadata": {"user_id": "u"}}),
            ),
        ),
        (
            "cache markers",
            with(
                json!([{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]),
                json!({"system": [{"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}}]}),
            ),
        ),
    ]
}
