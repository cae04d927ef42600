//! Shapes: <https://github.com/openai/openai-python> `src/openai/types/chat/*_param.py`; `reasoning_details`:
//! <https://openrouter.ai/docs/use-cases/reasoning-tokens>; `extra_content`:
//! <https://ai.google.dev/gemini-api/docs/openai>. The values are our own.

use serde_json::{Value, json};

use super::*;
use crate::chat::{Media, Message, Part, Request, Role, Tool, ToolChoice};

fn read(body: &Value) -> Request {
    read_request(body.to_string().as_bytes()).unwrap()
}

fn refused(body: &Value) -> String {
    read_request(body.to_string().as_bytes())
        .unwrap_err()
        .to_string()
}

fn written(request: &Request, accepts: Accepts) -> (Value, Vec<String>) {
    let written = write_request_for(request, accepts);
    (
        serde_json::from_slice(&written.body).unwrap(),
        written.dropped,
    )
}

fn hello() -> Value {
    json!([{"role": "user", "content": "Hello"}])
}

/// Everything that this dialect has a word for.
pub(super) fn full() -> Value {
    json!({
        "model": "m",
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "system", "content": [
                {"type": "text", "text": "One", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "Two"},
            ]},
            {"role": "user", "name": "ada", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
                {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
            ]},
            {"role": "assistant", "content": null, "reasoning_content": "Two tools.",
             "reasoning_details": [{"type": "reasoning.text", "text": "Two tools.", "signature": "c2ln", "index": 0},
                                   {"type": "reasoning.encrypted", "data": "ZW5j", "index": 1}],
             "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{\"x\":1.0}"},
                 "extra_content": {"google": {"thought_signature": "dGhvdWdodA=="}}},
                {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
             ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
            {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "dog"}]},
            {"role": "assistant", "content": "A cat and a dog.", "refusal": "no more"},
            {"role": "user", "content": "Thanks"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "look", "description": "Looks", "parameters": {"type": "object"}, "strict": true},
             "cache_control": {"type": "ephemeral"}},
            {"type": "function", "function": {"name": "act"}},
        ],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "look"}}]}},
        "parallel_tool_calls": false,
        "response_format": {"type": "json_schema", "json_schema": {"name": "pets", "description": "d", "schema": {"type": "object"}, "strict": true}},
        "reasoning_effort": "high",
        "max_tokens": 100, "temperature": 0.5, "top_p": 1, "top_k": 40, "min_p": 0.1,
        "frequency_penalty": -1, "presence_penalty": 1.5, "seed": -7, "stop": ["a", "b"], "n": 2,
        "logit_bias": {"50256": -100}, "logprobs": true, "top_logprobs": 3,
        "stream": true, "stream_options": {"include_usage": true},
        "user": "u", "store": false, "modalities": ["text"],
    })
}

#[test]
fn what_is_read_and_written_for_who_understands_all_is_the_same_request() {
    let (body, dropped) = written(&read(&full()), Accepts::ALL);
    assert_eq!(body, full());
    assert_eq!(dropped, [""; 0]);
}

#[test]
fn what_is_read_is_the_common_form() {
    insta::assert_debug_snapshot!(read(&full()));
}

#[test]
fn for_a_plain_speaker_texts_are_joined_and_what_it_may_refuse_is_left_out_and_named() {
    let (body, dropped) = written(&read(&full()), Accepts::default());
    assert_eq!(dropped, ["cache_control", "thinking", "thought_signature"]);
    assert_eq!(body["messages"][0]["role"], "system");
    assert_eq!(body["messages"][1]["content"], "One\nTwo");
    assert_eq!(body["messages"][3].get("reasoning_content"), None);
    assert_eq!(
        body["messages"][3]["tool_calls"][0].get("extra_content"),
        None
    );
    assert_eq!(body["messages"][5]["content"], "a\ndog");
    assert_eq!(body["tools"][0].get("cache_control"), None);
    insta::assert_snapshot!(String::from_utf8(write_request(&read(&full())).body).unwrap());
}

