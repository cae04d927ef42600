//! Whole answers and errors. Shapes: <https://github.com/openai/openai-python>
//! `src/openai/types/chat/chat_completion.py`; errors: the providers' documentation and captured answers, as named at
//! each. The values are our own.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{error::error_of, *};
use crate::{
    chat::{Answer, Choice, Finish, Media, Part, Usage},
    error::{DoorError, ErrorKind, ProviderError},
};

fn read(body: &Value) -> Answer {
    read_answer(body.to_string().as_bytes()).unwrap()
}

fn message(message: &Value) -> Vec<Part> {
    read(&json!({"id": "c1", "choices": [{"message": message, "finish_reason": "stop"}]}))
        .choices
        .remove(0)
        .parts
}

fn thinking(text: &str, signature: Option<&str>) -> Part {
    Part::Thinking {
        text: text.into(),
        signature: signature.map(str::to_owned),
        redacted: false,
    }
}

fn call(id: &str, arguments: &str, signature: Option<&str>) -> Part {
    Part::ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: arguments.into(),
        signature: signature.map(str::to_owned),
        cache: None,
    }
}

/// An answer with everything that this dialect can say.
fn full() -> Answer {
    Answer {
        id: "c1".into(),
        model: "m".into(),
        created: Some(7),
        choices: vec![
            Choice {
                index: 0,
                parts: vec![
                    thinking("Let me look.", Some("c2ln")),
                    Part::Thinking {
                        text: String::new(),
                        signature: Some("ZW5j".into()),
                        redacted: true,
                    },
                    Part::Text {
                        text: "A cat.".into(),
                        cache: None,
                        citations: Some(
                            json!([{"type": "url_citation", "url_citation": {"url": "https://example.org"}}]),
                        ),
                        signature: Some("dGV4dA==".into()),
                    },
                    Part::Refusal("no".into()),
                    Part::Image {
                        media: Media::Url("https://example.org/a.png".into()),
                        detail: None,
                        cache: None,
                    },
                    Part::Other {
                        value: json!({"type": "audio", "audio": {"id": "a", "data": "aGk="}}),
                    },
                    call("call_1", "{\"x\":1.0}", Some("Y2FsbA==")),
                ],
                finish: Finish::ToolCalls,
                stop_sequence: None,
                logprobs: Some(json!({"content": []})),
            },
            Choice {
                index: 1,
                parts: vec![Part::text("x")],
                finish: Finish::Length,
                stop_sequence: Some("END".into()),
                logprobs: None,
            },
        ],
        usage: Some(Usage {
            input: 10,
            output: 7,
            cached: Some(4),
            cache_written: Some(1),
            reasoning: Some(3),
            input_audio: Some(0),
            output_audio: Some(2),
        }),
        extra: serde_json::Map::from_iter([("system_fingerprint".into(), json!("fp"))]),
    }
}

#[test]
fn an_answer_that_is_written_is_read_as_it_was() {
    let body = write_answer(&full());
    assert_eq!(read_answer(&body).unwrap(), full());
    insta::assert_snapshot!(String::from_utf8(body).unwrap());
}

#[test]
fn content_may_be_a_list_of_parts() {
    // Mistral: https://docs.mistral.ai/capabilities/reasoning
    let parts = message(&json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "!"}], "closed": true},
        {"type": "text", "text": "Yes"},
        {"type": "reference", "reference_ids": [1]},
    ]}));
    assert_eq!(
        parts,
        [
            thinking("Hm!", None),
            Part::text("Yes"),
            Part::Other {
                value: json!({"type": "reference", "reference_ids": [1]})
            }
        ]
    );
}

#[test]
fn thoughts_come_under_three_names() {
    for said in [
        json!({"reasoning_content": "Hm"}),
        json!({"reasoning": "Hm"}),
        json!({"reasoning": "Hm", "reasoning_content": "Hm"}),
        json!({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]}),
    ] {
        assert_eq!(message(&said), [thinking("Hm", None)], "{said}");
    }
    let token_only = json!({"reasoning_content": "Hm", "reasoning_details": [{"type": "reasoning.text", "signature": "c2ln"}]});
    assert_eq!(message(&token_only), [thinking("Hm", Some("c2ln"))]);
}

