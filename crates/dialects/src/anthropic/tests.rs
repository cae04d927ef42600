//! Answers and errors.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{Answer, Choice, Finish, Part, Usage};
use crate::error::{DoorError, ErrorKind, ProviderError};

/// Shape: <https://github.com/anthropics/anthropic-sdk-python/blob/main/src/anthropic/types/message.py>.
fn full() -> Value {
    json!({
        "id": "msg_01Guichet",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
            {"type": "redacted_thinking", "data": "EmwK"},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
            {"type": "text", "text": "Here.", "citations": [{"type": "char_location", "cited_text": "x"}]},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bern"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": null,
        "usage": {
            "input_tokens": 10, "cache_creation_input_tokens": 90, "cache_read_input_tokens": 900,
            "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 20},
        },
        "container": {"id": "c1", "expires_at": "2026-11-22T00:00:00Z"},
    })
}

fn read(body: &Value) -> Answer {
    read_answer(body.to_string().as_bytes()).unwrap()
}

fn written(answer: &Answer) -> Value {
    serde_json::from_slice(&write_answer(answer)).unwrap()
}

fn answer(finish: Finish, parts: Vec<Part>) -> Answer {
    Answer {
        id: "chatcmpl-1".into(),
        model: "llama".into(),
        choices: vec![Choice {
            index: 0,
            parts,
            finish,
            stop_sequence: None,
            logprobs: None,
        }],
        ..Answer::default()
    }
}

#[test]
fn an_answer_comes_back_out_as_it_came() {
    assert_eq!(written(&read(&full())), full());
}

