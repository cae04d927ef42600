use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{facts::TextSize, openai::chat::read_request};

fn read(body: &Value) -> Facts {
    read_facts(body.to_string().as_bytes()).unwrap()
}

fn full() -> Value {
    json!({
        "model": "auto", "models": ["a", "b"], "stream": true, "stream_options": {"include_usage": true}, "n": 2,
        "max_tokens": 9, "max_completion_tokens": 7, "temperature": 0, "seed": -1, "logprobs": true, "modalities": ["text", "audio"],
        "parallel_tool_calls": false, "tool_choice": "required", "reasoning_effort": "low",
        "response_format": {"type": "json_object"},
        "messages": [
            {"role": "system", "content": "abcd"},
            {"role": "user", "content": [
                {"text": "漢字", "type": "text"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"image_url": {"url": "https://example.org/x"}, "type": "image_url"},
                {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
                {"type": "file", "file": {"file_id": "f"}},
            ]},
            {"role": "assistant", "content": null},
        ],
    })
}

#[test]
fn everything_that_choosing_needs_is_read() {
    assert_eq!(
        read(&full()),
        Facts {
            model: Some("auto".into()),
            models: vec!["a".into(), "b".into()],
            stream: true,
            stream_usage: true,
            choices: 2,
            max_tokens: Some(7),
            messages: 3,
            tools: 0,
            tool_forced: true,
            parallel_tool_calls: Some(false),
            format: FormatKind::Json,
            images: 2,
            audios: 1,
            files: 1,
            speaks: true,
            logprobs: true,
            temperature: Some(0.0),
            seed: Some(-1),
            reasoning: true,
            text: TextSize { latin: 4, wide: 2 },
        }
    );
}

#[test]
fn the_common_form_gives_the_same_facts() {
    let body = full().to_string();
    assert_eq!(
        Facts::from(&read_request(body.as_bytes()).unwrap()),
        read_facts(body.as_bytes()).unwrap()
    );
}

#[test]
fn tools_and_schemas_are_text_that_the_model_reads() {
    let tools = json!([{"type": "function", "function": {"name": "look"}}, {"type": "function", "function": {"name": "act"}}]);
    let schema = json!({"type": "json_schema", "json_schema": {"name": "s", "schema": {}}});
    let calls = json!([{"id": "a", "function": {"name": "look", "arguments": "{}"}}]);
    let facts = read(&json!({
        "tools": tools, "response_format": schema,
        "messages": [{"role": "assistant", "tool_calls": calls}],
    }));
    assert_eq!(facts.tools, 2);
    assert_eq!(facts.format, FormatKind::Schema);
    let size = tools.to_string().len() + schema.to_string().len() + calls.to_string().len();
    assert_eq!(facts.text.latin, size as u64);
    assert_eq!(facts.model, None);
}

#[test]
fn a_choice_of_tools_forces_one_or_leaves_it_open() {
    for (choice, forced) in [
        (json!("auto"), false),
        (json!("none"), false),
        (json!(null), false),
        (json!("required"), true),
        (json!({"type": "function", "function": {"name": "f"}}), true),
        (
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
            false,
        ),
        (
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}),
            true,
        ),
    ] {
        let facts =
            read(&json!({"tool_choice": choice, "messages": [{"role": "user", "content": "x"}]}));
        assert_eq!(facts.tool_forced, forced, "{choice}");
    }
}

#[test]
fn thinking_is_wanted_in_words_or_in_tokens_or_not() {
    for (reasoning, wanted) in [
        (json!({"effort": "high"}), true),
        (json!({"max_tokens": 100}), true),
        (json!({"enabled": true}), true),
        (json!({"enabled": false, "effort": "high"}), false),
        (json!({"effort": "none"}), false),
        (json!({"exclude": true}), false),
        (json!(null), false),
    ] {
        let facts =
            read(&json!({"reasoning": reasoning, "messages": [{"role": "user", "content": "x"}]}));
        assert_eq!(facts.reasoning, wanted, "{reasoning}");
    }
}

#[test]
fn what_would_mislead_is_refused_by_its_place() {
    let with = |messages: Value| json!({"messages": messages});
    let ok = json!([{"role": "user", "content": "x"}]);
    for (body, path, reason) in [
        (
            json!({"model": "m"}),
            "messages",
            "must be an array of at least one message",
        ),
        (
            with(json!([])),
            "messages",
            "must be an array of at least one message",
        ),
        (
            with(json!("x")),
            "messages",
            "must be an array of at least one message",
        ),
        (
            with(json!(null)),
            "messages",
            "must be an array of at least one message",
        ),
        (
            with(json!([1])),
            "messages[0]",
            "must be an object with `role` and `content`",
        ),
        (
            with(json!([{"role": "user", "content": "x"}, {"content": "x"}])),
            "messages[1].role",
            "must be `system`, `developer`, `user`, `assistant` or `tool`",
        ),
        (
            with(json!([{"role": 1}])),
            "messages[0].role",
            "must be `system`, `developer`, `user`, `assistant` or `tool`",
        ),
        (
            with(json!([{"role": "user", "content": 5}])),
            "messages[0].content",
            "must be a string or an array of parts",
        ),
        (
            with(json!([{"role": "user", "content": [{}]}])),
            "messages[0].content[0].type",
            "must be a string: `text`, `image_url`, `input_audio`, `file` …",
        ),
        (
            with(json!([{"role": "user", "content": [[]]}])),
            "messages[0].content[0]",
            "must be an object with a `type`",
        ),
        (
            json!({"messages": ok, "stream": "yes"}),
            "stream",
            "must be true or false",
        ),
        (
            json!({"messages": ok, "n": -1}),
            "n",
            "must be a whole number, 0 or more",
        ),
        (
            json!({"messages": ok, "model": 3}),
            "model",
            "must be a string",
        ),
        (
            json!({"messages": ok, "tools": {}}),
            "tools",
            "must be an array of tools",
        ),
    ] {
        let malformed = read_facts(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            (malformed.path.as_str(), malformed.reason.as_str()),
            (path, reason),
            "{body}"
        );
    }
    for body in [
        "",
        "{",
        "[]",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x",
    ] {
        assert_eq!(read_facts(body.as_bytes()).unwrap_err().path, "", "{body}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_a_cut_off_body_is_refused(body in proptest::collection::vec(any::<u8>(), 0..80), cut in 0usize..900) {
        _ = read_facts(&body);
        let full = full().to_string();
        if cut < full.len() {
            prop_assert!(read_facts(&full.as_bytes()[..cut]).is_err());
        }
    }
}