#[test]
fn calls_without_an_id_get_one_that_is_always_the_same() {
    let said = json!({"tool_calls": [{"function": {"name": "f", "arguments": "{}"}}, {"id": "", "function": {"name": "f", "arguments": "{}"}}, {"id": "a", "function": {"name": "f"}}, {"id": "a", "function": {"name": "f"}}]});
    let ids = || {
        let parts = message(&said);
        let ids = parts.into_iter().map(|part| match part {
            Part::ToolCall { id, .. } => id,
            other => panic!("{other:?}"),
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(), ids());
    let unique: std::collections::BTreeSet<_> = ids().into_iter().collect();
    assert_eq!(unique.len(), 4);
}

#[test]
fn words_for_the_end_are_understood() {
    let ended = |word: Value, calls: bool| {
        let said = if calls {
            json!({"tool_calls": [{"id": "a", "function": {"name": "f"}}]})
        } else {
            json!({"content": "x"})
        };
        read(&json!({"choices": [{"message": said, "finish_reason": word}]})).choices[0]
            .finish
            .clone()
    };
    for (word, calls, finish) in [
        (json!("stop"), false, Finish::Stop),
        (json!("stop"), true, Finish::ToolCalls),
        (json!(null), false, Finish::Stop),
        (json!("model_length"), false, Finish::Length),
        (json!("function_call"), true, Finish::ToolCalls),
        (json!("error"), false, Finish::Failed),
        (json!("insufficient_system_resource"), false, Finish::Failed),
        (json!("new_word"), false, Finish::Other("new_word".into())),
    ] {
        assert_eq!(ended(word.clone(), calls), finish, "{word}");
    }
}

#[test]
fn bodies_of_an_array_of_one_and_after_empty_lines_are_answers() {
    let body = "\n\n[{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"x_groq\":{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}}]";
    let answer = read_answer(body.as_bytes()).unwrap();
    assert_eq!(answer.usage.map(|usage| usage.total()), Some(3));
}

#[test]
fn what_is_no_answer_is_told_by_its_place() {
    for (body, path) in [
        (json!({"error": {"message": "x"}}), "error"),
        (json!({"choices": []}), "choices"),
        (json!({"choices": [{}]}), "choices[0].message"),
        (
            json!({"choices": [{"message": {"content": 1}}]}),
            "choices[0].message.content",
        ),
        (
            json!({"choices": [{"message": {"tool_calls": [{"function": {}}]}}]}),
            "choices[0].message.tool_calls[0].function.name",
        ),
    ] {
        assert_eq!(
            read_answer(body.to_string().as_bytes()).unwrap_err().path,
            path,
            "{body}"
        );
    }
}

fn error(body: &Value) -> ProviderError {
    read_error(body.to_string().as_bytes()).unwrap_or_else(|| panic!("{body}"))
}

#[test]
fn every_shape_of_error_is_read() {
    let shapes = [
        // https://platform.openai.com/docs/guides/error-codes
        json!({"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "param": null, "code": "insufficient_quota"}}),
        // https://console.groq.com/docs/errors
        json!({"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}}),
        // https://ai.google.dev/gemini-api/docs/troubleshooting
        json!([{"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED", "details": []}}]),
        // https://openrouter.ai/docs/api-reference/errors
        json!({"error": {"code": 429, "message": "Provider returned error", "metadata": {"raw": "busy, try again in 5s", "provider_name": "X"}}}),
        json!({"choices": [{"index": 0, "error": {"code": 502, "message": "disconnected"}, "finish_reason": "error"}]}),
        // https://docs.mistral.ai/api
        json!({"object": "error", "message": "Unauthorized", "type": "invalid_request_error", "param": null, "code": "1500"}),
        json!({"object": "error", "message": {"detail": [{"loc": ["body", "messages", 0], "msg": "field required"}]}, "code": 422}),
        // https://github.com/vllm-project/vllm vllm/entrypoints/openai
        json!({"object": "error", "message": "too long", "type": "BAD_REQUEST", "code": 400}),
        // https://docs.cohere.com/reference/errors
        json!({"id": "x", "message": "invalid api token"}),
        // https://developers.cloudflare.com/workers-ai/platform/errors
        json!({"success": false, "result": null, "errors": [{"code": 3036, "message": "you have used up your daily free allocation"}]}),
        // https://docs.api.nvidia.com/nim
        json!({"status": 429, "title": "Too Many Requests"}),
        json!({"detail": "Function id 'x': DEGRADED function cannot be invoked"}),
        json!({"detail": [{"type": "missing", "loc": ["body", "model"], "msg": "Field required"}]}),
        // https://huggingface.co/docs/inference-providers
        json!({"error": ["Model is overloaded", "try later"]}),
        // https://github.com/ollama/ollama
        json!({"error": "model not found"}),
        // https://docs.anthropic.com/en/api/errors
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        // Groq, within a stream
        json!({"choices": [], "x_groq": {"error": {"message": "failed", "type": "invalid_request_error"}}}),
    ];
    insta::assert_debug_snapshot!(shapes.iter().map(error).collect::<Vec<_>>());
}

#[test]
fn what_is_no_error_is_not_taken_for_one() {
    for body in [
        json!({"choices": [{"message": {"content": "x"}}], "error": null}),
        json!({"choices": [], "prompt_filter_results": []}),
        json!({"choices": [], "usage": {"prompt_tokens": 1}}),
        json!({"message": {"role": "assistant", "content": "x"}, "done": false}),
        json!({"id": "x", "object": "chat.completion", "choices": []}),
        json!([]),
        json!("x"),
    ] {
        assert_eq!(error_of(&body), None, "{body}");
    }
}

#[test]
fn errors_are_written_as_openai_writes_them() {
    let error = |kind, code: Option<&str>| DoorError {
        status: 400,
        kind,
        message: "`n` must be 1".into(),
        param: Some("n".into()),
        code: code.map(str::to_owned),
        request_id: None,
    };
    assert_eq!(
        String::from_utf8(write_error(&error(
            ErrorKind::InvalidRequest,
            Some("unsupported_value")
        )))
        .unwrap(),
        r#"{"error":{"message":"`n` must be 1","type":"invalid_request_error","param":"n","code":"unsupported_value"}}"#
    );
    let mut out = Vec::new();
    write_stream_error(&error(ErrorKind::RateLimited, None), &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "data: {\"error\":{\"message\":\"`n` must be 1\",\"type\":\"rate_limit_error\",\"param\":\"n\",\"code\":\"rate_limit_exceeded\"}}\n\n"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(body in proptest::collection::vec(any::<u8>(), 0..80), cut in 0usize..2000) {
        _ = read_answer(&body);
        _ = read_error(&body);
        let full = write_answer(&full());
        let cut = &full[..cut.min(full.len())];
        prop_assert_eq!(read_answer(cut).is_ok(), cut.len() == full.len());
        _ = read_error(cut);
    }
}