#[test]
fn the_same_request_gives_the_same_bytes_and_tools_keep_their_order() {
    let mut request = read(&full());
    request.tools.reverse();
    let one = write_request(&request);
    assert_eq!(one, write_request(&request.clone()));
    let body: Value = serde_json::from_slice(&one.body).unwrap();
    assert_eq!(body["tools"][0]["function"]["name"], "act");
}

#[test]
fn a_long_id_is_the_same_short_one_in_call_and_result() {
    let long = "toolu_".repeat(12);
    let request = Request {
        messages: vec![
            Message {
                role: Role::Assistant,
                name: None,
                parts: vec![Part::ToolCall {
                    id: long.clone(),
                    name: "look".into(),
                    arguments: String::new(),
                    signature: None,
                    cache: None,
                }],
                extra: crate::chat::Extra::new(),
            },
            Message {
                role: Role::Tool,
                name: None,
                parts: vec![Part::ToolResult {
                    id: long,
                    name: None,
                    parts: vec![
                        Part::text("seen"),
                        Part::Image {
                            media: Media::Url("https://example.org/a.png".into()),
                            detail: None,
                            cache: None,
                        },
                    ],
                    failed: true,
                    cache: None,
                }],
                extra: crate::chat::Extra::new(),
            },
        ],
        ..Request::default()
    };
    let (body, dropped) = written(&request, Accepts::default());
    let call = &body["messages"][0]["tool_calls"][0];
    assert_eq!(call["function"]["arguments"], "{}", "an object is required");
    assert_eq!(call["id"], body["messages"][1]["tool_call_id"]);
    assert!(call["id"].as_str().unwrap().len() <= 40);
    assert_eq!(
        body["messages"][2],
        json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}),
        "a result cannot hold a picture: it follows"
    );
    assert_eq!(dropped, ["messages[1].content[0].is_error"]);
}

#[test]
fn what_cannot_be_said_is_named() {
    let mut request =
        read(&json!({"model": "m", "messages": hello(), "top_secret": 1, "grammar": "g"}));
    request.messages[0].parts.push(Part::Image {
        media: Media::Stored("file_1".into()),
        detail: None,
        cache: None,
    });
    request.tools.push(Tool {
        built_in: Some(json!({"type": "web_search_20250305", "name": "web_search"})),
        ..Tool::default()
    });
    let (body, dropped) = written(&request, Accepts::ALL);
    assert_eq!(
        dropped,
        [
            "messages[0].content[1].image_url",
            "tools[0]",
            "grammar",
            "top_secret"
        ]
    );
    assert_eq!(body["messages"][0]["content"].as_array().unwrap().len(), 1);
}

#[test]
fn thinking_is_asked_for_in_words_or_in_tokens() {
    for (asked, effort) in [
        (json!({"reasoning_effort": "minimal"}), Some("minimal")),
        (json!({"reasoning": {"effort": "low"}}), Some("low")),
        (json!({"reasoning": {"max_tokens": 2000}}), Some("medium")),
        (json!({"reasoning": {"max_tokens": 0}}), Some("none")),
        (json!({"reasoning": {"enabled": false}}), Some("none")),
        (json!({"reasoning": {"max_tokens": -1}}), None),
        (json!({"reasoning_effort": "xhigh"}), Some("xhigh")),
    ] {
        let mut body = json!({"model": "m", "messages": hello()});
        body.as_object_mut()
            .unwrap()
            .extend(asked.as_object().unwrap().clone());
        let (written, _) = written(&read(&body), Accepts::default());
        assert_eq!(
            written.get("reasoning_effort").and_then(Value::as_str),
            effort,
            "{asked}"
        );
    }
}