#[test]
fn each_member_of_an_answer_has_its_place() {
    let answer = read(&full());
    assert_eq!(answer.choices[0].finish, Finish::ToolCalls);
    let usage = Usage {
        input: 1000,
        output: 50,
        cached: Some(900),
        cache_written: Some(90),
        reasoning: Some(20),
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(answer.extra.keys().collect::<Vec<_>>(), ["container"]);
}

#[test]
fn every_reason_to_stop_is_understood_and_length_is_length() {
    for (reason, expected) in [
        ("end_turn", Finish::Stop),
        ("stop_sequence", Finish::Stop),
        ("max_tokens", Finish::Length),
        ("model_context_window_exceeded", Finish::Length),
        ("tool_use", Finish::ToolCalls),
        ("pause_turn", Finish::Pause),
        ("refusal", Finish::Refusal),
        ("compaction", Finish::Other("compaction".into())),
    ] {
        let mut body = full();
        body["stop_reason"] = json!(reason);
        assert_eq!(read(&body).choices[0].finish, expected);
    }
}

#[test]
fn an_answer_of_another_provider_is_whole_for_an_anthropic_client() {
    let parts = vec![
        Part::Thinking {
            text: "Hm.".into(),
            signature: None,
            redacted: false,
        },
        Part::text("Ho"),
        Part::Refusal("No.".into()),
        Part::ToolCall {
            id: "call.1".into(),
            name: "weather".into(),
            arguments: String::new(),
            signature: Some("T".into()),
            cache: None,
        },
    ];
    let mut answer = answer(Finish::Stop, parts);
    answer
        .extra
        .insert("system_fingerprint".into(), json!("fp"));
    insta::assert_snapshot!(String::from_utf8(write_answer(&answer)).unwrap());
}

#[test]
fn tokens_of_another_provider_come_back_from_the_client_that_was_given_them() {
    let text = |text: &str, token: Option<&str>| Part::Text {
        text: text.into(),
        cache: None,
        citations: None,
        signature: token.map(Into::into),
    };
    let parts = [
        vec![text("a", Some("A")), text("", Some("E"))],
        vec![text("a", None), text("b", Some("B"))],
        vec![text("", Some("E"))],
    ];
    for parts in parts {
        let body = write_answer(&answer(Finish::Stop, parts.clone()));
        assert_eq!(read_answer(&body).unwrap().choices[0].parts, parts);
    }
    let end = vec![text("a", None), text("", Some("E"))];
    let body = write_answer(&answer(Finish::Stop, end));
    assert_eq!(
        read_answer(&body).unwrap().choices[0].parts,
        [text("a", Some("E"))]
    );
}

#[test]
fn an_answer_cut_off_by_its_length_says_so_even_with_calls() {
    let call = Part::ToolCall {
        id: "a".into(),
        name: "n".into(),
        arguments: "{\"a\":".into(),
        signature: None,
        cache: None,
    };
    let body = written(&answer(Finish::Length, vec![call]));
    assert_eq!(body["stop_reason"], "max_tokens");
}

#[test]
fn a_count_that_cannot_be_read_does_not_cost_the_answer() {
    let mut body = full();
    body["usage"] = json!({"input_tokens": "many"});
    assert_eq!(read(&body).usage, None);
    body["content"] = json!([{"type": "text"}]);
    let wrong = read_answer(body.to_string().as_bytes()).unwrap_err();
    assert_eq!(wrong.path, "content[0].text");
}

#[test]
fn every_shape_of_an_error_is_read_and_an_answer_is_none() {
    let error = |body: &str| read_error(body.as_bytes());
    let known = |status, kind: &str, message: &str| {
        Some(ProviderError {
            status: Some(status),
            kind: Some(kind.into()),
            message: message.into(),
            ..ProviderError::default()
        })
    };
    assert_eq!(
        error(
            r#"{"type":"error","error":{"type":"billing_error","message":"No credit"},"request_id":"req_1"}"#
        ),
        known(402, "billing_error", "No credit")
    );
    assert_eq!(
        error(r#"{"error":{"type":"request_too_large","message":"Too large"}}"#),
        known(413, "request_too_large", "Too large")
    );
    let plain = |message: &str| {
        Some(ProviderError {
            message: message.into(),
            ..ProviderError::default()
        })
    };
    assert_eq!(
        error(r#"{"error":"model not found"}"#),
        plain("model not found")
    );
    assert_eq!(
        error(r#"{"message":"Too many requests"}"#),
        plain("Too many requests")
    );
    assert_eq!(error(&full().to_string()), None);
    assert_eq!(error(r#"{"type":"ping"}"#), None);
    assert_eq!(error("<html>"), None);
}

#[test]
fn each_kind_of_failure_has_its_word_and_status() {
    for (kind, status, word) in [
        (ErrorKind::InvalidRequest, 400, "invalid_request_error"),
        (ErrorKind::Authentication, 401, "authentication_error"),
        (ErrorKind::Permission, 403, "permission_error"),
        (ErrorKind::NotFound, 404, "not_found_error"),
        (ErrorKind::TooLarge, 413, "request_too_large"),
        (ErrorKind::RateLimited, 429, "rate_limit_error"),
        (ErrorKind::QuotaExceeded, 429, "rate_limit_error"),
        (ErrorKind::Overloaded, 529, "overloaded_error"),
        (ErrorKind::Upstream, 500, "api_error"),
        (ErrorKind::Timeout, 504, "timeout_error"),
        (ErrorKind::Internal, 500, "api_error"),
    ] {
        assert_eq!(status_of(kind), status);
        let error = DoorError {
            status,
            kind,
            message: "What, and the way out.".into(),
            param: None,
            code: None,
            request_id: Some("req_1".into()),
        };
        let expected = format!(
            r#"{{"type":"error","error":{{"type":"{word}","message":"What, and the way out."}},"request_id":"req_1"}}"#
        );
        assert_eq!(String::from_utf8(write_error(&error)).unwrap(), expected);
        let mut out = Vec::new();
        write_stream_error(&error, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("event: error\ndata: {expected}\n\n")
        );
    }
}

#[test]
fn money_that_is_spent_is_a_billing_error_where_the_status_says_so() {
    let error = DoorError {
        status: 402,
        kind: ErrorKind::QuotaExceeded,
        message: String::new(),
        param: None,
        code: None,
        request_id: None,
    };
    assert_eq!(
        write_error(&error),
        br#"{"type":"error","error":{"type":"billing_error","message":""}}"#
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0usize..900, with in "[\\[\\]{}\",:0-9]{0,3}", raw in proptest::collection::vec(any::<u8>(), 0..60)) {
        let body = full().to_string();
        let at = at.min(body.len());
        for body in [raw, body.as_bytes()[..at].to_vec(), [&body.as_bytes()[..at], with.as_bytes(), &body.as_bytes()[at..]].concat()] {
            let _ = read_answer(&body);
            let _ = read_error(&body);
            let _ = read_count(&body);
        }
    }
}