#[test]
fn older_and_other_words_are_understood() {
    let request = read(&json!({
        "model": "m", "max_tokens": 5, "max_completion_tokens": 7, "stop": "x", "tool_choice": "any", "random_seed": 3,
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": "DATA:image/gif;base64,aGk="}, "bare"]},
            {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
            {"role": "function", "name": "f", "content": "1"},
        ],
    }));
    assert_eq!(request.sampling.max_tokens, Some(7));
    assert_eq!(request.sampling.stop, ["x"]);
    assert_eq!(request.sampling.seed, Some(3));
    assert_eq!(request.tool_choice, Some(ToolChoice::Required));
    assert!(
        matches!(&request.messages[0].parts[0], Part::Image { media: Media::Inline { media_type, .. }, .. } if media_type == "image/gif")
    );
    assert_eq!(request.messages[0].parts[1], Part::text("bare"));
    assert!(
        matches!(&request.messages[1].parts[..], [Part::ToolCall { id, arguments, .. }] if id.starts_with("call_") && arguments == "{\"a\":1}")
    );
    assert!(matches!(&request.messages[2].parts[..], [Part::ToolResult { id, .. }] if id == "f"));
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    let with = |messages: Value| json!({"model": "m", "messages": messages});
    for (body, told) in [
        (json!([]), "must be an object, not an array"),
        (
            json!({"messages": hello()}),
            "`model` is missing; it must be a string",
        ),
        (
            json!({"model": 1, "messages": hello()}),
            "`model` must be a string, not a number",
        ),
        (
            with(json!([])),
            "`messages` must be an array of at least one message",
        ),
        (
            with(json!([1])),
            "`messages[0]` must be an object, not a number",
        ),
        (
            with(json!([{"role": "robot", "content": ""}])),
            "`messages[0].role` must be `system`, `developer`, `user`, `assistant` or `tool`",
        ),
        (
            with(json!([{"role": "user"}])),
            "`messages[0].content` is missing; it must be a string or an array of parts",
        ),
        (
            with(json!([{"role": "user", "content": 1}])),
            "`messages[0].content` must be a string or an array of parts, not a number",
        ),
        (
            with(json!([{"role": "user", "content": [{"text": "x"}]}])),
            "`messages[0].content[0].type` must be a string: `text`, `image_url`, `input_audio`, `file` …",
        ),
        (
            with(json!([{"role": "user", "content": [{"type": "text"}]}])),
            "`messages[0].content[0].text` is missing; it must be a string",
        ),
        (
            with(json!([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}])),
            "`messages[0].content[0].image_url.url` is missing; it must be a string",
        ),
        (
            with(json!([{"role": "tool", "content": "x"}])),
            "`messages[0].tool_call_id` is missing; it must be the id of the call that this is the result of",
        ),
        (
            with(json!([{"role": "assistant", "tool_calls": [{"id": "a"}]}])),
            "`messages[0].tool_calls[0].function` is missing; it must be an object with `name` and `arguments`",
        ),
        (
            json!({"model": "m", "messages": hello(), "n": -1}),
            "`n` must be a whole number, 0 or more, not a number",
        ),
        (
            json!({"model": "m", "messages": hello(), "stop": [1]}),
            "`stop[0]` must be a string, not a number",
        ),
        (
            json!({"model": "m", "messages": hello(), "tools": [{"type": "function", "function": {}}]}),
            "`tools[0].function.name` is missing; it must be a string",
        ),
        (
            json!({"model": "m", "messages": hello(), "tool_choice": "maybe"}),
            "`tool_choice` must be `auto`, `none`, `required` or an object that names a function",
        ),
        (
            json!({"model": "m", "messages": hello(), "response_format": {"type": "json_schema"}}),
            "`response_format.json_schema` is missing; it must be an object with `name` and `schema`",
        ),
        (
            json!({"model": "m", "messages": hello(), "stream_options": {"include_usage": "yes"}}),
            "`stream_options.include_usage` must be true or false, not a string",
        ),
    ] {
        assert_eq!(refused(&body), told, "{body}");
    }
}
